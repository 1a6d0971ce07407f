"""Finding engines, and files that are none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import aiges_native
from aiges_native import EngineLoadError

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]
Refused = Callable[..., EngineLoadError]

# Offsets and values of the ELF header.
ELF_CLASS, ELF_TYPE, ELF_MACHINE = 4, 16, 18
ELF_CLASS_32, ELF_TYPE_EXECUTABLE = 1, 2
MACHINES = {"x86_64": 62, "aarch64": 183}


def patched(source: Path, target: Path, offset: int, value: bytes) -> Path:
    content = bytearray(source.read_bytes())
    content[offset : offset + len(value)] = value
    target.write_bytes(content)
    return target


# ---- where engines are found ----


def test_an_absolute_path_is_loaded_from_there(load: Load, engine_path: EnginePath) -> None:
    path = engine_path("echo")
    engine = load(str(path))
    assert Path(engine.path) == path
    assert engine.kind == "c"
    assert not engine.closed


def test_a_path_object_is_loaded(load: Load, engine_path: EnginePath) -> None:
    assert load(engine_path("once_only")).exec({"k": b"v"})["k"].bytes == b"v"


@pytest.mark.parametrize("form", ["./engines/{}", "engines/{}", "engines/../engines/{}"])
def test_a_relative_path_with_a_slash_starts_in_the_working_directory(
    form: str, load: Load, engine_path: EnginePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = engine_path("once_only")
    monkeypatch.chdir(path.parent.parent)
    engine = load(Path(form.format(path.name)))
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"


def test_a_bare_name_is_found_in_the_working_directory(
    engine_path: EnginePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = engine_path("once_only")
    monkeypatch.chdir(path.parent)
    with aiges_native.load(path.name) as engine:
        assert Path(engine.path).samefile(path)


def test_a_bare_name_is_found_in_the_library_path(
    engine_path: EnginePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = engine_path("once_only")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}/nothing:{path.parent}")
    with aiges_native.load(path.name) as engine:
        assert Path(engine.path).samefile(path)


def test_the_working_directory_comes_before_the_library_path(
    engine_path: EnginePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, name in ((here, "same_symbols_a"), (there, "same_symbols_b")):
        folder.mkdir()
        shutil.copyfile(engine_path(name), folder / "libwrapper.so")
    monkeypatch.chdir(here)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(there))
    with aiges_native.load("libwrapper.so") as engine:
        assert engine.exec({})["who"].text == "a1"


def test_a_bare_python_name_is_found_in_the_working_directory(
    engine_path: EnginePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = engine_path("python/sibling")
    monkeypatch.chdir(path.parent)
    with aiges_native.load(path.name) as engine:
        assert engine.kind == "python"
        assert engine.exec({})["greeting"].text == "from the sibling, in wrapper.py"


def test_a_bare_name_found_by_the_loader_is_told_what_it_lacks(refused: Refused) -> None:
    # Only the loader's own search knows where the C library's maths are.
    error = refused("libm.so.6")
    for symbol in ("wrapperInit", "wrapperFini", "wrapperError"):
        assert symbol in str(error)


def test_a_bare_name_not_found_tells_every_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{first}:{second}")
    message = str(refused("libno_such_engine.so"))
    for place in (first, second):
        assert str(place / "libno_such_engine.so") in message
    assert "current directory" in message
    # The loader's own text comes with it.
    assert "cannot open shared object file" in message


def test_a_missing_file_is_told_by_its_path(tmp_path: Path, refused: Refused) -> None:
    error = refused(tmp_path / "missing.so")
    assert str(tmp_path / "missing.so") in str(error)
    assert "No such file or directory" in str(error)
    assert error.engine_code is None


def test_a_missing_python_file_is_told_by_its_path(tmp_path: Path, refused: Refused) -> None:
    error = refused(tmp_path / "missing.py")
    assert str(tmp_path / "missing.py") in str(error)


def test_a_name_with_spaces_and_other_letters_is_a_name(
    load: Load, engine_path: EnginePath, tmp_path: Path
) -> None:
    path = tmp_path / "my engine Ärger 引擎.so"
    shutil.copyfile(engine_path("once_only"), path)
    engine = load(path)
    assert Path(engine.path) == path
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"


def test_an_empty_path_is_refused(refused: Refused) -> None:
    refused("")


# ---- files that are no engines ----


def test_a_directory_is_refused(tmp_path: Path, refused: Refused) -> None:
    folder = tmp_path / "folder.so"
    folder.mkdir()
    message = str(refused(folder))
    assert str(folder) in message
    assert "directory" in message.lower()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"this is not a library\n" * 100, "no ELF header"), (b"", "empty")],
    ids=["text", "empty"],
)
def test_a_file_that_is_no_library_is_refused_by_what_it_is(
    content: bytes, said: str, tmp_path: Path, refused: Refused
) -> None:
    path = tmp_path / "not_a_library.so"
    path.write_bytes(content)
    message = str(refused(path))
    assert str(path) in message
    assert said in message


def test_a_library_for_another_machine_is_refused_by_the_machines_name(
    engine_path: EnginePath, tmp_path: Path, refused: Refused
) -> None:
    # The loader itself says "No such file or directory" here, which helps nobody.
    here = os.uname().machine
    other = "aarch64" if here == "x86_64" else "x86_64"
    path = tmp_path / "elsewhere.so"
    patched(engine_path("echo"), path, ELF_MACHINE, MACHINES[other].to_bytes(2, "little"))
    message = str(refused(path))
    assert str(path) in message
    # Names of machines come with a hyphen or an underscore.
    said = message.replace("-", "_").lower()
    assert other in said
    assert here in said


def test_a_library_of_another_word_size_is_refused(
    engine_path: EnginePath, tmp_path: Path, refused: Refused
) -> None:
    path = patched(
        engine_path("echo"), tmp_path / "word.so", ELF_CLASS, ELF_CLASS_32.to_bytes(1, "little")
    )
    message = str(refused(path))
    assert str(path) in message
    assert "ELFCLASS32" in message or "32-bit" in message


def test_an_executable_is_refused(
    engine_path: EnginePath, tmp_path: Path, refused: Refused
) -> None:
    path = patched(
        engine_path("echo"), tmp_path / "program.so", ELF_TYPE,
        ELF_TYPE_EXECUTABLE.to_bytes(2, "little"),
    )  # fmt: skip
    assert "executable" in str(refused(path))


def test_a_library_that_needs_an_unknown_symbol_is_refused_by_its_name(
    engine_path: EnginePath, refused: Refused
) -> None:
    path = engine_path("undefined_symbol")
    message = str(refused(path))
    assert str(path) in message
    assert "wrapper_function_that_nobody_has" in message
