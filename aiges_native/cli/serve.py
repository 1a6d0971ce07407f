"""``aiges-native serve``: turns an engine into a service."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Callable
from typing import Any

import click

from aiges_native.cli.groups import GroupedCommand, option
from aiges_native.config import ConfigError, Loaded, ServeConfig, Values, load_config
from aiges_native.config.cpus import parse_cpu_list
from aiges_native.config.model import FIELDS, SECRETS
from aiges_native.config.network import join_address
from aiges_native.serve import Exit, ReadyFile, check, run

_SECRET_KEY = re.compile("secret|passw|token|access.?key", re.IGNORECASE)

_LISTEN, _ENGINE, _LOAD = "Where it listens", "The engine", "Load and sessions"
_SAFETY, _PROCESS, _LOGS = "Security", "The process", "Logs and diagnosis"


class _Setting(click.ParamType[tuple[str, str]]):
    name = "KEY=VALUE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        key, equals, rest = value.partition("=")
        if not equals or not key:
            self.fail(f"{value!r} has no '='; write KEY=VALUE", param, ctx)
        return key, rest


class _Cpus(click.ParamType[list[int]]):
    name = "LIST"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        try:
            return value if isinstance(value, list) else parse_cpu_list(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_FILE = click.Path(dir_okay=False)


# One line for each name, one for its text.
# fmt: off
_OPTIONS = (
    option(_ENGINE, "--config", "settings", type=_Setting(), multiple=True,
           help="A setting for wrapperInit. May be repeated."),
    option(_ENGINE, "-c", "--config-file", "config_file", type=click.Path(path_type=pathlib.Path),
           help="An aiges.toml. Flags win over the environment, which wins over the file."),
    option(_ENGINE, "-s", "--service", metavar="NAME",
           help="The section of the file that has host and port. Default: svcName."),
    option(_ENGINE, "--name",
           help="What clients call the engine. Default: -s, else the file's name."),
    option(_ENGINE, "--async/--sync", "async_mode", default=None,
           help="Use the engine's asynchronous functions or not. Default: what it has."),
    option(_LISTEN, "--host", help="Address or host name. Default: 0.0.0.0, every interface."),
    option(_LISTEN, "--grpc-port", type=click.IntRange(0, 65535), metavar="PORT",
           help="Default: 5090. 0 takes a free port and prints it."),
    option(_LISTEN, "--http-port", type=click.IntRange(0, 65535), metavar="PORT",
           help="HTTP is not in this version; accepted, and said so."),
    option(_LISTEN, "--unix", type=_FILE, help="A Unix socket to listen on as well."),
    option(_LISTEN, "--advertise", metavar="IP[:PORT]",
           help="The address in session handles, where clients of AIGES come back to."),
    option(_LISTEN, "--reactors", type=click.IntRange(min=0), metavar="N",
           help="Threads that do the network's work. Default: by the number of processors."),
    option(_LOAD, "--max", "max_sessions", type=click.IntRange(min=1), metavar="N",
           help="Licences: sessions and once calls at the same time. Default: 1000."),
    option(_LOAD, "--overload", type=click.Choice(["reject", "wait"]),
           help="What happens beyond --max. Default: reject (code 10110)."),
    option(_LOAD, "--ttl", type=click.FloatRange(min=0), metavar="SECONDS",
           help="Idle time after which a session ends. Default: 15."),
    option(_LOAD, "--drain-timeout", type=click.FloatRange(min=0), metavar="SECONDS",
           help="How long running requests may go on at the end. Default: 2 x ttl, at most 30."),
    option(_SAFETY, "--token",
           help="Requests must carry 'authorization: Bearer TOKEN'. Others can see a command line: "
           "better in the environment, AIGES_NATIVE_TOKEN."),
    option(_SAFETY, "--tls-cert", "tls_certificate", type=_FILE, help="Certificate chain, PEM."),
    option(_SAFETY, "--tls-key", type=_FILE, help="Its private key, PEM."),
    option(_SAFETY, "--tls-client-ca", type=_FILE,
           help="Clients must have a certificate of these authorities, PEM."),
    option(_PROCESS, "--cpus", type=_Cpus(), help="Processors to run on, such as 0-3,8."),
    option(_PROCESS, "--ready-file", type=click.Path(path_type=pathlib.Path, dir_okay=False),
           help="A file that exists while the service is ready: JSON with pid and addresses."),
    option(_PROCESS, "--ready-fd", type=click.IntRange(min=0), metavar="N",
           help="A descriptor that gets the same, in one line."),
    option(_LOGS, "--log-level", type=click.Choice(["debug", "info", "warn", "error"]),
           help="Default: info."),
    option(_LOGS, "--log-format", type=click.Choice(["text", "json"]), help="Default: text."),
    option(_LOGS, "--access-log/--no-access-log", "access_log", default=None,
           help="A line for each request. Default: no."),
    option(_LOGS, "--show-config", is_flag=True,
           help="Print every value and where it comes from, and end."),
    option(_LOGS, "--check", "check_only", is_flag=True,
           help="Check configuration and files without starting anything, and end."),
)
# fmt: on


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


@click.command(
    cls=GroupedCommand,
    epilog="""\b
