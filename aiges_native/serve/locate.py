"""Where AIservice finds its engine."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping

from aiges_native.serve.errors import StartError

LIBRARY = "libwrapper.so"
WRAPPER = "wrapper.py"


def find_library(environment: Mapping[str, str], folder: pathlib.Path) -> str:
    """libwrapper.so from LD_LIBRARY_PATH, else from `folder`, else by the dynamic loader."""
    path = _find(environment.get("LD_LIBRARY_PATH", ""), LIBRARY)
    if path is None and (folder / LIBRARY).is_file():
        path = folder / LIBRARY
    # A bare name: the loader's own cache and system folders are left.
    return str(path) if path is not None else LIBRARY


def find_wrapper(environment: Mapping[str, str], folder: pathlib.Path) -> str:
    """wrapper.py from `folder`, else from PYTHONPATH.

    Raises:
        StartError: it is nowhere.
    """
    if (folder / WRAPPER).is_file():
        return str(folder / WRAPPER)
    path = _find(environment.get("PYTHONPATH", ""), WRAPPER)
    if path is None:
        tried = [str(folder), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
        raise StartError(
            f"there is no {WRAPPER}; looked in {', '.join(tried)}",
            f"start in the folder of {WRAPPER}, or put that folder into PYTHONPATH; for a C engine "
            "set AIGES_PLUGIN_MODE=c",
        )
    return str(path)


def _find(search_path: str, name: str) -> pathlib.Path | None:
    for entry in search_path.split(os.pathsep):
        if entry and (path := pathlib.Path(entry) / name).is_file():
            return path.absolute()
    return None
