"""Lines of keys, which tomllib does not tell."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiges_native.config.lines import key_lines

TEXT = '''# a comment with [brackets] and key = value
top = 1

[fc] # [not.this]
max = 1
"quoted key" = 2
'literal."key' = 3
a.b . "c.d" = 4

[ wrapper . "x.y" ]
inline = { one = 1, "two.three" = "}", nested = { deep = [1, 2] } }
text = """
fake = 1
[fake.table]
\\""" still text """
escaped = "\\" fake5 = 1"
raw = \'\'\'
fake2 = 1
\'\'\'\'
list = [ # fake3 = 1
  { in_list = 1 },
  "]",
  [ "a", 'b' ],
]
after = true
[[tables]]
first = 1
[[tables]]
second = 1
'''


def all_paths(data: dict[str, Any], prefix: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    paths = set()
    for key, value in data.items():
        paths.add((*prefix, key))
        if isinstance(value, dict):
            paths |= all_paths(value, (*prefix, key))
    return paths


def test_every_key_that_tomllib_finds_has_its_line() -> None:
    lines = key_lines(TEXT)
    assert all_paths(tomllib.loads(TEXT)) <= lines.keys()
    expected = {
        ("top",): "top = 1",
        ("fc",): "[fc]",
        ("fc", "max"): "max = 1",
        ("fc", "quoted key"): '"quoted key"',
        ("fc", 'literal."key'): "'literal.",
        ("fc", "a", "b", "c.d"): "a.b",
        ("wrapper", "x.y"): "[ wrapper",
        ("wrapper", "x.y", "inline", "two.three"): "inline",
        ("wrapper", "x.y", "inline", "nested", "deep"): "inline",
        ("wrapper", "x.y", "raw"): "raw",
        ("wrapper", "x.y", "after"): "after",
        ("tables", "second"): "second",
    }
    text = TEXT.split("\n")
    assert {path: text[lines[path] - 1].startswith(start) for path, start in expected.items()} == (
        dict.fromkeys(expected, True)
    )


def test_what_is_inside_of_texts_and_comments_is_no_key() -> None:
    names = {part for path in key_lines(TEXT) for part in path}
    assert not {name for name in names if "fake" in name or name == "key"}


def test_windows_line_ends() -> None:
    assert key_lines("[a]\r\nb = 1\r\n\r\nc = 2\r\n")["a", "c"] == 4


@pytest.mark.parametrize(
    "text",
    ["", "[", "a", "a =", 'a = "', "a = [", "a = {", "a.", "= 1", '"""', "[[", "]", "}", "\\"],
)
def test_unfinished_text_ends_the_search(text: str) -> None:
    key_lines(text)


@given(st.text(alphabet="ab=[]{}\"'#.,\n \\1", max_size=60))
def test_any_text_ends_the_search_and_keys_of_valid_ones_are_found(text: str) -> None:
    lines = key_lines(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert all_paths(data) <= lines.keys()
