"""aiges_native.Client: what it adds to the cases of tests/conformance/test_served.py."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

import aiges_native
from aiges_native import Status
from aiges_native.client import (
    AsyncClientSession,
    AuthenticationError,
    UnavailableError,
    _messages,
)

PATIENCE = 30.0  # seconds, for what comes at once
Serve = Callable[..., Any]
ANSWER = '{"result": 7, "msg": "识别结果为数字: 7"}'


@pytest.fixture(params=["aiges", "xsf"])
def protocol(request: pytest.FixtureRequest) -> Any:
    return request.param


# ---- what it needs ----


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


def test_grpcio_is_loaded_when_it_is_used() -> None:
    done = python(
        "import sys, aiges_native; assert 'grpc' not in sys.modules\n"
        "aiges_native.Client('127.0.0.1:1').close()\n"
        "assert 'grpc' in sys.modules and 'google.protobuf' not in sys.modules"
    )
    assert done.returncode == 0, done.stderr


def test_without_grpcio() -> None:
    done = python(
        "import sys; sys.modules['grpc'] = None; import aiges_native as an; an.Client('x')"
    )
    assert "ImportError: aiges_native.Client needs grpcio" in done.stderr
    assert "pip install 'aiges_native[client]'" in done.stderr


def test_the_protocols_are_at_hand() -> None:
    folder = Path(aiges_native.get_proto_dir())
    assert (folder / "aiges" / "v1" / "engine.proto").is_file()
    assert (folder / "xsf.proto").is_file()


# ---- messages are protobuf's ----


def samples() -> list[tuple[str, Any]]:
    m = _messages
    item = m.Item("ключ", b"\0\xff" * 300, 2, 3, {"a": "b", "": ""})
    payload = m.Payload(m.MetaDesc("n", 4, {"seq": "1"}), b"data")
    return [
        ("aiges.v1.ExecRequest", m.ExecRequest("e", {"k": "v"}, [item], [1, 300, 2**32 - 1], "s")),
        ("aiges.v1.ExecResponse", m.Response([item, m.Item("b", type=-1, status=1000)], "s")),
        ("aiges.v1.StreamRequest", m.StreamRequest(m.Open("e", {"k": ""}, [7], "s"), [item])),
        ("aiges.v1.StreamRequest", m.StreamRequest(m.Open())),
        (
            "aiges.v1.DescribeResponse",
            m.DescribeResponse([m.EngineInfo("n", "v", "c", ["once", "stream"], "{}", "up")], "1"),
        ),
        (
            "utils.ReqData",
            m.ReqData("AIIn", m.Session("t", "h", {"a": "b"}), {"SeqNo": "1"}, [m.DataMeta(b"x")]),
        ),
        (
            "utils.ResData",
            m.ResData(-5, "e", m.Session(), {"p": "q"}, [m.DataMeta(b"", {"a": ""})]),
        ),
        (
            "protocol.LoaderInput",
            m.LoaderInput(
                "i", "n", 1, {"sid": "1"}, {"k": "v"}, [m.MetaDesc("w", 1)], [payload], 2**31 - 1
            ),
        ),
        ("protocol.LoaderOutput", m.LoaderOutput("i", 10110, "err", 2, [payload, m.Payload()])),
    ]


@pytest.mark.parametrize(("name", "ours"), samples(), ids=lambda value: str(value)[:20])
def test_messages(serve: Serve, channel: Callable[..., Any], name: str, ours: Any) -> None:
    database = ProtoReflectionDescriptorDatabase(channel(serve("echo").address))
    pool = descriptor_pool.DescriptorPool(database)
    theirs = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    encoded = _messages.encode(ours)
    parsed = theirs.FromString(encoded)
    assert len(UnknownFieldSet(parsed)) == 0
    assert _messages.decode(type(ours), parsed.SerializeToString()) == ours
    assert theirs.FromString(_messages.encode(_messages.decode(type(ours), encoded))) == parsed


@pytest.mark.parametrize("damaged", [b"\x0a\x05abc", b"\xff" * 11, b"\x0b", b"\x0a"])
def test_damaged_messages(damaged: bytes) -> None:
    with pytest.raises(ValueError):
        _messages.decode(_messages.Response, damaged)


# ---- the digit ----


def test_a_digit(serve: Serve, digits: Path, seven: Path, protocol: Any) -> None:
    served = serve(digits)
    with aiges_native.Client(served.address, protocol=protocol, timeout=PATIENCE) as client:
        picture = {"img": aiges_native.Image(seven.read_bytes())}
        assert client.exec(picture)["result"].text == ANSWER
        with client.session() as session:
            half = len(seven.read_bytes()) // 2
            session.write({"img": aiges_native.Image(seven.read_bytes()[:half])})
            session.write({"img": aiges_native.Image(seven.read_bytes()[half:])}, Status.END)
            (result,) = session
        assert result["result"].text == ANSWER


def xsf(call: Any, request: _messages.ReqData) -> tuple[_messages.ResData, _messages.LoaderOutput]:
    reply = _messages.decode(_messages.ResData, call(_messages.encode(request), timeout=PATIENCE))
    (data,) = reply.data
    return reply, _messages.decode(_messages.LoaderOutput, data.data)


def loader(**fields: Any) -> list[_messages.DataMeta]:
    fields = {"service_id": "digits", "service_name": "digits", **fields}
    return [_messages.DataMeta(_messages.encode(_messages.LoaderInput(**fields)))]


def test_a_digit_by_hand_through_xsfcall(
    serve: Serve, channel: Callable[..., Any], digits: Path, seven: Path
) -> None:
    """Step by step, as AIGES's own clients do it."""
    call = channel(serve(digits).address).unary_unary("/utils.XsfCall/call")
    m = _messages
    expect = [m.MetaDesc("result", 0, {"encoding": "utf8"})]
    picture = m.Payload(m.MetaDesc("img", 2, {"status": "3", "seq": "0"}), seven.read_bytes())
    first = {"SeqNo": "1", "waitTime": "10000", "version": "v2", "baseId": "0"}

    once = loader(state=1, headers={"sid": "one", "status": "3"}, expect=expect, pl=[picture])
    reply, output = xsf(call, m.ReqData("AIIn", None, first, once))
    assert (reply.code, output.code, output.status) == (0, 0, Status.ONCE)
    (payload,) = output.pl
    assert bytes(payload.data).decode() == ANSWER
    assert payload.meta is not None
    assert payload.meta.attribute == {
        "encoding": "utf8",
        "format": "json",  # the engine's own
        "seq": "0",
        "status": "3",
    }

    created = loader(headers={"sid": "two", "status": "0"}, expect=expect)
    reply, output = xsf(call, m.ReqData("AIIn", None, first, created))
    assert (output.code, output.status, output.pl) == (0, Status.BEGIN, [])
    assert reply.s is not None
    assert len(reply.s.h) == 26
    assert reply.s.sess["PeerAddr"].startswith("127.0.0.1:")
    picture.meta = m.MetaDesc("img", 2, {"status": "2", "seq": "1"})
    written = loader(sync_id=1, pl=[picture])
    reply, output = xsf(call, m.ReqData("AIIn", reply.s, {"SeqNo": "2"}, written))
    while output.status not in (Status.END, Status.ONCE):
        assert (output.code, output.pl) == (0, [])
        reply, output = xsf(call, m.ReqData("AIOut", reply.s, {"waitTime": "10000"}, loader()))
    assert [bytes(p.data).decode() for p in output.pl] == [ANSWER]
    _, output = xsf(call, m.ReqData("AIExcp", reply.s, {}, loader()))
    assert output.code in (10101, 10008)


