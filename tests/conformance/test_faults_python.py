"""Python wrappers that misbehave: the twins of the C engines, where a twin makes sense."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import DeadlineError, EngineError, EngineInitError

WAIT = 30.0  # seconds, for what comes at once
SOON = 0.05  # seconds, for what does not come

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]


# ---- exceptions ----


def raised(error: aiges_native.AigesError, where: str) -> None:
    """The wrapper's exception is the cause, with the line that raised it."""
    cause = error.__cause__
    assert cause is not None
    assert type(cause).__name__ == "OddError"
    assert str(cause) == f"raised in {where}"
    frames = traceback.extract_tb(cause.__traceback__)
    assert [(Path(frame.filename).name, frame.name) for frame in frames[-1:]] == [
        ("raises.py", "maybe")
    ]
    assert f"raised in {where}" in str(error)
    assert "OddError" in str(error)


REQUESTS: dict[str, tuple[int, Callable[..., Any]]] = {
    "exec": (10909, lambda engine, params: engine.exec({}, params)),
    "exec_async": (10909, lambda engine, params: engine.exec_async({}, params).result(WAIT)),
    "create": (10905, lambda engine, params: engine.session(params)),
}


@pytest.mark.parametrize("where", REQUESTS)
def test_an_exception_of_a_request_reaches_its_caller(where: str, load: Load) -> None:
    engine = load("python/raises")
    code, ask = REQUESTS[where]
    with pytest.raises(EngineError) as caught:
        ask(engine, {"raise": where, "sid": "s1"})
    raised(caught.value, where)
    assert (caught.value.code, caught.value.engine_code) == (code, None)
    assert caught.value.session_id == "s1"
    assert caught.value.engine == engine.name
    with pytest.raises(EngineError, match="raises: failed;code=5"):
        engine.exec({}, {"fail": 5})


IN_SESSION: dict[str, tuple[int, Callable[[aiges_native.Session], Any]]] = {
    "write": (10907, lambda session: session.write({"k": b"v"})),
    "read": (10908, lambda session: session.read()),
    "destroy": (10906, lambda session: session.close()),
}


@pytest.mark.parametrize("where", IN_SESSION)
def test_an_exception_in_a_session_reaches_its_caller(where: str, load: Load) -> None:
    engine = load("python/raises")
    code, act = IN_SESSION[where]
    session = engine.session({"raise": where, "sid": "s1"}, mode="stream", timeout=WAIT)
    with pytest.raises(EngineError) as caught:
        act(session)
    raised(caught.value, where)
    assert (caught.value.code, caught.value.session_id) == (code, "s1")
    session.close()
    assert engine.stats()["sessions_live"] == 0


def test_an_exception_in_init_reaches_the_caller_of_load(engine_path: EnginePath) -> None:
    with pytest.raises(EngineInitError) as caught:
        aiges_native.load(engine_path("python/raises"), config={"raise": "init"})
    raised(caught.value, "init")
    assert (caught.value.code, caught.value.engine_code) == (10901, None)


def test_an_exception_in_fini_reaches_the_caller_of_close(load: Load) -> None:
    engine = load("python/raises", config={"raise": "fini"})
    with pytest.raises(EngineError) as caught:
        engine.close()
    raised(caught.value, "fini")
    assert caught.value.code == 10902
    assert engine.closed
    engine.close()


def test_an_exception_of_a_resource_reaches_its_caller(load: Load) -> None:
    engine = load("python/raises")
    with pytest.raises(EngineError) as caught:
        engine.load_resource("load_res")
    raised(caught.value, "load_res")
    assert caught.value.code == 10903
    assert engine.stats()["resources_live"] == 0
    engine = load("python/raises", config={"raise": "unload_res"})
    with pytest.raises(EngineError) as caught:
        engine.unload_resource(engine.load_resource("fine"))
    raised(caught.value, "unload_res")
    assert caught.value.code == 10904


def test_an_exception_in_the_error_text_does_not_hide_the_error(load: Load) -> None:
    engine = load("python/raises", config={"raise": "error"})
    with pytest.raises(EngineError, match=";code=5") as caught:
        engine.exec({}, {"fail": 5})
    assert (caught.value.code, caught.value.engine_code) == (10909, 5)


