"""How outcomes of native calls reach Python: a queue for each asyncio loop, and one with a thread.

Native threads never wait for the interpreter. They leave an outcome, with the callable that is to
have it, in a queue whose file descriptor becomes readable; whoever watches that descriptor calls.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import weakref
from collections.abc import Callable
from typing import TypeAlias

from aiges_native._core import CompletionQueue, Result

Token: TypeAlias = Callable[[Result | None, BaseException | None], None]


def run_completions(queue: CompletionQueue) -> None:
    """Gives everything that waits in `queue` to whom it belongs."""
    for token, result, error in queue.drain():
        try:
            token(result, error)
        except Exception:
            # One receiver's mistake must not cost the others their outcomes.
            sys.excepthook(*sys.exc_info())


class _Dispatcher:
    """A queue served by a daemon thread, for futures that no event loop watches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: CompletionQueue | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._stopping = False

    def queue(self) -> CompletionQueue:
        """The queue; starts the thread the first time, and again in a forked child."""
        with self._lock:
            if self._queue is None or self._pid != os.getpid():
                self._queue = CompletionQueue()
                self._pid = os.getpid()
                self._stopping = False
                self._thread = threading.Thread(
                    target=self._serve, args=(self._queue,), name="aiges-dispatch", daemon=True
                )
                self._thread.start()
            return self._queue

    def _serve(self, queue: CompletionQueue) -> None:
        while not self._stopping:
            queue.wait()
            run_completions(queue)

    def stop(self) -> None:
        """Ends the thread; what waits is delivered first."""
        with self._lock:
            queue, thread, self._queue = self._queue, self._thread, None
        if queue is not None and thread is not None and self._pid == os.getpid():
            self._stopping = True
            queue.wake()
            if thread is not threading.current_thread():
                thread.join(timeout=5)


dispatcher = _Dispatcher()
_loop_queues: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, CompletionQueue] = (
    weakref.WeakKeyDictionary()
)


def forget_closed_loops() -> None:
    """Drops what came for loops that are closed: it would keep results alive for ever."""
    for loop, queue in list(_loop_queues.items()):
        if loop.is_closed():
            _loop_queues.pop(loop, None)
            queue.drain()


def loop_queue(loop: asyncio.AbstractEventLoop) -> CompletionQueue:
    """The queue that `loop` watches; call it on the loop's own thread."""
    queue = _loop_queues.get(loop)
    if queue is None:
        forget_closed_loops()
        queue = CompletionQueue()
        loop.add_reader(queue.fileno(), run_completions, queue)
        _loop_queues[loop] = queue
    return queue
