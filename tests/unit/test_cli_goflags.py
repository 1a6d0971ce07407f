"""Command lines as Go programs read them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aiges_native.cli.goflags import Flag, FlagError, HelpWanted, parse

FLAGS = {"m": Flag(-1, ""), "c": Flag("", ""), "v": Flag(False, "")}


@pytest.mark.parametrize(
    ("words", "given", "rest"),
    [
        (["-m", "0", "-c", "x"], {"m": 0, "c": "x"}, []),
        (["-m=0", "--c=x=y"], {"m": 0, "c": "x=y"}, []),
        (["--m", "-1"], {"m": -1}, []),
        (["-m", "0x10"], {"m": 16}, []),
        (["-v", "-c", "-v"], {"v": True, "c": "-v"}, []),
        (["-v=false", "-v=T"], {"v": True}, []),
        (["-v", "x", "-c", "y"], {"v": True}, ["x", "-c", "y"]),
        (["--", "-v"], {}, ["-v"]),
        (["-c", ""], {"c": ""}, []),
        (["-"], {}, ["-"]),
        ([], {}, []),
    ],
)
def test_flags_as_go_reads_them(words: list[str], given: dict[str, Any], rest: list[str]) -> None:
    assert parse(words, FLAGS) == (given, rest)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-x"], "flag provided but not defined: -x"),
        (["-c"], "flag needs an argument: -c"),
        (["-m", "zero"], 'invalid value "zero" for flag -m'),
        (["-v=perhaps"], "invalid boolean value"),
        (["---v"], "bad flag syntax"),
        (["-=x"], "bad flag syntax"),
    ],
)
def test_flags_that_go_refuses(words: list[str], says: str) -> None:
    with pytest.raises(FlagError, match=re.escape(says)):
        parse(words, FLAGS)


def test_help_is_asked_for() -> None:
    with pytest.raises(HelpWanted):
        parse(["-help"], FLAGS)
