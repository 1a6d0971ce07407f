"""Reads aiges.toml: every key checked, with its line in every complaint."""

from __future__ import annotations

import pathlib
from typing import Any

from aiges_native.config.document import Document
from aiges_native.config.engine_config import flatten, read_user_config
from aiges_native.config.errors import ConfigError, suggestion
from aiges_native.config.keys import (
    BY_SECTION,
    IGNORED_SECTIONS,
    SERVICE,
    WRAPPER,
    WRAPPER_HTTP_LISTEN,
    Effect,
    Key,
    Kind,
    Refused,
)
from aiges_native.config.values import Values

_OWN_SECTIONS = {*BY_SECTION, *IGNORED_SECTIONS, WRAPPER} - {SERVICE}
_NAMES = {
    bool: "a boolean", int: "an integer", float: "a number", str: "a string", list: "an array",
    dict: "a table",
}  # fmt: skip


class _Unusable(Exception):
    """A value of the wrong kind; the text says what was expected."""


def read_aiges_toml(document: Document, service: str, *, service_required: bool) -> Values:
    """What the document sets. `service` names the section with host and port.

    Raises:
        ConfigError: every unknown key, wrong type and impossible value that was found.
    """
    return _Reader(document, service, service_required).read()


class _Reader:
    def __init__(self, document: Document, service: str, service_required: bool) -> None:
        self._document = document
        self._service = service
        self._service_required = service_required
        self._values = Values()
        self._problems: list[str] = []
        # Notice → where it first applies, and the keys that it applies to.
        self._notices: dict[tuple[str, str], tuple[str, list[str]]] = {}

    def read(self) -> Values:
        if self._service in _OWN_SECTIONS:
            raise ConfigError(
                f"service: [{self._service}] is a section with a meaning of its own; call the "
                "service otherwise (-s)"
            )
        for name, value in self._document.data.items():
            if not isinstance(value, dict):
                self._problem(f'"{name}" is outside of any section; put it under one', name)
            elif name == self._service:
                self._section(name, SERVICE, value)
            elif name == WRAPPER:
                self._wrapper(value)
            elif name in IGNORED_SECTIONS:
                self._notice(IGNORED_SECTIONS[name], (name,), *value)
            elif name in BY_SECTION:
                self._section(name, name, value)
            elif value and value.keys() <= BY_SECTION[SERVICE].keys():
                where = self._document.where(name)
                self._values.notices.append(
                    f"{where}: [{name}] is another service's section; served is [{self._service}]"
                )
            else:
                known = _OWN_SECTIONS | {self._service}
                self._problem(f"unknown section [{name}]{suggestion(name, known)}", name)
        if self._service_required and self._service not in self._document.data:
            self._missing_service()
        for (section, note), (where, names) in self._notices.items():
            keys = f" {', '.join(names)}" if names else ""
            self._values.notices.append(f"{where}: [{section}]{keys}: {note}")
        if self._problems:
            raise ConfigError(*self._problems)
        return self._values

    def _missing_service(self) -> None:
        others = [
            name
            for name, value in self._document.data.items()
            if isinstance(value, dict) and name not in _OWN_SECTIONS
        ]
        there = f"; there is {', '.join(f'[{name}]' for name in others)}" if others else ""
        self._problems.append(
            f"{self._document.name}: no section [{self._service}], which -s names{there}"
        )

    def _problem(self, text: str, *path: str) -> None:
        self._problems.append(f"{self._document.where(*path)}: {text}")

    def _notice(self, note: str, path: tuple[str, ...], *keys: str) -> None:
        """One notice for all keys of a section that it is true of."""
        where = self._document.where(*path)
        self._notices.setdefault((path[0], note), (where, []))[1].extend(keys)

    def _section(self, name: str, kind: str, table: dict[str, Any]) -> None:
        known = BY_SECTION[kind]
        for key_name, value in table.items():
            key = known.get(key_name)
            if key is None:
                hint = suggestion(key_name, known)
                self._problem(f'unknown key "{key_name}" in [{name}]{hint}', name, key_name)
                continue
            if key.effect is Effect.IGNORED:
                self._notice(key.note, (name, key_name), key_name)
                continue
            try:
                plain = _check(key, value)
                converted = plain if key.convert is None else key.convert(plain)
            except (_Unusable, Refused) as error:
                self._problem(f"[{name}] {key_name} = {_shown(value)} {error}", name, key_name)
                continue
            if key.name == "usrCfg" and kind == "aiges":
                self._user_config(plain, name, key_name)
            elif key.field is not None and converted is not None:
                self._set(key.field, converted, name, key_name)
            elif key.name == "numaNode":
                where = self._document.where(name, key_name)
                self._values.notices.append(
                    f"{where}: [{name}] {key_name} = {plain} pins nothing, as in AIGES; "
                    "AIGES_ENV_NUMA=0 or --cpus does"
                )

    def _set(self, field: str, value: object, section: str, key: str) -> None:
        where = self._document.where(section, key)
        self._values.set(field, value, f"{where} [{section}].{key}")

    def _wrapper(self, table: dict[str, Any]) -> None:
        listen = table.get(WRAPPER_HTTP_LISTEN)
        if isinstance(listen, str) and listen:
            self._set("http_listen", listen, WRAPPER, WRAPPER_HTTP_LISTEN)
        if "engine_config" in self._values:
            return  # usrCfg stands in place of this section
        try:
            settings = flatten(self._document, WRAPPER)
        except ConfigError as error:
            self._problems += error.problems
            return
        # AIGES gave its own listener's address to the engine, too.
        settings.pop(WRAPPER_HTTP_LISTEN, None)
        self._values.set("engine_config", settings, f"{self._document.where(WRAPPER)} [{WRAPPER}]")

    def _user_config(self, name: str, section: str, key: str) -> None:
        if not name:
            return
        where = self._document.where(section, key)
        beside = pathlib.Path(self._document.name).parent / name
        path = next((p for p in (pathlib.Path(name), beside) if p.is_file()), None)
        if path is None:
            self._problems.append(f'{where}: usrCfg = "{name}": no such file, here or at {beside}')
            return
        try:
            settings = read_user_config(path)
        except ConfigError as error:
            self._problems += error.problems
            return
        self._values.set("engine_config", settings, f"{where} [{section}].{key}: {path}")


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict() | list():
            return "…"
        case _:
            return str(value)


def _check(key: Key, value: Any) -> Any:
    """The value as the key's kind; AIGES read a decimal string as an integer."""
    if key.kind is Kind.ANY:
        return value
    if isinstance(value, str) and key.kind in (Kind.INTEGER, Kind.NUMBER, Kind.SWITCH):
        try:
            value = int(value)
        except ValueError:
            raise _Unusable(f"is a string; expected {key.kind.value}") from None
    match key.kind, value:
        case Kind.BOOL, bool():
            return value
        case Kind.SWITCH, bool() | 0 | 1:
            return bool(value)
        case (Kind.INTEGER, int()) | (Kind.NUMBER, int() | float()) if not isinstance(value, bool):
            return value
        case Kind.STRING, str():
            return value
        case Kind.INTEGERS, list() if all(type(item) is int for item in value):
            return value
        case Kind.STRINGS, list() if all(isinstance(item, str) for item in value):
            return value
    hint = ""
    if key.kind is Kind.BOOL:
        hint = ", without quotes" if isinstance(value, str) else ""
        if key.upstream_default:
            hint += f". AIGES silently took its default, {key.upstream_default}"
    raise _Unusable(f"is {_NAMES.get(type(value), 'a date')}; expected {key.kind.value}{hint}")
