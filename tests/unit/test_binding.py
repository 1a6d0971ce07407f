"""How a wrapper's methods are called: by position, by the names of older wrappers, or not."""

from __future__ import annotations

import gc
import re
import sys
import types
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiges_native import EngineLoadError
from aiges_native._modes import mode_names
from aiges_native.wrapper import (
    DataListCls,
    Response,
    SessionCreateResponse,
)
from aiges_native.wrapper.binding import BindingError, BoundWrapper, bind_file, describe_exception

Bind = Callable[..., BoundWrapper]
NODE = ("k", b"v", 0, 3, {"a": "b"})


@pytest.fixture
def bind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bind:
    """``bind(wrapperOnceExec=…)`` binds a wrapper that has those methods."""
    path = tmp_path / "wrapper.py"
    path.write_text("import sys\nWrapper = sys.modules['_under_test'].Wrapper\n")
    module = types.ModuleType("_under_test")
    monkeypatch.setitem(sys.modules, "_under_test", module)

    def make(**methods: Any) -> BoundWrapper:
        module.Wrapper = type("Wrapper", (), methods)  # type: ignore[attr-defined]
        return bind_file(str(path), "engine")

    return make


def once(self: Any, params: dict[str, str]) -> Response:
    """Without a method that makes a mode, no wrapper is bound."""
    return Response()


# ---- signatures ----

# The parameters after self and what they are to get: params, request, tag, id, their own default.
FORMS: dict[str, tuple[str, str]] = {
    "all by name": ("params, reqData, usrTag, persId", "prti"),
    "without the last": ("params, reqData, usrTag", "prt"),
    "the first two": ("params, reqData", "pr"),
    "only the first": ("params", "p"),
    "none": ("", ""),
    "by position": ("a, b, c, d", "prti"),
    "older names": ("params, req_data, tag, psrId", "prti"),
    "another order": ("reqData, params", "rp"),
    "left out in the middle": ("params, persId", "pi"),
    "with defaults": ("params, reqData, usrTag='', persId=0", "prti"),
    "a default of its own": ("params, reqData, usrTag, persId, mine=7", "prti7"),
    "position only": ("params, reqData, /", "pr"),
    "a keyword of its own": ("params, *, mine=7", "p7"),
    "everything": ("*given", "prti"),
}


def method_that_tells(parameters: str) -> Callable[..., Any]:
    """A method with those parameters that returns what it was given."""
    names = re.findall(r"\w+(?==|,|$)", re.sub(r"=[^,]*", "", parameters).replace("*given", ""))
    values = "given" if parameters == "*given" else "(" + "".join(f"{n}, " for n in names) + ")"
    found: Callable[..., Any] = eval(f"lambda self, {parameters}: {values}")
    return found


@pytest.mark.parametrize("form", FORMS)
def test_once_is_called_as_it_wants(form: str, bind: Bind) -> None:
    parameters, meaning = FORMS[form]
    params = {"sid": "s"}
    given = bind(wrapperOnceExec=method_that_tells(parameters)).once(
        params, [NODE], "the tag", [5, 6]
    )
    assert len(given) == len(meaning)
    for value, letter in zip(given, meaning, strict=True):
        match letter:
            case "p":
                assert value is params
            case "r":
                assert isinstance(value, DataListCls)
                assert value.list[0].key == "k"
            case "t":
                assert value == "the tag"
            case "i":
                assert value == 5
            case "7":
                assert value == 7


@pytest.mark.parametrize(
    "method",
    [
        lambda self, params, reqData, usrTag, persId, more: None,
        lambda self, params, params2, req_data, reqData, tag: None,
    ],
)
def test_a_method_that_wants_more_is_refused_by_its_name(
    method: Callable[..., Any], bind: Bind
) -> None:
    text = r"wrapperOnceExec: parameter '\w+'.*params, reqData"
    with pytest.raises(EngineLoadError, match=text) as caught:
        bind(wrapperOnceExec=method)
    assert isinstance(caught.value.__cause__, BindingError)


