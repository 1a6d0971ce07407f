"""The same cases and results in the process, through aiges.v1 and through XsfCall.

{C, Python engine} × {once, session sync, session async} × {in process, aiges.v1, XsfCall}.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import numpy
import pytest

import aiges_native
from aiges_native import Status, _core

PATIENCE = 30.0  # seconds, for what comes at once
FRAMES = [b"one", b"two", b"three"]

Via = Literal["process", "aiges", "xsf"]


class Column:
    """An engine, a way to work with it, and how requests come to it."""

    def __init__(self, engine: aiges_native.Engine, mode: str, via: Via, client: Any) -> None:
        self.engine = engine
        self.mode = mode
        self.via = via
        self._client = client

    def exec(self, data: Any, params: Any = None, **options: Any) -> Any:
        options.setdefault("timeout", PATIENCE)
        caller = self.engine if self._client is None else self._client
        return caller.exec(data, params, **options)

    def session(self, params: Any = None, **options: Any) -> AbstractContextManager[Any]:
        options.setdefault("timeout", PATIENCE)
        given = dict(params or {})
        if self.mode == "stream_async" and self.engine.kind == "python":
            given["deliver"] = "callback"  # the Python twin is told, the C one sees the pointer
        if self._client is not None:
            session: AbstractContextManager[Any] = self._client.session(given, **options)
            return session
        mode: Any = self.mode
        return self.engine.session(given, mode=mode, **options)

    def ask(self, data: Any, params: Any = None, **options: Any) -> list[Any]:
        """All items that come of one request."""
        if self.mode == "once":
            return list(self.exec(data, params, **options).all)
        with self.session(params, **options) as session:
            session.write(data, Status.ONCE)
            return [item for result in session for item in result.all]


@pytest.fixture(params=["process", "aiges", "xsf"])
def via(request: pytest.FixtureRequest) -> Via:
    way: Via = request.param
    return way


@pytest.fixture
def connect(via: Via) -> Iterator[Callable[..., Column]]:
    """``connect(engine, mode)``: the column of a loaded engine."""
    with_client: list[tuple[Any, Any]] = []

    def make(engine: aiges_native.Engine, mode: str, **options: Any) -> Column:
        if via == "process":
            return Column(engine, mode, via, None)
        server = _core.Server({"grpc": ["127.0.0.1:0"]})
        settings = {"max_sessions": 100, "async_mode": mode == "stream_async", **options}
        server.add_engine("echo", engine, settings)
        (address,) = server.start()["grpc"]
        server.set_ready(True)
        client = aiges_native.Client(address, protocol=via)
        with_client.append((client, server))
        return Column(engine, mode, via, client)

    yield make
    for client, server in with_client:
        client.close()
        server.stop()


@pytest.fixture(params=["once", "stream", "stream_async"])
def column(
    request: pytest.FixtureRequest,
    engine: aiges_native.Engine,
    connect: Callable[..., Column],
) -> Column:
    return connect(engine, request.param)


@pytest.fixture(params=["stream", "stream_async"])
def stream(
    request: pytest.FixtureRequest,
    engine: aiges_native.Engine,
    connect: Callable[..., Column],
) -> Column:
    return connect(engine, request.param)


@pytest.fixture
def once(engine: aiges_native.Engine, connect: Callable[..., Column]) -> Column:
    return connect(engine, "once")


def facts(items: list[Any]) -> list[tuple[Any, ...]]:
    return [(i.key, i.bytes, i.type, i.status, i.desc) for i in items]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"a": b"bytes"}, [("a", b"bytes", 4, {})]),
        ({"a": "Grüße"}, [("a", "Grüße".encode(), 0, {})]),
        ({"a": b""}, [("a", b"", 4, {})]),
        ({"a": b"\0\xff" * 5000}, [("a", b"\0\xff" * 5000, 4, {})]),
        ({"a": bytearray(b"x"), "b": memoryview(b"y")}, [("a", b"x", 4, {}), ("b", b"y", 4, {})]),
        (
            {"a": aiges_native.Image(b"i", encoding="png", width=3)},
            [("a", b"i", 2, {"encoding": "png", "width": "3"})],
        ),
        ({"a": aiges_native.Audio(b"s"), "b": "t"}, [("a", b"s", 1, {}), ("b", b"t", 0, {})]),
        ({"a": numpy.arange(3, dtype="<i4")}, [("a", bytes(numpy.arange(3, dtype="<i4")), 4, {})]),
    ],
)
def test_data_goes_there_and_back(
    column: Column, data: Mapping[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    items = column.ask(data)
    assert facts(items) == [(k, b, t, Status.ONCE, d) for k, b, t, d in expected]


def test_large_data(column: Column) -> None:
    large = bytes(range(256)) * (12 << 10)
    (item,) = column.ask({"a": large})
    assert item.bytes == large
    assert item.array("u1", (12 << 10, 256))[7, 9] == 9


def test_parameters_are_text(column: Column) -> None:
    params = {"want": "params", "i": -3, "f": 0.5, "b": True, "big": 1e22, "s": "Ü", "sid": "me"}
    items = column.ask({"a": b""}, params)
    lines = next(item for item in items if item.key == "params").text.splitlines()
    seen = {line.partition("=")[0]: line.partition("=")[2].rpartition("/")[0] for line in lines}
    seen.pop("deliver", None)
    assert seen == {
        "want": "params",
        "i": "-3",
        "f": "0.5",
        "b": "true",
        "big": "10000000000000000000000",
        "s": "Ü",
        "sid": "me",
    }


def test_a_result_is_a_mapping(once: Column) -> None:
    result = once.exec({"a": b"1", "b": b"2"})
    assert list(result) == ["a", "b"]
    assert result["b"].bytes == b"2"
    assert "c" not in result
    assert result.get("c") is None
    assert len(result) == 2
    assert result.final
    with pytest.raises(KeyError):
        result["c"]


@pytest.mark.parametrize(("code", "text"), [(21, "asked to fail"), (7, "of another number")])
def test_an_engine_that_fails(once: Column, code: int, text: str) -> None:
    with pytest.raises(aiges_native.EngineError, match=text) as caught:
        once.exec({"a": b"1"}, {"fail": code})
    assert (caught.value.code, caught.value.engine_code) == (10909, code)
    assert str(caught.value).endswith(f";code={code}")


@pytest.mark.parametrize(
    ("what", "code"), [("fail_create", 10905), ("fail_write", 10907), ("fail_read", 10908)]
)
def test_a_session_that_fails(stream: Column, what: str, code: int) -> None:
    if what == "fail_read" and stream.mode == "stream_async":
        pytest.skip("nothing is read there")
    with pytest.raises(aiges_native.EngineError, match="asked to fail") as caught:
        stream.ask({"a": b"1"}, {what: 21})
    assert (caught.value.code, caught.value.engine_code) == (code, 21)


@pytest.mark.parametrize(
    "data",
    [
        {1: b""},
        {"a": 3},
        {"a\0b": b""},
        {"a": numpy.zeros((4, 4))[:, 1]},
        b"no mapping",
        {"a": "\udc80"},
    ],
    ids=["key", "value", "NUL", "strided", "bytes", "surrogate"],
)
def test_data_that_no_engine_can_have(column: Column, data: Any) -> None:
    with pytest.raises(aiges_native.InvalidDataError) as caught:
        column.ask(data)
    assert caught.value.code == 10009


@pytest.mark.parametrize("params", [{"p": None}, {"p": [1]}, {2: "x"}, {"p\0": "x"}])
def test_parameters_that_no_engine_can_have(column: Column, params: Any) -> None:
    with pytest.raises(aiges_native.InvalidDataError):
        column.ask({"a": b""}, params)


def test_frames_in_order_one_result_each(stream: Column) -> None:
    with stream.session() as session:
        for index, frame in enumerate(FRAMES):
            session.write({"a": frame}, Status.END if index == 2 else None)
        items = [item for result in session for item in result.all]
        assert session.done
    assert [item.bytes for item in items] == FRAMES
    assert [item.status for item in items] == [Status.BEGIN, Status.CONTINUE, Status.END]


def test_a_result_before_the_input_ends(stream: Column) -> None:
    with stream.session() as session:
        session.write({"a": b"1"})
        first = session.read()
        assert first is not None
        assert first["a"].bytes == b"1"
        assert not first.final
        assert not session.done
        session.write({"a": b"2"}, Status.END)
        last = session.read()
        assert last is not None
        assert last.final
        assert session.read() is None
        assert session.done


def test_a_closed_session(stream: Column) -> None:
    with stream.session() as session:
        session.write({"a": b"1"})
    session.close()
    assert session.done
    with pytest.raises(aiges_native.SessionError):
        session.write({"a": b"2"})
    with pytest.raises(aiges_native.SessionError):
        session.read()


def test_a_session_is_ended_in_the_engine(
    load: Callable[..., aiges_native.Engine],
    connect: Callable[..., Column],
    probe: Callable[..., Any],
) -> None:
    stream = connect(load("echo"), "stream")
    with stream.session() as session:
        session.write({"a": b"1"})
        assert session.read() is not None
        probe("echo").wait("create")
    probe("echo").wait("destroy")
    assert probe("echo").counts("live_sessions") == {"live_sessions": 0}


def test_resources(
    load: Callable[..., aiges_native.Engine], connect: Callable[..., Column]
) -> None:
    engine = load("echo")
    column = connect(engine, "once")
    ids = [engine.load_resource(b"r"), engine.load_resource(b"s")]
    if column.via == "xsf":
        with pytest.raises(aiges_native.InvalidDataError, match="resources"):
            column.exec({"a": b""}, resources=ids)
    else:
        result = column.exec({"a": b""}, {"want": "resources"}, resources=ids)
        assert result["resources"].text == ",".join(map(str, ids))
    for each in ids:
        engine.unload_resource(each)


def test_a_deadline(
    load: Callable[..., aiges_native.Engine],
    connect: Callable[..., Column],
    probe: Callable[..., Any],
) -> None:
    column = connect(load("latch"), "once")
    with pytest.raises(aiges_native.DeadlineError) as caught:
        column.exec({"a": b""}, timeout=0.05)
    assert caught.value.code == 10102
    probe("latch").release(-1)


def test_a_session_without_a_result_in_time(stream: Column) -> None:
    with stream.session(timeout=0.05) as session:
        assert session.read(timeout=0) is None
        with pytest.raises(aiges_native.DeadlineError) as caught:
            session.read()
        assert caught.value.code == 10102
        assert not session.done


def test_many_at_once(once: Column) -> None:
    found: dict[int, bytes] = {}

    def ask(number: int) -> None:
        for _ in range(20):
            found[number] = once.exec({"a": str(number)})["a"].bytes

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == {number: str(number).encode() for number in range(8)}


def test_an_engine_without_sessions(
    load: Callable[..., aiges_native.Engine], connect: Callable[..., Column]
) -> None:
    column = connect(load("once_only"), "stream")
    with pytest.raises(aiges_native.SessionError) as caught:
        column.ask({"a": b""})
    assert caught.value.code == 10600


def test_no_capacity(
    load: Callable[..., aiges_native.Engine],
    connect: Callable[..., Column],
    via: Via,
    probe: Callable[..., Any],
) -> None:
    if via == "process":
        pytest.skip("in the process there is no limit that refuses")
    column = connect(load("echo"), "stream", max_sessions=1)
    with column.session() as session:
        session.write({"a": b"1"})
        assert session.read() is not None
        with pytest.raises(aiges_native.OverloadError) as caught:
            column.exec({"a": b""})
        assert caught.value.code == 10110
    probe("echo").wait("destroy")
