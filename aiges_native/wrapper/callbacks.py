"""What a wrapper calls while it works or when it is done; from any thread."""

from __future__ import annotations

from typing import Any

from aiges_native import _core


def callback(resp: Any, usrTag: str, sid: str | None = None) -> int:
    """Gives the answer of an asynchronous request, or the next one of a session.

    Args:
        resp: a Response. An item with the status END or ONCE makes it the last of a session; a once
            request takes one answer.
        usrTag: the tag the call came with.
        sid: accepted for wrappers that pass it; the tag decides.

    Returns:
        0 when it was taken, -1 when nobody waits for the tag (any more).
    """
    return _core.deliver_callback(str(usrTag), resp)


def callback_metric(usrTag: str, meterKey: str, count: int = 1) -> int:
    """Meters something; see :meth:`Engine.on_meter`."""
    return _core.deliver_event(0, str(usrTag), str(meterKey), "", int(count))


def callback_trace(usrTag: str, key: str, value: str) -> int:
    """Traces something; see :meth:`Engine.on_trace`."""
    return _core.deliver_event(1, str(usrTag), str(key), str(value), 0)
