"""How a wrapper's methods are found and called.

This is the one place that knows what a ``wrapper.py`` looks like. The native engine
(csrc/bindings/py_engine.cc) calls a :class:`BoundWrapper` in one fixed form; how each method of the
wrapper wants its arguments is worked out once, when the file is loaded.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from aiges_native._modes import MODE_BITS
from aiges_native.errors import EngineLoadError
from aiges_native.wrapper.data import DataListCls, DataListNode

_LOAD_ERROR = 10600

# What each method may be given, in the order in which trailing ones may be left out, and the names
# parameters go by in wrappers of different age.
_FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "wrapperOnceExec": (
        ("params",),
        ("reqData", "req_data", "datas", "data"),
        ("usrTag", "userTag", "tag"),
        ("persId", "psrId", "psrID"),
    ),
    "wrapperOnceExecAsync": (
        ("params",),
        ("reqData", "req_data", "datas", "data"),
        ("usrTag", "userTag", "tag", "sid"),
        ("persId", "psrId", "psrID"),
    ),
    "wrapperCreate": (
        ("params",),
        ("sid",),
        ("persId", "psrId", "psrID"),
        ("usrTag", "userTag", "tag"),
    ),
    "wrapperWrite": (("handle",), ("reqData", "req_data", "datas", "data", "req"), ("sid",)),
    "wrapperRead": (("handle",), ("sid",)),
    "wrapperDestroy": (("handle",),),
    "wrapperLoadRes": (("reqData", "req_data", "datas", "data"), ("resId", "res_id")),
    "wrapperUnloadRes": (("resId", "res_id"),),
}

_numbers = itertools.count(1)
_import_lock = threading.RLock()

# (key, data, type, status, desc): how payloads travel between here and the native side.
_Node = tuple[str, Any, int, int, dict[str, str]]


class BindingError(TypeError):
    """A method of a wrapper cannot be called with what it would be given."""


def _bind(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A callable that takes everything in ``_FORMS[name]`` and passes on what `method` wants."""
    forms = _FORMS[name]
    try:
        parameters = list(inspect.signature(method).parameters.values())
    except (TypeError, ValueError):
        return method
    kinds = inspect.Parameter
    if any(p.kind is kinds.VAR_POSITIONAL for p in parameters):
        return method
    wanted = [
        p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    order: list[int] = []
    for position, parameter in enumerate(wanted):
        by_name = [i for i, names in enumerate(forms) if parameter.name in names]
        index = by_name[0] if by_name else position
        if index < len(forms) and index not in order:
            order.append(index)
        elif parameter.default is kinds.empty:
            accepted = ", ".join(names[0] for names in forms)
            raise BindingError(
                f"{name}: parameter {parameter.name!r} is not one it can be given; "
                f"accepted are ({accepted}), of which trailing ones may be left out"
            )
        else:
            break
    if order == list(range(len(forms))):
        return method
    if order == list(range(len(order))):
        count = len(order)
        return lambda *values: method(*values[:count])
    return lambda *values: method(*[values[i] for i in order])


def _absent(*_values: Any) -> Any:
    raise TypeError("the wrapper has no wrapperOnceExec, or was finished")


def _number(value: Any, name: str) -> int:
    """The result of a method that returns an error number."""
    if value is None:
        return 0
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"{name} returned {type(value).__name__}; expected int (0 for success)")


def describe_exception(error: BaseException) -> str:
    """An exception in one line: what it says and where it was raised."""
    try:
        said = str(error)
    except Exception:
        said = "(its text cannot be made)"
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        last = frames[-1]
        text += f" ({os.path.basename(last.filename)}:{last.lineno}, in {last.name})"
    return text


