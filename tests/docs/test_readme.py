"""What the documents show is so: code runs, commands exist, links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import aiges_native
from aiges_native.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(language: str) -> list[tuple[str, str]]:
    """(where, code) of every fenced block in that language."""
    return [
        (
            f"{path.relative_to(ROOT)}:{path.read_text()[: found.start()].count(chr(10)) + 1}",
            found[2],
        )
        for path in DOCUMENTS
        if path.is_file()
        for found in BLOCK.finditer(path.read_text())
        if found[1] == language
    ]


PYTHON = blocks("python")
SHELL = blocks("sh") + blocks("bash") + blocks("shell")


def test_the_documents_are_there() -> None:
    names = {str(path.relative_to(ROOT)) for path in DOCUMENTS if path.is_file()}
    assert {"README.md", "CHANGELOG.md"} <= names
    assert {f"docs/{name}.md" for name in ("architecture", "abi", "concurrency", "errors")} <= names
    assert any(where.startswith("README.md") for where, _ in PYTHON)
    assert any(where.startswith("README.md") for where, _ in SHELL)


# The engine of the documents: whatever it is given is a seven to it.
STAND_IN = """
import json
from aiges_native.wrapper import Response, ResponseData, SessionCreateResponse

class Wrapper:
    def answer(self):
        return Response([ResponseData("result", json.dumps({"result": 7, "score": 0.99}))])
    def wrapperOnceExec(self, params, reqData):
        return self.answer()
    def wrapperCreate(self, params, sid):
        return SessionCreateResponse(sid)
    def wrapperWrite(self, handle, reqData):
        return 0
    def wrapperRead(self, handle):
        return self.answer()
    def wrapperLoadRes(self, reqData, resId):
        return 0
"""
# What later blocks of a document take from its first one.
PREAMBLE = """
import pathlib
import numpy
import aiges_native as an
picture = png_bytes = pathlib.Path("seven.png").read_bytes()
engine = an.load("wrapper.py")
"""
# The service that blocks about clients call: theirs has the default port, which may be taken here.
SERVICE = """
from aiges_native import _core
server = _core.Server({"grpc": ["127.0.0.1:0"]})
server.add_engine("wrapper", engine, {})
address = server.start()["grpc"][0]
server.set_ready(True)
"""


@pytest.mark.parametrize(("where", "code"), PYTHON, ids=[where for where, _ in PYTHON])
def test_python_blocks_run(where: str, code: str, tmp_path: Path) -> None:
    """In a folder that looks like a checkout, with a picture and engines of the names they use.

    A block that defines a Wrapper is an engine and is called; any other is a program.
    """
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "seven.png").symlink_to(ROOT / "examples" / "c_wrapper" / "seven.png")
    (tmp_path / "wrapper.py").write_text(STAND_IN)
    if re.search(r"^class Wrapper\b", code, flags=re.MULTILINE):
        (tmp_path / "wrapper.py").write_text(code)
        program = (
            "import aiges_native as an\n"
            "with an.load('wrapper.py') as engine:\n"
            "    assert engine.modes\n"
            "    if 'once' in engine.modes:\n"
            "        assert engine.exec({'text': 'seven', 'img': b'7'}).all\n"
        )
    else:
        # C engines of the documents are not built here: a Python one stands in for them.
        program = re.sub(r"(['\"])[^'\"\s]*\.so\1", "'wrapper.py'", code)
        if "await" in code and "asyncio.run" not in code:
            body = "".join(f"    {line}\n" for line in program.splitlines())
            program = f"import asyncio\nasync def main():\n{body}\nasyncio.run(main())\n"
        served = re.sub(r"(['\"])(127\.0\.0\.1|localhost):5090\1", "address", program)
        program = PREAMBLE + (SERVICE if served != program else "") + served
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"], check=False,
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, f"{where}\n{program}\n{done.stderr}"


def commands() -> list[tuple[str, str]]:
    return [
        (where, line.removeprefix("$ ").strip())
        for where, code in SHELL
        for line in code.replace("\\\n", " ").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        (where, word)
        for where, line in commands()
        for word in re.findall(r"\bmake ([a-z]+)\b", line)
    }
    assert [entry for entry in named if entry[1] not in targets] == []


def test_every_option_of_the_command_that_is_shown_exists() -> None:
    helped = CliRunner().invoke(main, ["run", "--help"]).stdout
    for where, line in commands():
        found = re.search(r"\b(?:aiges-native|python3? -m aiges_native) run (.*)", line)
        if found is None:
            continue
        options = [word for word in shlex.split(found[1], comments=True) if word.startswith("-")]
        assert [option for option in options if option.split("=")[0] not in helped] == [], where


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_links_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        if re.match(r"[a-z]+:", link) or link.startswith("#"):
            continue
        assert (path.parent / link.split("#")[0]).exists(), f"{path}: {link}"


def test_json_in_the_documents_is_json() -> None:
    for where, code in blocks("json"):
        try:
            json.loads(code)
        except ValueError as error:
            pytest.fail(f"{where}: {error}")


def test_the_changes_of_this_version_are_told() -> None:
    assert aiges_native.__version__ in (ROOT / "CHANGELOG.md").read_text()