def test_every_method_is_given_what_its_name_says(bind: Bind) -> None:
    given: list[tuple[str, Any]] = []

    def note(name: str, answer: Any = 0) -> Callable[..., Any]:
        def method(self: Any, *values: Any) -> Any:
            given.append((name, values))
            return answer

        return method

    wrapper = bind(
        wrapperOnceExecAsync=note("async"),
        wrapperCreate=note("create", SessionCreateResponse("the handle")),
        wrapperWrite=note("write"),
        wrapperRead=note("read", Response()),
        wrapperDestroy=note("destroy"),
        wrapperLoadRes=note("load"),
        wrapperUnloadRes=note("unload"),
        wrapperInit=note("init"),
        wrapperFini=note("fini"),
    )
    assert wrapper.init({"a": "b"}) == 0
    assert wrapper.once_async({"sid": "s"}, [], "tag", []) == 0
    assert wrapper.create({"sid": "s"}, "tag", [3]) == (0, "the handle")
    assert wrapper.write("the handle", [NODE]) == 0
    assert isinstance(wrapper.read("the handle"), Response)
    assert wrapper.destroy("the handle") == 0
    assert wrapper.load_resource(NODE, 4) == 0
    assert wrapper.unload_resource(4) == 0
    assert wrapper.fini() == 0
    calls = dict(given)
    assert len(calls) == len(given) == 9
    assert calls["init"] == ({"a": "b"},)
    assert (calls["async"][0], calls["async"][2:]) == ({"sid": "s"}, ("tag", 0))
    assert calls["create"] == ({"sid": "s"}, "s", 3, "tag")
    assert calls["write"][0] == "the handle"
    assert calls["write"][1].list[0].data == b"v"
    assert calls["destroy"] == ("the handle",)
    assert calls["load"][1] == 4
    assert calls["unload"] == (4,)


MODES: dict[str, tuple[list[str], set[str]]] = {
    "once": (["wrapperOnceExec"], {"once"}),
    "once async": (["wrapperOnceExecAsync"], {"once_async"}),
    "streams": (["wrapperCreate", "wrapperWrite", "wrapperRead"], {"stream", "stream_async"}),
    "streams that call back": (["wrapperCreate", "wrapperWrite"], {"stream_async"}),
    "half a stream": (["wrapperCreate", "wrapperRead"], set()),
    "nothing": (["wrapperInit"], set()),
}


@pytest.mark.parametrize("what", MODES)
def test_the_modes_follow_from_the_methods(what: str, bind: Bind) -> None:
    names, modes = MODES[what]
    methods = {name: lambda self, *given: None for name in names}
    if modes:
        assert mode_names(bind(**methods).modes) == modes
    else:
        with pytest.raises(EngineLoadError, match="wrapperOnceExec"):
            bind(**methods)


def test_a_method_that_cannot_be_called_is_not_one(bind: Bind) -> None:
    assert mode_names(bind(wrapperOnceExec=once, wrapperOnceExecAsync="text").modes) == {"once"}


# ---- answers ----


@pytest.mark.parametrize(("value", "number"), [(0, 0), (None, 0), (7, 7), (-5, -5), (False, 0)])
def test_numbers_are_numbers(value: Any, number: int, bind: Bind) -> None:
    assert bind(wrapperOnceExec=once, wrapperInit=lambda self, config: value).init({}) == number


@pytest.mark.parametrize("value", ["0", 0.0, [], object()], ids=repr)
def test_what_is_no_number_is_told_with_the_method(value: Any, bind: Bind) -> None:
    with pytest.raises(TypeError, match=f"wrapperInit returned {type(value).__name__}"):
        bind(wrapperOnceExec=once, wrapperInit=lambda self, config: value).init({})


