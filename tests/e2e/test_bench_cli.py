"""``aiges-native bench``: what it counts, what it takes for wrong, and its exit status.

Nothing here asks how long anything took: only how many there were of what.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aiges_native.bench import LoadError, LoadPlan, Progress, run_load
from aiges_native.cli import main

Serve = Callable[..., Any]
RIGHT = "sha256:" + hashlib.sha256(b"hello").hexdigest()
STREAM = ["--stream", "--frames", 3]


def bench(*words: object, **options: Any) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, words)], **options)


def count(address: str, number: int, *words: object, **options: Any) -> Result:
    """So many requests with ``a=hello``, all of them measured."""
    given = (address, "-d", "a=hello", "--count", number, "--warmup", "0s", *words)
    return bench(*given, **options)


@pytest.fixture(params=["aiges", "xsf"])
def protocol(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    return tmp_path / "figures.json"


def the_run(figures: Path) -> dict[str, Any]:
    (run,) = json.loads(figures.read_text())["runs"]
    assert isinstance(run, dict)
    return run


@pytest.fixture
def closed_port() -> str:
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


# ---- what is sent ----


@pytest.mark.parametrize("spread", [(1, 1, 1), (5, 2, 1), (7, 3, 2)], ids=str)
@pytest.mark.parametrize("rate", [[], ["--rate", 5000]], ids=["closed", "open"])
@pytest.mark.parametrize("stream", [[], STREAM], ids=["once", "stream"])
def test_as_many_as_were_asked_for(
    serve: Serve,
    probe: Callable[..., Any],
    figures: Path,
    protocol: str,
    stream: list[object],
    rate: list[object],
    spread: tuple[int, int, int],
) -> None:
    address = serve("echo").address
    units, connections, threads = spread
    done = count(
        address, 40, "--protocol", protocol, "--expect", "a=hello", *stream, *rate,
        "--concurrency", units, "--connections", connections, "--threads", threads,
        "--json", figures,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    run = the_run(figures)
    assert (run["answered"], run["failed"], run["unsent"]) == (40, 0, 0)
    assert run["latency"]["count"] == 40
    assert run["ending"]["count"] == (40 if stream else 0)
    echo = probe("echo")
    assert (echo["create"] if stream else echo["exec"]) == 40
    assert echo["write"] == (120 if stream else 0)


def test_frames_of_a_size(serve: Serve, figures: Path, protocol: str) -> None:
    words = ["--stream", "--frames", 4, "--frame-size", 3, "--interval", "1ms"]
    done = count(
        serve("echo").address, 3, "--protocol", protocol, *words,
        "--expect", "a=hellohellohe", "--json", figures,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert the_run(figures)["answered"] == 3


def test_an_engine_that_is_not_there(serve: Serve) -> None:
    address = serve("echo").address
    assert count(address, 2, "--engine", "first").exit_code == 0
    refused = count(address, 2, "--engine", "second")
    assert refused.exit_code == 1
    assert "2 × grpc 5 NOT_FOUND" in refused.output


def test_outputs_of_xsf(serve: Serve) -> None:
    address = serve("echo").address
    words = ["--protocol", "xsf", "--expect", "a=hello"]
    assert count(address, 2, *words, "--output", "a=text").exit_code == 0
    refused = count(address, 2, *words, "--output", "a=image")
    assert refused.exit_code == 1
    assert "2 × 10106: wrapper output data invalid(key or type)" in refused.output


def test_a_rate_for_a_time(serve: Serve, figures: Path) -> None:
    words = ["--rate", 1000, "--duration", "200ms", "--warmup", "50ms", "--json", figures]
    done = bench(serve("echo").address, "-d", "a=1", *words)
    run = the_run(figures)
    due = run["answered"] + run["failed"] + run["unsent"]
    assert due in range(199, 202)  # times are rounded
    assert run["failed"] == 0, done.output
    assert run["seconds"] == pytest.approx(0.2)


@pytest.mark.parametrize("stream", [[], ["--stream"]], ids=["once", "stream"])
def test_a_target_too_slow_for_the_rate(
    serve: Serve, probe: Callable[..., Any], figures: Path, stream: list[str]
) -> None:
    """What was due is told: nobody may take a slow server for one that was asked less."""
    address = serve("latch").address
    done = bench(
        address, "-d", "a=1", "--rate", 1000, "--concurrency", 2, "--duration", "100ms",
        "--warmup", "0s", "--timeout", "300ms", "--json", figures, *stream,
    )  # fmt: skip
    probe("latch").release(-1)
    assert done.exit_code == 1
    run = the_run(figures)
    assert (run["answered"], run["failed"]) == (0, 2)
    assert run["unsent"] in range(97, 100)
    assert {code for code, _, _ in run["failures"]} == {"timeout"}
    assert "requests were due but never sent" in done.output
    # Nothing came, so that there is no time to show.
    assert [line.split() for line in done.output.splitlines() if line.startswith("p50")] == [
        ["p50", "-"]
    ]


# ---- what is right ----


@pytest.mark.parametrize("stream", [[], STREAM], ids=["once", "stream"])
@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ("a=hello", ""),
        (f"a={RIGHT}", ""),
        ("a=help!", "item 'a' differs from what was expected at byte 3"),
        ("a=hell", "item 'a' differs from what was expected at byte 4"),
        ("a=hello!", "item 'a' has 5 bytes instead of 6"),
        ("b=hello", "no item 'b' in the answer"),
        (f"a=sha256:{'00' * 32}", "item 'a' has another SHA-256 than expected"),
    ],
)
def test_answers_are_checked(
    serve: Serve, figures: Path, protocol: str, stream: list[object], expected: str, wrong: str
) -> None:
    words = ["--protocol", protocol, "--expect", expected, "--json", figures, *stream]
    done = count(serve("echo").address, 6, *words)
    assert done.exit_code == (1 if wrong else 0), done.output
    run = the_run(figures)
    assert (run["answered"], run["failed"]) == ((0, 6) if wrong else (6, 0))
    assert run["failures"] == ([["wrong answer", wrong, 6]] if wrong else [])


def test_an_expected_file(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "right.bin").write_bytes(b"hello")
    address = serve("echo").address
    assert count(address, 1, "--expect", f"a=@{tmp_path / 'right.bin'}").exit_code == 0


@pytest.mark.parametrize("stream", [[], STREAM], ids=["once", "stream"])
def test_failures_of_the_engine_are_counted(
    serve: Serve, figures: Path, protocol: str, stream: list[object]
) -> None:
    words = ["--protocol", protocol, "-p", "fail=21", "-p", "fail_create=21", *stream]
    done = count(serve("echo").address, 4, *words, "--json", figures)
    assert done.exit_code == 1
    run = the_run(figures)
    assert (run["answered"], run["failed"]) == (0, 4)
    assert sum(times for _, _, times in run["failures"]) == 4
    assert all("asked to fail" in text for _, text, _ in run["failures"])


def test_token(serve: Serve, protocol: str) -> None:
    address = serve("echo", {"token": "secret"}).address
    words = ["--protocol", protocol]
    assert count(address, 2, *words, "--token", "secret").exit_code == 0
    assert count(address, 2, *words, env={"AIGES_NATIVE_TOKEN": "secret"}).exit_code == 0
    refused = count(address, 2, *words, "--token", "other")
    assert refused.exit_code == 1
    assert "2 × grpc 16 UNAUTHENTICATED" in refused.output


# ---- where nobody answers ----


def test_a_closed_port(closed_port: str, protocol: str) -> None:
    done = count(closed_port, 1, "--protocol", protocol)
    assert done.exit_code == 1
    assert f"error: {closed_port}: cannot connect: Connection refused" in done.stderr


def test_waiting_counts_from_when_a_request_was_due(
    serve: Serve, probe: Callable[..., Any]
) -> None:
    """All are due within 0.1 s, and none is answered before 0.3 s: none of them was quick."""
    address = serve("latch").address

    def open_late(progress: Progress) -> None:
        if progress.elapsed >= 0.3:
            probe("latch").release(-1)

    plan = LoadPlan(address, data=(("a", b"1", 0),), rate=1000.0, count=100, concurrency=1)
    report = run_load(plan, open_late)
    assert (report.answered, report.failed, report.unsent) == (100, 0, 0)
    assert report.latency.min >= 0.2e9


@pytest.mark.parametrize("rate", [0.0, 2000.0], ids=["closed", "open"])
def test_a_server_that_goes_away(serve: Serve, rate: float) -> None:
    served = serve("echo")

    def stop(progress: Progress) -> None:
        served.server.stop()

    plan = LoadPlan(served.address, data=(("a", b"1", 0),), rate=rate, duration=0.8)
    report = run_load(plan, stop)
    assert report.answered > 0
    assert report.failed > 0
    assert not report.good
    assert any("cannot connect" in text for _, text, _ in report.failures)


def test_a_count_ends_without_a_server(serve: Serve) -> None:
    served = serve("latch")
    stopped: list[Progress] = []

    def stop(progress: Progress) -> None:
        stopped.append(progress)
        served.server.stop()

    plan = LoadPlan(served.address, data=(("a", b"1", 0),), count=20, concurrency=8, timeout=5.0)
    report = run_load(plan, stop)
    assert stopped
    assert (report.answered, report.failed) == (0, 20)


def test_what_progress_raises_ends_the_run(serve: Serve) -> None:
    class Enough(Exception):
        pass

    def refuse(progress: Progress) -> None:
        raise Enough

    with pytest.raises(Enough):
        run_load(LoadPlan(serve("echo").address, data=(("a", b"1", 0),), duration=600.0), refuse)


# ---- the command ----


def test_two_targets(serve: Serve, figures: Path) -> None:
    a, b = serve("echo").address, serve("python/echo").address
    words = ["--compare", a, b, "--turns", 2, "--duration", "200ms", "--warmup", "0s"]
    done = bench(*words, "-d", "a=hello", "--expect", "a=hello", "--json", figures)
    assert done.exit_code == 0, done.output
    runs = json.loads(figures.read_text())["runs"]
    assert [run["target"] for run in runs] == [a, a, b, b]
    assert all(run["answered"] > 0 and run["failed"] == 0 for run in runs)
    assert "A / B" in done.output
    wrong = bench(*words, "-d", "a=hello", "--expect", "a=other")
    assert wrong.exit_code == 1
    assert "wrong answer" in wrong.output


def test_one_of_two_targets_is_not_there(serve: Serve, closed_port: str) -> None:
    words = ["--turns", 2, "--duration", "100ms", "--warmup", "0s", "-d", "a=1"]
    done = bench("--compare", serve("echo").address, closed_port, *words)
    assert done.exit_code == 1
    assert "Connection refused" in done.stderr


def test_the_table(serve: Serve) -> None:
    shown = count(serve("echo").address, 3, *STREAM).output.splitlines()
    labels = [line.split("  ")[0] for line in shown]
    times = ["p50", "p90", "p99", "p99.9", "max"]
    assert labels[1:] == [
        "rate", "answered", *times, *(f"ending {each}" for each in times), "sent", "received",
    ]  # fmt: skip
    assert "3 in " in shown[2]


def test_the_file(serve: Serve, figures: Path) -> None:
    address = serve("echo").address
    assert count(address, 5, "--json", figures).exit_code == 0
    run = the_run(figures)
    assert set(run) == {
        "target", "rate", "seconds", "answered", "in_time", "failed", "unsent", "reconnects",
        "bytes_sent", "bytes_received", "latency", "ending", "age", "failures",
    }  # fmt: skip
    assert run["target"] == address
    assert run["bytes_sent"] > 5 * len("hello")
    assert run["bytes_received"] > 5 * len("hello")
    for name in ("latency", "ending", "age"):
        assert set(run[name]) == {
            "count", "min", "mean", "p50", "p90", "p99", "p999", "max", "buckets",
        }  # fmt: skip
    latency = run["latency"]
    assert sum(number for _, number in latency["buckets"]) == latency["count"] == 5
    assert 0 < latency["min"] <= latency["p50"] <= latency["p90"] <= latency["p99"]
    assert latency["p99"] <= latency["p999"] <= latency["max"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["127.0.0.1:1", "--compare", "127.0.0.1:1", "127.0.0.1:2"],
        ["--compare", "127.0.0.1:1", "127.0.0.1:2", "--count", "3"],
        ["127.0.0.1:1", "-d", "a"],
        ["127.0.0.1:1", "-d", "a=@/no/such/file"],
        ["127.0.0.1:1", "--expect", "a=sha256:xyz"],
        ["127.0.0.1:1", "--duration", "soon"],
        ["127.0.0.1:1", "--protocol", "http"],
        ["127.0.0.1:1", "--concurrency", "0"],
        ["127.0.0.1:1", "--output", "a=nothing"],
    ],
)
def test_a_wrong_command_line(words: list[str]) -> None:
    assert bench(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--threads", 3, "--connections", 2], "3 threads need as many connections"),
        (["--stream"], "a session needs a payload to cut"),
        (["--timeout", "0s"], "the timeout must be more than 0"),
        (["--duration", "0s"], "a duration or a count must say when to end"),
        (["--expect", "a=sha256:00"], "the SHA-256 expected of 'a' is not 32 bytes long"),
    ],
)
def test_a_plan_that_makes_no_sense(words: list[object], told: str) -> None:
    done = bench("127.0.0.1:1", *words)
    assert done.exit_code == 1
    assert f"error: {told}" in done.stderr


@pytest.mark.parametrize("target", ["nowhere", ":1", "unix:"])
def test_a_target_that_is_none(target: str) -> None:
    with pytest.raises(LoadError, match="'" + target):
        run_load(LoadPlan(target, count=1))
