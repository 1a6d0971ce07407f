"""Signals as things to wait for.

The kernel may hand a signal to any thread, also to one of the server's own. Python then notes it,
but a main thread that waits in a lock would not wake up; a descriptor that the signal writes to
wakes it.
"""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self

STOP = frozenset({signal.SIGTERM, signal.SIGINT})
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def _note(_number: int, _frame: FrameType | None) -> None:
    """The descriptor has the number; a handler must be there for it to be written."""


class Signals:
    """Catches the signals of a service while it is entered. Main thread only, except wake()."""

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._old_descriptor = signal.set_wakeup_fd(
            self._writer.fileno(), warn_on_full_buffer=False
        )
        self._old = {number: signal.signal(number, _note) for number in HANDLED}
        self._pending: list[int] = []
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_descriptor)
        self._reader.close()
        self._writer.close()

    def wake(self) -> None:
        """Lets wait() return None; any thread."""
        try:
            self._writer.send(b"\0")
        except OSError:
            pass  # full: it wakes up anyway; closed: nobody waits

    def wait(self, timeout: float | None = None) -> signal.Signals | None:
        """The next signal, or None after `timeout` seconds or wake()."""
        if not self._pending:
            if not select.select([self._reader], [], [], timeout)[0]:
                return None
            self._pending += self._reader.recv(4096)
        number = self._pending.pop(0)
        return signal.Signals(number) if number in HANDLED else None
