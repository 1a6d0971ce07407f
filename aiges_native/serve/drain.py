"""Ends what a server is doing, while the main thread sees to signals."""

from __future__ import annotations

import threading

from aiges_native.serve.server import Server
from aiges_native.serve.signals import Signals


class Drain:
    """drain() in threads, since the main thread must see to signals meanwhile."""

    def __init__(self, server: Server, signals: Signals) -> None:
        self._server = server
        self._signals = signals
        self._done = threading.Event()
        self.complete = True
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        # The first to return: what one that was given more time still waits for, stop() ends.
        return self._done.is_set()

    def start(self, limit: float) -> None:
        threading.Thread(target=self._run, args=(limit,), name="aiges-drain", daemon=True).start()

    def _run(self, limit: float) -> None:
        try:
            if not self._server.drain(limit):
                self.complete = False
        except Exception as error:
            self.error = error  # for the main thread to raise
        finally:
            self._done.set()
            self._signals.wake()
