"""The command ``aiges-native``."""

from __future__ import annotations

import importlib

import click

from aiges_native._core import __version__

# A command's module is imported when the command is used: serving must not wait for what others
# need.
_COMMANDS = {
    "bench": "aiges_native.cli.bench",
    "call": "aiges_native.cli.call",
    "run": "aiges_native.cli.run",
    "serve": "aiges_native.cli.serve",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*_COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS:
            command = getattr(importlib.import_module(_COMMANDS[cmd_name]), cmd_name)
            assert isinstance(command, click.Command)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  aiges-native run libwrapper.so --data img=@seven.png
  aiges-native run wrapper.py --data text=hello --param top=3
  aiges-native serve libwrapper.so
  aiges-native call localhost:5090 --data img=@seven.png""",
)
@click.version_option(__version__, prog_name="aiges-native")
def main() -> None:
    """Hosts AI engines: C libraries with the AIGES wrapper ABI, and Python wrappers."""


__all__ = ["main"]
