"""What a configuration asks of the machine: addresses, interfaces, processors."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from aiges_native.config import ConfigError, ServeConfig
from aiges_native.config.cpus import cpus_of_node, parse_cpu_list
from aiges_native.config.network import is_address, join_address, listen_host
from aiges_native.serve.pinning import wanted_cpus
from aiges_native.serve.server import engine_options, server_options


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    """Three nodes: one with all of this process's processors, one with others, one with none."""
    allowed = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    for node, cpus in enumerate([f"{allowed}", "60000-60003", ""]):
        (tmp_path / f"node{node}").mkdir()
        (tmp_path / f"node{node}" / "cpulist").write_text(cpus + "\n")
    return tmp_path


# ---- processors ----


@pytest.mark.parametrize(
    ("text", "cpus"), [("0", [0]), ("0-3,8", [0, 1, 2, 3, 8]), (" 2, 1 \n", [1, 2]), ("3-3", [3])]
)
def test_lists_of_processors(text: str, cpus: list[int]) -> None:
    assert parse_cpu_list(text) == cpus


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "0-99999999", "1,,2", "٣"])
def test_texts_that_are_no_list_of_processors(text: str) -> None:
    with pytest.raises(ValueError):
        parse_cpu_list(text)


def test_the_processors_of_a_node(nodes: Path) -> None:
    assert cpus_of_node(0, "here", nodes) == sorted(os.sched_getaffinity(0))
    config = ServeConfig(numa_node=0)
    assert wanted_cpus(config, nodes) == sorted(os.sched_getaffinity(0))


def test_a_node_that_is_not_there(nodes: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no NUMA node 7: this machine has 0, 1, 2"):
        cpus_of_node(7, "here", nodes)
    with pytest.raises(ConfigError, match="tells of no nodes; use --cpus"):
        cpus_of_node(0, "here", tmp_path / "nothing")
    with pytest.raises(ConfigError, match="node 2 has no processors"):
        cpus_of_node(2, "here", nodes)


def test_processors_that_the_process_may_not_use(nodes: Path) -> None:
    with pytest.raises(ConfigError, match=r"processor 60000, .* is not there for this process"):
        wanted_cpus(ServeConfig(numa_node=1), nodes)
    with pytest.raises(ConfigError, match="processor 60000 is not there"):
        wanted_cpus(ServeConfig(cpus=[min(os.sched_getaffinity(0)), 60000]))


def test_cpus_win_over_the_node(nodes: Path) -> None:
    one = min(os.sched_getaffinity(0))
    assert wanted_cpus(ServeConfig(cpus=[one], numa_node=9), nodes) == [one]
    assert wanted_cpus(ServeConfig()) is None


# ---- addresses ----


@pytest.mark.parametrize(
    ("host", "address"),
    [
        (None, "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"),
        ("::1", "::1"), ("[::1]", "::1"),
    ],
)  # fmt: skip
def test_hosts(host: str | None, address: str) -> None:
    assert listen_host(ServeConfig(host=host)) == address


def test_a_host_that_is_not_known() -> None:
    with pytest.raises(ConfigError, match=r"'no\.such\.host\.invalid' has no IPv4 address"):
        listen_host(ServeConfig(host="no.such.host.invalid", origins={"host": "here"}))


def test_an_interface() -> None:
    if "lo" not in (name for _, name in socket.if_nameindex()):
        pytest.skip("no interface lo")
    assert listen_host(ServeConfig(netcard="lo")) == "127.0.0.1"
    assert listen_host(ServeConfig(netcard="lo", host="127.0.0.2")) == "127.0.0.2"


def test_an_interface_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no network interface 'enp99x7'.*; there are "):
        listen_host(ServeConfig(netcard="enp99x7"))


def test_addresses_with_ports() -> None:
    assert join_address("127.0.0.1", 1) == "127.0.0.1:1"
    assert join_address("::1", 1) == "[::1]:1"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("10.0.0.1", True), ("10.0.0.1:5090", True), ("0.0.0.0", False), ("0.0.0.0:1", False),
        ("host", False), ("10.0.0.1:99999", False), ("10.0.0.1:", False), ("::1", False),
    ],
)  # fmt: skip
def test_what_can_be_advertised(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one
    config = ServeConfig(host="127.0.0.1", advertise=text)
    if is_one:
        assert server_options(config)["advertise"] == text
    else:
        with pytest.raises(ConfigError, match="cannot be advertised"):
            server_options(config)


# ---- what the server is told ----


def test_options_of_the_server() -> None:
    config = ServeConfig(
        host="127.0.0.1", grpc_port=0, unix="/run/x", tls_certificate="c", tls_key="k", token="t",
        rate=2.0, burst=3, access_log=True, log_format="json",
    )  # fmt: skip
    expected = {
        "grpc": ["127.0.0.1:0", "unix:/run/x"], "tls": {"certificate": "c", "key": "k",
        "client_ca": None}, "token": "t", "rate": 2.0, "burst": 3, "access_log": True,
        "log_format": "json", "max_receive": 64 << 20,
    }  # fmt: skip
    options = server_options(config)
    assert {name: options[name] for name in expected} == expected


def test_what_a_server_may_lack_is_only_asked_for_when_set() -> None:
    assert not {"rate", "burst", "access_log", "log_format", "tls", "token", "advertise"} & set(
        server_options(ServeConfig())
    )


def test_options_of_an_engine() -> None:
    options = engine_options(ServeConfig(ttl=2.5, overload="wait", header_pass=["a"]))
    assert (options["ttl"], options["overload"], options["header_pass"]) == (2.5, "wait", ["a"])
    assert "async_mode" not in options
    assert engine_options(ServeConfig(async_mode=False))["async_mode"] is False


def test_every_field_reaches_the_server_or_is_for_this_side() -> None:
    ours = {
        "engine", "name", "plugin_mode", "engine_config", "service", "service_version", "host",
        "netcard", "grpc_port", "http_listen", "unix", "tls_certificate", "tls_key",
        "tls_client_ca", "numa_node", "cpus", "drain_timeout", "log_file", "log_size",
        "log_count", "log_days", "log_level",
    }  # fmt: skip
    config = ServeConfig(
        host="127.0.0.1", advertise="10.0.0.1", token="t", rate=1.0, burst=1, access_log=True,
        log_format="json", async_mode=True,
    )  # fmt: skip
    fields = set(ServeConfig.__struct_fields__) - {"origins"}
    told = set(server_options(config)) | set(engine_options(config))
    assert told == (fields - ours) | {"grpc"}
