"""A TOML text, and where in it each key is."""

from __future__ import annotations

import functools
import pathlib
import re
import tomllib
from typing import Any

from aiges_native.config.errors import ConfigError
from aiges_native.config.lines import Path, key_lines

_DECODE_ERROR = re.compile(
    r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL
)


class Document:
    """`name` is what messages call it; `data` is what tomllib made of it."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._text = text
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _DECODE_ERROR.match(str(error))
            if found is None or found[2] is None:
                last = text.count("\n") + 1
                raise ConfigError(
                    f"{name}:{last}: not TOML: {found[1] if found else error}"
                ) from None
            raise ConfigError(f"{name}:{found[2]}:{found[3]}: not TOML: {found[1]}") from None

    @classmethod
    def read(cls, path: pathlib.Path) -> Document:
        """Raises ConfigError when there is no such file, or it is not TOML."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8"
            ) from None
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
        return cls(text, str(path))

    @functools.cached_property
    def _lines(self) -> dict[Path, int]:
        return key_lines(self._text)

    def where(self, *path: str) -> str:
        """``name:line`` of a key; of the nearest table around it if its own line is not known."""
        for length in range(len(path), 0, -1):
            if line := self._lines.get(path[:length]):
                return f"{self.name}:{line}"
        return self.name

    def section(self, name: str) -> dict[str, Any]:
        value = self.data.get(name, {})
        return value if isinstance(value, dict) else {}
