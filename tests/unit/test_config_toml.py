"""aiges.toml: what upstream's files mean, and what is said of mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aiges_native.config import ConfigError, Loaded, load_config, template
from aiges_native.config.engine_config import as_text
from aiges_native.config.keys import IGNORED_SECTIONS, KEYS, SERVICE

# Every key that AIGES knows, as its documentation and samples spell them.
COMPLETE = """
[asr]
host = "127.0.0.1"
netcard = "eth7"
port = 6090
reuseport = 1
finder = 1
grpctimeout = 120
maxreceive = 8
maxsend = "16"
conn-rbuf = 2
conn-wbuf = 2
rate = 10
burst = 5
vcpu = 1
vcpu-g = "g"
keepalive = 30

[aiges]
sub = "common"
asyncMode = true
sessDelGt = 4
realTimeRlt = false
httpRetry = 2
gray = true
wrapperTrace = true
headerPass = "appid; uid;"
wrapperDelayDetectPeriod = 60
storageData = false
asyncRelease = true
usrCfg = ""
pythonPluginCmd = "/usr/bin/env python -m aiges.serve"
sessMode = false
gesMock = false
numaNode = 1

[wrapper]
"common.lic" = "10"
"log.level" = "debug"
threads = 4
ratio = 0.5
fast = true
http_listen = "0.0.0.0:1888"

[ws]
readTimeout = 15
sessionTimeout = 180

[fc]
able = 1
router = "sessionManager"
max = 7
best = 7
ttl = 10000
roll = 5000
wave = 10
strategy = 2
report = 1000
tasksize = 10
taskchsize = 10
filterwin = 10000

[log]
level = "warn"
file = "./log/aiges.log"
size = 3
count = 4
die = 5
async = 0
cache = -1
batch = 16384
caller = 0
wash = 60

