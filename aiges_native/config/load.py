"""Defaults ← aiges.toml ← environment ← flags."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import NamedTuple

from aiges_native.config.aiges_toml import read_aiges_toml
from aiges_native.config.document import Document
from aiges_native.config.environment import read_environment
from aiges_native.config.errors import ConfigError
from aiges_native.config.model import ServeConfig, build
from aiges_native.config.values import Values

DEFAULT_SERVICE = "svcName"
HEADER_PASS_FILE = "headerPass.wrapper"
ALWAYS_PASSED = "sid"


class Loaded(NamedTuple):
    config: ServeConfig
    notices: list[str]  # what the user should know, each with where it comes from


def load_config(
    *,
    file: pathlib.Path | None = None,
    fallback: str | None = None,
    service: str | None = None,
    environment: Mapping[str, str],
    flags: Values | None = None,
    folder: pathlib.Path | None = None,
) -> Loaded:
    """Reads every source.

    Args:
        file: aiges.toml.
        fallback: the text of another one, for keys that `file` does not have.
        service: the section with host and port; it must be there. None: the section svcName, if
            there is one.
        flags: what the command line sets; it wins.
        folder: where to look for headerPass.wrapper; None for the current directory.

    Raises:
        ConfigError: with every mistake that was found.
    """
    values = Values()
    problems: list[str] = []
    documents: list[Document] = []
    try:
        if fallback is not None:
            documents.append(Document(fallback, "-dc"))
        if file is not None:
            documents.append(Document.read(file))
    except ConfigError as error:
        problems += error.problems
    section = service or DEFAULT_SERVICE
    for document in documents:
        # Of two documents, either may have the service's section.
        required = document is documents[-1] and not any(section in d.data for d in documents[:-1])
        try:
            layer = read_aiges_toml(
                document, section, service_required=required and service is not None
            )
            values = values.under(layer)
        except ConfigError as error:
            problems += error.problems
    try:
        values = values.under(read_environment(environment))
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(*problems)
    if service is not None:
        values.set("service", service, "-s")
    if flags is not None:
        values = values.under(flags)
    _pass_headers(values, folder or pathlib.Path())
    return Loaded(build(values), values.notices)


def _pass_headers(values: Values, folder: pathlib.Path) -> None:
    """Adds the lines of headerPass.wrapper to headerPass, and ``sid``, which is always passed."""
    value, origin = values.get("header_pass", ([], ""))
    assert isinstance(value, list)
    origins = [origin] if origin else []
    names: list[str] = list(value)
    path = folder / HEADER_PASS_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        values.notices.append(f"{path}: cannot be read, so it passes no headers: {error}")
    else:
        names += [line.strip() for line in lines if line.strip()]
        origins.append(str(path))
    names.append(ALWAYS_PASSED)
    values.set("header_pass", list(dict.fromkeys(names)), ", ".join(origins) or "default")