def test_expected_outputs(serve: Serve) -> None:
    address = serve("echo").address
    for expect, passes in (({"a": 0}, True), ({"b": 0}, False), ({"a": 2}, False)):
        with aiges_native.Client(
            address, protocol="xsf", timeout=PATIENCE, expect=expect
        ) as client:

            def once(client: aiges_native.Client = client) -> str:
                return client.exec({"a": "1"})["a"].text

            def stream(client: aiges_native.Client = client) -> str:
                with client.session() as session:
                    session.write({"a": "1"}, Status.ONCE)
                    return next(iter(session))["a"].text

            for ask in (once, stream):
                if passes:
                    assert ask() == "1"
                else:
                    with pytest.raises(aiges_native.EngineError) as caught:
                        ask()
                    assert caught.value.code == 10106


# ---- servers, connections, credentials ----


def test_describe(serve: Serve) -> None:
    with aiges_native.Client(serve("echo").address, timeout=PATIENCE) as client:
        told = client.describe()
        assert told.version == aiges_native.__version__
        (engine,) = told.engines
        assert (engine.name, engine.kind, engine.version) == ("first", "c", "echo 1.2.3")
        assert engine.modes == {"once", "once_async", "stream", "stream_async"}
        assert client.describe("first").engines == told.engines
        with pytest.raises(aiges_native.InvalidDataError, match="'none'"):
            client.describe("none")


