"""The command ``aiges-native``: what it shows, where, and with which exit status."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import aiges_native
from aiges_native.cli import main

EnginePath = Callable[[str], Path]
Run = Callable[..., Result]


@pytest.fixture
def run(probe: Callable[..., Any]) -> Run:
    """``run(engine, …)`` is ``aiges-native run`` in this process."""

    def invoke(*arguments: object, **options: Any) -> Result:
        return CliRunner().invoke(main, ["run", *map(str, arguments)], **options)

    return invoke


def command(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command as the shell runs it."""
    return subprocess.run(
        [sys.executable, "-m", "aiges_native", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@pytest.fixture(params=["echo", "python/echo"], ids=["c", "python"])
def echo(request: pytest.FixtureRequest, engine_path: EnginePath) -> Path:
    return engine_path(request.param)


# ---- what comes out ----


def test_text_goes_to_standard_output(echo: Path, run: Run) -> None:
    done = run(echo, "--data", "text=Grüße", "-d", "more=two words")
    assert done.exit_code == 0
    assert done.stdout == "Grüße\ntwo words\n"
    for note in ("text  text, 7 bytes, once", "more  ", "answered in"):
        assert note in done.stderr


def test_binary_is_told_by_its_size(echo: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(b"\x89PNG\0" + bytes(2043))
    done = run(echo, "--data", f"img=@{tmp_path}/page.png")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "img  image, 2.0 KiB, once" in done.stderr
    assert "89 50 4e 47" in done.stderr


def test_sizes_are_legible(echo: Path, run: Run, tmp_path: Path) -> None:
    for size, text in (
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (3 << 20, "3.0 MiB"),
    ):
        (tmp_path / "data").write_bytes(b"\0" * size)
        assert text in run(echo, "-d", f"k=@{tmp_path}/data").stderr


def test_params_and_config_reach_the_engine(echo: Path, run: Run) -> None:
    done = run(echo, "-d", "k=v", "--param", "want=config", "--config", "model=a=b", "-c", "n=5")
    assert done.stdout == "v\nmodel=a=b/3\nn=5/1\n"
    done = run(echo, "-p", "want=params", "-p", "top=3", "-p", "empty=")
    assert {"top=3/1", "empty=/0"} <= set(done.stdout.splitlines())


KINDS = {
    "photo.JPG": "image", "sound.wav": "audio", "film.mp4": "video", "page.json": "text",
    "model.bin": "personal", "no ending": "personal",
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_follows_from_the_ending_unless_given(
    name: str, echo: Path, run: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"\0\1")
    assert f"k  {KINDS[name]}, 2 bytes" in run(echo, "-d", f"k=@{tmp_path / name}").stderr
    assert "k  audio, 2 bytes" in run(echo, "-d", f"k=audio:@{tmp_path / name}").stderr
    assert "k  image, 4 bytes" in run(echo, "-d", "k=image:text").stderr
    assert run(echo, "-d", "k=other:text").stdout == "other:text\n"


def test_standard_input_is_a_file(echo: Path, run: Run) -> None:
    done = run(echo, "-d", "k=text:@-", input=b"from a pipe")
    assert done.stdout == "from a pipe\n"
    assert "k  personal, 3 bytes" in run(echo, "-d", "k=@-", input=b"\0\1\2").stderr


def test_long_text_is_cut_on_the_screen_only(echo: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("x" * 12_000)
    done = run(echo, "-d", f"k=@{tmp_path}/long.txt", "--save", tmp_path / "out")
    assert len(done.stdout) == 10_001
    assert "2000 characters more" in done.stderr
    assert (tmp_path / "out" / "k.txt").read_text() == "x" * 12_000


def test_results_are_saved(echo: Path, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    done = run(
        echo, "--save", folder,
        "-d", "text=Grüße", "-d", "page.bin=personal:\1\2", "-d", "../../evil=x", "-d", ".hidden=y",
    )  # fmt: skip
    assert done.exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "text.txt": "Grüße".encode(),
        "page.bin": b"\1\2",
        "_.._evil": b"x",
        "hidden.txt": b"y",
    }
    assert sorted(tmp_path.rglob("*evil*")) == [folder / "_.._evil"]


def test_results_of_one_key_are_saved_apart(
    run: Run, engine_path: EnginePath, tmp_path: Path
) -> None:
    done = run(engine_path("duplicate_keys"), "-d", "k=v", "--save", tmp_path / "out")
    assert done.exit_code == 0
    count = len(re.findall("^saved ", done.stderr, flags=re.MULTILINE))
    assert count == len(list((tmp_path / "out").iterdir())) > 1


@pytest.mark.parametrize("name", ["async_only", "stream_async_only"])
def test_an_engine_is_called_in_whatever_way_it_has(
    name: str, run: Run, engine_path: EnginePath
) -> None:
    done = run(engine_path(name), "-d", "k=answered", "--timeout", "30")
    assert done.exit_code == 0, done.stderr
    assert "answered" in done.output


def test_verbose_tells_of_the_engine(echo: Path, run: Run) -> None:
    said = run(echo, "-d", "k=v", "-v").stderr
    assert "echo 1.2.3" in said
    assert "once, once_async, stream, stream_async" in said


def test_what_an_engine_prints_is_shown(engine_path: EnginePath) -> None:
    for name, own in (("writes_stdout", "writes_stdout"), ("python/prints", "prints")):
        done = command("run", engine_path(name), "-d", "k=the answer")
        assert done.returncode == 0
        for where in ("init", "exec", "fini"):
            assert f"{own}: out in {where}\n" in done.stdout
            assert f"{own}: err in {where}\n" in done.stderr


# ---- what goes wrong ----


def test_a_failure_tells_the_whole_story(echo: Path, run: Run) -> None:
    done = run(echo, "-d", "k=v", "-p", "fail=21", "-p", "sid=s1")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "EngineError" in done.stderr
    assert "echo: asked to fail;code=21" in done.stderr
    for fact in ("framework code 10909", "engine code 21", f"engine {echo.name}", "session s1"):
        assert fact in done.stderr
    assert "Traceback" not in done.stderr


def test_an_exception_of_a_wrapper_is_shown_with_its_traceback(
    run: Run, engine_path: EnginePath
) -> None:
    done = run(engine_path("python/raises"), "-d", "k=v", "-p", "raise=exec")
    assert done.exit_code == 1
    for text in ("OddError: raised in exec", "Traceback", "raises.py", "in maybe"):
        assert text in done.stderr


def test_a_failing_start_is_told(run: Run, engine_path: EnginePath) -> None:
    done = run(engine_path("fails_init"), "-c", "text=no model here")
    assert done.exit_code == 1
    assert "EngineInitError" in done.stderr
    assert "no model here;code=42" in done.stderr


def test_a_failing_end_is_told_after_the_answer(run: Run, engine_path: EnginePath) -> None:
    done = run(engine_path("fails_fini"), "-d", "k=answer")
    assert done.exit_code == 1
    assert done.stdout == "answer\n"
    assert "could not clean up;code=17" in done.stderr


def test_a_timeout_is_told(run: Run, engine_path: EnginePath) -> None:
    done = run(engine_path("latch"), "-d", "k=v", "--timeout", "0.05")
    assert done.exit_code == 1
    assert "DeadlineError" in done.stderr


@pytest.mark.parametrize("name", ["nowhere.so", "./nowhere.so", "nowhere.py", "nowhere", ""])
def test_an_engine_that_is_not_there_is_told(name: str, run: Run) -> None:
    done = run(name, "-d", "k=v")
    assert done.exit_code == 1
    assert "EngineLoadError" in done.stderr
    assert name in done.stderr


def test_a_file_that_is_no_engine_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("not a library")
    done = run(tmp_path / "text.so")
    assert done.exit_code == 1
    assert "text.so" in done.stderr


WRONG: dict[str, tuple[list[str], str]] = {
    "no equals sign": (["-d", "img"], "'img' has no '='"),
    "no key": (["-p", "=v"], "'=v' has no '='"),
    "missing file": (["-d", "img=@no such file"], "img: cannot read 'no such file': No such file"),
    "a folder": (["-d", "img=@."], "img: cannot read '.': Is a directory"),
    "negative timeout": (["--timeout", "-1"], "--timeout"),
    "no number": (["--timeout", "soon"], "'soon' is not a valid float"),
    "unknown option": (["--params", "a=b"], "--param"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_command_line_is_told_and_nothing_is_loaded(
    what: str, run: Run, echo: Path, tmp_path: Path
) -> None:
    arguments, text = WRONG[what]
    done = run(echo, "-c", f"calls={tmp_path}/calls", *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "calls").exists()


def test_a_folder_that_cannot_be_made_is_told(echo: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(echo, "-d", "k=v", "--save", tmp_path / "file" / "folder")
    assert done.exit_code in (1, 2)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert str(tmp_path / "file") in done.stderr


def test_a_terminal_that_lacks_letters_is_no_failure(engine_path: EnginePath) -> None:
    done = command(
        "run", engine_path("echo"), "-d", "k=Grüße", env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0, done.stderr
    assert "Gr" in done.stdout


# ---- the command itself ----


def test_help_shows_how_to_begin() -> None:
    for arguments in (["--help"], ["-h"]):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0
        assert "aiges-native run libwrapper.so --data img=@seven.png" in done.stdout
    done = CliRunner().invoke(main, ["run", "--help"])
    assert done.exit_code == 0
    for text in (
        "--data", "--param", "--config", "--timeout", "--save", "Examples:", "Exit status: 0",
        "KEY=[KIND:]TEXT|@FILE",
    ):  # fmt: skip
        assert text in done.stdout, text


def test_the_version_is_the_packages() -> None:
    done = command("--version")
    assert done.stdout == f"aiges-native, version {aiges_native.__version__}\n"
    assert importlib.metadata.version("aiges_native") == aiges_native.__version__


def test_the_command_and_the_module_are_the_same(engine_path: EnginePath) -> None:
    (entry,) = [
        entry
        for entry in importlib.metadata.entry_points(group="console_scripts")
        if entry.name == "aiges-native"
    ]
    assert entry.load() is main
    done = command("run", engine_path("echo"), "-d", "k=v")
    assert (done.returncode, done.stdout) == (0, "v\n")
    assert command("run", engine_path("echo"), "-p", "fail=21").returncode == 1
    assert command("unknown").returncode == 2
