"""The digit engines in examples/: what they recognise and refuse, and what their READMEs say."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image, ImageOps

import aiges_native
from aiges_native import Status

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
DIGITS = EXAMPLES / "digits"
SEVEN = (DIGITS / "seven.png").read_bytes()
ANSWER = '{"result": 7, "msg": "识别结果为数字: 7"}'

# Error numbers, the same in both engines.
MODEL_NOT_FOUND, MODEL_BAD, BAD_CONFIG = 101, 102, 103
NO_INPUT, BAD_PARAM, UNKNOWN_FORMAT, BAD_PICTURE, TOO_LARGE, BLANK = range(201, 207)
SESSION_ENDED = 301

Load = Callable[..., aiges_native.Engine]


def cmake(*arguments: str | Path) -> None:
    command = ["cmake", *map(str, arguments)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}")


@pytest.fixture(scope="session")
def c_library() -> Path:
    """The C engine, built if it is missing or older than its sources."""
    build = EXAMPLES / "c_wrapper" / "build"
    if not (build / "CMakeCache.txt").is_file():
        cmake("-S", EXAMPLES / "c_wrapper", "-B", build)
    cmake("--build", build)
    return build / "libwrapper.so"


@pytest.fixture(scope="session")
def engine_file(c_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of an engine and its files in a folder of its own, so that nothing else is near."""

    def copy(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        if kind == "c":
            shutil.copy(c_library.with_name("digits.bin"), folder)
            return Path(shutil.copy(c_library, folder))
        for name in ("wrapper.py", "digit_recogniser.py", "digits.bin"):
            shutil.copy(EXAMPLES / "py_wrapper" / name, folder)
        return folder / "wrapper.py"

    return copy


@pytest.fixture(scope="module")
def both(
    engine_file: Callable[[str], Path],
) -> Iterator[dict[str, aiges_native.Engine]]:
    with (
        aiges_native.load(engine_file("c")) as c_engine,
        aiges_native.load(engine_file("python")) as python_engine,
    ):
        yield {"c": c_engine, "python": python_engine}


@pytest.fixture(params=["c", "python"])
def engine(
    both: dict[str, aiges_native.Engine], request: pytest.FixtureRequest
) -> aiges_native.Engine:
    return both[request.param]


@pytest.fixture(params=["c", "python"])
def file_of_engine(engine_file: Callable[[str], Path], request: pytest.FixtureRequest) -> Path:
    return engine_file(request.param)


def ask(engine: aiges_native.Engine, file: bytes, **params: Any) -> Any:
    return json.loads(engine.exec({"img": aiges_native.Image(file)}, params)["result"].text)


def refusal(engine: aiges_native.Engine, data: Any, **params: Any) -> int | None:
    with pytest.raises(aiges_native.EngineError) as caught:
        engine.exec(data, params)
    assert caught.value.code == 10909
    assert str(caught.value).endswith(f";code={caught.value.engine_code}")
    return caught.value.engine_code


def as_file(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def seven(mode: str = "L") -> Image.Image:
    return Image.open(io.BytesIO(SEVEN)).convert(mode)


def on_transparent(level: int) -> Image.Image:
    """The seven in that grey on nothing."""
    grey = Image.new("L", seven().size, level)
    return Image.merge("LA", (grey, seven()))


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims that size and ends there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def interlaced(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """An 8-bit grey PNG in Adam7 order, which Pillow reads but does not write."""
    passes = (
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
        (1, 0, 2, 1),
    )  # fmt: skip
    rows = b"".join(
        b"\0" + row.tobytes()
        for top, left, down, right in passes
        for row in pixels[top::down, left::right]
    )
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


# ---- what they recognise -------------------------------------------------------------------------


def test_seven(engine: aiges_native.Engine) -> None:
    result = engine.exec({"img": aiges_native.Image(SEVEN)})
    (item,) = result.all
    assert item.key == "result"
    assert item.text == ANSWER
    assert item.type == aiges_native.DataType.TEXT
    assert item.status == Status.ONCE
    assert item.desc == {"encoding": "utf8", "format": "json"}


def test_the_label_does_not_matter(engine: aiges_native.Engine) -> None:
    for data in (
        aiges_native.Image(SEVEN, encoding="jpg"),
        aiges_native.Image(as_file(seven(), "JPEG"), encoding="png"),
        aiges_native.Text(SEVEN),
        SEVEN,
    ):
        assert engine.exec({"other": b"", "img": data})["result"].text == ANSWER


def test_top_lists_classes(engine: aiges_native.Engine) -> None:
    answer = ask(engine, SEVEN, top=3)
    assert answer["result"] == 7
    assert len(answer["top"]) == 3
    assert answer["top"][0][0] == 7
    shares = [share for _, share in ask(engine, SEVEN, top=10)["top"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=0.001)
    assert "top" not in ask(engine, SEVEN, top=0)


PICTURES = {
    **{f"jpeg of quality {q}": as_file(seven(), "JPEG", quality=q) for q in (30, 60, 95)},
    "jpeg in colour": as_file(seven("RGB"), "JPEG"),
    "jpeg in four colours": as_file(seven("CMYK"), "JPEG"),
    "jpeg, progressive": as_file(seven("RGB"), "JPEG", progressive=True),
    "jpeg, black on white": as_file(ImageOps.invert(seven()), "JPEG"),
    "png, black on white": as_file(ImageOps.invert(seven())),
    "png, interlaced": interlaced(np.asarray(seven())),
    "png of 1 bit": as_file(seven("1")),
    "png with a palette": as_file(seven("P")),
    "png with a palette of 4": as_file(seven("P").quantize(4), bits=2),
    "png with a transparent colour": as_file(seven(), transparency=0),
    "png with grey and alpha": as_file(seven("LA")),
    "png of 16 bit": as_file(Image.fromarray(np.asarray(seven()).astype(np.uint16) * 257)),
    "png, black on nothing": as_file(on_transparent(0)),
    "png, white on nothing": as_file(on_transparent(255)),
    "png, tiny": as_file(seven().resize((20, 20), Image.Resampling.BOX)),
    "png, wide": as_file(ImageOps.pad(seven().crop((3, 3, 220, 220)), (600, 300))),
    "png, large": as_file(seven().resize((2000, 2000), Image.Resampling.BICUBIC)),
    "png, in a corner": as_file(ImageOps.expand(seven().crop((3, 3, 220, 220)), (150, 0, 0, 90))),
}


@pytest.mark.parametrize("name", PICTURES)
def test_both_see_a_seven_in(both: dict[str, aiges_native.Engine], name: str) -> None:
    by_c = ask(both["c"], PICTURES[name], top=10)
    assert by_c["result"] == 7
    assert ask(both["python"], PICTURES[name], top=10) == by_c


def test_threads_share_an_engine(engine: aiges_native.Engine) -> None:
    files = [SEVEN, PICTURES["jpeg, progressive"], PICTURES["png, interlaced"]] * 16
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(ask, [engine] * len(files), files)
        assert {answer["result"] for answer in answers} == {7}


# ---- other ways of asking ------------------------------------------------------------------------


def test_later(engine: aiges_native.Engine) -> None:
    assert {"once", "once_async", "stream_async"} <= engine.modes
    futures = [engine.exec_async({"img": SEVEN}, {"top": 1}, timeout=60) for _ in range(20)]
    assert {json.loads(future.result()["result"].text)["result"] for future in futures} == {7}
    with pytest.raises(aiges_native.EngineError) as caught:
        engine.exec_async({"img": SEVEN[:1000]}, timeout=60).result()
    assert caught.value.engine_code == BAD_PICTURE

    async def in_a_coroutine() -> str:
        return (await engine.aexec({"img": SEVEN}))["result"].text

    assert asyncio.run(in_a_coroutine()) == ANSWER


@pytest.mark.parametrize(
    ("kind", "mode"), [("c", "stream"), ("c", "stream_async"), ("python", "stream_async")]
)
def test_a_picture_in_pieces(
    both: dict[str, aiges_native.Engine], kind: str, mode: Literal["stream", "stream_async"]
) -> None:
    pieces = [SEVEN[start : start + 500] for start in range(0, len(SEVEN), 500)]
    with both[kind].session({"top": 1}, timeout=60, mode=mode) as session:
        for piece in pieces[:-1]:
            session.write({"img": piece})
        assert session.read(timeout=0) is None
        session.write({"img": pieces[-1]}, Status.END)
        (result,) = session
        assert json.loads(result["result"].text)["top"][0][0] == 7
    if kind == "c":
        with both[kind].session(timeout=60, mode=mode) as session:
            session.write({"img": SEVEN})
            session.write({"img": b""})
            info = session.debug_info()
            assert info == f"pieces=2 bytes={len(SEVEN)} complete=no"


@pytest.mark.parametrize("kind", ["c", "python"])
def test_a_damaged_picture_in_pieces(both: dict[str, aiges_native.Engine], kind: str) -> None:
    with both[kind].session(timeout=60) as session:
        session.write({"img": SEVEN[:100]})
        with pytest.raises(aiges_native.EngineError) as caught:
            session.write({"img": SEVEN[100:1000]}, Status.END)
        assert caught.value.engine_code == BAD_PICTURE
    with pytest.raises(aiges_native.EngineError) as caught:
        both[kind].session({"top": "many"})
    assert caught.value.engine_code == BAD_PARAM


def test_it_is_metered(file_of_engine: Path, load: Load) -> None:
    engine = load(file_of_engine)
    metered, traced = [], []
    engine.on_meter(lambda _tag, key, count: metered.append((key, count)))
    engine.on_trace(lambda _tag, key, value: traced.append((key, value)))
    ask(engine, SEVEN)
    refusal(engine, {"img": b"no picture"})
    assert metered == [("images", 1)]
    assert traced == [("picture", "png 225x224")]


def test_they_describe_themselves_alike(both: dict[str, aiges_native.Engine]) -> None:
    schemas = [json.loads(engine.schema or "") for engine in both.values()]
    assert schemas[0] == schemas[1]
    assert schemas[0]["inputs"][0]["key"] == "img"
    assert {engine.version for engine in both.values()} == {"1.0.0"}


# ---- what they refuse ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "params", "code"),
    [
        ({}, {}, NO_INPUT),
        ({"image": SEVEN}, {}, NO_INPUT),
        ({"img": b""}, {}, NO_INPUT),
        ({"img": b"GIF89a"}, {}, UNKNOWN_FORMAT),
        ({"img": b"\x89PNG"}, {}, UNKNOWN_FORMAT),
        ({"img": SEVEN[:8]}, {}, BAD_PICTURE),
        ({"img": SEVEN[: len(SEVEN) // 2]}, {}, BAD_PICTURE),
        ({"img": SEVEN[:60] + bytes(100) + SEVEN[160:]}, {}, BAD_PICTURE),
        ({"img": as_file(seven(), "JPEG")[:1500]}, {}, BAD_PICTURE),
        ({"img": b"\xff\xd8\xff\xe0" + bytes(100)}, {}, BAD_PICTURE),
        ({"img": png_of_size(0, 10)}, {}, BAD_PICTURE),
        ({"img": png_of_size(60000, 60000)}, {}, TOO_LARGE),
        ({"img": png_of_size(16385, 1)}, {}, TOO_LARGE),
        ({"img": png_of_size(5000, 5000)}, {}, TOO_LARGE),
        ({"img": as_file(Image.new("L", (100, 100), 200))}, {}, BLANK),
        ({"img": as_file(Image.new("L", (1, 1)))}, {}, BLANK),
        ({"img": SEVEN}, {"top": 11}, BAD_PARAM),
        ({"img": SEVEN}, {"top": "-1"}, BAD_PARAM),
        ({"img": SEVEN}, {"top": " 1"}, BAD_PARAM),
        ({"img": SEVEN}, {"top": ""}, BAD_PARAM),
        ({"img": SEVEN}, {"top": "٣"}, BAD_PARAM),
    ],
)
def test_both_refuse(
    both: dict[str, aiges_native.Engine], data: Any, params: dict[str, Any], code: int
) -> None:
    assert {kind: refusal(engine, data, **params) for kind, engine in both.items()} == {
        "c": code,
        "python": code,
    }


def test_the_limit_on_pixels_can_be_set(file_of_engine: Path, load: Load) -> None:
    with load(file_of_engine, config={"max_pixels": 225 * 224}) as engine:
        assert ask(engine, SEVEN)["result"] == 7
        assert refusal(engine, {"img": as_file(seven().resize((226, 224)))}) == TOO_LARGE


@pytest.mark.parametrize("limit", ["0", "-1", "many", "268435457"])
def test_a_bad_limit_is_refused(file_of_engine: Path, load: Load, limit: str) -> None:
    with pytest.raises(aiges_native.EngineInitError) as caught:
        load(file_of_engine, config={"max_pixels": limit})
    assert caught.value.engine_code == BAD_CONFIG


def test_a_missing_model_is_named(file_of_engine: Path, tmp_path: Path) -> None:
    for remove, config in ((False, [f"model={tmp_path / 'none.bin'}"]), (True, [])):
        if remove:
            file_of_engine.with_name("digits.bin").unlink()
        command = ["run", str(file_of_engine), "--data", f"img=@{DIGITS / 'seven.png'}"]
        options = [part for pair in config for part in ("--config", pair)]
        done = subprocess.run(
            [sys.executable, "-m", "aiges_native", *command, *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "No such file" in done.stderr  # the engine's log
        assert "the weights file cannot be opened" in done.stderr
        assert f"code={MODEL_NOT_FOUND}" in done.stderr


def test_a_damaged_model_is_refused(file_of_engine: Path, load: Load, tmp_path: Path) -> None:
    good = (DIGITS / "digits.bin").read_bytes()
    flipped = bytearray(good)
    flipped[5000] ^= 1
    of_version_2 = good[:8] + b"\2" + good[9:]
    wider = good[:16] + struct.pack("<I", 193) + good[20:]
    path = tmp_path / "damaged.bin"
    for content in (b"", good[:-1], good + b"\0", bytes(flipped), of_version_2, wider):
        path.write_bytes(content)
        with pytest.raises(aiges_native.EngineInitError) as caught:
            load(file_of_engine, config={"model": path.as_posix()})
        assert caught.value.engine_code == MODEL_BAD
    path.write_bytes(good)
    with load(file_of_engine, config={"model": path.as_posix()}) as engine:
        assert ask(engine, SEVEN)["result"] == 7


# ---- accuracy and the weights --------------------------------------------------------------------


def run_script(name: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, DIGITS / name, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.timeout(300)
def test_held_out_digits(c_library: Path) -> None:
    """At least 95 % by both engines, and the same class for every digit however it is rendered."""
    said = run_script("evaluate.py", "--library", c_library)
    rows = re.findall(r"^(\d+x\d+ \w+, .*?) +([\d.]+)% +([\d.]+)% +(\d+)$", said, re.MULTILINE)
    assert len(rows) == 8, said
    assert said.startswith("445 held-out digits")
    for rendering, by_c, by_python, different in rows:
        assert int(different) == 0, rendering
        assert min(float(by_c), float(by_python)) >= 95, rendering
    # What the READMEs state is what comes out.
    table = (DIGITS / "README.md").read_text(encoding="utf-8")
    for rendering, by_c, by_python, different in rows:
        assert f"| {rendering} | {by_c} % | {by_python} % | {different} |" in table
    for example in ("c_wrapper", "py_wrapper"):
        text = (EXAMPLES / example / "README.md").read_text(encoding="utf-8")
        assert f"Right for {rows[0][1]} % of 445 held-out" in text


@pytest.mark.timeout(300)
def test_training_gives_the_weights() -> None:
    assert "is what this training gives" in run_script("train.py", "--check")


# ---- the READMEs ---------------------------------------------------------------------------------


def blocks_of(readme: Path) -> tuple[list[str], list[str]]:
    """The commands and the expected outputs in a README, in order."""
    text = readme.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return (
        [block for language, block in blocks if language == "sh"],
        [block for language, block in blocks if language == ""],
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with the environment that the READMEs have the reader make."""
    (tmp_path / "aiges").symlink_to(sys.prefix)
    return tmp_path


def run_commands(commands: str, home: Path, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=folder,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def after_set_up(block: str) -> str:
    """A block without its first two commands, which install what this test runs with."""
    lines = block.splitlines(keepends=True)
    assert lines[0].startswith("sudo apt-get install")
    assert lines[1] == "python3 -m venv ~/aiges && ~/aiges/bin/pip install .\n"
    return "".join(lines[2:])


@pytest.mark.parametrize("example", ["c_wrapper", "py_wrapper"])
def test_the_engine_of_your_own(example: str, home: Path) -> None:
    commands, outputs = blocks_of(EXAMPLES / example / "README.md")
    assert run_commands(after_set_up(commands[1]), home, home).strip() == outputs[1].strip()


def count_commands(block: str) -> int:
    without_files = re.sub(r"<<'EOF'\n.*?^EOF\n", "\n", block, flags=re.MULTILINE | re.DOTALL)
    return len(without_files.splitlines())


@pytest.mark.parametrize("example", ["c_wrapper", "py_wrapper"])
def test_it_takes_five_commands(example: str) -> None:
    commands, _ = blocks_of(EXAMPLES / example / "README.md")
    assert count_commands(commands[0]) <= 5
    assert count_commands(commands[1]) == 5


@pytest.mark.parametrize("example", ["c_wrapper", "py_wrapper"])
def test_the_commands_that_run_it(example: str, home: Path, c_library: Path) -> None:
    commands, outputs = blocks_of(EXAMPLES / example / "README.md")
    (run,) = [line for line in commands[0].splitlines() if "/aiges-native run " in line]
    assert c_library.is_file()
    assert run_commands(run, home, ROOT).strip() == outputs[0].strip()


def test_a_copy_builds_anywhere(tmp_path: Path, load: Load) -> None:
    copy = tmp_path / "my_digits"
    shutil.copytree(EXAMPLES / "c_wrapper", copy, ignore=shutil.ignore_patterns("build"))
    headers = f"-DAIGES_INCLUDE_DIR={aiges_native.get_include()}"
    cmake("-S", copy, "-B", copy / "build", headers, "-DDIGITS_WERROR=ON")
    cmake("--build", copy / "build")
    engine = load(copy / "build" / "libwrapper.so")
    assert ask(engine, (copy / "seven.png").read_bytes())["result"] == 7