Examples:
  aiges-native serve libwrapper.so                          gRPC on every interface, port 5090
  aiges-native serve wrapper.py --host 127.0.0.1 --grpc-port 0    a free port, which it prints
  aiges-native serve libwrapper.so --config model=small.bin --max 8 --overload wait
  aiges-native serve libwrapper.so -c aiges.toml -s svcName       what AIservice would do
  aiges-native serve libwrapper.so -c aiges.toml --show-config    what would hold, and why
  AIGES_NATIVE_TOKEN=... aiges-native serve libwrapper.so --tls-cert s.pem --tls-key s.key

\b
Signals: TERM and INT end it in order (a second one hurries); HUP reloads the TLS certificate;
USR1 and USR2 make the log say more and less.

\b
Exit status: 0 when it was ended in order, 1 when it could not start or did not end well, 2 for a
wrong command line or configuration. More: docs/serving.md, docs/config.md.""",
)
@click.argument("engine", metavar="ENGINE", required=False)
@_with_options
@click.pass_context
def serve(
    ctx: click.Context,
    /,
    engine: str | None,
    settings: tuple[tuple[str, str], ...],
    config_file: pathlib.Path | None,
    service: str | None,
    http_port: int | None,
    ready_file: pathlib.Path | None,
    ready_fd: int | None,
    show_config: bool,
    check_only: bool,
    **fields: object,
) -> None:
    """Serve ENGINE (a C library .so or a Python wrapper .py) to clients of gRPC and of AIGES.

    Prints where it listens. Its log goes to standard error, one line for each event.
    """
    flags = Values()
    for parameter in ctx.command.params:
        if parameter.name in fields and fields[parameter.name] is not None:
            flags.set(parameter.name, fields[parameter.name], parameter.opts[-1])
    if engine is not None:
        flags.set("engine", engine, "ENGINE")
    if settings:
        flags.set("engine_config", dict(settings), "--config")
    if http_port is not None:
        host = fields["host"] or "0.0.0.0"
        flags.set("http_listen", join_address(str(host), http_port), "--http-port")
    try:
        loaded = load_config(file=config_file, service=service, environment=os.environ, flags=flags)
    except ConfigError as error:
        refuse(error)
    if show_config:
        click.echo(describe(loaded.config), nl=False)
        return
    if not loaded.config.engine:
        raise click.UsageError("Missing argument 'ENGINE': a C library .so or a wrapper.py.", ctx)
    if check_only:
        check_and_tell(loaded)
        return
    ready = ReadyFile(ready_file, ready_fd)
    ctx.exit(run(loaded.config, notices=loaded.notices, ready=ready))


def refuse(error: ConfigError) -> None:
    """Shows every mistake, and ends with the status for them."""
    for problem in error.problems:
        click.echo(f"error: {problem}", err=True)
    raise SystemExit(Exit.USAGE)


def check_and_tell(loaded: Loaded) -> None:
    """--check: what is wrong, or what is worth knowing."""
    config = loaded.config
    try:
        check(config)
    except ConfigError as error:
        refuse(error)
    # A bare name may also be one that only the dynamic loader finds.
    if ("/" in config.engine or config.engine.endswith(".py")) and not os.path.isfile(
        config.engine
    ):
        refuse(ConfigError(f"{config.origin('engine')}: there is no file {config.engine!r}"))
    for notice in loaded.notices:
        click.echo(f"notice: {notice}")
    click.echo("the configuration is good")


def describe(config: ServeConfig) -> str:
    """Every value with its origin, one in a line; secrets without their value."""
    rows = []
    for field in FIELDS:
        value = getattr(config, field)
        if field == "engine_config":
            continue
        shown = "(set)" if field in SECRETS and value is not None else _shown(value)
        rows.append((field, shown, config.origin(field)))
    for key, text in config.engine_config.items():
        shown = "(set)" if _SECRET_KEY.search(key) else _shown(text)
        rows.append((f"engine_config[{key!r}]", shown, config.origin("engine_config")))
    # Settings of the engine may have names and values of any length.
    names, values = (min(max(len(row[column]) for row in rows), 30) for column in (0, 1))
    return "".join(f"{name:<{names}}  {shown:<{values}}  {where}\n" for name, shown, where in rows)


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return str(value).lower()
        case list():
            return ",".join(map(str, value)) or "-"
        case _:
            return str(value)
