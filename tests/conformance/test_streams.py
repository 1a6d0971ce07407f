"""Sessions, read or called back: the same for both kinds of engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, Item, Status

WAIT = 30.0  # seconds, for what comes at once


def pairs(items: list[Item]) -> list[tuple[str, bytes]]:
    return [(item.key, item.bytes) for item in items]


def test_every_write_has_its_result_until_the_final_one(stream: Any) -> None:
    with stream.session(timeout=WAIT) as session:
        for number in range(5):
            session.write({"n": str(number)})
        session.write({"n": "end"}, Status.END)
        results = list(session)
        assert session.done
        assert session.read() is None
        assert list(session) == []
    assert [result["n"].text for result in results] == ["0", "1", "2", "3", "4", "end"]
    assert [result["n"].status for result in results] == [
        Status.BEGIN,
        Status.CONTINUE,
        Status.CONTINUE,
        Status.CONTINUE,
        Status.CONTINUE,
        Status.END,
    ]


def test_a_result_can_be_read_between_writes(stream: Any) -> None:
    with stream.session(timeout=WAIT) as session:
        for number in range(3):
            session.write({"n": str(number)})
            result = session.read()
            assert result is not None
            assert result["n"].text == str(number)
            assert not session.done


def test_a_result_outlives_the_next_read_and_its_session(stream: Any) -> None:
    with stream.session(timeout=WAIT) as session:
        session.write({"k": b"first"})
        first = session.read()
        session.write({"k": b"second"}, Status.END)
        second = session.read()
    assert first is not None
    assert second is not None
    assert (first["k"].bytes, second["k"].bytes) == (b"first", b"second")


def test_several_streams_of_one_write_stay_together(stream: Any) -> None:
    with stream.session(timeout=WAIT) as session:
        session.write({"left": b"1", "right": b"2"})
        session.write(
            {
                "left": aiges_native.Audio(b"3", status=Status.CONTINUE),
                "right": aiges_native.Audio(b"4", status=Status.END),
            }
        )
        first, second = session
    assert pairs(list(first.all)) == [("left", b"1"), ("right", b"2")]
    assert pairs(list(second.all)) == [("left", b"3"), ("right", b"4")]
    assert [item.status for item in second.all] == [Status.CONTINUE, Status.END]


def test_nothing_within_the_time_is_none(stream: Any) -> None:
    with stream.session() as session:
        assert session.read(timeout=0) is None
        assert session.read(timeout=0.01) is None
        session.write({"k": b"v"}, Status.ONCE)
        result = session.read(timeout=WAIT)
        assert result is not None
        assert result["k"].bytes == b"v"


def test_nothing_within_the_sessions_time_is_a_deadline_error(stream: Any) -> None:
    with stream.session(timeout=0.01) as session:
        with pytest.raises(aiges_native.DeadlineError) as caught:
            session.read()
        assert caught.value.code == 10102
        session.write({"k": b"v"}, Status.ONCE)
        assert session.read(timeout=WAIT) is not None


def test_sessions_do_not_see_each_others_results(stream: Any) -> None:
    sessions = [stream.session(timeout=WAIT) for _ in range(8)]
    try:
        for number, session in enumerate(sessions):
            session.write({"n": str(number)})
        for number, session in reversed(list(enumerate(sessions))):
            session.write({"n": f"end of {number}"}, Status.END)
        said = [[result["n"].text for result in session] for session in sessions]
    finally:
        for session in sessions:
            session.close()
    assert said == [[str(number), f"end of {number}"] for number in range(8)]
    assert len({session.id for session in sessions}) == 8


@pytest.mark.parametrize(("where", "code"), [("write", 10907), ("read", 10908)])
def test_an_error_in_a_session_is_told_by_the_call_it_is_of(
    where: str, code: int, engine: aiges_native.Engine
) -> None:
    work: dict[str, Callable[[aiges_native.Session], Any]] = {
        "write": lambda session: session.write({"k": b"v"}, Status.ONCE),
        "read": lambda session: session.read(),
    }
    params: dict[str, Any] = {f"fail_{where}": 21, "sid": "the session"}
    with engine.session(params, mode="stream", timeout=WAIT) as session:
        if where == "read":
            session.write({"k": b"v"}, Status.ONCE)
        with pytest.raises(EngineError) as caught:
            work[where](session)
    assert "echo: asked to fail;code=21" in str(caught.value)
    assert (caught.value.code, caught.value.engine_code) == (code, 21)
    assert caught.value.session_id == "the session"


def test_a_closed_session_refuses_work_and_closes_again(stream: Any) -> None:
    session = stream.session()
    session.close()
    session.close()
    with pytest.raises(aiges_native.SessionError) as caught:
        session.write({"k": b"v"})
    assert caught.value.code == 10101
    with pytest.raises(aiges_native.SessionError):
        session.read(timeout=0)


def test_closing_the_engine_closes_its_sessions(stream: Any) -> None:
    session = stream.session()
    stream.engine.close()
    with pytest.raises(aiges_native.AigesError) as caught:
        session.write({"k": b"v"})
    assert caught.value.code == 10101
    session.close()


def test_async_sessions_work_the_same(stream: Any) -> None:
    async def work() -> list[str]:
        async with stream.session(timeout=WAIT) as session:
            await session.awrite({"n": "0"})
            first = await session.aread()
            assert first is not None
            await session.awrite({"n": "1"})
            await session.awrite({"n": "end"}, Status.END)
            return [first["n"].text] + [result["n"].text async for result in session]

    assert asyncio.run(work()) == ["0", "1", "end"]
