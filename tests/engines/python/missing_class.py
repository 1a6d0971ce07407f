"""No class named Wrapper."""

from __future__ import annotations

from aiges_native.wrapper import WrapperBase


class Engine(WrapperBase):
    """Called what it should not be."""