class BoundWrapper:
    """A wrapper whose methods were looked at once and are now called in one form."""

    def __init__(
        self, path: str, module: ModuleType, wrapper: Any, neighbours: _Neighbours
    ) -> None:
        self.path = path
        self._neighbours = neighbours
        self._module: ModuleType | None = module
        self._wrapper: Any = wrapper
        bound: dict[str, Callable[..., Any]] = {}
        for name in _FORMS:
            method = getattr(wrapper, name, None)
            if callable(method):
                bound[name] = _bind(method, name)
        self._methods = bound
        self._once: Callable[..., Any] = bound.get("wrapperOnceExec", _absent)
        self.modes = self._find_modes()

    def _find_modes(self) -> int:
        def has(*names: str) -> bool:
            return all(name in self._methods for name in names)

        modes = 0
        if has("wrapperOnceExec"):
            modes |= MODE_BITS["once"]
        if has("wrapperOnceExecAsync"):
            modes |= MODE_BITS["once_async"]
        if has("wrapperCreate", "wrapperWrite"):
            modes |= MODE_BITS["stream_async"]
            if has("wrapperRead"):
                modes |= MODE_BITS["stream"]
        return modes

    def init(self, config: dict[str, str]) -> int:
        method = getattr(self._wrapper, "wrapperInit", None)
        if method is None:
            return 0
        with self._neighbours.importable():
            return _number(method(config), "wrapperInit")

    def fini(self) -> int:
        method = getattr(self._wrapper, "wrapperFini", None)
        try:
            return 0 if method is None else _number(method(), "wrapperFini")
        finally:
            # Models are large: they go now, not when the last result of the engine does.
            if self._module is not None:
                sys.modules.pop(self._module.__name__, None)
            self._neighbours = _Neighbours(self.path)
            self._module = self._wrapper = None
            self._methods = {}
            self._once = _absent

    def error_text(self, code: int) -> str:
        method = getattr(self._wrapper, "wrapperError", None)
        if method is None:
            return ""
        try:
            return str(method(code) or "")
        except Exception as error:
            return f"wrapperError({code}) raised {describe_exception(error)}"

    def version(self) -> str:
        method = getattr(self._wrapper, "wrapperVersion", None)
        try:
            return str(method() or "") if callable(method) else ""
        except Exception:
            return ""

    def schema(self) -> str:
        method = getattr(self._wrapper, "wrapperSchema", None)
        try:
            return str(method() or "") if callable(method) else ""
        except Exception:
            return ""

    def once(self, params: dict[str, str], nodes: list[_Node], tag: str, ids: Sequence[int]) -> Any:
        return self._once(
            params, DataListCls([DataListNode(*node) for node in nodes]), tag, ids[0] if ids else 0
        )

    def once_async(
        self, params: dict[str, str], nodes: list[_Node], tag: str, ids: Sequence[int]
    ) -> int:
        data = DataListCls([DataListNode(*node) for node in nodes])
        method = self._methods["wrapperOnceExecAsync"]
        return _number(method(params, data, tag, ids[0] if ids else 0), "wrapperOnceExecAsync")

    def create(self, params: dict[str, str], tag: str, ids: Sequence[int]) -> tuple[int, Any]:
        answer = self._methods["wrapperCreate"](
            params, params.get("sid", tag), ids[0] if ids else 0, tag
        )
        if hasattr(answer, "handle"):
            return _number(getattr(answer, "error_code", 0), "wrapperCreate"), answer.handle
        return 0, answer  # older wrappers return the handle itself

    def write(self, handle: Any, nodes: list[_Node]) -> int:
        data = DataListCls([DataListNode(*node) for node in nodes])
        return _number(self._methods["wrapperWrite"](handle, data, ""), "wrapperWrite")

    def read(self, handle: Any) -> Any:
        answer = self._methods["wrapperRead"](handle, "")
        return None if isinstance(answer, list) and not answer else answer

    def destroy(self, handle: Any) -> int:
        method = self._methods.get("wrapperDestroy")
        return 0 if method is None else _number(method(handle), "wrapperDestroy")

    def debug_info(self, handle: Any) -> str:
        method = getattr(self._wrapper, "wrapperDebugInfo", None)
        try:
            return str(method(handle) or "") if callable(method) else ""
        except Exception as error:
            return f"wrapperDebugInfo raised {describe_exception(error)}"

    def load_resource(self, node: _Node, resource_id: int) -> int:
        method = self._methods.get("wrapperLoadRes")
        if method is None:
            raise TypeError("the wrapper has no resources: it does not define wrapperLoadRes")
        return _number(method(DataListCls([DataListNode(*node)]), resource_id), "wrapperLoadRes")

    def unload_resource(self, resource_id: int) -> int:
        method = self._methods.get("wrapperUnloadRes")
        return 0 if method is None else _number(method(resource_id), "wrapperUnloadRes")


