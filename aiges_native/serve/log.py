"""One line for each event: ``key=value`` pairs or JSON, on standard error. Never payloads."""

from __future__ import annotations

import datetime
import json
import os
import sys
import threading
import time
from types import TracebackType
from typing import Literal, Self, TextIO

from aiges_native.config.model import LogLevel

LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warn", "error")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+,[]%")


class Log:
    """Any thread may write. Lines below `level` are left out."""

    def __init__(
        self,
        level: LogLevel = "info",
        form: Literal["text", "json"] = "text",
        stream: TextIO | None = None,
    ) -> None:
        self.level = level
        self._form = form
        self._stream = stream
        self._lock = threading.Lock()

    def debug(self, event: str, **facts: object) -> None:
        self._write("debug", event, facts)

    def info(self, event: str, **facts: object) -> None:
        self._write("info", event, facts)

    def warn(self, event: str, **facts: object) -> None:
        self._write("warn", event, facts)

    def error(self, event: str, **facts: object) -> None:
        self._write("error", event, facts)

    def shift(self, steps: int) -> LogLevel:
        """More (−1) or fewer (+1) lines; the level that results."""
        position = min(max(LEVELS.index(self.level) + steps, 0), len(LEVELS) - 1)
        self.level = LEVELS[position]
        return self.level

    def _write(self, level: LogLevel, event: str, facts: dict[str, object]) -> None:
        if LEVELS.index(level) < LEVELS.index(self.level):
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        pairs: dict[str, object] = {
            "time": now.replace("+00:00", "Z"),
            "level": level,
            "event": event,
            **{key: value for key, value in facts.items() if value is not None},
        }
        line = json.dumps(pairs, default=str) if self._form == "json" else _key_values(pairs)
        with self._lock:
            try:
                # Looked up each time: a test or a wrapper may have put another one there.
                print(line, file=self._stream or sys.stderr, flush=True)
            except (OSError, ValueError):
                pass  # a log that nobody reads any more must not end the service


def _key_values(pairs: dict[str, object]) -> str:
    return " ".join(f"{key}={_value(value)}" for key, value in pairs.items())


def _value(value: object) -> str:
    text = str(value)
    # JSON's quoting keeps everything on one line.
    return text if text and _PLAIN.issuperset(text) else json.dumps(text, ensure_ascii=False)


class LogFile:
    """Standard error, of this process and all in it, into a file that is renewed when it is full.

    The native server and the engine write to the descriptor 2, so that is what is led elsewhere;
    exchanging it is atomic, so that no line is lost. Old files are NAME.1 (the latest), NAME.2, …
    """

    def __init__(self, path: str, *, size: int, count: int, days: int) -> None:
        """`size` in bytes, 0: no limit; `count` old files are kept, for `days` days (0: for ever).

        Raises:
            OSError: the file cannot be opened.
        """
        self._path = os.path.abspath(path)
        self._size = size
        self._count = count
        self._days = days
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        self._original: int | None = None
        self._opened = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def __enter__(self) -> Self:
        sys.stderr.flush()
        self._original = os.dup(2)
        os.dup2(self._opened, 2)
        os.close(self._opened)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._original is not None
        sys.stderr.flush()
        os.dup2(self._original, 2)
        os.close(self._original)

    def say_outside(self, text: str) -> None:
        """To where standard error led before."""
        assert self._original is not None
        os.write(self._original, text.encode(errors="replace"))

    def renew_if_full(self) -> None:
        """Begins a new file when this one has its size."""
        if self._size == 0 or os.fstat(2).st_size < self._size:
            return
        try:
            for number in range(self._count, 0, -1):
                older = self._path if number == 1 else f"{self._path}.{number - 1}"
                if os.path.exists(older):
                    os.replace(older, f"{self._path}.{number}")
            if self._count == 0:
                os.unlink(self._path)
            self._forget_old()
            new = self._open()
        except OSError:
            return  # a full disk, say: the old file goes on
        os.dup2(new, 2)
        os.close(new)

    def _forget_old(self) -> None:
        if self._days == 0:
            return
        oldest = time.time() - self._days * 86400
        for number in range(1, self._count + 1):
            old = f"{self._path}.{number}"
            if os.path.exists(old) and os.stat(old).st_mtime < oldest:
                os.unlink(old)
