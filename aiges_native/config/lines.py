"""Finds the lines of keys in a TOML text, which tomllib does not tell.

Not a parser: the text has been read by tomllib before. Whatever is not understood is passed over,
and its keys have no line.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable

Path = tuple[str, ...]

_BARE = frozenset(string.ascii_letters + string.digits + "_-")
_BLANK = " \t"


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, of every key and table: ``("fc", "max")``.

    A table's own line is that of its header, or of the first key that implies it.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.lines: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip_to_content():
            if self._peek() == "[":
                table = self._header()
            elif not self._pair(table):
                self._skip_line()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, characters: str) -> None:
        while self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1

    def _skip_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end + 1

    def _skip_to_content(self) -> bool:
        """Past blanks, line ends and comments; whether anything is left."""
        while True:
            self._skip(_BLANK + "\n")
            if self._peek() != "#":
                return self._at < len(self._text)
            self._skip_line()

    def _record(self, path: Path, position: int) -> None:
        line = self._text.count("\n", 0, position) + 1
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _header(self) -> Path:
        start = self._at
        self._skip("[")
        path = self._key()
        if path:
            self._record(path, start)
        self._skip_line()
        return path

    def _pair(self, table: Path) -> bool:
        start = self._at
        key = self._key()
        if not key or self._peek() != "=":
            return False
        self._record(table + key, start)
        self._at += 1
        self._value(table + key)
        return True

    def _key(self) -> Path:
        """A key with its dots; empty if there is none."""
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            start = self._at
            if self._peek() in ("'", '"'):
                self._string()
                parts.append(_unquoted(self._text[start : self._at]))
            else:
                while self._peek() in _BARE:
                    self._at += 1
                if self._at == start:
                    return ()
                parts.append(self._text[start : self._at])
            self._skip(_BLANK)
            if self._peek() != ".":
                return tuple(parts)
            self._at += 1

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        first = self._peek()
        if first in ("'", '"'):
            self._string()
        elif first == "[":
            self._list("]", lambda: self._value(path))
        elif first == "{":
            self._list("}", lambda: self._pair(path))
        else:
            while self._peek() not in ("", ",", "]", "}", "#", "\n"):
                self._at += 1

    def _list(self, end: str, element: Callable[[], object]) -> None:
        self._at += 1
        while self._skip_to_content() and self._peek() != end:
            before = self._at
            if self._peek() != ",":
                element()
            if self._at == before:
                self._at += 1
        self._at += 1

    def _string(self) -> None:
        quote = self._peek()
        long = quote * 3
        end = long if self._text.startswith(long, self._at) else quote
        self._at += len(end)
        while self._at < len(self._text):
            if quote == '"' and self._peek() == "\\":
                self._at += 2
            elif self._text.startswith(end, self._at):
                self._at += len(end)
                # A long string may end in quotes of its own: """"x"""" is "x" in quotes.
                while len(end) == 3 and self._peek() == quote:
                    self._at += 1
                return
            elif len(end) == 1 and self._peek() == "\n":
                return
            else:
                self._at += 1


def _unquoted(text: str) -> str:
    try:
        return str(tomllib.loads(f"key = {text}")["key"])
    except tomllib.TOMLDecodeError:
        return text
