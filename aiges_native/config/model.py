"""What serving is configured with: one typed, validated object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from aiges_native.config.errors import ConfigError, suggestion

LogLevel = Literal["debug", "info", "warn", "error"]

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Bytes = Annotated[int, Meta(ge=1, le=4 << 30)]
# A year: longer ones are mistaken units, and would overflow a clock.
Seconds = Annotated[float, Meta(ge=0, le=366 * 86400)]

DEFAULT = "default"
_MAX_DEFAULT_DRAIN = 30.0  # seconds


class ServeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that serving an engine needs to know. Times in seconds, sizes in bytes.

    docs/config.md tells what each field means and where else it is called how.
    """

    # The engine.
    engine: str = ""
    name: str | None = None
    plugin_mode: Literal["c", "python"] = "c"
    engine_config: dict[str, str] = {}
    service: str = "svcName"
    service_version: str | None = None
    async_mode: bool | None = None
    real_time_results: bool = True
    header_pass: list[str] = []

    # Where it listens.
    host: str | None = None
    netcard: str | None = None
    grpc_port: Port = 5090
    http_listen: str | None = None
    unix: str | None = None
    advertise: str | None = None
    reuse_port: bool = False
    reactors: Count = 0

    # How much it takes.
    max_receive: Bytes = 64 << 20
    max_send: Bytes = 256 << 20
    max_sessions: Positive = 1000
    overload: Literal["reject", "wait"] = "reject"
    queue_size: Count = 1024
    queue_timeout: Seconds = 5.0
    rate: Annotated[float, Meta(ge=0)] = 0.0
    burst: Count = 0
    max_connections: Positive = 20_000
    max_streams: Positive = 1024
    max_header_bytes: Annotated[int, Meta(ge=1024, le=1 << 30)] = 16 * 1024
    idle_timeout: Seconds = 0.0
    keepalive_min_interval: Seconds = 1.0

    # Sessions.
    ttl: Seconds = 15.0
    gap_wait: Seconds = 5.0
    gap_policy: Literal["skip", "fail"] = "skip"
    final_wait: Seconds = 60.0

    # Who may.
    tls_certificate: str | None = None
    tls_key: str | None = None
    tls_client_ca: str | None = None
    token: Annotated[str, Meta(min_length=1)] | None = None

    # The process.
    numa_node: Count | None = None
    cpus: list[Count] | None = None
    drain_timeout: Seconds | None = None

    # What it says.
    access_log: bool = False
    log_level: LogLevel = "info"
    log_format: Literal["text", "json"] = "text"
    log_file: str | None = None
    log_size: Annotated[int, Meta(ge=0)] = 10 << 20
    log_count: Count = 10
    log_days: Count = 10

    # Where each value comes from: "aiges.toml:12 [fc].max", "environment AIGES_ENV_NUMA", "--ttl".
    origins: dict[str, str] = {}

    def origin(self, field: str) -> str:
        return self.origins.get(field, DEFAULT)

    @property
    def drain_limit(self) -> float:
        """How long requests may go on once the server is told to stop, in seconds."""
        if self.drain_timeout is not None:
            return self.drain_timeout
        return min(2 * self.ttl, _MAX_DEFAULT_DRAIN) if self.ttl > 0 else _MAX_DEFAULT_DRAIN


FIELDS = tuple(name for name in ServeConfig.__struct_fields__ if name != "origins")
SECRETS = frozenset({"token"})

_PLAIN_WORDS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "null": "nothing",
}
_TECHNICAL = re.compile(rf"\b({'|'.join(_PLAIN_WORDS)})\b")
_PATH = re.compile(r" - at `\$\.(\w+)[^`]*`$")


def complaint(origin: str, field: str, value: object, error: Exception) -> str:
    """Where a value came from, why it cannot be, and what could."""
    shown = "" if field in SECRETS else f" {value!r}"
    choices = _choices(field)
    if choices:
        near = suggestion(value, choices) if isinstance(value, str) else ""
        return f"{origin}:{shown} is not possible: it is one of {', '.join(choices)}{near}"
    reason = _PATH.sub("", str(error)).replace("`", "")
    reason = _TECHNICAL.sub(lambda found: _PLAIN_WORDS[found[1]], reason).replace(" | nothing", "")
    return f"{origin}:{shown} is not possible: {reason[:1].lower()}{reason[1:]}"


def _choices(field: str) -> tuple[str, ...]:
    hint = get_type_hints(ServeConfig)[field]
    return get_args(hint) if get_origin(hint) is Literal else ()


def build(values: Mapping[str, tuple[object, str]]) -> ServeConfig:
    """The configuration from field → (value, origin); what is missing has its default.

    Raises:
        ConfigError: values out of range, or that contradict each other.
    """
    plain: dict[str, Any] = {name: value for name, (value, _) in values.items()}
    problems: list[str] = []
    # msgspec tells the first mistake only; without that value it tells the next.
    while True:
        try:
            config = msgspec.convert(plain, ServeConfig)
            break
        except msgspec.ValidationError as error:
            found = _PATH.search(str(error))
            if found is None or found[1] not in plain:
                raise
            field = found[1]
            problems.append(complaint(values[field][1], field, plain[field], error))
            del plain[field]
    config = msgspec.structs.replace(
        config, origins={name: origin for name, (_, origin) in values.items()}
    )
    problems += _contradictions(config)
    if problems:
        raise ConfigError(*problems)
    return config


def _contradictions(config: ServeConfig) -> list[str]:
    problems = []
    for one, other, what in (
        ("tls_certificate", "tls_key", "its private key (--tls-key)"),
        ("tls_key", "tls_certificate", "the certificate (--tls-cert)"),
        ("tls_client_ca", "tls_certificate", "a certificate of the server's own (--tls-cert)"),
    ):
        if getattr(config, one) is not None and getattr(config, other) is None:
            problems.append(f"{config.origin(one)}: TLS also needs {what}")
    if (config.rate > 0) != (config.burst > 0):
        one, other = ("rate", "burst") if config.rate > 0 else ("burst", "rate")
        problems.append(
            f"{config.origin(one)}: a rate limit needs {other} too, and at least 1: rate is "
            "milliseconds for each new token, burst is how many may be saved up"
        )
    return problems