def test_nobody_is_there(protocol: Any) -> None:
    with aiges_native.Client("127.0.0.1:1", protocol=protocol, timeout=PATIENCE) as client:
        with pytest.raises(UnavailableError):
            client.exec({"a": b""})
        with pytest.raises(ConnectionError), client.session() as session:
            session.read()


def test_a_server_that_goes_down_in_a_session(serve: Serve, protocol: Any) -> None:
    served = serve("echo")
    with aiges_native.Client(served.address, protocol=protocol, timeout=PATIENCE) as client:
        session = client.session()
        session.write({"a": b"1"})
        assert session.read() is not None
        served.server.stop()
        with pytest.raises(aiges_native.AigesError):
            session.read()
        assert session.done
        session.close()


def test_a_closed_client(serve: Serve) -> None:
    client = aiges_native.Client(serve("echo").address)
    client.close()
    client.close()
    with pytest.raises(aiges_native.EngineError, match="closed"):
        client.exec({"a": b""})


def test_token(serve: Serve, protocol: Any) -> None:
    served = serve("echo", {"token": "secret"})
    for token in (None, "wrong"):
        with aiges_native.Client(served.address, protocol=protocol, token=token) as client:
            with pytest.raises(AuthenticationError, match="authorization"):
                client.exec({"a": b""}, timeout=PATIENCE)
    with aiges_native.Client(served.address, protocol=protocol, token="secret") as client:
        assert client.exec({"a": b"1"}, timeout=PATIENCE)["a"].bytes == b"1"


class Certificates:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = self.file("ca.pem", trustme.CA())

    def file(self, name: str, authority: trustme.CA) -> Path:
        path = self.folder / name
        authority.cert_pem.write_to_path(str(path))
        self.authority = authority
        return path

    def pair(self, name: str) -> tuple[str, str]:
        made = self.authority.issue_cert(name)
        key, chain = (str(self.folder / f"{name}.{end}") for end in ("key", "pem"))
        made.private_key_pem.write_to_path(key)
        made.cert_chain_pems[0].write_to_path(chain)
        return chain, key


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.mark.parametrize("mutual", [False, True])
def test_tls(serve: Serve, certificates: Certificates, protocol: Any, mutual: bool) -> None:
    chain, key = certificates.pair("127.0.0.1")
    tls = {"certificate": chain, "key": key}
    if mutual:
        tls["client_ca"] = str(certificates.ca)
    address = serve("echo", {"tls": tls}).address
    ours = certificates.pair("client") if mutual else None
    for ca in (certificates.ca, certificates.ca.read_bytes()):
        with aiges_native.Client(address, tls=ca, client_cert=ours, protocol=protocol) as client:
            assert client.exec({"a": b"1"}, timeout=PATIENCE)["a"].bytes == b"1"
            with client.session(timeout=PATIENCE) as session:
                session.write({"a": b"1"}, Status.ONCE)
                assert len(list(session)) == 1
    stranger = trustme.CA().cert_pem.bytes()
    refused: list[dict[str, Any]] = [{}, {"tls": stranger, "client_cert": ours}]
    if mutual:
        refused.append({"tls": certificates.ca})
    for options in refused:
        with aiges_native.Client(address, protocol=protocol, **options) as client:
            with pytest.raises(UnavailableError):
                client.exec({"a": b""}, timeout=PATIENCE)


