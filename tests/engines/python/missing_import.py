"""Imports what is not installed."""

from __future__ import annotations

import a_module_that_nobody_has  # noqa: F401

from aiges_native.wrapper import WrapperBase


class Wrapper(WrapperBase):
    """Never reached."""
