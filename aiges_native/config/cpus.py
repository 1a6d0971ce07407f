"""Lists of processors, as the kernel writes them: ``0-3,8``."""

from __future__ import annotations

import pathlib

from aiges_native.config.errors import ConfigError

NODES = pathlib.Path("/sys/devices/system/node")


def parse_cpu_list(text: str) -> list[int]:
    """``0-3,8`` → [0, 1, 2, 3, 8]; ValueError when it is not such a list, or empty."""
    if not text.isascii():
        raise ValueError(f"{text!r} is not a list of processors such as 0-3,8")
    cpus: set[int] = set()
    for part in text.strip().split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"{text!r} is not a list of processors such as 0-3,8")
        low, high = int(first), int(last or first)
        if high < low or high >= 1 << 16:
            raise ValueError(f"{part!r} is not a range of processors")
        cpus.update(range(low, high + 1))
    return sorted(cpus)


def cpus_of_node(node: int, origin: str, nodes: pathlib.Path = NODES) -> list[int]:
    """The processors of a NUMA node.

    Raises:
        ConfigError: there is no such node, or it has no processors.
    """
    try:
        text = (nodes / f"node{node}" / "cpulist").read_text()
    except OSError:
        there = sorted(int(path.name[4:]) for path in nodes.glob("node[0-9]*"))
        if there:
            what = f"this machine has {', '.join(map(str, there))}"
        else:
            what = "this machine tells of no nodes; use --cpus"
        raise ConfigError(f"{origin}: there is no NUMA node {node}: {what}") from None
    if not text.strip():
        raise ConfigError(f"{origin}: NUMA node {node} has no processors; choose another")
    return parse_cpu_list(text)
