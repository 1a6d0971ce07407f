"""What the figures were measured on and with; no host names and no paths."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2]


def compiler() -> list[str]:
    """The C compiler: $CC, else cc."""
    return shlex.split(os.environ.get("CC", "cc"))


def cpu_model() -> str:
    """The processor's name, where the kernel tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def first_line(command: list[str]) -> str:
    """The first line a command prints, or "" if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=BENCH)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.partition("\n")[0].strip()


def commit() -> str:
    """The commit that was measured, with "+changes" when the tree differs from it."""
    number = first_line(["git", "rev-parse", "--short=12", "HEAD"])
    outside = ["--", ":/", ":!/bench/results", ":!/bench/README.md", ":!/README.md"]
    if number and first_line(["git", "status", "--porcelain", *outside]):
        number += "+changes"
    return number


def describe() -> dict[str, str | int | float]:
    """A flat record for the results file."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(memory, 1),
        "kernel": ".".join(platform.release().split(".")[:2]),
        "libc": " ".join(platform.libc_ver()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": first_line([*compiler(), "--version"]),
        "pinned": "no",
        "load_before": round(os.getloadavg()[0], 2),
        "commit": commit(),
    }
