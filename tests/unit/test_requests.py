"""What a request may be made of: the engine sees it as it was written, or not at all."""

from __future__ import annotations

import enum
import math
import mmap
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aiges_native
from aiges_native import InvalidDataError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]

# What a C text can hold: everything but NUL, and no half of a surrogate pair.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
KEYS = TEXT.filter(bool)
SCALARS = TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()

MIRROR = """
import json
from aiges_native.wrapper import Response, ResponseData

class Wrapper:
    def wrapperOnceExec(self, params, reqData):
        return Response([ResponseData("params", json.dumps(params))])
"""


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aiges_native.Engine]:
    """Answers with the params as JSON."""
    path = tmp_path_factory.mktemp("mirror") / "mirror.py"
    path.write_text(MIRROR)
    with aiges_native.load(path) as engine:
        yield engine


@pytest.fixture(scope="module")
def echo(shelf: Any) -> Iterator[aiges_native.Engine]:
    with aiges_native.load(shelf.lend("echo")) as engine:
        yield engine


def said_params(engine: aiges_native.Engine, params: Any) -> dict[str, str]:
    import json

    found: dict[str, str] = json.loads(engine.exec({}, params)["params"].text)
    return found


@settings(deadline=None, max_examples=200)
@given(data=st.dictionaries(KEYS, st.binary(max_size=200) | TEXT, max_size=6))
def test_data_comes_back_as_it_went(echo: aiges_native.Engine, data: dict[str, Any]) -> None:
    result = echo.exec(data or {"nothing": b""})
    found = {item.key: item.text if isinstance(data.get(item.key), str) else item.bytes
             for item in result.all}  # fmt: skip
    assert found == (data or {"nothing": b""})
    assert list(found) == list(data or ["nothing"])


@settings(deadline=None, max_examples=200)
@given(desc=st.dictionaries(KEYS, TEXT, max_size=4), payload=st.binary(max_size=50))
def test_descriptions_come_back_as_they_went(
    echo: aiges_native.Engine, desc: dict[str, str], payload: bytes
) -> None:
    data = aiges_native.Audio(payload)
    data.desc = dict(desc)
    item = echo.exec({"k": data})["k"]
    assert (item.desc, item.bytes) == (desc, payload)


@settings(deadline=None, max_examples=200)
@given(params=st.dictionaries(KEYS, SCALARS, max_size=6))
def test_params_are_seen_as_text(mirror: aiges_native.Engine, params: dict[str, Any]) -> None:
    found = said_params(mirror, params)
    if "sid" not in params:
        assert found.pop("sid")
    assert list(found) == list(params)
    for key, value in params.items():
        if isinstance(value, bool):
            assert found[key] == str(value).lower()
        elif isinstance(value, float):
            assert "e" not in found[key].lower()
            assert float(found[key]) == value
        else:
            assert found[key] == str(value)


class Whole(int, enum.Enum):
    SEVEN = 7


class Word(enum.StrEnum):
    SEVEN = "seven"