def test_a_handle_may_come_without_its_response(bind: Bind) -> None:
    assert bind(wrapperOnceExec=once, wrapperCreate=lambda self, params: 17).create(
        {}, "tag", []
    ) == (0, 17)
    failed = SessionCreateResponse("", 5)
    wrapper = bind(wrapperOnceExec=once, wrapperCreate=lambda self, params: failed)
    assert wrapper.create({}, "tag", []) == (5, "")


def test_texts_are_texts_whatever_the_wrapper_does(bind: Bind) -> None:
    def raises(self: Any, *given: Any) -> str:
        raise LookupError("no text")

    wrapper = bind(
        wrapperOnceExec=once, wrapperError=raises, wrapperVersion=raises, wrapperDebugInfo=raises
    )
    assert wrapper.error_text(5).startswith("wrapperError(5) raised LookupError: no text")
    assert wrapper.version() == ""
    assert "LookupError" in wrapper.debug_info("handle")
    empty = bind(wrapperOnceExec=once)
    assert (empty.error_text(5), empty.version(), empty.debug_info(0)) == ("", "", "")
    numbers = bind(
        wrapperOnceExec=once,
        wrapperError=lambda self, code: code,
        wrapperVersion=lambda self: 1.5,
    )
    assert (numbers.error_text(5), numbers.version()) == ("5", "1.5")


def test_after_fini_the_wrapper_is_gone(bind: Bind) -> None:
    made: list[weakref.ref[Any]] = []
    holder = bind(
        __init__=lambda self: made.append(weakref.ref(self)),
        __slots__=("__weakref__",),
        wrapperOnceExec=once,
    )
    gc.collect()
    assert made[0]() is not None
    holder.fini()
    gc.collect()
    assert made[0]() is None


def test_no_resources_are_told_so(bind: Bind) -> None:
    with pytest.raises(TypeError, match="wrapperLoadRes"):
        bind(wrapperOnceExec=once).load_resource(NODE, 1)
    assert bind(wrapperOnceExec=once).unload_resource(1) == 0


# ---- files, texts, the small classes ----


def test_a_file_is_bound_and_sees_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_wrapper.py").write_text("ANSWER = 'neighbour'")
    path = tmp_path / "wrapper.py"
    path.write_text(
        "import neighbour_of_wrapper\n"
        "class Wrapper:\n"
        "    file = __file__\n"
        "    def wrapperOnceExec(self, params): return neighbour_of_wrapper.ANSWER\n"
    )
    wrapper = bind_file(str(path), "engine")
    assert wrapper.once({}, [], "", []) == "neighbour"
    assert str(tmp_path) not in sys.path
    wrapper.fini()
    sys.modules.pop("neighbour_of_wrapper", None)


@pytest.mark.parametrize("source", ["raise Odd", "raise SystemExit(3)", "1/0", "def", "x = 1"])
def test_a_file_that_cannot_be_bound_is_a_load_error(source: str, tmp_path: Path) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text(source)
    before = set(sys.modules)
    with pytest.raises(EngineLoadError, match=r"wrapper\.py") as caught:
        bind_file(str(path), "engine")
    assert caught.value.code == 10600
    assert caught.value.__cause__ is not None
    assert set(sys.modules) == before


def test_an_exception_that_cannot_be_told_is_a_load_error(tmp_path: Path) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text("class Odd(Exception):\n    def __str__(self): raise LookupError\nraise Odd")
    with pytest.raises(EngineLoadError, match="Odd"):
        bind_file(str(path), "engine")


def test_ctrl_c_while_loading_is_ctrl_c(tmp_path: Path) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        bind_file(str(path), "engine")


def test_an_exception_in_one_line() -> None:
    try:
        dict[str, int]()["missing"]
    except KeyError as error:
        text = describe_exception(error)
    assert text.startswith("KeyError: 'missing' (test_binding.py:")
    assert text.endswith(", in test_an_exception_in_one_line)")
    assert describe_exception(ValueError()) == "ValueError"
    assert describe_exception(ValueError("not raised")) == "ValueError: not raised"
