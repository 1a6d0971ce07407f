"""The command ``aiges-native``."""

from __future__ import annotations

import click

from aiges_native._core import __version__
from aiges_native.cli.run import run


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  aiges-native run libwrapper.so --data img=@seven.png
  aiges-native run wrapper.py --data text=hello --param top=3""",
)
@click.version_option(__version__, prog_name="aiges-native")
def main() -> None:
    """Hosts AI engines: C libraries with the AIGES wrapper ABI, and Python wrappers."""


main.add_command(run)

__all__ = ["main"]
