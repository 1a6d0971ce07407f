"""A Wrapper that overrides no way of working."""

from __future__ import annotations

from aiges_native.wrapper import WrapperBase


class Wrapper(WrapperBase):
    def wrapperInit(self, config: dict[str, str]) -> int:
        return 0