def test_options_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="protocol"):
        aiges_native.Client("x", protocol="http")  # type: ignore[arg-type] # that is the point
    with pytest.raises(ValueError, match="tls"):
        aiges_native.Client("x", client_cert=(b"", b""))
    with pytest.raises(FileNotFoundError):
        aiges_native.Client("x", tls="/no/such/file")


# ---- asyncio ----


async def write_and_read(session: AsyncClientSession) -> None:
    await session.awrite({"a": b"1"}, Status.ONCE)
    await session.aread()


def test_coroutines(serve: Serve, protocol: Any) -> None:
    async def talk(client: aiges_native.Client) -> None:
        results = await asyncio.gather(*(client.aexec({"a": str(n)}) for n in range(50)))
        assert [result["a"].text for result in results] == [str(n) for n in range(50)]
        with pytest.raises(aiges_native.EngineError) as caught:
            await client.aexec({"a": b""}, {"fail": 21})
        assert caught.value.engine_code == 21
        async with client.asession() as session:
            assert await session.aread(timeout=0) is None
            await session.awrite({"a": b"1"})
            first = await session.aread()
            assert first is not None
            assert first["a"].bytes == b"1"
            assert await session.aread(timeout=0) is None
            await session.awrite({"a": b"2"}, Status.END)
            assert [result["a"].bytes async for result in session] == [b"2"]
            assert session.done
        with pytest.raises(aiges_native.SessionError):
            await session.aread()
        async with client.asession({"fail_write": 21}) as session:
            with pytest.raises(aiges_native.EngineError, match="asked to fail"):
                await write_and_read(session)

    async def main() -> None:
        address = serve("echo").address
        async with aiges_native.Client(address, protocol=protocol, timeout=PATIENCE) as client:
            await talk(client)

    asyncio.run(main())


def test_one_client_for_loops_and_threads(serve: Serve, protocol: Any) -> None:
    address = serve("echo").address
    with aiges_native.Client(address, protocol=protocol, timeout=PATIENCE) as client:

        async def once() -> bytes:
            return (await client.aexec({"a": b"1"}))["a"].bytes

        for _ in range(3):
            assert asyncio.run(once()) == b"1"
        assert client.exec({"a": b"2"})["a"].bytes == b"2"


def test_cancelling_a_task_reaches_the_engine(
    serve: Serve, probe: Callable[..., Any], protocol: Any
) -> None:
    address = serve("latch", async_mode=False).address

    async def main() -> None:
        async with aiges_native.Client(address, protocol=protocol) as client:
            task = asyncio.ensure_future(client.aexec({"a": b""}))
            await asyncio.get_running_loop().run_in_executor(None, probe("latch").wait, "waiting")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.get_running_loop().run_in_executor(None, probe("latch").wait, "cancelled")

    asyncio.run(main())


def test_a_read_that_was_cancelled_loses_nothing(serve: Serve, protocol: Any) -> None:
    async def main() -> None:
        address = serve("echo").address
        async with (
            aiges_native.Client(address, protocol=protocol, timeout=PATIENCE) as client,
            client.asession() as session,
        ):
            reading = asyncio.ensure_future(session.aread())
            await asyncio.sleep(0)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await session.awrite({"a": b"1"}, Status.ONCE)
            result = await session.aread()
            assert result is not None
            assert result["a"].bytes == b"1"

    asyncio.run(main())
