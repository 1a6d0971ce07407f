"""From a configuration to a running service."""

from __future__ import annotations

from aiges_native.serve.errors import Exit, StartError
from aiges_native.serve.ready import ReadyFile
from aiges_native.serve.server import Server
from aiges_native.serve.service import check, run

__all__ = ["Exit", "ReadyFile", "Server", "StartError", "check", "run"]
