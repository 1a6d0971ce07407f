"""Trains the network of both digit engines and writes its weights.

    python train.py                writes digits.bin beside this file
    python train.py --check        trains again; fails unless digits.bin is what comes out

The result is the same, bit for bit, on every machine: whatever goes into a matrix product is first
rounded to a grid so coarse that the products and their sums are exact in float64 (whole numbers
under 2**53 times a power of two), so their order, which every BLAS chooses for itself, does not
matter; and everything else is one IEEE operation at a time, which has one right result.
"""

from __future__ import annotations

import argparse
import os
import struct
import sys
import zlib
from pathlib import Path

# The matrices are small: threads would only wait for each other. To be said before NumPy loads.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from dataset import Digits, Draws, Floats, load, split, variant

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "py_wrapper"))
from digit_recogniser import Network, features  # noqa: E402  (the engine's own, beside this folder)

SIDE = 12
HIDDEN = 192
CLASSES = 10
VARIANTS = 24  # besides the digit itself
EPOCHS = 24
BATCH = 128
RATE = 0.004  # at the start; falls to 0 in a straight line
DECAY = 0.0005
DROPPED = 0.1  # share of the inputs blanked in each training step
SEED = 7

# Grids, in bits after the binary point. Inputs are whole numbers 0..255.
WEIGHT_BITS = 14
ACTIVE_BITS = 10
ERROR_BITS = 20


def on_grid(values: Floats, bits: int) -> Floats:
    """Rounded to a multiple of 2**-bits."""
    return np.rint(values * 2.0**bits) / 2.0**bits


def exponential(values: Floats) -> Floats:
    """About e**x for x from -60 to 0, from products alone: NumPy's own differs by machine."""
    result: Floats = 1 + np.maximum(values, -60.0) / 1024
    for _ in range(10):
        result = result * result
    return result


def softmax(scores: Floats) -> Floats:
    powers = exponential(scores - scores.max(axis=1, keepdims=True))
    total = powers[:, 0]
    for column in range(1, powers.shape[1]):
        total = total + powers[:, column]
    shares: Floats = powers / total[:, np.newaxis]
    return shares


class Adam:
    """Adam with decoupled weight decay for one array."""

    def __init__(self, values: Floats, decay: float) -> None:
        self.values = values
        self._decay = decay
        self._mean = np.zeros_like(values)
        self._square = np.zeros_like(values)
        self._mean_share = 1.0
        self._square_share = 1.0

    def step(self, gradient: Floats, rate: float) -> None:
        self._mean = 0.9 * self._mean + 0.1 * gradient
        self._square = 0.999 * self._square + 0.001 * (gradient * gradient)
        self._mean_share *= 0.9
        self._square_share *= 0.999
        mean = self._mean / (1 - self._mean_share)
        square = self._square / (1 - self._square_share)
        self.values = self.values - rate * (
            mean / (np.sqrt(square) + 1e-8) + self._decay * self.values
        )


class Trainer:
    """A network with one hidden layer of rectified units, in floating point."""

    def __init__(self, draws: Draws) -> None:
        inputs = SIDE * SIDE

        def spread(rows: int, columns: int) -> Floats:
            widest = float(np.sqrt(6 / (rows + columns)))
            return (2 * draws.uniform(rows, columns) - 1) * widest

        self.weights1 = Adam(spread(inputs, HIDDEN), DECAY)
        self.bias1 = Adam(np.zeros(HIDDEN), 0.0)
        self.weights2 = Adam(spread(HIDDEN, CLASSES), DECAY)
        self.bias2 = Adam(np.zeros(CLASSES), 0.0)

    def hidden(self, squares: Floats) -> Floats:
        sums = squares @ on_grid(self.weights1.values, WEIGHT_BITS) / 256
        return on_grid(np.maximum(sums + self.bias1.values, 0), ACTIVE_BITS)

    def learn(self, squares: Floats, targets: Floats, rate: float) -> None:
        weights2 = on_grid(self.weights2.values, WEIGHT_BITS)
        hidden = self.hidden(squares)
        scores = hidden @ weights2 + self.bias2.values
        error2 = on_grid(softmax(scores) - targets, ERROR_BITS)
        error1 = on_grid((error2 @ weights2.T) * (hidden > 0), ERROR_BITS)
        count = len(squares)
        self.weights2.step(hidden.T @ error2 / count, rate)
        self.bias2.step(error2.sum(axis=0) / count, rate)
        self.weights1.step(squares.T @ error1 / 256 / count, rate)
        self.bias1.step(error1.sum(axis=0) / count, rate)