class _Neighbours:
    """The modules that lie beside a wrapper file, importable while its code is loaded.

    They are in ``sys.modules`` only while the wrapper loads and initialises: another wrapper's
    module of the same name must not be taken for this one's, nor the other way round.
    """

    def __init__(self, path: str) -> None:
        self._folder = os.path.dirname(os.path.abspath(path))
        self._modules: dict[str, ModuleType] = {}

    def _is_beside(self, name: str, module: ModuleType) -> bool:
        file = getattr(sys.modules.get(name.partition(".")[0], module), "__file__", None)
        if not file:
            return False
        place = os.path.dirname(file)
        if os.path.basename(file).startswith("__init__."):
            place = os.path.dirname(place)
        return bool(place == self._folder)

    @contextmanager
    def importable(self) -> Iterator[None]:
        with _import_lock:
            before = set(sys.modules)
            sys.modules.update(self._modules)
            sys.path.insert(0, self._folder)
            importlib.invalidate_caches()
            try:
                yield
            finally:
                if self._folder in sys.path:
                    sys.path.remove(self._folder)
                for name, module in list(sys.modules.items()):
                    if name not in before and self._is_beside(name, module):
                        self._modules[name] = sys.modules.pop(name)


def _load_error(path: str, text: str, engine: str) -> EngineLoadError:
    return EngineLoadError(
        f"load: cannot load the wrapper '{path}': {text}", code=_LOAD_ERROR, engine=engine
    )


def bind_file(path: str, engine: str) -> BoundWrapper:
    """Imports a wrapper file, makes its Wrapper, and binds its methods.

    Raises:
        EngineLoadError: the file is not there, does not run, or has nothing that can be called.
    """
    if not os.path.isfile(path):
        what = "it is a directory" if os.path.isdir(path) else "there is no such file"
        raise _load_error(path, f"{what} ({os.path.abspath(path)})", engine)
    # Numbered, so that files of the same name do not take each other's place.
    stem = os.path.splitext(os.path.basename(path))[0]
    name = f"_aiges_wrapper_{next(_numbers)}_{stem}"
    spec = importlib.util.spec_from_file_location(name, os.path.abspath(path))
    if spec is None or spec.loader is None:
        raise _load_error(path, "Python does not know how to import it", engine)
    module = importlib.util.module_from_spec(spec)
    neighbours = _Neighbours(path)
    sys.modules[name] = module
    try:
        with neighbours.importable():
            spec.loader.exec_module(module)
            factory = getattr(module, "Wrapper", None)
            if factory is None:
                classes = [k for k, v in vars(module).items() if inspect.isclass(v)]
                found = f"; it has {', '.join(classes)}" if classes else ""
                raise BindingError(f"it has no class Wrapper{found}")
            bound = BoundWrapper(os.path.abspath(path), module, factory(), neighbours)
            if bound.modes == 0:
                raise BindingError(
                    "its Wrapper can do nothing: define wrapperOnceExec, or wrapperOnceExecAsync, "
                    "or wrapperCreate and wrapperWrite (with wrapperRead, unless it calls back)"
                )
            return bound
    except KeyboardInterrupt:
        sys.modules.pop(name, None)
        raise
    except BaseException as error:
        # SystemExit too: a wrapper must not end the process that tries to load it.
        sys.modules.pop(name, None)
        text = str(error) if isinstance(error, BindingError) else describe_exception(error)
        raise _load_error(path, text, engine) from error
