"""Command lines as programs written in Go read them: ``-x v``, ``-x=v``, ``--x=v``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class Flag(NamedTuple):
    default: str | int | bool  # its type is the flag's
    help: str


class FlagError(Exception):
    """A wrong command line, in the words that such programs have for it."""


class HelpWanted(Exception):
    """-h or -help was given."""


def parse(
    arguments: Sequence[str], flags: Mapping[str, Flag]
) -> tuple[dict[str, str | int | bool], list[str]]:
    """The flags that were given, and what is left: flags end at the first other word, or at --.

    Raises:
        FlagError: unknown flag, missing or impossible value.
        HelpWanted: asked for.
    """
    given: dict[str, str | int | bool] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        name, equals, text = word.removeprefix("-").removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            raise FlagError(f"bad flag syntax: {word}")
        flag = flags.get(name)
        if flag is None:
            if name in ("h", "help"):
                raise HelpWanted
            raise FlagError(f"flag provided but not defined: -{name}")
        if isinstance(flag.default, bool):
            # A boolean takes its value only after "=": the next word is another flag.
            given[name] = _boolean(name, text) if equals else True
            continue
        if not equals:
            if not rest:
                raise FlagError(f"flag needs an argument: -{name}")
            text = rest.pop(0)
        given[name] = _integer(name, text) if isinstance(flag.default, int) else text
    return given, rest


def _boolean(name: str, text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise FlagError(f'invalid boolean value "{text}" for -{name}: use true or false')
    return text in _TRUE


def _integer(name: str, text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise FlagError(f'invalid value "{text}" for flag -{name}: not an integer') from None
