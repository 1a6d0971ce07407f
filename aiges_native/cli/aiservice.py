"""``AIservice``: the command line of AIGES's loader."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click
import msgspec

import aiges_native
from aiges_native.cli.goflags import Flag, FlagError, HelpWanted, parse
from aiges_native.config import DEFAULT_SERVICE, ConfigError, Loaded, Values, load_config, template
from aiges_native.serve import Exit, StartError, run
from aiges_native.serve.locate import find_library, find_wrapper

_FLAGS: dict[str, Flag] = {
    "m": Flag(-1, "0: the configuration is a local file; 2: the same"),
    "c": Flag("", "the configuration file; aiges.toml if not given"),
    "dc": Flag("", "the text of a configuration, for keys that the file does not have"),
    "s": Flag("", "the service: the section of the file with host and port; svcName if not given"),
    "p": Flag("", "project; of the config centre, unused"),
    "g": Flag("", "group; of the config centre, unused"),
    "u": Flag("", "address of the config centre, unused"),
    "polaris-prefix": Flag("", "of the config centre, unused"),
    "plugin": Flag("", "unused; AIGES_PLUGIN_MODE says c or python"),
    "init": Flag(False, "write aiges.toml, unless it is there, and end"),
    "mnist": Flag(False, "put the example that recognises digits into ./mnist, and end"),
    "v": Flag(False, "print the version and end"),
}
_UNUSED = ("p", "g", "u", "polaris-prefix")

_INTRODUCTION = """\
AIservice serves the engine in libwrapper.so, or with AIGES_PLUGIN_MODE=python in wrapper.py.

  AIservice -init                               write aiges.toml
  AIservice -m 0 -c aiges.toml -s svcName       serve as it says
  AIservice -mnist                              put an example into ./mnist

libwrapper.so is looked for in LD_LIBRARY_PATH, then in this folder, then by the dynamic loader;
wrapper.py in this folder, then in PYTHONPATH. `aiges-native serve --help` has more to offer.

Flags:
"""


def usage() -> str:
    width = max(map(len, _FLAGS)) + 2
    lines = [f"  {'-' + name:<{width}} {flag.help}" for name, flag in _FLAGS.items()]
    return _INTRODUCTION + "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The program; ends the process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.exit(_main(words))
    except FlagError as error:
        click.echo(f"{error}\n\n{usage()}", err=True)
        sys.exit(Exit.USAGE)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        sys.exit(Exit.USAGE)
    except (StartError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(Exit.FAILED)


def _main(words: list[str]) -> int:
    try:
        given, rest = parse(words, _FLAGS)
    except HelpWanted:
        given, rest = {}, []
    if rest:
        raise FlagError(f"unexpected argument: {rest[0]}")
    if not given:
        click.echo(usage())
        return Exit.OK
    if given.get("v"):
        click.echo(f"aiges_native {aiges_native.__version__}")
        return Exit.OK
    if given.get("init"):
        return _init()
    if given.get("mnist"):
        return _mnist(os.environ)
    _require_local_mode(given.get("m", -1))
    loaded = _load(given)
    return run(loaded.config, notices=loaded.notices)


def _require_local_mode(mode: object) -> None:
    if mode in (0, 2):
        return
    if mode == 1:
        raise ConfigError(
            "-m 1: there is no config centre in this version; use -m 0 with a local file, -c"
        )
    if mode == -1:
        raise ConfigError("-m is missing; with a local file: AIservice -m 0 -c aiges.toml")
    raise ConfigError(f"-m {mode}: the modes are 0 and 2, a local file, and 1, the config centre")


def _init() -> int:
    path = pathlib.Path(template.NAME)
    if template.write_if_missing(path):
        click.echo(f"wrote {path}; next: AIservice -m 0 -c {path} -s {DEFAULT_SERVICE}")
    else:
        click.echo(f"{path} is there already and was left as it is")
    return Exit.OK


def _load(given: Mapping[str, str | int | bool]) -> Loaded:
    file = _config_file(str(given.get("c") or template.NAME))
    flags = Values()
    if "s" not in given:
        flags.set("service", DEFAULT_SERVICE, "default of -s")
    loaded = load_config(
        file=file,
        fallback=str(given["dc"]) if given.get("dc") else None,
        service=str(given["s"]) if given.get("s") else None,
        environment=os.environ,
        flags=flags,
    )
    config = loaded.config
    notices = [f"configuration: {file}", *loaded.notices]
    notices += [f"-{name}: only of use to a config centre" for name in _UNUSED if name in given]
    if "plugin" in given:
        notices.append("-plugin: never did anything; the environment's AIGES_PLUGIN_MODE does")
    if not config.engine:
        find = find_wrapper if config.plugin_mode == "python" else find_library
        engine = find(os.environ, pathlib.Path.cwd())
        origins = {**config.origins, "engine": f"AIGES_PLUGIN_MODE={config.plugin_mode}"}
        config = msgspec.structs.replace(config, engine=engine, origins=origins)
    return Loaded(config, notices)


def _config_file(name: str) -> pathlib.Path:
    """Where it is: here, else where AIGES's loader looked too, ../conf beside the program."""
    path = pathlib.Path(name)
    if path.is_file():
        return path
    installed = pathlib.Path(sys.argv[0]).resolve().parent.parent / "conf" / name
    if installed.is_file():
        return installed
    if name == template.NAME and template.write_if_missing(path):
        click.echo(f"there was no {name}; wrote one")
        return path
    raise ConfigError(
        f"-c {name}: there is no such file, nor {installed}; AIservice -init writes one, "
        f"{template.NAME}"
    )


def _mnist(environment: Mapping[str, str]) -> int:
    """Copies the example of the source tree. A wheel does not have it; nothing is downloaded."""
    kind = "py_wrapper" if environment.get("AIGES_PLUGIN_MODE") == "python" else "c_wrapper"
    source = pathlib.Path(aiges_native.__file__).parent.parent / "examples" / kind
    target = pathlib.Path("mnist")
    if not (source / "README.md").is_file():
        click.echo(
            f"The example is not in this installation. It is examples/{kind} of aiges_native's "
            "source tree; its README.md starts it in a few commands.",
            err=True,
        )
        return Exit.FAILED
    if target.exists():
        click.echo(f"./{target} is there already; move it away first", err=True)
        return Exit.FAILED
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("build", "__pycache__"))
    click.echo(f"wrote ./{target}; next: read {target}/README.md")
    if kind == "py_wrapper":
        command = f"AIservice -m 0 -c {template.NAME} -s {DEFAULT_SERVICE}"
        click.echo(f"  cd {target} && pip install -r requirements.txt && {command}")
    return Exit.OK


if __name__ == "__main__":
    main()
