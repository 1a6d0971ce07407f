"""Builds a wheel for each CPython at hand, repairs it, and tries it in a clean environment.

The sources come from a source distribution, so that one is proved too; the trial runs in an empty
folder, so that nothing of the checkout can stand in for what the wheel should carry.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
WHEEL_LIMIT_MIB = 15
# manylinux_2_35 is what code compiled by Debian 12's GCC 12 needs of libstdc++. Published wheels
# are compiled on older systems, by cibuildwheel.
NEWEST_PLATFORM = (2, 35)
TEST_REQUIREMENTS = ("pytest>=9.0", "cmake>=3.25", "ninja>=1.11")
USABLE = """
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(not os.path.exists(header) or "%d.%d" % sys.version_info[:2] != sys.argv[1])
"""


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def run(*command: str | Path, cwd: Path | None = None) -> None:
    # PYTHONPATH and the like would let the checkout in again.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, check=False)
    if done.returncode != 0:
        raise SystemExit(f"failed: {shlex.join(map(str, command))}")


def candidates(version: str) -> Iterator[Path]:
    """Where a Python of this version may be: on PATH, or among pyenv's versions."""
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{version}"
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob(f"versions/{version}.*/bin/python{version}"))


def find_python(version: str) -> Path | None:
    """The first one that can make environments and compile extensions; shims may do neither."""
    for path in candidates(version):
        if path.parent == Path(sys.executable).parent or not os.access(path, os.X_OK):
            continue
        trial = subprocess.run([path, "-c", USABLE, version], capture_output=True, check=False)
        if trial.returncode == 0:
            return path
    return None


def only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"expected one {pattern} in {folder}, found {len(found)}")
    return found[0]


def build_sdist(scratch: Path) -> Path:
    """Builds the source distribution and returns the folder it unpacks to."""
    run(sys.executable, "-m", "build", "--sdist", "--outdir", scratch / "sdist", ROOT)
    with tarfile.open(only(scratch / "sdist", "*.tar.gz")) as archive:
        archive.extractall(scratch / "source", filter="data")
    return only(scratch / "source", "*")


def make_environment(python: Path, folder: Path) -> Path:
    run(python, "-m", "venv", folder)
    return folder / "bin" / "python"


def check(version: str, python: Path, source: Path, scratch: Path, wheelhouse: Path) -> str:
    """Builds, repairs, installs and tries one wheel; returns a line that says so."""
    say(f"Python {version}: building a wheel with {python}")
    builder = make_environment(python, scratch / "builder")
    run(builder, "-m", "pip", "install", "--quiet", "build")
    run(builder, "-m", "build", "--wheel", "--outdir", scratch / "raw", source)
    raw = only(scratch / "raw", "*.whl")

    say(f"Python {version}: repairing {raw.name}")
    repaired = scratch / "repaired"
    run(sys.executable, "-m", "auditwheel", "repair", "-w", repaired, raw)
    wheel = only(repaired, "*.whl")
    platform = re.search(r"manylinux_(\d+)_(\d+)_", wheel.name)
    if not platform or (int(platform[1]), int(platform[2])) > NEWEST_PLATFORM:
        raise SystemExit(f"{wheel.name} needs a newer system than manylinux {NEWEST_PLATFORM}")
    size = wheel.stat().st_size
    if size > WHEEL_LIMIT_MIB * 1024 * 1024:
        raise SystemExit(f"{wheel.name} has {size} bytes; the limit is {WHEEL_LIMIT_MIB} MiB")

    say(f"Python {version}: trying {wheel.name} in a clean environment")
    clean = make_environment(python, scratch / "clean")
    run(clean, "-m", "pip", "install", "--quiet", wheel, *TEST_REQUIREMENTS)
    empty = scratch / "empty"
    empty.mkdir()
    tests = shutil.copytree(ROOT / "tests" / "wheel", empty / "wheel_tests")
    run(clean, "-m", "pytest", "-W", "error", tests, cwd=empty)
    shutil.copy(wheel, wheelhouse)
    return f"{wheel.name}  {size / 1024:.0f} KiB"


def main() -> None:
    pythons = {version: find_python(version) for version in VERSIONS}
    wheelhouse = ROOT / "wheelhouse"
    shutil.rmtree(wheelhouse, ignore_errors=True)
    wheelhouse.mkdir()
    lines = []
    with tempfile.TemporaryDirectory(prefix="aiges-wheels-") as name:
        scratch = Path(name)
        say("building the source distribution")
        source = build_sdist(scratch)
        for version, python in pythons.items():
            if python is None:
                lines.append(f"Python {version}: not on this machine, no wheel")
                continue
            lines.append(check(version, python, source, scratch / version, wheelhouse))
    if not any(pythons.values()):
        raise SystemExit(f"none of Python {', '.join(VERSIONS)} is here with its headers")
    say("wheels, in wheelhouse/:")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