def examples(digits: Digits, draws: Draws) -> tuple[Floats, Floats]:
    """Every digit and its variants, as the engines would present them to the network."""
    squares, labels = [], []
    for picture, label in zip(digits.pictures, digits.labels, strict=True):
        versions = [picture] + [variant(picture, draws.uniform(7)) for _ in range(VARIANTS)]
        squares += [features(version, SIDE).ravel() for version in versions]
        labels += [label] * len(versions)
    return np.array(squares, np.float64), np.eye(CLASSES)[labels]


def train(digits: Digits) -> bytes:
    draws = Draws(SEED)
    squares, targets = examples(digits, draws)
    trainer = Trainer(draws)
    batches = len(squares) // BATCH
    for epoch in range(EPOCHS):
        order = draws.order(len(squares))
        for batch in range(batches):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            progress = (epoch * batches + batch) / (EPOCHS * batches)
            kept = draws.uniform(BATCH, SIDE * SIDE) >= DROPPED
            trainer.learn(squares[chosen] * kept, targets[chosen], RATE * (1 - progress))
    return quantised(trainer, squares)


def quantised(trainer: Trainer, squares: Floats) -> bytes:
    """The weights file: 8-bit weights, see README.md for its layout."""
    weights1, bias1 = trainer.weights1.values, trainer.bias1.values
    weights2, bias2 = trainer.weights2.values, trainer.bias2.values
    # What one unit of the float network is in units of the integer one, layer by layer. The sums
    # of the first layer are shifted right until the largest one seen fits in 8 bits.
    scale1 = 127 / np.abs(weights1).max()
    small1 = np.rint(weights1 * scale1)
    wide1 = np.rint(bias1 * scale1 * 256)
    largest = int((squares @ small1 + wide1).max())
    shift = 0
    while largest >> shift > 255:
        shift += 1
    active_scale = scale1 * 256 / 2**shift
    scale2 = 127 / np.abs(weights2).max()
    small2 = np.rint(weights2 * scale2)
    wide2 = np.rint(bias2 * scale2 * active_scale)
    body: bytes = (
        wide1.astype("<i4").tobytes()
        + wide2.astype("<i4").tobytes()
        + np.ascontiguousarray(small1.T).astype(np.int8).tobytes()
        + np.ascontiguousarray(small2.T).astype(np.int8).tobytes()
    )
    score_scale = float(1 / (scale2 * active_scale))
    shape = (SIDE, HIDDEN, CLASSES, shift, score_scale, zlib.crc32(body))
    return struct.pack("<8sIIIIIfI", Network.MAGIC, 1, *shape) + body


def accuracy(path: Path, digits: Digits) -> float:
    network = Network(path)
    right = 0
    for picture, label in zip(digits.pictures, digits.labels, strict=True):
        right += int(np.argmax(network.scores(features(picture, network.side)))) == label
    return right / len(digits)


def main() -> int:
    parser = argparse.ArgumentParser(description="Trains the network of the digit engines.")
    parser.add_argument("--output", type=Path, default=HERE / "digits.bin")
    parser.add_argument("--check", action="store_true", help="compare with the file, write nothing")
    arguments = parser.parse_args()
    training, held_out = split(load())
    weights = train(training)
    if arguments.check:
        if arguments.output.read_bytes() != weights:
            print(f"{arguments.output} is not what this training gives", file=sys.stderr)
            return 1
        print(f"{arguments.output} is what this training gives: {zlib.crc32(weights):08x}")
        return 0
    arguments.output.write_bytes(weights)
    print(f"{arguments.output}: {len(weights)} bytes, checksum {zlib.crc32(weights):08x}")
    for name, part in (("training", training), ("held-out", held_out)):
        share = accuracy(arguments.output, part)
        print(f"{name} part: {len(part)} digits, accuracy {share:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
