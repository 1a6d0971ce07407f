"""Sources laid over one another: defaults, aiges.toml, environment, flags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiges_native.config import ConfigError, Loaded, ServeConfig, Values, load_config
from aiges_native.config.model import FIELDS


def load(
    tmp_path: Path,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
    **options: Any,
) -> Loaded:
    file = None
    if text is not None:
        file = tmp_path / "aiges.toml"
        file.write_text(text)
    given = Values()
    for field, value in (flags or {}).items():
        given.set(field, value, f"--{field}")
    return load_config(
        file=file, environment=environment or {}, flags=given, folder=tmp_path, **options
    )


def failure(*arguments: Any, **options: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load(*arguments, **options)
    return str(caught.value)


def test_defaults(tmp_path: Path) -> None:
    config = load(tmp_path).config
    assert (config.grpc_port, config.overload, config.ttl) == (5090, "reject", 15.0)
    assert config.drain_limit == 30.0
    assert {config.origin(f) for f in FIELDS} == {"default"}


def test_what_is_nearer_to_the_user_wins(tmp_path: Path) -> None:
    text = "[fc]\nmax = 1\nttl = 1000\n[svcName]\nport = 1\n"
    environment = {"AIGES_NATIVE_MAX_SESSIONS": "2", "AIGES_NATIVE_TTL": "2.5"}
    config = load(tmp_path, text, environment, {"max_sessions": 3}).config
    assert (config.grpc_port, config.ttl, config.max_sessions) == (1, 2.5, 3)
    assert config.origin("grpc_port").endswith("aiges.toml:5 [svcName].port")
    assert config.origin("ttl") == "environment AIGES_NATIVE_TTL"
    assert config.origin("max_sessions") == "--max_sessions"


def test_settings_of_the_engine_are_joined(tmp_path: Path) -> None:
    config = load(
        tmp_path, '[wrapper]\na = 1\nb = "x"\n', flags={"engine_config": {"b": "y", "c": "z"}}
    ).config
    assert config.engine_config == {"a": "1", "b": "y", "c": "z"}
    assert config.origin("engine_config").endswith("[wrapper], --engine_config")


def test_a_default_text_is_under_the_file(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, "[fc]\nmax = 2\n", fallback="[fc]\nmax = 1\nttl = 500\n[asr]\nport = 7\n",
        service="asr",
    )  # fmt: skip
    config = loaded.config
    assert (config.max_sessions, config.ttl, config.grpc_port) == (2, 0.5, 7)
    assert config.origin("ttl") == "-dc:3 [fc].ttl"


def test_mistakes_of_all_sources_are_told_at_once(tmp_path: Path) -> None:
    text = failure(
        tmp_path, "[fc]\nmx = 1\n", {"AIGES_NATIVE_TTL": "soon"}, fallback="[svcName]\nprot = 1\n"
    )
    assert [line.split(": ")[0].split("/")[-1] for line in text.split("\n")] == [
        "-dc:2", "aiges.toml:2", "environment AIGES_NATIVE_TTL",
    ]  # fmt: skip


# ---- environment ----


def test_variables_of_aiges(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        environment={
            "AIGES_PLUGIN_MODE": "python",
            "AIGES_ENV_NUMA": "0",
            "AIGES_WRAPPER_VERSION": "2.1",
            "XSF-DEBUG": "1",
            "GOOS": "plan9",
        },
    ).config
    assert config.plugin_mode == "python"
    assert config.numa_node == 0
    assert config.service_version == "2.1"
    assert config.log_level == "debug"


def test_a_negative_node_pins_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, environment={"AIGES_ENV_NUMA": "-1"}).config.numa_node is None


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("GRPC_PORT", "0", "grpc_port", 0),
        ("REUSE_PORT", "true", "reuse_port", True),
        ("ASYNC_MODE", "false", "async_mode", False),
        ("TTL", "0.25", "ttl", 0.25),
        ("CPUS", "0-2,5", "cpus", [0, 1, 2, 5]),
        ("HEADER_PASS", "a; b", "header_pass", ["a", "b", "sid"]),
        ("TOKEN", "secret", "token", "secret"),
        ("OVERLOAD", "wait", "overload", "wait"),
        ("HOST", "", "host", None),
    ],
)
def test_a_variable_for_every_field(
    tmp_path: Path, variable: str, text: str, field: str, value: object
) -> None:
    config = load(tmp_path, environment={f"AIGES_NATIVE_{variable}": text}).config
    assert getattr(config, field) == value


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("AIGES_NATIVE_GRPC_PORT", "http", "'http' is not possible: expected an integer"),
        ("AIGES_NATIVE_GRPC_PORT", "99999", "<= 65535"),
        ("AIGES_NATIVE_REUSE_PORT", "maybe", "expected true or false"),
        ("AIGES_NATIVE_OVERLOAD", "queue", "it is one of reject, wait"),
        ("AIGES_NATIVE_CPUS", "3-1", "not a range of processors"),
        ("AIGES_PLUGIN_MODE", "go", 'it is "c" or "python"'),
        ("AIGES_ENV_NUMA", "one", "it is a node's number"),
    ],
)
def test_a_variable_that_cannot_be(tmp_path: Path, variable: str, text: str, says: str) -> None:
    problem = failure(tmp_path, environment={variable: text})
    assert problem.startswith(f"environment {variable}: ")
    assert says in problem


def test_an_unknown_variable_of_ours_is_told_of(tmp_path: Path) -> None:
    (notice,) = load(tmp_path, environment={"AIGES_NATIVE_OVERLAOD": "wait"}).notices
    assert 'did you mean "AIGES_NATIVE_OVERLOAD"?' in notice


# ---- the whole ----


def test_contradictions(tmp_path: Path) -> None:
    assert failure(tmp_path, flags={"tls_certificate": "a"}) == (
        "--tls_certificate: TLS also needs its private key (--tls-key)"
    )
    assert "--tls-cert" in failure(tmp_path, flags={"tls_key": "a"})
    assert "of the server's own" in failure(tmp_path, flags={"tls_client_ca": "a"})


def test_a_secret_is_in_no_message(tmp_path: Path) -> None:
    problem = failure(tmp_path, '[server]\ntoken = ""\n', flags={"max_sessions": 0})
    assert "token: is not possible" in problem
    assert "''" not in problem


@pytest.mark.parametrize(
    ("ttl", "given", "limit"),
    [(4.0, None, 8.0), (100.0, None, 30.0), (0.0, None, 30.0), (4.0, 0.0, 0.0), (4.0, 99.0, 99.0)],
)
def test_how_long_a_drain_may_take(ttl: float, given: float | None, limit: float) -> None:
    assert ServeConfig(ttl=ttl, drain_timeout=given).drain_limit == limit


def test_the_configuration_cannot_be_changed(tmp_path: Path) -> None:
    config = load(tmp_path).config
    with pytest.raises(AttributeError):
        config.grpc_port = 1  # type: ignore[misc]
    assert msgspec.structs.replace(config, grpc_port=1).grpc_port == 1
