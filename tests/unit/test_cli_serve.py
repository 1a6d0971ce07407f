"""``aiges-native serve`` and ``AIservice``: what they tell the server, say, and return.

The server is a fake: what the real one does has its own tests.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import aiges_native
from aiges_native import _core
from aiges_native.cli import aiservice, main
from aiges_native.serve.ports import who_listens

EnginePath = Callable[[str], Path]


class FakeServer:
    """Says what it was told. Its methods do what a test puts into them."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.engines: list[tuple[str, aiges_native.Engine, dict[str, Any]]] = []
        self.calls: list[str] = []
        self.levels: list[str] = []
        self.limits: list[float | None] = []
        self.start_error: Exception | None = None
        self.cut_off = False
        self.on_ready: Callable[[], None] = lambda: send(signal.SIGTERM)
        self.on_drain: Callable[[float | None], None] = lambda limit: None
        self.open_while_serving: bool | None = None

    def __call__(self, options: dict[str, Any]) -> FakeServer:
        self.options = options
        return self

    @property
    def told(self) -> dict[str, Any]:
        """Options of the server and of the first engine."""
        return self.options | self.engines[0][2]

    def add_engine(self, name: str, engine: aiges_native.Engine, options: dict[str, Any]) -> None:
        self.engines.append((name, engine, options))

    def start(self) -> dict[str, list[str]]:
        self.calls.append("start")
        if self.start_error is not None:
            raise self.start_error
        return {"grpc": [a.replace(":0", ":40123") for a in self.options["grpc"]]}

    def set_ready(self, ready: bool) -> None:
        self.calls.append(f"ready={ready}")
        if ready:
            self.on_ready()

    def drain(self, timeout: float | None) -> bool:
        self.calls.append("drain")
        self.limits.append(timeout)
        self.open_while_serving = not self.engines[0][1].closed
        self.on_drain(timeout)
        return not self.cut_off

    def stop(self) -> None:
        self.calls.append("stop")

    def stats(self) -> dict[str, Any]:
        return {}

    def set_log_level(self, level: str) -> None:
        self.levels.append(level)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    fake = FakeServer()
    monkeypatch.setattr(_core, "Server", fake, raising=False)
    return fake


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(("AIGES_NATIVE_", "AIGES_ENV", "AIGES_PLUGIN", "XSF", "LD_LIBRARY")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    allowed = os.sched_getaffinity(0)
    handlers = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    assert {n: signal.getsignal(n) for n in handlers} == handlers
    os.sched_setaffinity(0, allowed)


def serve(*arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(main, ["serve", *map(str, arguments)], **options)


@pytest.fixture
def echo(engine_path: EnginePath) -> Path:
    return engine_path("echo")


# ---- a service's life ----


def test_steps_of_a_life(server: FakeServer, echo: Path) -> None:
    done = serve(echo, "--host", "127.0.0.1", "--grpc-port", 0, "--unix", "x.sock")
    assert done.exit_code == 0, done.output
    assert server.calls == ["start", "ready=True", "ready=False", "drain", "stop"]
    assert server.limits == [30.0]
    assert server.open_while_serving
    assert server.engines[0][1].closed
    assert done.stdout.splitlines() == [
        "listening on gRPC 127.0.0.1:40123",
        "listening on gRPC unix:x.sock",
    ]
    events = re.findall(r'event=("[^"]*"|\S+)', done.stderr)
    assert events == ['"engine loaded"', "ready", "stopping", "drained", '"engine closed"']


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_it_in_order(
    server: FakeServer, echo: Path, number: signal.Signals
) -> None:
    server.on_ready = lambda: send(number)
    done = serve(echo)
    assert done.exit_code == 0
    assert f"signal={number.name}" in done.stderr
    assert server.calls[-2:] == ["drain", "stop"]


def test_a_second_signal_cuts_off_what_runs(server: FakeServer, echo: Path) -> None:
    cut = threading.Event()

    def drain(limit: float | None) -> None:
        if limit == 0:
            cut.set()
        else:
            send(signal.SIGTERM)
            assert cut.wait(60)

    server.on_drain = drain
    server.cut_off = True
    done = serve(echo, "--drain-timeout", 1000)
    assert done.exit_code == 0
    assert server.limits == [1000.0, 0.0]
    assert "a second signal cuts off" in done.stderr
    assert "were cut off" in done.stderr
    assert server.engines[0][1].closed


def test_a_hurried_end_does_not_wait_for_the_patient_one(server: FakeServer, echo: Path) -> None:
    stopped = threading.Event()

    def drain(limit: float | None) -> None:
        if limit != 0:
            send(signal.SIGTERM)
            assert stopped.wait(60)

    server.on_drain = drain
    server.stop = stopped.set  # type: ignore[method-assign]
    assert serve(echo).exit_code == 0
    assert server.limits == [30.0, 0.0]


def test_a_third_signal_waits_for_nobody(program: Callable[..., str], echo: Path) -> None:
    code = """
class Server:
    def __init__(self, options): pass
    def add_engine(self, name, engine, options): pass
    def start(self): return {}
    def set_ready(self, ready):
        if ready: os.kill(os.getpid(), signal.SIGTERM)
    def drain(self, limit):
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait()
an._core.Server = Server
from aiges_native.cli import main
main(["serve", sys.argv[1]])
"""
    program(code, echo, status=1)


def test_the_default_of_the_drain_follows_the_ttl(server: FakeServer, echo: Path) -> None:
    serve(echo, "--ttl", 2)
    assert server.limits == [4.0]


def test_a_drain_that_fails_still_closes_everything(server: FakeServer, echo: Path) -> None:
    def drain(limit: float | None) -> None:
        raise RuntimeError("broken")

    server.on_drain = drain
    done = serve(echo)
    assert done.exit_code == 1
    assert server.calls[-1] == "stop"
    assert server.engines[0][1].closed


def test_an_engine_that_does_not_finish_well(server: FakeServer, engine_path: EnginePath) -> None:
    done = serve(engine_path("fails_fini"))
    assert done.exit_code == 1
    assert "the engine did not finish well" in done.stderr


def test_the_log_level_changes_by_signal(server: FakeServer, echo: Path) -> None:
    # A signal that comes again before it was seen is one: send each after the one before arrived.
    pending = iter(["SIGUSR2", "SIGUSR2", "SIGUSR2", "SIGUSR1", "SIGTERM"])

    def next_signal(level: str | None = None) -> None:
        if level is not None:
            server.levels.append(level)
        send(signal.Signals[next(pending)])

    def ready() -> None:
        server.set_log_level = next_signal  # type: ignore[method-assign]
        next_signal()

    server.on_ready = ready
    assert serve(echo).exit_code == 0
    assert server.levels == ["info", "warn", "error", "error", "warn"]


def test_a_server_without_a_log_of_its_own(
    server: FakeServer, echo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(FakeServer, "set_log_level")
    assert serve(echo, "--log-level", "warn").exit_code == 0


def test_an_option_that_the_server_does_not_have(
    server: FakeServer, echo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(options: dict[str, Any]) -> FakeServer:
        raise TypeError("there is no option 'access_log'")

    monkeypatch.setattr(_core, "Server", refuse)
    done = serve(echo, "--access-log")
    assert done.exit_code == 1
    assert "error: the server refuses its configuration: there is no option" in done.stderr


def test_the_certificate_is_reloaded_by_signal(
    server: FakeServer, echo: Path, tmp_path: Path
) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("x")
    outcomes = iter([None, ValueError("not a certificate")])

    def reload_tls() -> None:
        outcome = next(outcomes)
        send(signal.SIGHUP if outcome is None else signal.SIGTERM)
        if outcome is not None:
            raise outcome

    server.reload_tls = reload_tls  # type: ignore[attr-defined]
    server.on_ready = lambda: send(signal.SIGHUP)
    done = serve(echo, "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    assert done.exit_code == 0
    assert 'event="TLS certificate reloaded" file=cert.pem' in done.stderr
    assert 'the old one stays" reason="not a certificate"' in done.stderr
    assert server.options["tls"] == {
        "certificate": "cert.pem", "key": "key.pem", "client_ca": None,
    }  # fmt: skip


def test_a_reload_without_tls_is_harmless(server: FakeServer, echo: Path) -> None:
    def ready() -> None:
        send(signal.SIGHUP)
        send(signal.SIGTERM)

    server.on_ready = ready
    assert serve(echo).exit_code == 0


# ---- what the server and the engine are told ----


def test_flags_reach_the_server(server: FakeServer, echo: Path) -> None:
    one = min(os.sched_getaffinity(0))
    done = serve(
        echo, "--max", 8, "--overload", "wait", "--ttl", 2.5, "--advertise", "10.1.2.3:99",
        "--reactors", 3, "--token", "t0ken", "--sync", "--access-log", "--log-level", "error",
        "--cpus", one, "--name", "asr", "--host", "127.0.0.1",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    expected = {
        "grpc": ["127.0.0.1:5090"], "max_sessions": 8, "overload": "wait", "ttl": 2.5,
        "advertise": "10.1.2.3:99", "reactors": 3, "token": "t0ken", "async_mode": False,
        "access_log": True,
    }  # fmt: skip
    assert {name: server.told[name] for name in expected} == expected
    assert server.engines[0][0] == "asr"
    assert "t0ken" not in done.output


def test_the_process_is_pinned_before_the_engine_is_there(
    server: FakeServer, echo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []

    def load(*arguments: Any, **options: Any) -> Any:
        seen.append(os.sched_getaffinity(0))
        return aiges_native.load(*arguments, **options)

    monkeypatch.setattr("aiges_native.serve.service.load", load)
    one = max(os.sched_getaffinity(0))
    assert serve(echo, "--cpus", one).exit_code == 0
    assert seen == [{one}]


def test_a_configuration_file(server: FakeServer, echo: Path, tmp_path: Path) -> None:
    (tmp_path / "aiges.toml").write_text(
        "[asr]\nport = 6000\nfinder = 1\n[fc]\nmax = 3\n[aiges]\nasyncMode = true\n"
    )
    done = serve(echo, "-c", "aiges.toml", "-s", "asr", "--max", 5, "--host", "127.0.0.1")
    assert done.exit_code == 0, done.output
    assert server.options["grpc"] == ["127.0.0.1:6000"]
    assert server.told["max_sessions"] == 5
    assert server.told["async_mode"] is True
    assert server.engines[0][0] == "asr"
    assert 'event=notice text="aiges.toml:3: [asr] finder: belongs to AIGES' in done.stderr


def test_settings_reach_the_engine(server: FakeServer, engine_path: EnginePath) -> None:
    done = serve(engine_path("fails_init"), "--config", "code=7", "--config", "text=no disk")
    assert done.exit_code == 1
    assert "no disk;code=7" in done.stderr


def test_async_mode_that_the_engine_does_not_have(
    server: FakeServer, engine_path: EnginePath
) -> None:
    done = serve(engine_path("once_only"), "--async")
    assert done.exit_code == 0
    assert "async_mode" not in server.told
    assert "has no asynchronous functions" in done.stderr


def test_the_file_does_not_choose_the_functions_of_a_python_engine(
    server: FakeServer, engine_path: EnginePath, tmp_path: Path
) -> None:
    (tmp_path / "aiges.toml").write_text("[aiges]\nasyncMode = true\n")
    done = serve(engine_path("python/echo"), "-c", "aiges.toml")
    assert done.exit_code == 0, done.output
    assert "async_mode" not in server.told


def test_http_is_accepted_and_said_to_be_missing(server: FakeServer, echo: Path) -> None:
    done = serve(echo, "--http-port", 1888)
    assert done.exit_code == 0
    assert "HTTP is not in this version" in done.stderr


# ---- who is told that it is ready ----


def test_a_ready_file(server: FakeServer, echo: Path, tmp_path: Path) -> None:
    found: list[Any] = []

    def drain(limit: float | None) -> None:
        found.append(path.exists())

    path = tmp_path / "ready.json"
    reader, writer = os.pipe()
    server.on_drain = drain
    done = serve(echo, "--grpc-port", 0, "--host", "127.0.0.1", "--ready-file", path,
                 "--ready-fd", writer)  # fmt: skip
    assert done.exit_code == 0, done.output
    with open(reader, encoding="utf-8") as pipe:
        facts = json.loads(pipe.read())
    assert facts == {"pid": os.getpid(), "engine": str(echo), "grpc": ["127.0.0.1:40123"]}
    assert found == [False], "it is taken away before the drain begins"


def test_a_ready_file_that_cannot_be_written(server: FakeServer, echo: Path) -> None:
    done = serve(echo, "--ready-file", "no/such/folder/ready")
    assert done.exit_code == 1
    assert "the ready file cannot be written" in done.stderr
    assert server.calls[-1] == "stop"


# ---- what cannot start ----


def test_an_interrupt_while_the_engine_starts(
    server: FakeServer, echo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*arguments: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("aiges_native.serve.service.load", load)
    done = serve(echo)
    assert done.exit_code == 1
    assert done.stderr == "error: interrupted before the service was ready\n"


def test_a_library_that_is_not_there(server: FakeServer) -> None:
    done = serve("./nothing.so")
    assert done.exit_code == 1
    assert "error: the engine cannot be loaded" in done.stderr
    assert server.calls == []


def test_an_engine_that_fails_its_start(server: FakeServer, engine_path: EnginePath) -> None:
    done = serve(engine_path("fails_init"))
    assert done.exit_code == 1
    assert "the model is missing;code=42" in done.stderr
    assert "[wrapper] or usrCfg" in done.stderr
    assert server.calls == []


@pytest.mark.parametrize("number", [True, False], ids=["errno", "text"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_and_by_whom(server: FakeServer, echo: Path, host: str, number: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = "Address already in use"
        server.start_error = OSError(errno.EADDRINUSE, text) if number else OSError(text)
        done = serve(echo, "--host", host, "--grpc-port", port)
    assert done.exit_code == 1
    assert f"error: {host}:{port}: the port is in use by process {os.getpid()} (" in done.stderr
    assert "0 takes a free one" in done.stderr
    assert server.engines[0][1].closed
    assert server.calls == ["start", "stop"]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EACCES, "Permission denied"), "not allowed to listen there"),
        (OSError(errno.EADDRNOTAVAIL, "no"), "this machine does not have that address"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (ValueError("tls: key does not fit"), "tls: key does not fit"),
    ],
)
def test_other_reasons_not_to_listen(
    server: FakeServer, echo: Path, error: Exception, says: str
) -> None:
    server.start_error = error
    done = serve(echo)
    assert done.exit_code == 1
    assert says in done.stderr


def test_a_port_of_a_mere_connection_has_no_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as connection,
    ):
        assert who_listens(connection.getsockname()[1]) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x.so", "--tls-cert", "no.pem", "--tls-key", "no.pem"], "'no.pem' cannot be read"),
        (["x.so", "--tls-cert", "no.pem"], "TLS also needs its private key"),
        (["x.so", "--advertise", "0.0.0.0"], "cannot be advertised"),
        (["x.so", "--host", "no.such.host.invalid"], "has no IPv4 address"),
        (["x.so", "-c", "no.toml"], "no.toml: cannot be read"),
        (["x.so", "--cpus", "60000"], "processor 60000 is not there"),
        (["x.so", "--cpus", "many"], "not a list of processors"),
        (["x.so", "--config", "novalue"], "write KEY=VALUE"),
        (["x.so", "--max", "0"], "--max"),
        ([], "Missing argument 'ENGINE'"),
    ],
)
def test_a_wrong_command_line(server: FakeServer, arguments: list[str], says: str) -> None:
    done = serve(*arguments)
    assert done.exit_code == 2, done.output
    assert says in done.stderr
    assert server.calls == []


def test_failures_are_log_lines_when_the_log_is_json(server: FakeServer) -> None:
    done = serve("./nothing.so", "--log-format", "json")
    assert done.exit_code == 1
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["level"], line["event"]) == ("error", "start failed")
    assert "nothing.so" in line["text"]


# ---- looking without starting ----


def test_show_config(tmp_path: Path) -> None:
    (tmp_path / "aiges.toml").write_text('[fc]\nmax = 3\n[wrapper]\na = 1\ndb_password = "p4ss"\n')
    environment = {"AIGES_NATIVE_TOKEN": "s3cret", "AIGES_NATIVE_TTL": "4"}
    done = serve("x.so", "-c", "aiges.toml", "--name", "asr", "--show-config", env=environment)
    assert done.exit_code == 0
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert re.search(r"3 +aiges\.toml:2 \[fc\]\.max$", rows["max_sessions"])
    assert re.search(r"4\.0 +environment AIGES_NATIVE_TTL$", rows["ttl"])
    assert re.search(r"asr +--name$", rows["name"])
    assert re.search(r"reject +default$", rows["overload"])
    assert "(set)" in rows["token"]
    assert "engine_config['a']" in rows
    assert not {"s3cret", "p4ss"} & set(done.stdout.split())


def test_check(server: FakeServer, echo: Path, tmp_path: Path) -> None:
    (tmp_path / "aiges.toml").write_text("[fc]\nstrategy = 2\n")
    done = serve(echo, "-c", "aiges.toml", "--check")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("notice: aiges.toml:2: [fc] strategy")
    assert done.stdout.splitlines()[-1] == "the configuration is good"
    assert server.calls == []
    assert serve("./nothing.so", "--check").exit_code == 2


def test_help_has_groups_and_examples() -> None:
    done = serve("--help")
    assert done.exit_code == 0
    for text in ("Where it listens:", "Security:", "Examples:", "Exit status:"):
        assert text in done.stdout


# ---- log file ----


def test_the_log_goes_to_the_file_and_failures_to_both(
    program: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "aiges.toml").write_text('[log]\nfile = "log/a.log"\n[aiges]\nsub = "x"\n')
    code = """
os.dup2(1, 2)  # the test sees standard output
from aiges_native.cli import main
main(["serve", "./nothing.so", "-c", "aiges.toml"])
"""
    outside = program(code, status=1)
    log = (tmp_path / "log" / "a.log").read_text()
    assert "event=notice" in log
    assert 'event="start failed"' in log
    assert "error: the engine cannot be loaded" in outside
    assert "event=" not in outside


# ---- AIservice ----


class Outcome:
    def __init__(self, status: object, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


Service = Callable[..., Outcome]


@pytest.fixture
def service(capsys: pytest.CaptureFixture[str]) -> Service:
    def call(*words: str) -> Outcome:
        with pytest.raises(SystemExit) as caught:
            aiservice.main(words)
        said = capsys.readouterr()
        return Outcome(caught.value.code, said.out, said.err)

    return call


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"]])
def test_usage(service: Service, words: list[str]) -> None:
    done = service(*words)
    assert done.status == 0
    for flag in ("-m ", "-c ", "-dc ", "-p ", "-g ", "-s ", "-u ", "-v ", "-init ", "-mnist ",
                 "-plugin ", "-polaris-prefix "):  # fmt: skip
        assert f"  {flag}" in done.out


def test_version(service: Service) -> None:
    assert service("-v").out == f"aiges_native {aiges_native.__version__}\n"


def test_init_writes_the_file_once(service: Service, tmp_path: Path) -> None:
    assert service("-init").status == 0
    path = tmp_path / "aiges.toml"
    path.write_text("mine")
    done = service("-init")
    assert done.status == 0
    assert "left as it is" in done.out
    assert path.read_text() == "mine"


def test_m_0_makes_a_missing_file_and_serves(
    service: Service, server: FakeServer, echo: Path, tmp_path: Path
) -> None:
    (tmp_path / "libwrapper.so").symlink_to(echo)
    done = service("-m", "0", "-c", "aiges.toml", "-s", "svcName")
    assert done.status == 0, done.err
    assert (tmp_path / "aiges.toml").is_file()
    assert server.options["grpc"] == ["0.0.0.0:5090"]
    assert server.told["max_sessions"] == 1
    assert server.told["async_mode"] is True
    assert server.told["real_time_results"] is False
    name, engine, _ = server.engines[0]
    assert name == "svcName"
    assert Path(engine.path).samefile(tmp_path / "libwrapper.so")
    assert "listening on gRPC 0.0.0.0:5090" in done.out
    assert (tmp_path / "log" / "aiges.log").is_file()


def test_the_library_path_comes_first(
    service: Service,
    server: FakeServer,
    engine_path: EnginePath,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = tmp_path / "lib"
    elsewhere.mkdir()
    (elsewhere / "libwrapper.so").symlink_to(engine_path("echo"))
    (tmp_path / "libwrapper.so").symlink_to(engine_path("once_only"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere:{elsewhere}")
    assert service("-m=0").status == 0
    assert Path(server.engines[0][1].path).samefile(elsewhere / "libwrapper.so")


def test_python_mode_takes_wrapper_py(
    service: Service,
    server: FakeServer,
    engine_path: EnginePath,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "py"
    folder.mkdir()
    (folder / "wrapper.py").write_bytes(engine_path("python/echo").read_bytes())
    monkeypatch.setenv("AIGES_PLUGIN_MODE", "python")
    done = service("-m=0")
    assert done.status == 1
    assert "there is no wrapper.py" in done.err
    monkeypatch.setenv("PYTHONPATH", str(folder))
    done = service("-m=0")
    assert done.status == 0, done.err
    assert server.engines[0][1].kind == "python"


def test_no_library_anywhere(service: Service, server: FakeServer) -> None:
    done = service("-m", "0")
    assert done.status == 1
    assert "libwrapper.so" in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-s", "svcName"], "-m is missing"),
        (["-m", "1"], "no config centre in this version; use -m 0"),
        (["-m", "7"], "-m 7"),
        (["-m", "0", "-c", "other.toml"], "-c other.toml: there is no such file"),
        (["-m", "0", "-s", "asr"], "no section [asr], which -s names; there is [svcName]"),
        (["-m", "0", "-dc", "[fc]\nmx = 1"], '-dc:2: unknown key "mx"'),
        (["-m", "0", "extra"], "unexpected argument: extra"),
        (["-x"], "flag provided but not defined: -x"),
    ],
)
def test_command_lines_that_are_refused(
    service: Service, server: FakeServer, words: list[str], says: str
) -> None:
    done = service(*words)
    assert done.status == 2
    assert says in done.err
    assert server.calls == []


def test_flags_of_the_config_centre_are_accepted(
    service: Service, server: FakeServer, echo: Path, tmp_path: Path
) -> None:
    (tmp_path / "libwrapper.so").symlink_to(echo)
    (tmp_path / "a.toml").write_text("[svcName]\nport = 6000\n")
    done = service(
        "-m", "0", "-c", "a.toml", "-p", "AIpaas", "-g", "hu", "-u", "http://x", "-plugin", "c"
    )
    assert done.status == 0
    for flag in ("-p", "-g", "-u", "-plugin"):
        assert len(re.findall(rf'text="{flag}: ', done.err)) == 1


def test_mnist_copies_the_example(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIGES_PLUGIN_MODE", "python")
    done = service("-mnist")
    assert done.status == 0, done.err
    assert (tmp_path / "mnist" / "wrapper.py").is_file()
    assert service("-mnist").status == 1


def test_mnist_without_the_source_tree(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiges_native, "__file__", str(tmp_path / "site" / "pkg" / "__init__.py"))
    done = service("-mnist")
    assert done.status == 1
    assert "source tree" in done.err
