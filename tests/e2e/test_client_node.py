"""The server as @grpc/grpc-js sees it: an HTTP/2 and a gRPC that share nothing with ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aiges_native

SOURCES = Path(__file__).parent / "node"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None,
    reason="node and npm are not installed",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "client.js"


def test_grpc_js(serve: Callable[..., Any], program: Path) -> None:
    command = ["node", str(program), aiges_native.get_proto_dir(), serve("echo").address]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "exec": ["hello"],
        "failure": {"code": 13, "details": "echo: asked to fail;code=21", "aiges": ["10909"]},
        "stream": ["one", "two", "three"],
        "large": 3_000_000,
    }
