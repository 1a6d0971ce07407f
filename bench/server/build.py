"""Compiles rivals and engines, and generates messages, into a folder that is kept between runs."""

from __future__ import annotations

import importlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from common.machine import BENCH, compiler

ROOT = BENCH.parent
PROTO = ROOT / "proto"
RIVALS = BENCH / "server" / "rivals"
SERVICE = "aiges/v1/engine.proto"
# What AIGES's clients speak, for the requests that h2load sends and for checking their answers.
MESSAGES = (SERVICE, "xsf.proto", "loader.proto")
CXX_FLAGS = ("-O2", "-std=c++20", "-Wall", "-Wextra")
C_FLAGS = ("-O2", "-std=c11", "-Wall", "-Wextra", "-fPIC", "-shared")


class BuildError(Exception):
    """A program that is needed is missing, or it failed; the text says which and what it said."""


@dataclass(frozen=True)
class Built:
    """Paths of what was compiled."""

    nghttp2_echo: Path
    grpc_echo: Path
    grpcio_echo: Path
    stubs: Path  # folder with generated Python modules
    echo_engine: Path
    echo_wrapper: Path
    session_engine: Path


def _run(*command: str | Path) -> str:
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        raise BuildError(f"{words[0]} is missing: `make bench-server` installs what is needed")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def _when_older(target: Path, sources: Iterable[Path], make: Callable[[], object]) -> Path:
    newest = max(source.stat().st_mtime for source in sources)
    if not target.exists() or target.stat().st_mtime < newest:
        print(f"building {target.name}", flush=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        make()
    return target


def _cxx() -> list[str]:
    return shlex.split(os.environ.get("CXX", "c++"))


def _nghttp2_echo(target: Path) -> Path:
    source = RIVALS / "nghttp2_echo.cc"
    command: list[str | Path] = [*_cxx(), *CXX_FLAGS, source, "-o", target, "-lnghttp2", "-pthread"]
    return _when_older(target, [source], lambda: _run(*command))


def _grpc_echo(target: Path) -> Path:
    source = RIVALS / "grpc_echo.cc"
    generated = target.parent / "generated"

    def make() -> None:
        generated.mkdir(exist_ok=True)
        plugin = shutil.which("grpc_cpp_plugin")
        if plugin is None:
            raise BuildError("grpc_cpp_plugin is missing: `make bench-server` installs it")
        outputs = [f"--cpp_out={generated}", f"--grpc_out={generated}"]
        _run("protoc", f"-I{PROTO}", *outputs, f"--plugin=protoc-gen-grpc={plugin}", SERVICE)
        libraries = shlex.split(_run("pkg-config", "--cflags", "--libs", "grpc++", "protobuf"))
        sources = [source, *generated.rglob("*.cc")]
        _run(*_cxx(), *CXX_FLAGS, f"-I{generated}", *sources, "-o", target, *libraries)

    return _when_older(target, [source, PROTO / SERVICE], make)


def _engine(target: Path, source: Path, *defines: str) -> Path:
    include = f"-I{ROOT / 'include'}"
    command: list[str | Path] = [*compiler(), *C_FLAGS, *defines, include, source, "-o", target]
    return _when_older(target, [source], lambda: _run(*command))


def _stubs(folder: Path) -> Path:
    def make() -> None:
        outputs = [f"--python_out={folder}", f"--grpc_python_out={folder}"]
        _run(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", *outputs, *MESSAGES)
        (folder / "made").touch()

    folder.mkdir(parents=True, exist_ok=True)
    _when_older(folder / "made", [PROTO / name for name in MESSAGES], make)
    return folder


def build_all(folder: Path) -> Built:
    """Makes what is missing or older than its sources.

    Raises:
        BuildError: something cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engines = BENCH / "engines"
    return Built(
        nghttp2_echo=_nghttp2_echo(folder / "nghttp2_echo"),
        grpc_echo=_grpc_echo(folder / "grpc_echo"),
        grpcio_echo=RIVALS / "grpcio_echo.py",
        stubs=_stubs(folder / "stubs"),
        echo_engine=_engine(folder / "echo.so", engines / "echo_engine.c", "-DBENCH_ECHO=1"),
        echo_wrapper=engines / "echo_wrapper.py",
        session_engine=_engine(folder / "session.so", BENCH / "server" / "session_engine.c"),
    )


@dataclass(frozen=True)
class Messages:
    """The generated modules of the messages."""

    engine: ModuleType
    xsf: ModuleType
    loader: ModuleType

    @staticmethod
    def load(stubs: Path) -> Messages:
        """Imports them from where they were generated."""
        sys.path.append(str(stubs))
        names = ("aiges.v1.engine_pb2", "xsf_pb2", "loader_pb2")
        return Messages(*(importlib.import_module(name) for name in names))
