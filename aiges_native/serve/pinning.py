"""Which processors the process runs on."""

from __future__ import annotations

import os
import pathlib

from aiges_native.config.cpus import NODES, cpus_of_node
from aiges_native.config.errors import ConfigError
from aiges_native.config.model import ServeConfig


def wanted_cpus(config: ServeConfig, nodes: pathlib.Path = NODES) -> list[int] | None:
    """The processors that the configuration asks for; None: all.

    Raises:
        ConfigError: the machine, or this process, does not have them.
    """
    if config.cpus is not None:
        field, cpus = "cpus", config.cpus
    elif config.numa_node is not None:
        field = "numa_node"
        cpus = cpus_of_node(config.numa_node, config.origin(field), nodes)
    else:
        return None
    allowed = os.sched_getaffinity(0)
    # Of a node take what there is: a container often has a part of it.
    usable = [cpu for cpu in cpus if cpu in allowed]
    if not usable or (field == "cpus" and len(usable) < len(cpus)):
        missing = ", ".join(str(cpu) for cpu in cpus if cpu not in allowed)
        raise ConfigError(
            f"{config.origin(field)}: processor {missing} is not there for this process; it may "
            f"use {', '.join(map(str, sorted(allowed)))}"
        )
    return usable


def pin(cpus: list[int] | None) -> None:
    """Binds the process; threads that start later inherit it, so call it before there are any."""
    if cpus is not None:
        os.sched_setaffinity(0, cpus)