OTHERS: dict[str, tuple[Any, str]] = {
    "numpy int": (numpy.int64(7), "7"),
    "numpy small int": (numpy.uint8(255), "255"),
    "numpy float": (numpy.float64(0.1), "0.1"),
    "int enumeration": (Whole.SEVEN, "7"),
    "str enumeration": (Word.SEVEN, "seven"),
    "status": (aiges_native.Status.END, "2"),
    "subclass of str": (type("Name", (str,), {})("x"), "x"),
    "large": (10**100, str(10**100)),
    "small float": (1e-7, "0.0000001"),
    "large float": (1e22, "10000000000000000000000"),
    "negative zero": (-0.0, "-0"),
    "infinite": (math.inf, "inf"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_numbers_and_texts_are_params(kind: str, mirror: aiges_native.Engine) -> None:
    value, text = OTHERS[kind]
    assert said_params(mirror, {"p": value})["p"] == text


BAD_VALUES: dict[str, Any] = {
    "none": None, "bytes": b"x", "list": [1], "dict": {}, "complex": 1j, "object": object(),
    "array": numpy.zeros(2), "half a surrogate": "\ud800",
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_VALUES)
def test_a_bad_value_is_named_by_its_key(kind: str, load: Load, probe: Probe) -> None:
    engine = load("once_only")
    bad = BAD_VALUES[kind]
    item = aiges_native.Text("x")
    item.desc = {"odd": bad}
    for data, params in (({}, {"good": 1, "odd": bad}), ({"k": item}, {})):
        with pytest.raises(InvalidDataError, match="'odd'") as caught:
            engine.exec(data, params)
        assert caught.value.code == 10009
        assert caught.value.engine == engine.name
    assert probe(engine)["exec"] == 0


@pytest.mark.parametrize("key", [1, None, b"k", ("k",), "\ud800", "a\0b"], ids=repr)
def test_a_bad_key_is_refused(key: Any, load: Load, probe: Probe) -> None:
    engine = load("once_only")
    for data, params in (({key: b""}, {}), ({}, {key: "v"})):
        with pytest.raises(InvalidDataError):
            engine.exec(data, params)
    assert probe(engine)["exec"] == 0


@pytest.mark.parametrize(
    "data", [None, 5, "text", b"bytes", [("k", b"v")], {"k"}, object()], ids=repr
)
def test_data_that_is_no_mapping_is_refused(data: Any, load: Load) -> None:
    with pytest.raises(InvalidDataError, match="mapping"):
        load("once_only").exec(data)


@pytest.mark.parametrize("params", [5, "text", [("k", "v")], {"k"}], ids=repr)
def test_params_that_are_no_mapping_are_refused(params: Any, load: Load) -> None:
    with pytest.raises(InvalidDataError, match="mapping"):
        load("once_only").exec({}, params)


def test_any_mapping_is_taken(mirror: aiges_native.Engine, echo: aiges_native.Engine) -> None:
    proxy = types.MappingProxyType({"k": "v"})
    assert said_params(mirror, proxy)["k"] == "v"
    assert echo.exec(proxy)["k"].text == "v"
    result = echo.exec({"k": b"v"})
    again = echo.exec(dict(result))
    assert again["k"].bytes == b"v"


def test_an_exception_of_the_callers_mapping_is_not_swallowed(load: Load) -> None:
    class Odd(dict[str, Any]):
        def items(self) -> Any:
            raise LookupError("the mapping's own")

    with pytest.raises((LookupError, InvalidDataError)):
        load("once_only").exec(Odd(k=b"v"))


@pytest.mark.parametrize("name", ["once_only", "async_only"])
def test_more_than_a_length_can_say_is_refused(name: str, load: Load, probe: Probe) -> None:
    engine = load(name)
    huge = mmap.mmap(-1, 2**32)  # untouched, so it takes no memory
    with pytest.raises(InvalidDataError, match=r"'big'.*4294967296 bytes.*4294967295"):
        engine.exec({"big": huge})
    with pytest.raises(InvalidDataError, match="big"):
        engine.exec_async({"big": aiges_native.Video(huge)}).result(30)
    assert probe(engine)["exec"] == probe(engine)["exec_async"] == 0
    with memoryview(huge) as view, view[1:] as largest:
        with pytest.raises(aiges_native.EngineError, match="code=5"):
            engine.exec({"big": largest}, {"fail": 5})
    assert probe(engine)["exec"] + probe(engine)["exec_async"] == 1


def test_more_than_a_length_can_say_is_refused_everywhere(load: Load, probe: Probe) -> None:
    engine = load("echo")
    huge = mmap.mmap(-1, 2**32)
    with engine.session() as session:
        with pytest.raises(InvalidDataError, match="big"):
            session.write({"big": huge})
        session.write({"k": b"still open"})
    with pytest.raises(InvalidDataError):
        engine.load_resource(huge)
    assert probe(engine).counts("write", "load_res") == {"write": 1, "load_res": 0}


BAD_TIMEOUTS = {"negative": -1, "not a number": math.nan, "text": "5", "list": []}


@pytest.mark.parametrize("kind", BAD_TIMEOUTS)
def test_a_bad_timeout_is_refused(kind: str, load: Load) -> None:
    engine = load("echo")
    bad: Any = BAD_TIMEOUTS[kind]
    session = engine.session()
    for use in (
        lambda: engine.exec({}, timeout=bad),
        lambda: engine.exec_async({}, timeout=bad),
        lambda: session.read(bad),
        lambda: session.close(bad),
        lambda: engine.close(bad),
    ):
        with pytest.raises((ValueError, TypeError)):
            use()
    assert not engine.closed


def test_a_very_long_timeout_is_no_timeout(load: Load) -> None:
    engine = load("echo")
    for timeout in (1e9, 1e300, math.inf, 2**70):
        assert engine.exec({"k": b"v"}, timeout=timeout)["k"].bytes == b"v"


def test_arguments_are_those_of_the_signature(load: Load, tmp_path: Path) -> None:
    engine = load("once_only")
    calls: list[Callable[[], object]] = [
        lambda: engine.exec(params={}),  # type: ignore[call-arg]
        lambda: engine.exec({}, {}, ()),  # type: ignore[call-arg]
        lambda: engine.exec({}, data={}),  # type: ignore[misc]
        lambda: engine.exec({}, unknown=1),  # type: ignore[call-arg]
        lambda: aiges_native.Engine.exec(5, {}),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()
    assert engine.exec(data={"k": b"v"}, params=None, resources=None)["k"].bytes == b"v"  # type: ignore[arg-type]


NOT_LOADED = """
for cls, uses in {
    an.Engine: "exec({}) exec_async({}) stats() close() session() load_resource(b'') "
    "closed name path modes",
    an.Session: "close() write({}) read(0) id done debug_info()",
}.items():
    for use in uses.split():
        empty = cls.__new__(cls)
        try:
            eval("empty." + use)
        except (TypeError, AttributeError, an.AigesError) as error:
            print(cls.__name__, use, type(error).__name__)
print('harmless')
"""


def test_an_object_that_was_never_loaded_is_harmless(program: Callable[..., str]) -> None:
    # Such as the one in the traceback of a load that failed.
    assert "harmless" in program(NOT_LOADED)


@pytest.mark.parametrize("ids", [[0], [-1], [2**32], ["1"], [1.0], 5, [99]], ids=repr)
def test_resources_that_are_no_ids_are_refused(ids: Any, load: Load) -> None:
    engine = load("resources")
    for use in (
        lambda: engine.exec({}, resources=ids),
        lambda: engine.exec_async({}, resources=ids).result(30),
        lambda: engine.session(resources=ids),
    ):
        with pytest.raises((InvalidDataError, TypeError)):
            use()
