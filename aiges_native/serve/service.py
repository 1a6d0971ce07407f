"""Runs a service: engine, server, signals, and an orderly end.

``load → listen → ready → (signal) not ready → drain → stop → close the engine``. Each step is
undone in the reverse order, whatever fails.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterable
from signal import SIGHUP, SIGUSR1, SIGUSR2

from aiges_native.config.errors import ConfigError
from aiges_native.config.model import ServeConfig
from aiges_native.engine import Engine, load
from aiges_native.errors import AigesError, DeadlineError, EngineInitError, EngineLoadError
from aiges_native.serve.drain import Drain
from aiges_native.serve.errors import Exit, StartError
from aiges_native.serve.log import Log, LogFile
from aiges_native.serve.pinning import pin, wanted_cpus
from aiges_native.serve.ports import listen_error
from aiges_native.serve.ready import ReadyFile, print_listeners
from aiges_native.serve.server import Server, engine_options, native_server, server_options
from aiges_native.serve.signals import STOP, Signals

MakeServer = Callable[[dict[str, object]], Server]

_CLOSE_LIMIT = 5.0  # seconds for wrapperFini, and for calls that the drain did not end
_LOG_FILE_CHECK = 1.0  # seconds between looks at the log file's size


def run(
    config: ServeConfig,
    *,
    notices: Iterable[str] = (),
    ready: ReadyFile | None = None,
    make_server: MakeServer = native_server,
) -> int:
    """Serves until a signal ends it; the exit status. Call it in the main thread.

    Args:
        notices: what reading the configuration had to say; goes to the log.
        ready: who else is to be told that the service is ready.
        make_server: from options to a server that has no engine yet.
    """
    service = _Service(config, make_server, ready or ReadyFile(None, None))
    with contextlib.ExitStack() as stack:
        try:
            service.log_file = log_file = _open_log_file(config)
            if log_file is not None:
                stack.enter_context(log_file)
            for notice in notices:
                service.log.info("notice", text=notice)
            return service.run()
        except ConfigError as error:
            status, text = Exit.USAGE, str(error)
        except (StartError, AigesError) as error:
            status, text = Exit.FAILED, _explained(error)
        except KeyboardInterrupt:
            status, text = Exit.FAILED, "interrupted before the service was ready"
        service.log.debug("failed", status=int(status))
        service.fail(text)
    return status


def _open_log_file(config: ServeConfig) -> LogFile | None:
    if config.log_file is None:
        return None
    try:
        return LogFile(
            config.log_file, size=config.log_size, count=config.log_count, days=config.log_days
        )
    except OSError as error:
        raise StartError(
            f"{config.origin('log_file')}: the log file {config.log_file!r} cannot be written: "
            f"{error.strerror}",
            'choose another, or file = "" for standard error',
        ) from None


def _explained(error: Exception) -> str:
    match error:
        case EngineLoadError():
            return f"the engine cannot be loaded: {error}"
        case EngineInitError():
            return (
                f"the engine did not start: {error}\n  the text is the engine's own; most often "
                "its configuration is wrong: [wrapper] or usrCfg in aiges.toml, or --config"
            )
        case _:
            return str(error)


class _Service:
    def __init__(self, config: ServeConfig, make_server: MakeServer, ready: ReadyFile) -> None:
        self._config = config
        self._make_server = make_server
        self._ready = ready
        self._started = time.monotonic()
        self.log = Log(config.log_level, config.log_format)
        self.log_file: LogFile | None = None

    def fail(self, text: str) -> None:
        """Says why there is no service: in the log, and to who started it."""
        if self._config.log_format == "json" or self.log_file is not None:
            self.log.error("start failed", text=text)
        if self.log_file is not None:
            self.log_file.say_outside(f"error: {text}\n")
        elif self._config.log_format == "text":
            print(f"error: {text}", file=sys.stderr, flush=True)

    def run(self) -> int:
        cpus = wanted_cpus(self._config)
        options = server_options(self._config)
        _check_files(self._config)
        pin(cpus)
        engine = self._load()
        status = Exit.FAILED
        try:
            status = self._serve(engine, options)
        finally:
            closed = self._close(engine)
        return status if closed else Exit.FAILED

    def _load(self) -> Engine:
        config = self._config
        begin = time.monotonic()
        engine = load(config.engine, config=config.engine_config, name=config.name)
        self.log.info(
            "engine loaded",
            engine=engine.path,
            version=engine.version or None,
            service_version=config.service_version,
            modes=",".join(sorted(engine.modes)),
            ms=_milliseconds_since(begin),
        )
        return engine

    def _serve(self, engine: Engine, options: dict[str, object]) -> Exit:
        config = self._config
        how = engine_options(config)
        how.pop("async_mode", None)
        if (async_mode := self._async_mode(engine)) is not None:
            how["async_mode"] = async_mode
        try:
            server = self._make_server(options)
            server.add_engine(_served_name(config, engine), engine, how)
        except (TypeError, ValueError) as error:
            raise StartError(f"the server refuses its configuration: {error}") from error
        self._set_level(server)
        # From here on a signal ends the service in order; before, it simply ends the process.
        with Signals() as signals:
            try:
                listeners = self._listen(server, options)
                return self._until_stopped(server, signals, listeners, engine)
            finally:
                server.stop()

    def _async_mode(self, engine: Engine) -> bool | None:
        """Of what the file says, what this engine can do; None lets the server choose."""
        wanted, origin = self._config.async_mode, self._config.origin("async_mode")
        if engine.kind == "python" and origin.endswith("[aiges].asyncMode"):
            return None  # AIGES did not ask the file either when the engine was Python
        if wanted and not engine.modes & {"once_async", "stream_async"}:
            self.log.warn("no effect: the engine has no asynchronous functions", setting=origin)
            return None
        return wanted

    def _listen(self, server: Server, options: dict[str, object]) -> dict[str, list[str]]:
        grpc = options["grpc"]
        assert isinstance(grpc, list)
        try:
            return server.start()
        except OSError as error:
            raise listen_error(error, grpc) from None
        except ValueError as error:
            raise StartError(f"the server refuses its configuration: {error}") from error

    def _until_stopped(
        self,
        server: Server,
        signals: Signals,
        listeners: dict[str, list[str]],
        engine: Engine,
    ) -> Exit:
        facts = {"pid": os.getpid(), "engine": engine.path, **listeners}
        server.set_ready(True)
        print_listeners(listeners)
        if self._config.http_listen is not None and not listeners.get("http"):
            self.log.warn(
                "HTTP is not in this version; only gRPC is served",
                origin=self._config.origin("http_listen"),
            )
        try:
            self._ready.tell(facts)
        except OSError as error:
            raise StartError(f"the ready file cannot be written: {error}") from None
        self.log.info(
            "ready",
            ms=_milliseconds_since(self._started),
            pid=os.getpid(),
            **{name: ",".join(addresses) for name, addresses in listeners.items()},
        )
        try:
            self._wait(server, signals)
        finally:
            self._ready.withdraw()
            server.set_ready(False)
        return self._drain(server, signals)

    def _wait(self, server: Server, signals: Signals) -> None:
        interval = None if self.log_file is None else _LOG_FILE_CHECK
        while True:
            number = signals.wait(interval)
            if number in STOP:
                self.log.info("stopping", signal=number.name, limit_s=self._config.drain_limit)
                return
            if number in (SIGUSR1, SIGUSR2):
                self.log.shift(-1 if number is SIGUSR1 else +1)
                self._set_level(server)
                self.log.warn("log level changed", to=self.log.level)
            elif number is SIGHUP:
                self._reload_tls(server)
            if self.log_file is not None:
                self.log_file.renew_if_full()

    def _set_level(self, server: Server) -> None:
        set_level = getattr(server, "set_log_level", None)
        if set_level is not None:
            set_level(self.log.level)

    def _reload_tls(self, server: Server) -> None:
        reload_tls = getattr(server, "reload_tls", None)
        if reload_tls is None or self._config.tls_certificate is None:
            self.log.warn("nothing to reload: no TLS")
            return
        try:
            reload_tls()
        except (OSError, ValueError) as error:
            self.log.error("TLS certificate not reloaded; the old one stays", reason=error)
        else:
            self.log.info("TLS certificate reloaded", file=self._config.tls_certificate)

    def _drain(self, server: Server, signals: Signals) -> Exit:
        begin = time.monotonic()
        drain = Drain(server, signals)
        drain.start(self._config.drain_limit)
        hurried = False
        while not drain.done:
            if signals.wait() not in STOP:
                continue
            if hurried:
                self.log.error("gave up: a third signal while requests were being cut off")
                # Threads of the engine may hang: no orderly exit would come to its end.
                sys.stdout.flush()
                os._exit(Exit.FAILED)
            hurried = True
            self.log.warn("hurrying: a second signal cuts off what still runs")
            drain.start(0.0)
        if drain.error is not None:
            raise drain.error
        facts = {"ms": _milliseconds_since(begin), "requests": server.stats().get("calls")}
        if drain.complete:
            self.log.info("drained", **facts)
        else:
            self.log.warn("drained, but requests or sessions were cut off", **facts)
        return Exit.OK

    def _close(self, engine: Engine) -> bool:
        try:
            engine.close(timeout=_CLOSE_LIMIT)
        except DeadlineError as error:
            self.log.error("the engine still works and was left as it is", reason=error)
            return False
        except AigesError as error:
            self.log.error("the engine did not finish well", reason=error)
            return False
        self.log.info("engine closed", engine=engine.name)
        return True


def _served_name(config: ServeConfig, engine: Engine) -> str:
    """What clients call it: its given name, else the service's, else the file's."""
    if config.name is not None:
        return config.name
    if "service" in config.origins:
        return config.service
    return pathlib.Path(engine.path).stem


def _check_files(config: ServeConfig) -> None:
    for field in ("tls_certificate", "tls_key", "tls_client_ca"):
        path = getattr(config, field)
        if path is None:
            continue
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise ConfigError(
                f"{config.origin(field)}: {path!r} cannot be read: {error.strerror}"
            ) from None


def _milliseconds_since(begin: float) -> float:
    return round((time.monotonic() - begin) * 1000, 1)


def check(config: ServeConfig) -> None:
    """Everything about a configuration that can be seen without starting anything.

    Raises:
        ConfigError: what is not on this machine.
    """
    server_options(config)
    wanted_cpus(config)
    _check_files(config)
