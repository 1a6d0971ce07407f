"""What ``wrapperInit`` gets: texts, formatted as AIGES formats them."""

from __future__ import annotations

import decimal
import math
import pathlib
from typing import Any

from aiges_native.config.document import Document
from aiges_native.config.errors import ConfigError


class NotScalar(Exception):
    """A value that an engine cannot be given; the text says what it is."""


def as_text(value: Any) -> str:
    """A TOML scalar as AIGES writes it for ``wrapperInit``; a table or the like is NotScalar."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case dict():
            raise NotScalar("a table")
        case list():
            raise NotScalar("an array")
        case _:
            raise NotScalar("a date or time")


def _float(value: float) -> str:
    """The shortest decimal digits that give the number back, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(decimal.Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def flatten(document: Document, section: str, prefix: str = "") -> dict[str, str]:
    """The section's keys as ``prefix + key`` → text.

    Raises:
        ConfigError: naming each value that is not a scalar.
    """
    settings: dict[str, str] = {}
    problems = []
    for key, value in document.section(section).items():
        try:
            settings[prefix + key] = as_text(value)
        except NotScalar as what:
            where = document.where(section, key)
            hint = (
                f'; a key with a dot must be in quotes: "{key}.{next(iter(value))}" = …'
                if isinstance(value, dict) and value
                else "; write it as a string"
            )
            problems.append(
                f'{where}: [{section}] "{key}" is {what}, but an engine gets texts{hint}'
            )
    if problems:
        raise ConfigError(*problems)
    return settings


def read_user_config(path: pathlib.Path) -> dict[str, str]:
    """The file of ``usrCfg``: every section's keys as ``section.key``.

    Raises:
        ConfigError: it cannot be read, or holds what an engine cannot be given.
    """
    document = Document.read(path)
    settings: dict[str, str] = {}
    problems: list[str] = []
    for section, value in document.data.items():
        if not isinstance(value, dict):
            where = document.where(section)
            problems.append(
                f'{where}: "{section}" is outside of any section; an engine gets section.key, so '
                "put it under a [section]"
            )
            continue
        try:
            settings |= flatten(document, section, f"{section}.")
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return settings
