"""The descriptors that server reflection shows are those of proto/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_embedded_descriptors_are_what_protoc_makes_of_proto() -> None:
    pytest.importorskip("grpc_tools")
    check = subprocess.run(
        [sys.executable, ROOT / "scripts" / "gen_descriptors.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr
