"""grpcio as a stranger: every shape of RPC, and every way in which one fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

PATIENCE = 30.0  # seconds, for what comes at once
EXEC, STREAM = "/aiges.v1.Engine/Exec", "/aiges.v1.Engine/Stream"
Serve = Callable[..., Any]
Connect = Callable[..., Any]


class Types:
    """Messages as protobuf has them from the server's own descriptors."""

    def __init__(self, channel: Any) -> None:
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self._pool = descriptor_pool.DescriptorPool(self.database)

    def __getitem__(self, name: str) -> Any:
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))


class Remote:
    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.types = Types(channel)
        self.exec = self._method(channel.unary_unary, EXEC, "aiges.v1.ExecResponse")
        self.stream = self._method(channel.stream_stream, STREAM, "aiges.v1.StreamResponse")

    def _method(self, shape: Any, path: str, answer: str) -> Any:
        return shape(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.types[answer].FromString,
        )

    def request(self, data: bytes, **params: str) -> Any:
        item = {"key": "a", "data": data}
        return self.types["aiges.v1.ExecRequest"](params=params, data=[item])

    def frame(self, data: bytes | None, status: int = 0, opens: bool = False) -> Any:
        items = [] if data is None else [{"key": "a", "data": data, "status": status}]
        return self.types["aiges.v1.StreamRequest"](data=items, open={} if opens else None)


@pytest.fixture
def echo(serve: Serve, channel: Connect) -> Remote:
    return Remote(channel(serve("echo").address))


def failure(call: Callable[[], Any]) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


# ---- what goes well ----


def test_unary(echo: Remote) -> None:
    answer = echo.exec(echo.request(b"hello"), timeout=PATIENCE)
    assert [(i.key, i.data, i.status) for i in answer.data] == [("a", b"hello", 3)]
    assert answer.session_id


def test_bidirectional(echo: Remote) -> None:
    turn = threading.Semaphore(0)

    def frames() -> Iterator[Any]:
        yield echo.frame(b"1", opens=True)
        assert turn.acquire(timeout=PATIENCE)  # the first answer came before the second frame left
        yield echo.frame(b"2", 2)

    answers = echo.stream(frames(), timeout=PATIENCE)
    first = next(answers)
    assert first.data[0].data == b"1"
    assert first.session_id
    turn.release()
    assert [i.data for answer in answers for i in answer.data] == [b"2"]


def test_a_half_close_ends_the_input(echo: Remote) -> None:
    answers = list(echo.stream(iter([echo.frame(b"1", opens=True)]), timeout=PATIENCE))
    assert [(i.data, i.status) for answer in answers for i in answer.data] == [(b"1", 0), (b"", 2)]


def test_health(serve: Serve, channel: Connect) -> None:
    served = serve("echo")
    stub = health_pb2_grpc.HealthStub(channel(served.address))
    status = health_pb2.HealthCheckResponse
    for name in ("", "aiges.v1.Engine", "utils.XsfCall"):
        asked = health_pb2.HealthCheckRequest(service=name)
        assert stub.Check(asked, timeout=PATIENCE).status == status.SERVING
    unknown = failure(lambda: stub.Check(health_pb2.HealthCheckRequest(service="none")))
    assert unknown.code() == grpc.StatusCode.NOT_FOUND
    assert "" in stub.List(health_pb2.HealthListRequest(), timeout=PATIENCE).statuses
    watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
    assert next(watch).status == status.SERVING
    served.server.set_ready(False)
    assert next(watch).status == status.NOT_SERVING
    watch.cancel()


def test_reflection(echo: Remote) -> None:
    database = echo.types.database
    assert set(database.get_services()) >= {
        "aiges.v1.Engine",
        "utils.XsfCall",
        "utils.ToolBox",
        "grpc.health.v1.Health",
    }
    file = database.FindFileContainingSymbol("aiges.v1.Engine")
    (service,) = file.service
    assert [m.name for m in service.method] == ["Exec", "Stream", "Describe"]
    # v1 has the same messages under another name; field 7 lists services.
    ask = echo.channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
    (answer,) = ask(iter([b"\x3a\x01*"]), timeout=PATIENCE)
    assert b"aiges.v1.Engine" in answer


def test_gzip_both_ways(serve: Serve, channel: Connect) -> None:
    served = serve("echo")
    remote = Remote(channel(served.address, compression=grpc.Compression.Gzip))
    before = served.server.stats()
    data = bytes(1 << 20)
    answer = remote.exec(remote.request(data), timeout=PATIENCE)
    assert answer.data[0].data == data
    after = served.server.stats()
    for way in ("bytes_in", "bytes_out"):
        assert after[way] - before[way] < 100_000


