"""Meters, traces and metrics: who hears of them, in which thread, and when."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError

Load = Callable[..., aiges_native.Engine]
Eventually = Callable[..., None]

WAIT = 30.0
ALL: dict[str, str | int] = {"meter": 3, "trace": "hören", "metrics": "0.5", "want": "tag"}


class Heard:
    """A listener for everything, which notes the thread it is called in."""

    def __init__(self, engine: aiges_native.Engine) -> None:
        self.events: list[tuple[str, str, str, str | int]] = []
        self.threads: set[int] = set()
        engine.on_meter(self.take("meter"))
        engine.on_trace(self.take("trace"))
        engine.on_metrics(self.take("metrics"))

    def take(self, kind: str) -> Callable[[str, str, Any], None]:
        def listener(tag: str, key: str, value: Any) -> None:
            self.events.append((kind, tag, key, value))
            self.threads.add(threading.get_ident())

        return listener


def test_exec_delivers_before_it_returns_in_the_callers_thread(load: Load) -> None:
    engine = load("echo")
    heard = Heard(engine)
    tag = engine.exec({}, ALL)["tag"].text
    assert heard.events == [
        ("meter", tag, "echo", 3),
        ("trace", tag, "echo", "hören"),
        ("metrics", tag, "echo", "0.5"),
    ]
    assert heard.threads == {threading.get_ident()}


def test_exec_with_a_timeout_delivers_before_it_returns(load: Load) -> None:
    engine = load("echo", modes={"once"})
    heard = Heard(engine)
    engine.exec({}, ALL, timeout=WAIT)
    assert [event[0] for event in heard.events] == ["meter", "trace", "metrics"]
    assert heard.threads == {threading.get_ident()}


def test_a_failing_exec_delivers_before_it_raises(load: Load) -> None:
    engine = load("echo")
    heard = Heard(engine)
    with pytest.raises(EngineError):
        engine.exec({}, {**ALL, "fail": 21})
    assert len(heard.events) == 3


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_a_future_is_done_after_its_events(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    heard = Heard(engine)
    engine.exec_async({}, ALL).result(WAIT)
    assert [event[0] for event in heard.events] == ["meter", "trace", "metrics"]


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_a_coroutine_goes_on_after_its_events(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    heard = Heard(engine)

    async def main() -> int:
        await engine.aexec({}, ALL)
        return len(heard.events)

    assert asyncio.run(main()) == 3


def test_a_session_delivers_what_was_raised_while_it_was_made(load: Load) -> None:
    engine = load("echo")
    heard = Heard(engine)
    with engine.session(ALL) as session:
        session.write({"k": b"v"}, aiges_native.Status.END)
        (result,) = list(session)
    assert [event[1] for event in heard.events] == [result["tag"].text] * 3


def test_nothing_is_kept_for_nobody(load: Load) -> None:
    engine = load("echo")
    engine.exec({}, ALL)
    heard = Heard(engine)
    engine.exec({})
    assert heard.events == []
    assert engine.stats()["meter"] == {"echo": 3}  # what is metered is counted all the same


def test_every_listener_hears_everything_in_order(load: Load) -> None:
    engine = load("echo")
    heard: list[tuple[str, int]] = []
    engine.on_meter(lambda tag, key, count: heard.append(("first", count)))
    engine.on_meter(lambda tag, key, count: heard.append(("second", count)))
    for count in range(3):
        engine.exec({}, {"meter": count})
    assert heard == [(name, count) for count in range(3) for name in ("first", "second")]


@pytest.mark.parametrize("name", ["on_meter", "on_trace", "on_metrics"])
def test_a_listener_must_be_callable(name: str, load: Load) -> None:
    with pytest.raises(TypeError, match="callable, not str"):
        getattr(load("once_only"), name)("print")


def test_many_events_of_many_threads_all_arrive(load: Load, eventually: Eventually) -> None:
    engine = load("echo", modes={"once", "once_async"})
    counts: list[int] = []
    engine.on_meter(lambda tag, key, count: counts.append(count))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(engine.exec, {}, {"meter": number}) for number in range(100)]
        futures = [engine.exec_async({}, {"meter": 100 + number}) for number in range(100)]
        for call in calls:
            call.result(WAIT)
        for future in futures:
            future.result(WAIT)
    # One thread may be about to deliver what was raised in another one's call.
    eventually(lambda: len(counts) == 200, "every event was delivered")
    assert sorted(counts) == list(range(200))
    assert engine.stats()["meter"] == {"echo": sum(range(200))}


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """What was reported as an exception that nobody could get."""
    found: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: found.append(report.exc_value))
    return found


def test_a_listener_that_raises_is_reported_and_harms_nobody(
    load: Load, complaints: list[BaseException | None]
) -> None:
    engine = load("echo")
    heard: list[int] = []

    def bad(tag: str, key: str, count: int) -> None:
        raise LookupError("the listener's own mistake")

    engine.on_meter(bad)
    engine.on_meter(lambda tag, key, count: heard.append(count))
    assert engine.exec({"k": b"v"}, {"meter": 1})["k"].bytes == b"v"
    with pytest.raises(EngineError) as caught:
        engine.exec({"k": b"v"}, {"meter": 2, "fail": 21})
    assert caught.value.engine_code == 21
    assert caught.value.__context__ is None
    assert heard == [1, 2]
    assert [str(complaint) for complaint in complaints] == ["the listener's own mistake"] * 2


def test_a_listener_that_raises_does_not_stop_a_future(
    load: Load, complaints: list[BaseException | None]
) -> None:
    engine = load("echo", modes={"once_async"})
    engine.on_trace(lambda *event: 1 / 0)
    assert engine.exec_async({"k": b"v"}, {"trace": "x"}).result(WAIT)["k"].bytes == b"v"
    assert [type(complaint) for complaint in complaints] == [ZeroDivisionError]


def test_a_listener_may_call_the_engine(load: Load) -> None:
    engine = load("echo")
    answers: list[str] = []

    def ask(tag: str, key: str, count: int) -> None:
        answers.append(engine.exec({"n": str(count)})["n"].text)

    engine.on_meter(ask)
    engine.exec({}, {"meter": 5})
    assert answers == ["5"]


def test_a_listener_may_add_a_listener(load: Load) -> None:
    engine = load("echo")
    later: list[int] = []
    added: list[bool] = []

    def add(tag: str, key: str, count: int) -> None:
        if not added:
            added.append(True)
            engine.on_meter(lambda tag, key, count: later.append(count))

    engine.on_meter(add)
    engine.exec({}, {"meter": 1})
    engine.exec({}, {"meter": 2})
    assert later[-1] == 2


EVENTFUL = """
import threading
from aiges_native.wrapper import Response, ResponseData, callback_metric, callback_trace

