"""Many threads at once: whatever they do to each other, every call ends as it should, and once."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import AigesError, Status

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]

WAIT = 60.0
THREADS = 8


def together(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Runs `work(number)` in that many threads, which begin at once."""
    start = threading.Barrier(threads)

    def begin(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(begin, number) for number in range(threads)]:
            done.result(WAIT)


@pytest.mark.parametrize("name", ["echo", "python/echo"])
def test_everyone_calls_in_every_way(name: str, load: Load) -> None:
    engine = load(name)
    meters: list[int] = []
    engine.on_meter(lambda tag, key, count: meters.append(count))

    def work(number: int) -> None:
        choose = random.Random(number)
        for round_ in range(60):
            text = f"{number} {round_}"
            match choose.randrange(5):
                case 0:
                    assert engine.exec({"k": text}, {"meter": 1})["k"].text == text
                case 1:
                    assert engine.exec({"k": text}, timeout=WAIT)["k"].text == text
                case 2:
                    assert engine.exec_async({"k": text}).result(WAIT)["k"].text == text
                case 3:
                    future = engine.exec_async({"k": text})
                    assert future.cancel() or future.result(WAIT)["k"].text == text
                case 4:
                    with engine.session(mode="stream") as session:
                        session.write({"k": text}, Status.ONCE)
                        assert [result["k"].text for result in session] == [text]

    together(work)
    assert engine.stats()["in_flight"] == 0
    assert engine.stats()["sessions_live"] == 0


def test_an_engine_is_closed_under_everyones_hands(
    engine_path: Callable[[str], Path], probe: Probe
) -> None:
    path = engine_path("reinit")

    def call_until_closed(engine: aiges_native.Engine) -> int:
        while True:
            try:
                engine.exec({"k": b"v"})
            except AigesError as error:
                return error.code

    for round_ in range(30):
        engine = aiges_native.load(path)
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(call_until_closed, engine) for _ in range(3)]
            pool.submit(engine.close).result(WAIT)
            assert [call.result(WAIT) for call in calls] == [10101] * 3
        engine.close()  # the last result may have gone after the first close: now it is finished
        assert probe(path)["fini"] == round_ + 1
    assert probe(path).counts("after_fini", "live_lists") == {"after_fini": 0, "live_lists": 0}


def use_session(session: aiges_native.Session, role: int) -> int:
    """Works until somebody closes it; the code with which that came out, or 0."""
    try:
        for _ in range(5):
            if role == 0:
                session.write({"k": b"v"})
            elif role == 1:
                session.read(0.001)
            else:
                session.close()
    except AigesError as error:
        return error.code
    return 0


def test_sessions_are_closed_under_everyones_hands(load: Load, probe: Probe) -> None:
    engine = load("echo")
    with ThreadPoolExecutor(6) as pool:
        for number in range(80):
            session = engine.session(mode="stream_async" if number % 2 else "stream")
            uses = [pool.submit(use_session, session, role) for role in (0, 0, 1, 1, 2, 2)]
            assert {use.result(WAIT) for use in uses} <= {0, 10101}
    assert probe(engine).counts("create", "destroy", "live_sessions") == {
        "create": 80,
        "destroy": 80,
        "live_sessions": 0,
    }


def test_calls_on_one_session_take_turns(load: Load, probe: Probe) -> None:
    engine = load("session_order")
    with engine.session(mode="stream") as session:

        def work(number: int) -> None:
            for _ in range(20):
                session.write({"k": b"v"})
                session.read(0)
                session.debug_info()

        together(work)
    assert probe(engine).counts("write", "overlaps") == {"write": 20 * THREADS, "overlaps": 0}


def test_deadlines_meet_answers(load: Load, probe: Probe) -> None:
    # Timeouts about as long as the work: both ends of the race are met.
    engine = load("slow", concurrency=4)
    outcomes: list[str] = []

    def work(number: int) -> None:
        choose = random.Random(number)
        for _ in range(30):
            timeout = choose.uniform(0.0005, 0.004)
            try:
                result = engine.exec({"k": b"v"}, {"ms": 1}, timeout=timeout)
                outcomes.append(result["k"].text)
            except (aiges_native.DeadlineError, aiges_native.OverloadError) as error:
                outcomes.append(type(error).__name__)

    together(work)
    assert len(outcomes) == 30 * THREADS
    engine.close()
    look = probe(engine)
    look.wait("exec_free", look["exec"], most=look["exec"])
    assert look["most_inside"] <= 4


def test_outputs_are_dropped_by_whoever_is_last(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    shelf: list[Any] = []

    def work(number: int) -> None:
        choose = random.Random(number)
        for _ in range(300):
            result = engine.exec({"k": bytes(choose.randrange(100_000))})
            shelf.append(
                choose.choice([result, result["k"], result["k"].data, result["k"].array()])
            )
            if len(shelf) > 20:
                try:
                    shelf.pop(choose.randrange(len(shelf)))
                except (IndexError, ValueError):
                    pass  # others pop, too

    together(work)
    shelf.clear()
    engine.close()
    look = probe(engine)
    look.wait("fini")
    assert look.counts("exec", "exec_free", "live_lists") == {
        "exec": 300 * THREADS,
        "exec_free": 300 * THREADS,
        "live_lists": 0,
    }


def test_many_engines_at_once(
    engine_path: Callable[[str], Path], tmp_path: Path, probe: Probe
) -> None:
    source = engine_path("once_only").read_bytes()

    def work(number: int) -> None:
        path = tmp_path / f"{number}.so"
        path.write_bytes(source)
        for _ in range(30):
            with aiges_native.load(path) as engine:
                futures: list[Future[Any]] = [
                    engine.exec_async({"n": str(number)}) for _ in range(3)
                ]
                assert {future.result(WAIT)["n"].text for future in futures} == {str(number)}
                futures.clear()
        look = probe(path)
        look.wait("fini", 30, most=30)

    together(work, 6)


def test_the_same_python_file_in_many_threads(engine_path: Callable[[str], Path]) -> None:
    path = engine_path("python/echo")

    def work(number: int) -> None:
        for _ in range(10):
            with aiges_native.load(path) as engine:
                assert engine.exec({"n": str(number)})["n"].text == str(number)

    together(work)