def test_sys_exit_ends_the_request_and_not_the_process(load: Load) -> None:
    engine = load("python/exits")
    calls: tuple[Callable[[], Any], ...] = (
        lambda: engine.exec({}),
        lambda: engine.exec({}, timeout=WAIT),
        lambda: engine.exec_async({}).result(WAIT),
    )
    for call in calls:
        with pytest.raises(EngineError) as caught:
            call()
        assert isinstance(caught.value.__cause__, SystemExit)
        assert caught.value.code == 10909
    assert engine.exec({}, {"stay": True})["result"].text == "still here"


# ---- what it returns ----


@pytest.mark.parametrize(
    ("config", "code", "text"),
    [
        ({}, 42, "fails_init: the model is missing"),
        ({"code": -7, "text": "Gerät fehlt"}, -7, "Gerät fehlt"),
    ],
    ids=["default", "negative"],
)
def test_a_failed_init_tells_text_and_number(
    config: dict[str, Any], code: int, text: str, engine_path: EnginePath, load: Load
) -> None:
    path = engine_path("python/fails_init")
    with pytest.raises(EngineInitError) as caught:
        aiges_native.load(path, config=config, name="digits")
    assert f"{text};code={code}" in str(caught.value)
    assert (caught.value.code, caught.value.engine_code) == (10901, code)
    assert caught.value.engine == "digits"
    assert load(path, config={"code": 0}).exec({})["result"].text == "ready"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("none", "None"),
        ("int", "int"),
        ("zero", "int"),
        ("str", "str"),
        ("object", "object"),
        ("list_of_str", "str"),
        ("list_none", "list"),
        ("empty", "empty list"),
        ("key_none", "key"),
        ("data_int", "int"),
    ],
)
def test_a_wrong_return_is_an_error_that_names_it(kind: str, says: str, load: Load) -> None:
    engine = load("python/wrong_returns")
    with pytest.raises(EngineError, match=says) as caught:
        engine.exec({}, {"return": kind, "sid": "s1"})
    assert (caught.value.code, caught.value.engine_code) == (10106, None)
    assert caught.value.session_id == "s1"
    assert "wrapperOnceExec" in str(caught.value)
    assert engine.exec({}, {"return": "good"})["result"].text == "text"


@pytest.mark.parametrize("kind", ["none", "str", "list_of_str", "empty", "key_none", "data_int"])
def test_a_wrong_callback_is_an_error_that_ends_the_request(kind: str, load: Load) -> None:
    engine = load("python/wrong_returns")
    with pytest.raises(EngineError) as caught:
        engine.exec_async({}, {"return": kind}, timeout=WAIT).result(WAIT)
    assert caught.value.code in (10106, 10909, 10910)
    good = engine.exec_async({}, {"return": "good"}, timeout=WAIT).result(WAIT)
    assert good["result"].text == "text"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("data_str", "Grüße".encode()),
        ("data_bytearray", b"array"),
        ("data_memoryview", b"view"),
        ("data_none", b""),
    ],
)
def test_data_may_be_any_buffer_or_text(kind: str, data: bytes, load: Load) -> None:
    assert load("python/wrong_returns").exec({}, {"return": kind})["result"].bytes == data


def test_no_handle_is_an_error(load: Load) -> None:
    engine = load("python/wrong_returns")
    with pytest.raises(EngineError) as caught:
        engine.session({"return": "none"})
    assert caught.value.code == 10905
    assert engine.stats()["sessions_live"] == 0


@pytest.mark.parametrize("kind", ["int", "str", "object"])
def test_a_bare_handle_is_taken_as_one(kind: str, load: Load) -> None:
    # Wrappers older than SessionCreateResponse return the handle itself.
    with load("python/wrong_returns").session({"return": kind}) as session:
        session.write({"k": b"v"})


@pytest.mark.parametrize("init", ["str"])
def test_an_init_that_returns_no_number_is_an_error(init: str, engine_path: EnginePath) -> None:
    with pytest.raises(EngineInitError, match="str"):
        aiges_native.load(engine_path("python/wrong_returns"), config={"init": init})


def test_a_big_result_is_seen_where_python_put_it(load: Load) -> None:
    engine = load("python/big_result")
    result = engine.exec({}, {"bytes": 64 * 2**20})
    assert len(result["big"].data) == 64 * 2**20
    assert result["big"].array()[-1] == 0x5A
    assert engine.stats()["bytes_copied"] == 0


