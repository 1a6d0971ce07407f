"""The names of the ways an engine can work, and the bits the native part knows them by."""

from __future__ import annotations

from collections.abc import Iterable

MODE_BITS = {"once": 1, "once_async": 2, "stream": 4, "stream_async": 8}


def mode_names(bits: int) -> frozenset[str]:
    """The modes in a set of bits."""
    return frozenset(name for name, bit in MODE_BITS.items() if bits & bit)


def mode_bits(names: Iterable[str] | None) -> int:
    """The bits of a set of modes; 0 for None.

    Raises:
        ValueError: a name is not one of ``MODE_BITS``.
    """
    if names is None:
        return 0
    if isinstance(names, str):
        names = (names,)
    bits = 0
    for name in names:
        if name not in MODE_BITS:
            raise ValueError(f"unknown mode {name!r}; there are {', '.join(MODE_BITS)}")
        bits |= MODE_BITS[name]
    if bits == 0:
        raise ValueError(f"modes is empty; name some of {', '.join(MODE_BITS)}, or leave it out")
    return bits