class Wrapper:
    def wrapperInit(self, config):
        self.threads = []
        self.go = threading.Event()
        return 0

    def later(self, tag):
        self.go.wait()
        callback_metric(tag, "later", 2)
        callback_trace(tag, "later", "after the answer")

    def wrapperOnceExec(self, params, reqData, usrTag):
        if "go" in params:
            self.go.set()
        else:
            self.threads.append(threading.Thread(target=self.later, args=(usrTag,)))
            self.threads[-1].start()
        return Response([ResponseData("tag", usrTag)])

    def wrapperFini(self):
        self.go.set()
        for thread in self.threads:
            thread.join()
        return 0
"""


def test_an_event_of_an_engines_own_thread_arrives_by_itself(
    load: Load, tmp_path: Path, eventually: Eventually
) -> None:
    path = tmp_path / "eventful.py"
    path.write_text(EVENTFUL)
    engine = load(path)
    heard = Heard(engine)
    tag = engine.exec({})["tag"].text
    assert heard.events == []
    engine.exec({}, {"go": True})  # nothing calls the engine after this
    eventually(lambda: len(heard.events) == 2, "both events were delivered")
    assert heard.events == [
        ("meter", tag, "later", 2),
        ("trace", tag, "later", "after the answer"),
    ]


def test_an_event_of_a_closed_engine_is_refused(load: Load, tmp_path: Path) -> None:
    from aiges_native.wrapper import callback_metric

    engine = load("python/echo")
    tag = engine.exec({}, {"want": "tag"})["tag"].text
    engine.close()
    assert callback_metric(tag, "too late", 1) == -1
    assert callback_metric("no such tag", "key", 1) == -1
