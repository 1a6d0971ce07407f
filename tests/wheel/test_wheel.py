"""What a user of the installed package relies on; needs pytest, CMake and a compiler besides.

Runs in the checkout, and by itself in the clean environment of a freshly built wheel.
"""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import aiges_native as an

# Answers with the request's first item in reverse, under the key "reversed".
C_ENGINE = r"""
#include <stdlib.h>
#include <string.h>

#include "aiges/wrapper.h"

int wrapperInit(pConfig cfg) { (void)cfg; return 0; }
int wrapperFini(void) { return 0; }
const char* wrapperError(int code) { (void)code; return "no memory"; }
const char* wrapperVersion(void) { return "7.1"; }

int wrapperExec(const char* usrTag, pParamList params, pDataList reqData, pDataList* respData,
                unsigned int psrIds[], int psrCnt) {
  (void)usrTag, (void)params, (void)psrIds, (void)psrCnt;
  pDataList out = calloc(1, sizeof(*out));
  char* bytes = malloc(reqData->len + 1);
  if (out == NULL || bytes == NULL) return free(out), free(bytes), 1;
  for (unsigned int i = 0; i < reqData->len; ++i)
    bytes[i] = ((const char*)reqData->data)[reqData->len - 1 - i];
  out->key = "reversed";
  out->data = bytes;
  out->len = reqData->len;
  out->type = reqData->type;
  out->status = DataOnce;
  *respData = out;
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (void)usrTag;
  free((*respData)->data);
  free(*respData);
  *respData = NULL;
  return 0;
}
"""

PYTHON_ENGINE = '''
from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase


class Wrapper(WrapperBase):
    """The Python twin of the C engine."""

    def wrapperInit(self, config):
        return 0

    def wrapperOnceExec(self, params, reqData: DataListCls, usrTag="", persId=0):
        node = reqData.list[0]
        data = ResponseData()
        data.key = "reversed"
        data.setDataType(node.type)
        data.setData(bytes(node.data)[::-1])
        response = Response()
        response.list = [data]
        return response

    def wrapperFini(self):
        return 0
'''

CMAKE_PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(engine LANGUAGES C)
find_package(aiges_native {version} REQUIRED)
add_library(wrapper MODULE wrapper.c)
target_link_libraries(wrapper PRIVATE aiges_native::headers)
"""


def program(name: str) -> str:
    """A program that was installed beside this interpreter."""
    path = Path(sysconfig.get_path("scripts")) / name
    assert path.exists(), f"{path} is missing"
    return str(path)


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def c_source(tmp_path: Path) -> Path:
    source = tmp_path / "wrapper.c"
    source.write_text(C_ENGINE)
    return source


def assert_reverses(path: Path) -> None:
    with an.load(path) as engine:
        assert engine.exec({"text": "stressed"})["reversed"].text == "desserts"


def test_version_is_that_of_the_distribution() -> None:
    assert an.__version__ == importlib.metadata.version("aiges_native")


def test_package_carries_its_types() -> None:
    package = Path(an.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / "_core.pyi").exists()


def test_engine_compiled_with_the_installed_headers(tmp_path: Path, c_source: Path) -> None:
    library = tmp_path / "libwrapper.so"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    options = ["-std=c11", "-Wall", "-Werror", "-shared", "-fPIC", f"-I{an.get_include()}"]
    run(*compiler, *options, str(c_source), "-o", str(library), cwd=tmp_path)
    assert_reverses(library)
    with an.load(library) as engine:
        assert engine.version == "7.1"
        assert engine.modes == {"once"}


def test_engine_built_with_the_cmake_package(tmp_path: Path, c_source: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(CMAKE_PROJECT.format(version=an.__version__))
    cmake = program("cmake")
    options = [f"-Daiges_native_DIR={an.get_cmake_dir()}", "-G", "Ninja"]
    ninja = f"-DCMAKE_MAKE_PROGRAM={program('ninja')}"
    run(cmake, "-S", ".", "-B", "build", *options, ninja, cwd=tmp_path)
    run(cmake, "--build", "build", cwd=tmp_path)
    assert c_source.exists()
    assert_reverses(tmp_path / "build" / "libwrapper.so")


def test_python_engine(tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(PYTHON_ENGINE)
    assert_reverses(wrapper)


@pytest.mark.parametrize("start", ["script", "module"])
def test_command_line(tmp_path: Path, start: str) -> None:
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(PYTHON_ENGINE)
    command = {
        "script": [program("aiges-native")],
        "module": [sys.executable, "-m", "aiges_native"],
    }[start]
    assert "run" in run(*command, "--help", cwd=tmp_path)
    output = run(*command, "run", str(wrapper), "--data", "text=stressed", cwd=tmp_path)
    assert "desserts" in output