[lbv2]
able = 0
lbname = "lb-niche"
[trace]
able = 0
[sonar]
able = 0
[auth]
meterCtrl = false
[resource]
able = false
[elog]
elogRemote = false
[pprof]
able = false
[dataProcess]
rsable = true
[downAsync]
rabHost = ""
"""

Read = Callable[..., Loaded]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """``read(text, service=…)`` as the aiges.toml of the current directory."""
    monkeypatch.chdir(tmp_path)

    def load(text: str, service: str | None = None) -> Loaded:
        Path("aiges.toml").write_text(text, encoding="utf-8")
        return load_config(file=Path("aiges.toml"), service=service, environment={})

    return load


def problems(read: Read, text: str, service: str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, service)
    return list(caught.value.problems)


def test_every_key_that_did_something_does_it(read: Read) -> None:
    config = read(COMPLETE, "asr").config
    expected = {
        "host": "127.0.0.1",
        "netcard": "eth7",
        "grpc_port": 6090,
        "reuse_port": True,
        "max_receive": 8 << 20,
        "max_send": 16 << 20,
        "rate": 10,
        "burst": 5,
        "async_mode": True,
        "real_time_results": False,
        "header_pass": ["appid", "uid", "sid"],
        "numa_node": 1,
        "engine_config": {
            "common.lic": "10",
            "log.level": "debug",
            "threads": "4",
            "ratio": "0.5",
            "fast": "true",
        },
        "http_listen": "0.0.0.0:1888",
        "max_sessions": 7,
        "ttl": 10.0,
        "log_level": "warn",
        "log_file": "./log/aiges.log",
        "log_size": 3 << 20,
        "log_count": 4,
        "log_days": 5,
        "service": "asr",
    }
    assert {name: getattr(config, name) for name in expected} == expected


def test_values_remember_their_line(read: Read) -> None:
    config = read(COMPLETE, "asr").config
    line = COMPLETE.split("\n").index("max = 7") + 1
    assert config.origin("max_sessions") == f"aiges.toml:{line} [fc].max"
    assert config.origin("overload") == "default"


def test_each_key_without_effect_is_told_of_once(read: Read) -> None:
    notices = read(COMPLETE, "asr").notices
    names = (
        "finder vcpu keepalive sub gray gesMock strategy lbname storageData pythonPluginCmd "
        "sessMode readTimeout rabHost"
    )
    for name in names.split():
        found = [n for n in notices if re.search(rf"\b{name}\b(?!-)", n)]
        assert len(found) == 1, (name, found)
        assert re.match(r"aiges\.toml:\d+: \[\w+\] ", found[0])
    # What is done without a setting needs no words.
    for name in ("sessDelGt", "asyncRelease", "roll", "conn-rbuf", "grpctimeout", "batch"):
        assert not [n for n in notices if name in n]


def test_the_complete_file_has_every_key_of_the_table() -> None:
    ours = {"server"}
    # Ours to accept in that section, and one that only old releases had.
    elsewhere = {"http_listen", "keepalive-timeout", "vcpu-s", "vcpu-v", "vcpu-i", "libCodec"}
    named = {key.name for key in KEYS if key.section not in ours} - elsewhere
    missing = {n for n in named if not re.search(rf"^{n} =", COMPLETE, flags=re.MULTILINE)}
    assert not missing


def test_the_generated_file_is_accepted_as_it_is(read: Read) -> None:
    loaded = read(template.TEXT, "svcName")
    assert loaded.notices == []
    assert (loaded.config.grpc_port, loaded.config.max_sessions) == (5090, 1)
    assert loaded.config.async_mode is True
    assert loaded.config.real_time_results is False


def test_the_generated_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / template.NAME
    assert template.write_if_missing(path)
    path.write_text("mine")
    assert not template.write_if_missing(path)
    assert path.read_text() == "mine"


# ---- mistakes ----


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_one(read: Read) -> None:
    assert problems(read, "[fc]\nmax = 1\n\ntll = 3\n") == [
        'aiges.toml:4: unknown key "tll" in [fc] (did you mean "ttl"?)'
    ]


def test_case_counts_but_is_understood(read: Read) -> None:
    (problem,) = problems(read, "[aiges]\nasyncmode = true\n")
    assert 'did you mean "asyncMode"?' in problem


def test_an_unknown_section(read: Read) -> None:
    (problem,) = problems(read, "[aigs]\nasyncMode = true\n")
    assert problem == 'aiges.toml:1: unknown section [aigs] (did you mean "aiges"?)'


def test_all_mistakes_are_told_at_once(read: Read) -> None:
    found = problems(read, 'x = 1\n[svcName]\nprot = 1\nport = "a"\n[log]\nlevel = 3\n')
    assert [p.split(":")[1] for p in found] == ["1", "3", "4", "6"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('realTimeRlt = "true"', "is a string; expected true or false, without quotes"),
        ("realTimeRlt = 0", "AIGES silently took its default, true"),
        ("headerPass = 3", "is an integer; expected a string"),
        ("numaNode = true", "is a boolean; expected an integer"),
        ("usrCfg = 2020-01-01", "is a date; expected a string"),
        ("usrCfg = {}", "is a table; expected a string"),
    ],
)
def test_a_value_of_the_wrong_kind(read: Read, line: str, says: str) -> None:
    (problem,) = problems(read, f"[aiges]\n{line}\n")
    assert problem.startswith("aiges.toml:2: [aiges] ")
    assert says in problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[svcName]\nport = 70000", "aiges.toml:2 [svcName].port: 70000 is not possible"),
        ("[svcName]\nport = -1", "is not possible"),
        ("[fc]\nmax = 0", "0 is not possible: expected an integer >= 1"),
        ('[log]\nlevel = "loud"', "it is one of debug, info, warn, error"),
        ('[fc]\nrouter = "qpsLimiter"', 'must be "sessionManager"'),
        ("[svcName]\nrate = 5", "a rate limit needs burst too"),
        ('[server]\noverload = "wiat"', 'did you mean "wait"?'),
        ("[svcName]\nreuseport = 2", "expected 0 or 1"),
    ],
)
def test_a_value_that_cannot_be(read: Read, text: str, says: str) -> None:
    (problem,) = problems(read, text + "\n")
    assert says in problem


@pytest.mark.parametrize(
    ("text", "where"),
    [("[fc]\nmax = \n", "aiges.toml:2:7"), ("[fc]\nmax = [1,", "aiges.toml:2"),
     ("[fc]\nmax = 1\n<<<<<<< HEAD\n", "aiges.toml:3:1")],
)  # fmt: skip
def test_text_that_is_not_toml(read: Read, text: str, where: str) -> None:
    (problem,) = problems(read, text)
    assert problem.startswith(f"{where}: not TOML: ")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "aiges.toml"
    path.write_bytes(b"[fc]\nmax = 1 # \xb5\n")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 15"):
        load_config(file=path, environment={})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(file=tmp_path / "no.toml", environment={})


def test_what_is_not_read_may_be_of_any_kind(read: Read) -> None:
    assert len(read("[aiges]\ngesMock = 0\nsessMode = 1\n").notices) == 2


# ---- the service's section ----


def test_the_named_service_must_be_there(read: Read) -> None:
    (problem,) = problems(read, "[svcName]\nport = 1\n", "asr")
    assert problem == "aiges.toml: no section [asr], which -s names; there is [svcName]"


def test_another_service_is_no_mistake(read: Read) -> None:
    loaded = read("[one]\nport = 1\n[two]\nport = 2\n", "two")
    assert loaded.config.grpc_port == 2
    assert loaded.notices == ["aiges.toml:1: [one] is another service's section; served is [two]"]


def test_a_service_cannot_be_called_like_a_section(read: Read) -> None:
    assert "meaning of its own" in problems(read, "[fc]\nmax = 1\n", "fc")[0]


def test_http_listen_is_taken_where_samples_have_it(read: Read) -> None:
    loaded = read('[svcName]\nhttp_listen = "0.0.0.0:1888"\n')
    assert loaded.config.http_listen == "0.0.0.0:1888"
    assert loaded.config.engine_config == {}


def test_numa_node_0_is_what_every_generated_file_has(read: Read) -> None:
    loaded = read("[aiges]\nnumaNode = 0\n")
    assert loaded.config.numa_node is None
    assert "AIGES_ENV_NUMA=0" in loaded.notices[0]


def test_ignored_sections_may_hold_anything(read: Read) -> None:
    text = "".join(f"[{name}]\nwhatever = [1, 2]\n" for name in IGNORED_SECTIONS)
    assert len(read(text).notices) == len(IGNORED_SECTIONS)


# ---- what the engine gets ----


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"), ("", ""), (True, "true"), (False, "false"), (0, "0"),
        (-12, "-12"), (10**15, "1000000000000000"), (0.5, "0.5"), (1.0, "1"), (100.0, "100"),
        (1e21, "1000000000000000000000"), (1e-7, "0.0000001"), (-2.50, "-2.5"), (-0.0, "-0"),
        (0.1 + 0.2, "0.30000000000000004"), (float("inf"), "+Inf"), (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_scalars_as_upstream_formats_them(value: object, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("list = [1]", '"list" is an array, but an engine gets texts; write it as a string'),
        ("day = 2024-01-01", '"day" is a date or time'),
        ('log.level = "x"', 'a key with a dot must be in quotes: "log.level" = …'),
    ],
)
def test_other_values_are_refused(read: Read, line: str, says: str) -> None:
    (problem,) = problems(read, f"[wrapper]\n{line}\n")
    assert problem.startswith("aiges.toml:2: [wrapper] ")
    assert says in problem


def test_usr_cfg_stands_in_place_of_wrapper(read: Read, tmp_path: Path) -> None:
    (tmp_path / "engine.toml").write_text('[model]\nfile = "a.bin"\nsize = 2.0\n[log]\non = true\n')
    for text in (
        '[aiges]\nusrCfg = "engine.toml"\n[wrapper]\nx = 1\n',
        '[wrapper]\nx = 1\n[aiges]\nusrCfg = "engine.toml"\n',
    ):
        config = read(text).config
        assert config.engine_config == {"model.file": "a.bin", "model.size": "2", "log.on": "true"}
        assert "engine.toml" in config.origin("engine_config")


def test_usr_cfg_is_also_found_beside_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "aiges.toml").write_text('[aiges]\nusrCfg = "engine.toml"\n')
    (folder / "engine.toml").write_text("[a]\nb = 1\n")
    loaded = load_config(file=folder / "aiges.toml", environment={})
    assert loaded.config.engine_config == {"a.b": "1"}


def test_mistakes_around_usr_cfg(read: Read, tmp_path: Path) -> None:
    text = '[aiges]\nusrCfg = "engine.toml"\n'
    assert 'usrCfg = "engine.toml": no such file' in problems(read, text)[0]
    (tmp_path / "engine.toml").write_text("loose = 1\n[a]\nb = [1]\n")
    found = problems(read, text)
    assert "engine.toml:1:" in found[0]
    assert "outside of any section" in found[0]
    assert "engine.toml:3:" in found[1]


def test_header_pass_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "headerPass.wrapper").write_text("uid\n\n device \nappid\n")
    config = read('[aiges]\nheaderPass = "appid;;trace"\n').config
    assert config.header_pass == ["appid", "trace", "uid", "device", "sid"]


def test_every_key_of_the_table_is_in_one_section_once() -> None:
    names = [(key.section, key.name) for key in KEYS]
    assert len(names) == len(set(names))
    assert SERVICE in {section for section, _ in names}
