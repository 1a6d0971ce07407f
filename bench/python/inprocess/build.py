"""Compiles the engines, the floor and the cffi API modules into a scratch folder."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from common.machine import BENCH, compiler

from .contest import ENGINES, EngineName

INCLUDE = BENCH.parent / "include"
FLAGS = ("-O2", "-std=c11", "-Wall", "-Wextra", "-fPIC", "-shared")


def compile_shared(source: Path, target: Path, *extra: str) -> Path:
    """Compiles one C file into a shared library."""
    command = [*compiler(), *FLAGS, f"-I{INCLUDE}", str(source), "-o", str(target), *extra]
    subprocess.run(command, check=True)
    return target


@dataclass(frozen=True)
class Libraries:
    """Paths of what was compiled.

    aiges_native gets copies of its own (the "hosted" ones), so that no contestant's loader sees a
    library that another one has opened.
    """

    folder: Path
    floor: Path
    engines: dict[EngineName, Path]
    hosted: dict[EngineName, Path]
    busy: dict[str, Path]
    hosted_busy: dict[str, Path]


def build_libraries(folder: Path) -> Libraries:
    """Compiles all C sources of the benchmark."""
    hosted = folder / "hosted"
    hosted.mkdir(parents=True, exist_ok=True)
    engines: dict[EngineName, Path] = {}
    for number, engine in enumerate(ENGINES):
        engines[engine] = compile_shared(
            BENCH / "engines" / "echo_engine.c", folder / f"{engine}.so", f"-DBENCH_ECHO={number}"
        )
    busy: dict[str, Path] = {}
    for number, name in enumerate(("busy", "sleep")):
        busy[name] = compile_shared(
            BENCH / "engines" / "busy_engine.c", folder / f"{name}.so", f"-DBENCH_SLEEP={number}"
        )
    return Libraries(
        folder=folder,
        floor=compile_shared(BENCH / "native" / "floor.c", folder / "floor.so", "-pthread"),
        engines=engines,
        hosted={name: Path(shutil.copy(path, hosted)) for name, path in engines.items()},
        busy=busy,
        hosted_busy={name: Path(shutil.copy(path, hosted)) for name, path in busy.items()},
    )


def build_extension(name: str, source: Path, engine: Path) -> ModuleType:
    """Compiles C code written by cffi, linked with an engine, and imports the module."""
    target = source.with_suffix(".so")
    folder = engine.parent
    compile_shared(
        source,
        target,
        f"-I{sysconfig.get_path('include')}",
        "-Wno-unused-parameter",
        f"-L{folder}",
        f"-l:{engine.name}",
        f"-Wl,-rpath,{folder}",
    )
    spec = importlib.util.spec_from_file_location(name, target)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {target.name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