# ---- what it prints, imports, and calls back ----


def test_what_a_wrapper_prints_stays_where_it_was_written(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = load("python/prints")
    assert engine.exec({})["result"].text == "printed"
    engine.close()
    out, err = capsys.readouterr()
    places = ("init", "exec", "fini")
    assert out == "".join(f"prints: out in {place}\n" for place in places)
    assert err == "".join(f"prints: err in {place}\n" for place in places)


def test_a_sibling_module_is_imported(load: Load) -> None:
    engine = load("python/sibling")
    assert engine.exec({})["greeting"].text == "from the sibling, in wrapper.py"


def returned(engine: aiges_native.Engine) -> list[int]:
    """What the callbacks of the former requests returned to the wrapper."""
    text = engine.exec_async({}, {"how": "returned"}).result(WAIT)["result"].text
    return [int(part) for part in text.split(",")]


@pytest.mark.parametrize(
    ("how", "returns", "counted"),
    [
        ("before_return", [0], {"callbacks": 1}),
        ("thread", [0], {"callbacks": 1}),
        ("twice", [0, -1], {"callbacks": 1, "callbacks_double": 1}),
        # A tag that is none of any engine's cannot be counted for one.
        ("unknown_tag", [-1, -1, 0], {"callbacks": 1}),
    ],
)
def test_one_callback_is_taken(
    how: str, returns: list[int], counted: dict[str, int], load: Load
) -> None:
    engine = load("python/callbacks")
    result = engine.exec_async({}, {"how": how}, timeout=WAIT).result(WAIT)
    assert [item.text for item in result.all] == ["first"]
    assert returned(engine) == returns
    stats = engine.stats()
    found = {name: stats[name] for name in stats if name.startswith("callbacks") and stats[name]}
    assert found == counted | {"callbacks": counted["callbacks"] + 1}


def test_an_error_called_back_is_the_requests_error(load: Load) -> None:
    engine = load("python/callbacks")
    with pytest.raises(EngineError, match="callbacks: the model refused;code=33") as caught:
        engine.exec_async({}, {"how": "error"}, timeout=WAIT).result(WAIT)
    assert (caught.value.code, caught.value.engine_code) == (10910, 33)
    assert returned(engine) == [0]


def test_a_callback_that_never_comes_ends_with_the_deadline(load: Load) -> None:
    engine = load("python/callbacks")
    with pytest.raises(DeadlineError) as caught:
        engine.exec_async({}, {"how": "never"}, timeout=SOON).result(WAIT)
    assert caught.value.code == 10102
    assert engine.stats()["in_flight"] == 0
    with pytest.raises(DeadlineError):
        engine.exec({}, {"how": "never"}, timeout=SOON)


def test_a_deadline_ends_the_wait_for_a_wrapper(load: Load) -> None:
    engine = load("python/latch")
    with pytest.raises(DeadlineError) as caught:
        engine.exec({}, timeout=SOON)
    assert caught.value.code == 10102
    assert engine.stats()["in_flight"] == 1  # it is still in there
    assert engine.exec({}, {"release": 1}, timeout=WAIT)["result"].text == "released"
    engine.close(timeout=WAIT)


def test_a_waiting_wrapper_does_not_keep_others_out(load: Load) -> None:
    engine = load("python/latch")
    waiting = engine.exec_async({})
    assert engine.exec({}, {"release": 1}, timeout=WAIT)["result"].text == "released"
    assert waiting.result(WAIT)["result"].text == "released"


# ---- what is called ----


def test_every_call_reaches_the_wrapper_once(load: Load, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    engine = load("python/echo", config={"calls": str(calls)})
    engine.exec({"k": b"v"})
    engine.exec_async({"k": b"v"}).result(WAIT)
    resource = engine.load_resource("words")
    with engine.session(resources=[resource], mode="stream", timeout=WAIT) as session:
        session.write({"k": b"v"}, aiges_native.Status.ONCE)
        assert session.read() is not None
    engine.close()
    engine.close()
    assert calls.read_text().splitlines() == [
        "init",
        "exec",
        "exec_async",
        "load_res 1 words",
        "create",
        "write",
        "read",
        "destroy",
        "unload_res 1",
        "fini",
    ]
