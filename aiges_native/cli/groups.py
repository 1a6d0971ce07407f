"""Options in groups, for a command that has too many for one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option with `group`: the heading that --help shows it under."""

    def __init__(self, *args: Any, group: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class GroupedCommand(click.Command):
    """Shows its options under their headings, in the order in which those first appear."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        for parameter in options:
            if (record := parameter.get_help_record(ctx)) is not None:
                heading = getattr(parameter, "group", "Help")
                groups.setdefault(heading, []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def option(group: str, *names: str, **settings: Any) -> Callable[[_F], _F]:
    """``click.option`` under a heading."""
    return click.option(*names, cls=GroupedOption, group=group, **settings)
