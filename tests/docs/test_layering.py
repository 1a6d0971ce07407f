"""The rules that the source tree stands on: who may include what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = sorted(path for path in (ROOT / "csrc").rglob("*") if path.suffix in {".h", ".cc", ".c"})
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', flags=re.MULTILINE)

# What only some folders of csrc may include.
ONLY_IN: dict[str, set[str]] = {
    r"dlfcn\.h": {"abi"},
    r"aiges/.*": {"abi"},
    r"Python\.h|pybind11/.*|numpy/.*": {"bindings"},
    r"sys/socket\.h|sys/un\.h|netinet/.*|arpa/.*|netdb\.h|nghttp2/.*|boost/(asio|beast).*": {
        "server", "client", "worker",
    },
    r"protozero/.*": {"wire"},
}  # fmt: skip
# What each folder may use of the others: the way of a request, downwards.
USES: dict[str, set[str]] = {
    "base": set(),
    "buffer": {"base"},
    "engine": {"base", "buffer"},
    "abi": {"base", "buffer", "engine"},
    "session": {"base", "buffer", "engine"},
    "wire": {"base", "buffer"},
    "server": {"base", "buffer", "engine", "session", "wire"},
    "client": {"base", "buffer", "wire"},
    "bindings": {"base", "buffer", "engine", "abi", "session", "server", "client"},
}


def folder(path: Path) -> str:
    return path.relative_to(ROOT / "csrc").parts[0]


def includes(path: Path) -> Iterator[str]:
    for _, name in INCLUDE.findall(path.read_text()):
        yield name


def test_there_is_something_to_look_at() -> None:
    assert len(NATIVE) > 30
    assert {folder(path) for path in NATIVE} <= set(USES)
    # Every rule that has a folder already is about something that exists.
    used = {name for path in NATIVE for name in includes(path)}
    for pattern in (r"dlfcn\.h", r"aiges/.*", r"Python\.h|pybind11/.*|numpy/.*"):
        assert any(re.fullmatch(pattern, name) for name in used), pattern


@pytest.mark.parametrize("pattern", ONLY_IN)
def test_only_some_folders_include(pattern: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in NATIVE
        for name in includes(path)
        if re.fullmatch(pattern, name) and folder(path) not in ONLY_IN[pattern]
    ]
    assert wrong == []


@pytest.mark.parametrize("name", USES)
def test_a_folder_uses_only_what_lies_below_it(name: str) -> None:
    allowed = USES[name] | {name}
    wrong = [
        f"{path.relative_to(ROOT)}: {used}"
        for path in NATIVE
        if folder(path) == name
        for used in includes(path)
        if (ROOT / "csrc" / used).is_file() and used.split("/")[0] not in allowed
    ]
    assert wrong == []


def test_the_native_tests_need_no_python() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests" / "native").rglob("*.*")
        if path.suffix in {".h", ".cc"}
        for name in includes(path)
        if re.fullmatch(r"Python\.h|pybind11/.*|bindings/.*", name)
    ]
    assert wrong == []


def test_public_headers_include_only_the_c_library_and_each_other() -> None:
    for path in (ROOT / "include").rglob("*.h"):
        for name in includes(path):
            assert re.fullmatch(r"[a-z]+\.h|(aiges/)?(type|wrapper|wrapper_ext)\.h", name), path


def test_every_native_header_is_guarded() -> None:
    for path in NATIVE:
        if path.suffix == ".h":
            assert "#pragma once" in path.read_text(), path


def imported(path: Path) -> Iterator[str]:
    """The modules that a Python file imports at its top, which is what importing it costs."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def test_only_the_command_imports_what_only_it_needs() -> None:
    package = ROOT / "aiges_native"
    for path in package.rglob("*.py"):
        if "cli" in path.parts or path.name == "__main__.py":
            continue
        names = set(imported(path))
        assert not {name for name in names if name.split(".")[0] in {"click", "rich"}}, path
        assert not {name for name in names if f"{name}.".startswith("aiges_native.cli.")}, path


def test_what_a_wrapper_imports_does_not_know_of_engines() -> None:
    for path in (ROOT / "aiges_native" / "wrapper").rglob("*.py"):
        names = set(imported(path))
        assert not names & {"aiges_native.engine", "aiges_native.session"}, path
