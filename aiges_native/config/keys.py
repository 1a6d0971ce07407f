"""The keys of aiges.toml: what each one means here.

AIGES's own keys, and the section ``[server]`` of ours. docs/config.md is this table in words; a
test compares the two.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, NamedTuple

SERVICE = "<service>"  # stands for the section that -s names


class Effect(enum.Enum):
    USED = "used"  # sets a field of ServeConfig
    MOOT = "moot"  # did something in AIGES that needs no setting here
    IGNORED = "ignored"  # never did anything, or belongs to what this version lacks: one notice


class Kind(enum.Enum):
    """What a value must be; the text is for messages."""

    BOOL = "true or false"
    INTEGER = "an integer"
    NUMBER = "a number"
    STRING = "a string"
    SWITCH = "0 or 1"
    STRINGS = "an array of strings"
    INTEGERS = "an array of integers"
    ANY = "anything"


class Refused(Exception):
    """A value that cannot be, though of the right kind; the text goes on after ``key = value``."""


class Key(NamedTuple):
    section: str
    name: str
    kind: Kind
    effect: Effect
    field: str | None = None
    convert: Callable[[Any], Any] | None = None  # to the field's unit; may raise Refused
    note: str = ""  # IGNORED: the notice, after the key's name
    upstream_default: str = ""  # BOOL: what AIGES took when the value was of another kind


def _milliseconds(value: float) -> float:
    return value / 1000


def _mib(value: int) -> int:
    return value << 20


def _log_level(value: str) -> str:
    known = {"warning": "warn", "fatal": "error", "panic": "error", "trace": "debug"}
    return known.get(value.lower(), value.lower())


def _numa_node(value: int) -> int | None:
    # Every generated aiges.toml says 0, and AIGES never read it: as a wish it means nothing.
    return value if value > 0 else None


def _router(value: str) -> None:
    if value != "sessionManager":
        raise Refused('must be "sessionManager": there is no other way to count licences')


def _header_names(value: str) -> list[str]:
    return [name for part in value.split(";") if (name := part.strip())]


def _optional_text(value: str) -> str | None:
    return value or None


def _used(
    section: str,
    name: str,
    kind: Kind,
    field: str,
    convert: Callable[[Any], Any] | None = None,
    upstream_default: str = "",
) -> Key:
    return Key(section, name, kind, Effect.USED, field, convert, "", upstream_default)


def _moot(section: str, kind: Kind, *names: str) -> list[Key]:
    return [Key(section, name, kind, Effect.MOOT) for name in names]


def _ignored(section: str, kind: Kind, note: str, *names: str) -> list[Key]:
    return [Key(section, name, kind, Effect.IGNORED, note=note) for name in names]


_B, _I, _N, _S = Kind.BOOL, Kind.INTEGER, Kind.NUMBER, Kind.STRING
_NEVER = "never did anything in AIGES either"
_PLATFORM = "belongs to AIGES's platform, which this server is not part of"
_LATER = "is not in this version"

KEYS: tuple[Key, ...] = (
    # ---- [<service>]
    _used(SERVICE, "host", _S, "host", _optional_text),
    _used(SERVICE, "netcard", _S, "netcard", _optional_text),
    _used(SERVICE, "port", _I, "grpc_port"),
    _used(SERVICE, "reuseport", Kind.SWITCH, "reuse_port"),
    _used(SERVICE, "maxreceive", _I, "max_receive", _mib),
    _used(SERVICE, "maxsend", _I, "max_send", _mib),
    _used(SERVICE, "rate", _N, "rate"),
    _used(SERVICE, "burst", _I, "burst"),
    _used(SERVICE, "http_listen", _S, "http_listen", _optional_text),
    *_moot(SERVICE, _I, "grpctimeout", "conn-rbuf", "conn-wbuf"),
    *_ignored(SERVICE, _I, _PLATFORM, "finder"),
    *_ignored(SERVICE, Kind.ANY, _LATER, "vcpu", "vcpu-g", "vcpu-s", "vcpu-v", "vcpu-i"),
    *_ignored(SERVICE, _I, _NEVER, "keepalive", "keepalive-timeout"),
    # ---- [aiges]
    _used("aiges", "asyncMode", _B, "async_mode", upstream_default="false"),
    _used("aiges", "realTimeRlt", _B, "real_time_results", upstream_default="true"),
    _used("aiges", "headerPass", _S, "header_pass", _header_names),
    _used("aiges", "numaNode", _I, "numa_node", _numa_node),
    Key("aiges", "usrCfg", _S, Effect.USED),  # fills engine_config: read apart
    *_moot("aiges", _I, "sessDelGt"),
    *_moot("aiges", _B, "asyncRelease"),
    *_ignored("aiges", _I, _LATER + ": nothing is downloaded for a request", "httpRetry"),
    *_ignored("aiges", _B, "matters for HTTP only, which is not in this version", "sessMode"),
    *_ignored("aiges", _B, "is not done here: inputs are never written to files", "storageData"),
    *_ignored(
        "aiges", _S, "is not needed: a Python wrapper runs in this process", "pythonPluginCmd"
    ),
    *_ignored("aiges", _S, _NEVER, "sub"),
    *_ignored("aiges", _S, _NEVER + ", since codecs left it", "libCodec"),
    *_ignored("aiges", Kind.ANY, _NEVER, "gesMock"),
    *_ignored("aiges", _I, _NEVER, "wrapperDelayDetectPeriod"),
    *_ignored("aiges", _B, _NEVER, "wrapperTrace"),
    *_ignored("aiges", _B, _PLATFORM, "gray"),
    # ---- [fc]
    _used("fc", "max", _I, "max_sessions"),
    _used("fc", "ttl", _I, "ttl", _milliseconds),
    Key("fc", "router", _S, Effect.MOOT, convert=_router),
    *_moot("fc", _I, "able", "roll", "best"),
    *_moot("fc", _I, "tasksize", "taskchsize"),
    *_ignored("fc", _I, _PLATFORM, "strategy", "report", "wave", "filterwin"),
    # ---- [log]
    _used("log", "level", _S, "log_level", _log_level),
    _used("log", "file", _S, "log_file", _optional_text),
    _used("log", "size", _I, "log_size", _mib),
    _used("log", "count", _I, "log_count"),
    _used("log", "die", _I, "log_days"),
    *_moot("log", _I, "async", "cache", "batch", "caller", "wash"),
    # ---- [ws]
    *_ignored("ws", _I, "WebSocket " + _LATER, "readTimeout", "sessionTimeout"),
    # ---- [server]: ours
    _used("server", "engine", _S, "engine"),
    _used("server", "name", _S, "name"),
    _used("server", "unix", _S, "unix", _optional_text),
    _used("server", "advertise", _S, "advertise", _optional_text),
    _used("server", "reactors", _I, "reactors"),
    _used("server", "overload", _S, "overload"),
    _used("server", "queue_size", _I, "queue_size"),
    _used("server", "queue_timeout", _N, "queue_timeout"),
    _used("server", "gap_wait", _N, "gap_wait"),
    _used("server", "gap_policy", _S, "gap_policy"),
    _used("server", "final_wait", _N, "final_wait"),
    _used("server", "max_connections", _I, "max_connections"),
    _used("server", "max_streams", _I, "max_streams"),
    _used("server", "max_header_bytes", _I, "max_header_bytes"),
    _used("server", "idle_timeout", _N, "idle_timeout"),
    _used("server", "keepalive_min_interval", _N, "keepalive_min_interval"),
    _used("server", "tls_certificate", _S, "tls_certificate", _optional_text),
    _used("server", "tls_key", _S, "tls_key", _optional_text),
    _used("server", "tls_client_ca", _S, "tls_client_ca", _optional_text),
    _used("server", "token", _S, "token"),
    _used("server", "cpus", Kind.INTEGERS, "cpus"),
    _used("server", "drain_timeout", _N, "drain_timeout"),
    _used("server", "access_log", _B, "access_log"),
    _used("server", "log_format", _S, "log_format"),
)

# Sections of which nothing is read, whatever they hold; the text is the notice.
IGNORED_SECTIONS: dict[str, str] = {
    "lbv2": _PLATFORM,
    "lb": _PLATFORM,
    "trace": _PLATFORM,
    "sonar": _PLATFORM,
    "metrics": _PLATFORM,
    "bvt": _PLATFORM,
    "finder": _PLATFORM,
    "polaris": _PLATFORM,
    "pprof": "profiled AIGES's own Go code",
    "downAsync": "needs RabbitMQ, which " + _LATER,
    "dataProcess": "audio resampling " + _LATER,
    "auth": _NEVER,
    "resource": _NEVER,
    "elog": _NEVER,
}

WRAPPER = "wrapper"  # its keys are the engine's own, save this one:
WRAPPER_HTTP_LISTEN = "http_listen"

BY_SECTION: dict[str, dict[str, Key]] = {}
for _key in KEYS:
    BY_SECTION.setdefault(_key.section, {})[_key.name] = _key
