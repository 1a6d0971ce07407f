"""``aiges-native call``: what it shows, where, and with which exit status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result

from aiges_native.cli import main

Serve = Callable[..., Any]


def call(*arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(main, ["call", *map(str, arguments)], **options)


@pytest.fixture(params=["aiges", "xsf"])
def protocol(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("stream", [[], ["--stream"]], ids=["once", "stream"])
def test_the_digit(
    serve: Serve, digits: Path, seven: Path, protocol: str, stream: list[str]
) -> None:
    address = serve(digits).address
    done = call(address, "--data", f"img=@{seven}", "--protocol", protocol, *stream)
    assert done.exit_code == 0, done.stderr
    assert '"result": 7' in done.stdout
    assert "answered in" in done.stderr


def test_parameters_and_saving(serve: Serve, tmp_path: Path, protocol: str) -> None:
    words = ["-d", "a=text", "-p", "want=params", "-p", "top=3", "--engine", "first"]
    address = serve("echo").address
    done = call(address, *words, "--save", tmp_path / "out", "--protocol", protocol)
    assert done.exit_code == 0, done.stderr
    assert "top=3/1" in done.stdout
    assert (tmp_path / "out" / "a.txt").read_text() == "text"


def test_a_failure_is_told(serve: Serve, protocol: str) -> None:
    address = serve("echo").address
    done = call(address, "-d", "a=1", "-p", "fail=21", "--protocol", protocol)
    assert done.exit_code == 1
    assert "EngineError: exec: echo: asked to fail" in done.stderr
    assert "framework code 10909, engine code 21" in done.stderr
    assert done.stdout == ""


def test_nobody_is_there(protocol: str) -> None:
    done = call("127.0.0.1:1", "-d", "a=1", "--protocol", protocol)
    assert done.exit_code == 1
    assert "UnavailableError" in done.stderr


def test_a_deadline(serve: Serve, probe: Callable[..., Any]) -> None:
    done = call(serve("latch").address, "-d", "a=1", "--timeout", "0.1")
    probe("latch").release(-1)
    assert done.exit_code == 1
    assert "DeadlineError" in done.stderr


def test_token_and_tls(serve: Serve, tmp_path: Path) -> None:
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    for name, pem in (
        ("ca", authority.cert_pem),
        ("key", made.private_key_pem),
        ("certificate", made.cert_chain_pems[0]),
    ):
        pem.write_to_path(str(tmp_path / name))
    files = {name: str(tmp_path / name) for name in ("certificate", "key")}
    address = serve("echo", {"token": "secret", "tls": files}).address
    words = [address, "-d", "a=hello", "--tls-ca", tmp_path / "ca"]
    assert call(*words, "--token", "secret").stdout == "hello\n"
    assert call(*words, env={"AIGES_NATIVE_TOKEN": "secret"}).stdout == "hello\n"
    refused = call(*words)
    assert refused.exit_code == 1
    assert "AuthenticationError" in refused.stderr


@pytest.mark.parametrize(
    "words",
    [["-d", "a"], ["-d", "a=@/no/such/file"], ["--protocol", "http"], ["--tls-cert", "x"]],
)
def test_a_wrong_command_line(words: list[str]) -> None:
    assert call("127.0.0.1:1", *words).exit_code == 2
