"""docs/config.md and docs/serving.md against the code."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from aiges_native.cli.aiservice import _FLAGS
from aiges_native.config.environment import PREFIX
from aiges_native.config.keys import IGNORED_SECTIONS, KEYS, SERVICE, Effect
from aiges_native.config.model import FIELDS
from aiges_native.serve.signals import HANDLED

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONFIG = (DOCS / "config.md").read_text(encoding="utf-8")
SERVING = (DOCS / "serving.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """The part of config.md under the heading that begins with a section's name."""
    found = re.search(
        rf"^## `\[{re.escape(name)}\]`.*?(?=^## |\Z)", CONFIG, re.MULTILINE | re.DOTALL
    )
    assert found, f"config.md has no heading for [{name}]"
    return found[0]


def rows(text: str) -> dict[str, str]:
    """Key → its line of the table."""
    table = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            for key in re.findall(r"`([^`]+)`", line.split("|")[1]):
                table[key] = line
    return table


@pytest.mark.parametrize("name", sorted({key.section for key in KEYS}))
def test_the_tables_have_every_key_and_no_other(name: str) -> None:
    table = rows(section(SERVICE if name == SERVICE else name))
    assert set(table) == {key.name for key in KEYS if key.section == name}


def test_keys_without_effect_are_called_so() -> None:
    for key in KEYS:
        line = rows(section(key.section))[key.name]
        assert ("no effect" in line) == (key.effect is Effect.IGNORED), line


def test_ignored_sections_are_listed() -> None:
    listed = re.findall(
        r"`\[(\w+)\]`", CONFIG[CONFIG.index("## Other sections") :].split("\n## ")[0]
    )
    assert sorted(listed) == sorted(IGNORED_SECTIONS)


def test_flags_of_aiservice_are_listed() -> None:
    part = CONFIG[CONFIG.index("## Flags of AIservice") :]
    listed = {key.removeprefix("-") for key in rows(part)}
    assert listed == set(_FLAGS)


def test_variables_of_examples_exist() -> None:
    for text in (CONFIG, SERVING):
        for name in re.findall(rf"{PREFIX}([A-Z_]+)", text):
            assert name.lower() in FIELDS


def test_signals_are_listed() -> None:
    part = SERVING[SERVING.index("## Signals") :].split("\n## ")[0]
    listed = set(re.findall(r"SIG[A-Z0-9]+", part))
    assert listed == {signal.Signals(number).name for number in HANDLED}
