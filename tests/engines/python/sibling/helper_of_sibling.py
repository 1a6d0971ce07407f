"""What the wrapper beside this file imports."""

from __future__ import annotations

GREETING = "from the sibling"
