"""The native server as this package sees it, and what it is told."""

from __future__ import annotations

from typing import Protocol

from aiges_native import _core
from aiges_native.config.errors import ConfigError
from aiges_native.config.model import ServeConfig
from aiges_native.config.network import is_address, join_address, listen_host
from aiges_native.engine import Engine
from aiges_native.serve.errors import StartError


class Server(Protocol):
    """What `run` needs of a server; ``_core.Server`` and the fake of the tests have it."""

    def add_engine(self, name: str, engine: Engine, options: dict[str, object], /) -> None:
        """The first one is the default."""

    def start(self) -> dict[str, list[str]]:
        """Listens; the addresses by protocol. Raises OSError, ValueError."""
        ...

    def set_ready(self, ready: bool, /) -> None: ...

    def drain(self, timeout: float | None, /) -> bool:
        """Takes nothing new, waits for what runs, closes sessions; False if something was cut off.

        May be called again while it waits, from another thread: then the shorter limit holds.
        """
        ...

    def stop(self) -> None:
        """Harmless when start() failed, or a second time."""

    def stats(self) -> dict[str, object]: ...

    def set_log_level(self, level: str, /) -> None: ...

    # reload_tls() is optional.


def native_server(options: dict[str, object]) -> Server:
    make = getattr(_core, "Server", None)
    if make is None:
        raise StartError(
            "this build of aiges_native has no server in it", "install a version that has one"
        )
    server: Server = make(options)
    return server


def server_options(config: ServeConfig, cpus: list[int] | None) -> dict[str, object]:
    """Options of the native server. `cpus`: what the process was pinned to.

    Raises:
        ConfigError: host or netcard is not on this machine, or cannot be advertised.
    """
    if config.advertise is not None and not is_address(config.advertise):
        raise ConfigError(
            f"{config.origin('advertise')}: {config.advertise!r} cannot be advertised: give an "
            "IPv4 address of this machine, or address:port, that clients reach; not 0.0.0.0"
        )
    grpc = [join_address(listen_host(config), config.grpc_port)]
    if config.unix is not None:
        grpc.append(f"unix:{config.unix}")
    tls = config.tls_certificate and {
        "certificate": config.tls_certificate,
        "key": config.tls_key,
        "client_ca": config.tls_client_ca,
    }
    return {
        "grpc": grpc,
        "http": [config.http_listen] if config.http_listen else [],
        "advertise": config.advertise,
        "reactors": config.reactors,
        "max_receive": config.max_receive,
        "max_send": config.max_send,
        "max_sessions": config.max_sessions,
        "overload": config.overload,
        "queue_size": config.queue_size,
        "queue_timeout": config.queue_timeout,
        "ttl": config.ttl,
        "real_time_results": config.real_time_results,
        "async_mode": config.async_mode,
        "gap_wait": config.gap_wait,
        "gap_policy": config.gap_policy,
        "final_wait": config.final_wait,
        "header_pass": config.header_pass,
        "max_connections": config.max_connections,
        "max_streams": config.max_streams,
        "max_header_bytes": config.max_header_bytes,
        "idle_timeout": config.idle_timeout,
        "keepalive_min_interval": config.keepalive_min_interval,
        "tls": tls or None,
        "token": config.token,
        "rate": config.rate,
        "burst": config.burst,
        "reuse_port": config.reuse_port,
        "cpus": cpus,
        "access_log": config.access_log,
        "log_level": config.log_level,
        "log_format": config.log_format,
        "service_name": config.service,
    }
