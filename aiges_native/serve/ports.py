"""Why a server cannot listen, in words; and who has the port."""

from __future__ import annotations

import errno
import os
import pathlib

from aiges_native.serve.errors import StartError

_KNOWN = (errno.EADDRINUSE, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL)
_LISTEN = "0A"  # the state's number in /proc/net/tcp


def listen_error(error: OSError, addresses: list[str]) -> StartError:
    """What a failed start() means. `addresses`: what it should have listened on."""
    reason = error.strerror or str(error)
    # The native server gives the text alone.
    told = str(error).lower()
    number = error.errno or next((n for n in _KNOWN if os.strerror(n).lower() in told), None)
    # The server may say which one it was; of a single one it is known.
    at = next((a for a in addresses if a in str(error)), None)
    where = at or ", ".join(addresses)
    match number:
        case errno.EADDRINUSE:
            if where.startswith("unix:"):
                return StartError(
                    f"{where}: the socket is in use", "stop who has it, or choose another path"
                )
            holder = _holders(addresses if at is None else [at])
            return StartError(
                f"{where}: the port is in use{holder}",
                "stop that, or choose another port (--grpc-port, port in aiges.toml; 0 takes a "
                "free one)",
            )
        case errno.EACCES | errno.EPERM:
            return StartError(
                f"{where}: not allowed to listen there: {reason}",
                "ports below 1024 need the right CAP_NET_BIND_SERVICE; choose a higher one",
            )
        case errno.EADDRNOTAVAIL:
            return StartError(
                f"{where}: this machine does not have that address",
                "choose one that it has, or 0.0.0.0 for all (--host, host in aiges.toml)",
            )
        case _:
            return StartError(f"{where}: cannot listen: {error}")


def _holders(addresses: list[str]) -> str:
    for address in addresses:
        port = address.rpartition(":")[2]
        if port.isdecimal() and (holder := who_listens(int(port))):
            return f" by {holder}"
    return ""


def who_listens(port: int, proc: pathlib.Path = pathlib.Path("/proc")) -> str | None:
    """``process 123 (name)`` that listens on a TCP port; None when that cannot be seen."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not sockets:
        return None
    for process in proc.glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in sockets:
                    return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue  # another user's, or gone
    return None


def _inodes(port: int, proc: pathlib.Path) -> set[str]:
    wanted = f":{port:04X}"
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[1].endswith(wanted) and columns[3] == _LISTEN:
                inodes.add(columns[9])
    return inodes
