"""Why a service did not start, and the exit statuses."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """Exit statuses of aiges-native serve and AIservice; docs/serving.md lists them."""

    OK = 0
    FAILED = 1  # it could not start, or did not end well
    USAGE = 2  # wrong command line or configuration


class StartError(Exception):
    """The service cannot start: what is wrong, and what to do about it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}\n  {remedy}" if remedy else what)
