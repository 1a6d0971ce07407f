"""The log of a service: its lines, and its file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from aiges_native.serve.log import Log, LogFile


def test_lines_stay_single_and_can_be_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    Log("info", "text").info("two\nlines", path="a b", plain="x/y:1", empty="", none=None)
    Log("info", "json").warn("two\nlines", path="a b")
    Log("warn").info("not said")
    text, data = capsys.readouterr().err.splitlines()
    assert text.endswith('level=info event="two\\nlines" path="a b" plain=x/y:1 empty=""')
    assert json.loads(data)["event"] == "two\nlines"


def test_a_full_log_file_is_renewed(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "x.log"
    with LogFile(str(path), size=10, count=2, days=0) as log_file:
        for number in range(4):
            log_file.renew_if_full()
            os.write(2, f"line number {number}\n".encode())
        os.write(2, b"and")
    assert path.read_text() == "line number 3\nand"
    assert (tmp_path / "logs" / "x.log.1").read_text() == "line number 2\n"
    assert (tmp_path / "logs" / "x.log.2").read_text() == "line number 1\n"
    assert len(list(path.parent.iterdir())) == 3


def test_old_log_files_go(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    old = tmp_path / "x.log.1"
    old.write_text("old")
    os.utime(old, (1, 1))
    with LogFile(str(path), size=1, count=3, days=1) as log_file:
        os.write(2, b"text")
        log_file.renew_if_full()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.log", "x.log.1"]
    assert old.read_text() == "text"
