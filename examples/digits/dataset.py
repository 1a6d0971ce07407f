"""scikit-learn's bundled digits as pictures: the split, and training variants of a picture.

Nothing here depends on the machine or on a library's version: random numbers are the raw output of
a fixed bit generator, and all arithmetic is in integers or in single IEEE operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]

SPLIT_SEED = 20240917
HELD_OUT_SHARE = 4  # one sample in so many of each class
CANVAS = 36  # pixels a side of a training variant


class Draws:
    """Random numbers that stay the same in every release of NumPy."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, *shape: int) -> Floats:
        """Numbers from 0 up to, not including, 1."""
        count = int(np.prod(shape))
        raw: NDArray[np.uint64] = self._bits.random_raw(count)
        return ((raw >> np.uint64(11)).astype(np.float64) / 2.0**53).reshape(shape)

    def order(self, count: int) -> NDArray[np.int64]:
        """The numbers below count in random order."""
        return np.argsort(self.uniform(count), kind="stable").astype(np.int64)


@dataclass(frozen=True)
class Digits:
    """Pictures of 8x8 pixels, white on black, and what each one shows."""

    pictures: Grey
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def load() -> Digits:
    bundled = load_digits()
    # 0..16 to 0..255, halves up.
    pictures = np.floor(bundled.images * 255 / 16 + 0.5).astype(np.uint8)
    return Digits(pictures, bundled.target.astype(np.int64))


def split(digits: Digits) -> tuple[Digits, Digits]:
    """Training part and held-out part; of every class one sample in four is held out."""
    draws = Draws(SPLIT_SEED)
    held_out = np.zeros(len(digits), bool)
    for label in range(10):
        members = np.flatnonzero(digits.labels == label)
        shuffled = members[draws.order(len(members))]
        held_out[shuffled[: len(members) // HELD_OUT_SHARE]] = True
    return (
        Digits(digits.pictures[~held_out], digits.labels[~held_out]),
        Digits(digits.pictures[held_out], digits.labels[held_out]),
    )


def variant(picture: Grey, random: Floats) -> Grey:
    """The same digit written a little differently, on a larger canvas; random: 7 numbers.

    Stretched, slanted, and more often than not redrawn with sharp edges and a thicker or thinner
    stroke, which is what separates a large picture from these small blurred ones.
    """
    lean = 2 * random[:4] - 1
    step = 12 / CANVAS  # pixels of the original for one of the canvas
    at = (np.arange(CANVAS) + 0.5 - CANVAS / 2) * step
    rows, columns = at[:, np.newaxis], at[np.newaxis, :]
    y = (1 + 0.12 * lean[0]) * rows + 0.10 * lean[3] * columns + 3.5
    x = 0.22 * lean[2] * rows + (1 + 0.12 * lean[1]) * columns + 3.5
    values = _sample(picture, y, x)
    if random[4] < 0.6:
        level = (0.25 + 0.5 * random[5]) * 255
        gain = 2 + 8 * random[6]
        values = (values - level) * gain + 128
    return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)


def _sample(picture: Grey, y: Floats, x: Floats) -> Floats:
    """Bilinear samples of a picture that is black outside."""
    height, width = picture.shape
    padded = np.zeros((height + 3, width + 3))
    padded[1 : height + 1, 1 : width + 1] = picture
    y, x = np.clip(y + 1, 0, height + 1), np.clip(x + 1, 0, width + 1)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    down, right = y - top, x - left
    upper = padded[top, left] * (1 - right) + padded[top, left + 1] * right
    lower = padded[top + 1, left] * (1 - right) + padded[top + 1, left + 1] * right
    values: Floats = upper * (1 - down) + lower * down
    return values
