"""Asks both digit engines about every held-out digit, rendered in several ways.

    python evaluate.py [--library ../c_wrapper/build/libwrapper.so]

Prints how many each engine recognises. Fails if the engines give different classes for even one
picture, or if either is right less than 95 times in 100.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dataset import Digits, Grey, load, split
from PIL import Image, ImageOps

import aiges_native

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent
LEAST_ACCURACY = 0.95


@dataclass(frozen=True)
class Rendering:
    """How a digit of 8x8 pixels becomes a file."""

    side: int = 8  # pixels; above 8, scaled up smoothly and with a margin
    inverted: bool = False  # black on white
    format: str = "PNG"

    def __str__(self) -> str:
        colours = "black on white" if self.inverted else "white on black"
        return f"{self.side}x{self.side} {self.format}, {colours}"

    def file(self, picture: Grey) -> bytes:
        image = Image.fromarray(picture)
        if self.side > 8:
            with_margin = Image.fromarray(np.pad(picture, 1))
            image = with_margin.resize((self.side, self.side), Image.Resampling.BICUBIC)
        if self.inverted:
            image = ImageOps.invert(image)
        file = io.BytesIO()
        image.save(file, self.format)
        return file.getvalue()


RENDERINGS = (
    Rendering(),
    Rendering(inverted=True),
    Rendering(side=28),
    Rendering(side=28, inverted=True, format="JPEG"),
    Rendering(side=100, inverted=True),
    Rendering(side=100, format="JPEG"),
    Rendering(side=300),
    Rendering(side=300, inverted=True, format="JPEG"),
)


@dataclass
class Outcome:
    """What two engines made of the same pictures."""

    pictures: int = 0
    c_right: int = 0
    python_right: int = 0
    different: int = 0

    @property
    def accuracies(self) -> tuple[float, float]:
        return self.c_right / self.pictures, self.python_right / self.pictures


def recognise(engine: aiges_native.Engine, file: bytes) -> int:
    """The class that an engine gives a picture."""
    result = engine.exec({"img": aiges_native.Image(file)})
    digit: int = json.loads(result["result"].text)["result"]
    return digit


def compare(
    c_engine: aiges_native.Engine,
    python_engine: aiges_native.Engine,
    digits: Digits,
    rendering: Rendering,
) -> Outcome:
    outcome = Outcome()
    for picture, label in zip(digits.pictures, digits.labels, strict=True):
        file = rendering.file(picture)
        by_c, by_python = recognise(c_engine, file), recognise(python_engine, file)
        outcome.pictures += 1
        outcome.c_right += by_c == label
        outcome.python_right += by_python == label
        outcome.different += by_c != by_python
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description="Evaluates both digit engines.")
    parser.add_argument(
        "--library", type=Path, default=EXAMPLES / "c_wrapper" / "build" / "libwrapper.so"
    )
    arguments = parser.parse_args()
    _, held_out = split(load())
    passed = True
    print(f"{len(held_out)} held-out digits            C engine  Python engine  different")
    with (
        aiges_native.load(arguments.library) as c_engine,
        aiges_native.load(EXAMPLES / "py_wrapper" / "wrapper.py") as python_engine,
    ):
        for rendering in RENDERINGS:
            outcome = compare(c_engine, python_engine, held_out, rendering)
            by_c, by_python = outcome.accuracies
            print(
                f"{rendering!s:32}  {by_c:8.2%}  {by_python:13.2%}  {outcome.different:9}",
                flush=True,
            )
            passed &= outcome.different == 0 and min(by_c, by_python) >= LEAST_ACCURACY
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
