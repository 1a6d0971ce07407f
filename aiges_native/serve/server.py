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
    """What `run` needs of a server; ``_core.Server`` and the fake of the tests have it.

    Two more methods are used where a server has them: ``set_log_level(level)`` and, for a service
    with TLS, ``reload_tls()``, which raises OSError or ValueError.
    """

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
        """Harmless when start() failed, or a second time; a drain() that still waits returns."""

    def stats(self) -> dict[str, object]: ...


def native_server(options: dict[str, object]) -> Server:
    make = getattr(_core, "Server", None)
    if make is None:
        raise StartError(
            "this build of aiges_native has no server in it", "install a version that has one"
        )
    server: Server = make(options)
    return server


# Fields that the options of the server and of an engine have under the same name.
_SERVER = (
    "advertise", "reactors", "token", "reuse_port", "max_receive", "max_send", "max_connections",
    "max_streams", "max_header_bytes", "idle_timeout", "keepalive_min_interval",
)  # fmt: skip
_ENGINE = (
    "async_mode", "max_sessions", "overload", "queue_size", "queue_timeout", "ttl",
    "real_time_results", "gap_wait", "gap_policy", "final_wait", "header_pass",
)  # fmt: skip
# Given only when asked for: a server that cannot do it says so, instead of not doing it.
_WHEN_SET = ("rate", "burst", "access_log", "log_format")


def server_options(config: ServeConfig) -> dict[str, object]:
    """What the server is made with.

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
    options: dict[str, object] = {"grpc": grpc}
    options |= {name: getattr(config, name) for name in _SERVER}
    defaults = ServeConfig()
    for name in _WHEN_SET:
        if (value := getattr(config, name)) != getattr(defaults, name):
            options[name] = value
    if config.tls_certificate is not None:
        options["tls"] = {
            "certificate": config.tls_certificate,
            "key": config.tls_key,
            "client_ca": config.tls_client_ca,
        }
    return _given(options)


def engine_options(config: ServeConfig) -> dict[str, object]:
    """How one engine is served."""
    return _given({name: getattr(config, name) for name in _ENGINE})


def _given(options: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in options.items() if value is not None}