def test_100_mb_both_ways(serve: Serve, channel: Connect) -> None:
    served = serve("echo", {"max_receive": 128 << 20, "max_send": 128 << 20})
    remote = Remote(channel(served.address))
    data = bytes(range(250)) * 400_000
    answer = remote.exec(remote.request(data), timeout=2 * PATIENCE)
    assert answer.data[0].data == data


def test_a_message_larger_than_the_window_in_a_stream(echo: Remote) -> None:
    data = bytes(4 << 20)
    answers = echo.stream(iter([echo.frame(data, 3, opens=True)]), timeout=10)
    assert [i.data for answer in answers for i in answer.data] == [data]


# ---- what fails ----


def test_deadline(serve: Serve, channel: Connect, probe: Callable[..., Any]) -> None:
    remote = Remote(channel(serve("latch", async_mode=False).address))
    error = failure(lambda: remote.exec(remote.request(b""), timeout=0.2))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    probe("latch").release(-1)


def test_cancelling_reaches_the_engine(
    serve: Serve, channel: Connect, probe: Callable[..., Any]
) -> None:
    remote = Remote(channel(serve("latch", async_mode=False).address))
    call = remote.exec.future(remote.request(b""), timeout=PATIENCE)
    probe("latch").wait("waiting")
    call.cancel()
    probe("latch").wait("cancelled")
    assert call.cancelled()


def test_cancelling_a_stream_ends_the_session(
    serve: Serve, channel: Connect, probe: Callable[..., Any]
) -> None:
    remote = Remote(channel(serve("echo").address))
    leave = threading.Event()

    def frames() -> Iterator[Any]:
        yield remote.frame(b"1", opens=True)
        leave.wait(PATIENCE)

    answers = remote.stream(frames(), timeout=PATIENCE)
    next(answers)
    answers.cancel()
    leave.set()
    probe("echo").wait("destroy")


@pytest.mark.parametrize("path", ["/aiges.v1.Engine/Nothing", "/no.Service/Method"])
def test_unknown(echo: Remote, path: str) -> None:
    error = failure(lambda: echo.channel.unary_unary(path)(b"", timeout=PATIENCE))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED
    assert path in error.details()


def test_an_engine_error_has_codes(echo: Remote) -> None:
    error = failure(lambda: echo.exec(echo.request(b"", fail="21"), timeout=PATIENCE))
    assert error.code() == grpc.StatusCode.INTERNAL
    assert error.details() == "echo: asked to fail;code=21"
    trailers = dict(error.trailing_metadata())
    assert (trailers["aiges-code"], trailers["aiges-engine-code"]) == ("10909", "21")


def test_bytes_that_are_no_message(echo: Remote) -> None:
    error = failure(lambda: echo.channel.unary_unary(EXEC)(b"\xff\xff", timeout=PATIENCE))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_an_engine_that_is_not_there(echo: Remote) -> None:
    request = echo.types["aiges.v1.ExecRequest"](engine="none")
    error = failure(lambda: echo.exec(request, timeout=PATIENCE))
    assert error.code() == grpc.StatusCode.NOT_FOUND
    assert "'none'" in error.details()


@pytest.mark.parametrize("opens", [[False], [True, True], []])
def test_a_stream_opens_once_and_first(echo: Remote, opens: list[bool]) -> None:
    frames = [echo.frame(b"1", opens=each) for each in opens]
    error = failure(lambda: list(echo.stream(iter(frames), timeout=PATIENCE)))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "open" in error.details()


@pytest.mark.parametrize("limit", ["max_receive", "max_send"])
def test_too_large(serve: Serve, channel: Connect, limit: str) -> None:
    served = serve("echo", {limit: 100_000})
    remote = Remote(channel(served.address))
    error = failure(lambda: remote.exec(remote.request(bytes(100_001)), timeout=PATIENCE))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "100000" in error.details()
    # The connection is as good as before.
    assert remote.exec(remote.request(b"small"), timeout=PATIENCE).data[0].data == b"small"


def test_token(serve: Serve, channel: Connect) -> None:
    served = serve("echo", {"token": "secret"})
    connection = channel(served.address)
    ask = connection.unary_unary(EXEC)
    for metadata in ((), (("authorization", "Bearer wrong"),), (("authorization", "secret"),)):
        error = failure(partial(ask, b"", timeout=PATIENCE, metadata=metadata))
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    assert ask(b"", timeout=PATIENCE, metadata=(("authorization", "Bearer secret"),))
    # Who watches over services has no token.
    health = health_pb2_grpc.HealthStub(connection)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
