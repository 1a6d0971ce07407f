"""Tells others that the service is ready: people on standard output, programs by file or pipe."""

from __future__ import annotations

import json
import os
import pathlib
import sys

_PROTOCOLS = {"grpc": "gRPC", "http": "HTTP"}


def print_listeners(listeners: dict[str, list[str]]) -> None:
    """One line for each: ``listening on gRPC 127.0.0.1:5090``."""
    try:
        for protocol, addresses in listeners.items():
            for address in addresses:
                print(f"listening on {_PROTOCOLS.get(protocol, protocol)} {address}", flush=True)
    except OSError:
        # Nobody reads it. What is left in the buffer must not fail again at the exit.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class ReadyFile:
    """A JSON object in a file, there while the service is ready; or a line to a descriptor."""

    def __init__(self, path: pathlib.Path | None, descriptor: int | None) -> None:
        self._path = path
        self._descriptor = descriptor

    def tell(self, facts: dict[str, object]) -> None:
        """Raises OSError."""
        text = json.dumps(facts) + "\n"
        if self._path is not None:
            # Whoever waits for the file finds it whole.
            unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._path)
        if self._descriptor is not None:
            os.write(self._descriptor, text.encode())
            os.close(self._descriptor)
            self._descriptor = None

    def withdraw(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
