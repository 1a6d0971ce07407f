"""Configuration from environment variables: AIGES's, and AIGES_NATIVE_<FIELD> for every field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

import msgspec

from aiges_native.config.cpus import parse_cpu_list
from aiges_native.config.errors import ConfigError, suggestion
from aiges_native.config.model import FIELDS, ServeConfig, complaint
from aiges_native.config.values import Values

PREFIX = "AIGES_NATIVE_"
# They are texts made of other texts, and have their own sources.
_NOT_FROM_ENVIRONMENT = {"engine_config"}
_VARIABLES = {PREFIX + name.upper(): name for name in FIELDS if name not in _NOT_FROM_ENVIRONMENT}


def read_environment(environment: Mapping[str, str]) -> Values:
    """What the environment sets; an empty variable sets nothing.

    Raises:
        ConfigError: a variable's text is not what its field needs.
    """
    values = Values()
    problems: list[str] = []
    _aiges(environment, values, problems)
    hints = get_type_hints(ServeConfig, include_extras=True)
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or not text:
            continue
        origin = f"environment {variable}"
        field = _VARIABLES.get(variable)
        if field is None:
            values.notices.append(f"{origin}: unknown{suggestion(variable, _VARIABLES)}")
            continue
        try:
            values.set(field, _convert(field, text, hints[field]), origin)
        except (msgspec.ValidationError, ValueError) as error:
            problems.append(complaint(origin, field, text, error))
    if problems:
        raise ConfigError(*problems)
    return values


def _convert(field: str, text: str, hint: Any) -> object:
    if field == "cpus":
        return parse_cpu_list(text)
    if field == "header_pass":
        return [name for part in text.split(";") if (name := part.strip())]
    # Not strict: "8" is a number and "true" a boolean.
    return msgspec.convert(text, hint, strict=False)


def _aiges(environment: Mapping[str, str], values: Values, problems: list[str]) -> None:
    if mode := environment.get("AIGES_PLUGIN_MODE", ""):
        if mode in ("c", "python"):
            values.set("plugin_mode", mode, "environment AIGES_PLUGIN_MODE")
        else:
            problems.append(
                f'environment AIGES_PLUGIN_MODE: {mode!r} is not possible: it is "c" or "python"'
            )
    if node := environment.get("AIGES_ENV_NUMA", ""):
        try:
            number = int(node)
        except ValueError:
            problems.append(
                f"environment AIGES_ENV_NUMA: {node!r} is not possible: it is a node's number"
            )
        else:
            if number >= 0:  # AIGES: less than 0 pins nothing
                values.set("numa_node", number, "environment AIGES_ENV_NUMA")
    if version := environment.get("AIGES_WRAPPER_VERSION", ""):
        values.set("service_version", version, "environment AIGES_WRAPPER_VERSION")
    if environment.get("XSF-DEBUG") == "1":
        values.set("log_level", "debug", "environment XSF-DEBUG")
