"""Engines whose output is not what the ABI says, or is at its edges."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import aiges_native
from aiges_native import DataType, EngineError, InvalidDataError, Status

WAIT = 30.0  # seconds, for what comes at once
MOST_BYTES = 2**32 - 1  # of one item
MOST_NODES = 65536  # of one list

Load = Callable[..., aiges_native.Engine]


class Fault(NamedTuple):
    engine: str
    params: dict[str, Any]
    says: str  # a pattern in the message
    lost: bool = False  # the output cannot be freed: to follow its list would never end


FAULTS = [
    Fault("null_output", {}, "nil|NULL"),
    Fault("empty_output", {}, "key"),
    Fault("null_key", {}, r"item 1 .*key"),
    Fault("null_data_with_length", {}, r"item 1 \('bad'\) .*16 bytes.*NULL"),
    # Either the memory is seen not to be that long, or the sum to be too much.
    Fault("claims_4gib", {}, r"'liar'.* claims? (4294967295|8589934590) bytes"),
    Fault("lying_length", {}, r"'liar'.*33554432 bytes"),
    Fault("cyclic_list", {}, "circle", lost=True),
    Fault("endless_list", {"nodes": MOST_NODES + 1}, f"{MOST_NODES}", lost=True),
    Fault("endless_list", {"nodes": 1000000}, f"{MOST_NODES}", lost=True),
    Fault("bad_desc", {"case": "cyclic"}, r"'result'.*end", lost=True),
]


def fault_id(fault: Fault) -> str:
    return "-".join([fault.engine, *map(str, fault.params.values())])


CALLS: dict[str, Callable[..., Any]] = {
    "exec": lambda engine, *args: engine.exec(*args),
    "exec with a timeout": lambda engine, *args: engine.exec(*args, timeout=WAIT),
    "exec_async": lambda engine, *args: engine.exec_async(*args).result(WAIT),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS, ids=fault_id)
def test_an_invalid_output_is_an_error_and_is_given_back(
    fault: Fault, call: str, load: Load, probe: Callable[..., Any]
) -> None:
    times = 2  # the second time shows that the first one left the engine usable
    engine = load(fault.engine, leaves={"live_lists": times} if fault.lost else {})
    for _ in range(times):
        with pytest.raises(EngineError, match=fault.says) as caught:
            CALLS[call](engine, {"k": b"v"}, {**fault.params, "sid": "the session"})
        error = caught.value
        assert type(error) is EngineError
        assert error.code == 10106
        assert error.engine_code is None
        assert error.engine == engine.name
        assert error.session_id == "the session"
    engine.close(timeout=WAIT)
    counted = probe(engine).counts("exec", "exec_free")
    assert counted["exec"] == times
    if fault.lost:
        assert counted["exec_free"] == 0
    elif fault.engine != "null_output":
        assert counted["exec_free"] == times
    stats = engine.stats()
    assert stats["failures"] == times
    assert stats["outputs_abandoned"] == (times if fault.lost else 0)
    assert stats["outputs_live"] == 0
    assert stats["in_flight"] == 0


def test_the_longest_list_is_still_a_list(load: Load) -> None:
    result = load("endless_list").exec({}, {"nodes": MOST_NODES})
    assert len(result.all) == MOST_NODES
    assert list(result) == ["node"]


def test_no_bytes_are_no_fault(load: Load) -> None:
    result = load("zero_length").exec({})
    assert list(result) == ["null", "somewhere", "with_desc"]
    for item in result.all:
        assert item.bytes == b""
        assert item.text == ""
        assert len(item.data) == 0
        assert item.array().shape == (0,)
        assert item.desc == {}


def test_a_key_may_come_again(load: Load) -> None:
    result = load("duplicate_keys").exec({})
    assert list(result) == ["same", "other"]
    assert len(result) == 2
    assert result["same"].text == "first"
    assert [(item.key, item.text) for item in result.all] == [
        ("same", "first"),
        ("other", "between"),
        ("same", "second"),
        ("same", ""),
    ]


def test_numbers_that_no_enum_has_are_kept_as_numbers(load: Load) -> None:
    engine = load("unknown_type")
    item = engine.exec({}, {"type": 9, "status": 77})["odd"]
    assert (int(item.type), int(item.status)) == (9, 77)
    assert item.bytes == b"text"
    item = engine.exec({}, {"type": 1, "status": 2})["odd"]
    assert (item.type, item.status) == (DataType.AUDIO, Status.END)


@pytest.mark.parametrize(
    ("case", "desc"),
    [
        ("good", {"first": "value", "second": "value"}),
        ("null_value", {"first": "", "second": "value"}),
        ("null_value_with_length", {"first": "", "second": "value"}),
        ("null_key", {"second": "value"}),
    ],
)
def test_a_description_with_holes_is_read_around_them(
    case: str, desc: dict[str, str], load: Load
) -> None:
    result = load("bad_desc").exec({}, {"case": case})
    assert result["result"].desc == desc
    assert result["result"].text == "text"


def test_the_largest_item_costs_no_copy(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("big_output")
    result = engine.exec({}, {"bytes": MOST_BYTES})
    assert len(result["big"].data) == MOST_BYTES
    assert result["big"].array().nbytes == MOST_BYTES
    assert engine.stats()["bytes_copied"] == 0
    assert engine.stats()["bytes_out"] == MOST_BYTES
    del result
    probe(engine).wait("exec_free")


def test_the_largest_input_reaches_the_engine(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("duplicate_keys")  # which does not look at its input
    engine.exec({"big": mmap.mmap(-1, MOST_BYTES)})
    assert engine.stats()["bytes_in"] == MOST_BYTES
    assert engine.stats()["bytes_copied"] == 0
    assert probe(engine)["exec"] == 1


@pytest.mark.parametrize("call", CALLS)
def test_a_larger_input_is_refused_before_the_engine_sees_it(
    call: str, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("duplicate_keys")
    with pytest.raises(InvalidDataError, match=r"'big'.*4294967296 bytes") as caught:
        CALLS[call](engine, {"small": b"", "big": mmap.mmap(-1, MOST_BYTES + 1)})
    assert caught.value.code == 10009
    assert probe(engine)["exec"] == 0
    assert engine.exec({})["other"].text == "between"


def test_a_larger_input_is_refused_by_a_session(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("echo")
    with engine.session(mode="stream", timeout=WAIT) as session:
        with pytest.raises(InvalidDataError) as caught:
            session.write({"big": mmap.mmap(-1, MOST_BYTES + 1)})
        assert caught.value.code == 10009
        assert probe(engine)["write"] == 0
        # The session is as it was before.
        session.write({"small": b"1"}, Status.ONCE)
        assert [result["small"].bytes for result in session] == [b"1"]


def test_texts_in_another_encoding_do_not_fail_the_call(load: Load) -> None:
    engine = load("texts_not_utf8")
    assert engine.version == "Fr\ufffdhling"
    assert engine.schema == '{"titel": "Gr\ufffd\ufffde"}'
    with pytest.raises(EngineError, match="Ger\ufffdt fehlt;code=7"):
        engine.exec({}, {"fail": 1})
    (item,) = engine.exec({}).all
    assert item.key == "schl\ufffdssel"
    assert item.desc == {"Gr\ufffd\ufffde": "gro\ufffd"}
    assert item.bytes == b"Stra\xdfe"


@pytest.mark.parametrize("case", ["null", "null_key", "null_data", "cyclic"])
def test_an_invalid_output_in_a_callback_is_an_error(
    case: str, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("callback_bad_list")
    with pytest.raises(EngineError) as caught:
        engine.exec_async({}, {"case": case}, timeout=WAIT).result(WAIT)
    assert caught.value.code == 10106
    assert engine.exec_async({}, timeout=WAIT).result(WAIT)["key"].bytes == b"data!"
    assert probe(engine)["callback"] == 2


@pytest.mark.parametrize("case", ["null_key", "null_data", "cyclic"])
def test_an_invalid_output_of_a_read_is_an_error_of_the_session(
    case: str, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("read_bad_list")
    with engine.session({"case": case}, mode="stream", timeout=WAIT) as session:
        with pytest.raises(EngineError) as caught:
            session.read()
        assert caught.value.code == 10106
    assert probe(engine).counts("destroy", "live_sessions") == {"destroy": 1, "live_sessions": 0}
    with engine.session(mode="stream", timeout=WAIT) as session:
        assert [result["key"].bytes for result in session] == [b"data!"]


def test_a_read_that_gives_nothing_is_no_result_yet(load: Load) -> None:
    with load("null_output").session(mode="stream") as session:
        session.write({"k": b"v"})
        assert session.read(timeout=0) is None
        assert not session.done
