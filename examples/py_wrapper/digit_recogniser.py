"""From the bytes of a picture to a digit: decoding, normalising, and a small integer network.

The steps and their exact rules are written down in ../digits/README.md; the C engine follows the
same ones. Everything after decoding is integer arithmetic (the few float64 products below hold
whole numbers far under 2**53, so they are exact in any order of summation), hence both engines
give the same class and the same scores for the same pixels, on every machine.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, PngImagePlugin

Grey = NDArray[np.uint8]

MAX_SIDE = 16384
DEFAULT_MAX_PIXELS = 16 * 1024 * 1024
MIN_CONTRAST = 32  # grey levels between background and ink; less is a blank picture

# Error numbers, the same as in the C engine (examples/c_wrapper/src/engine.h).
MODEL_NOT_FOUND = 101
MODEL_BAD = 102
BAD_CONFIG = 103
NOT_READY = 104
NO_INPUT = 201
BAD_PARAM = 202
UNKNOWN_FORMAT = 203
BAD_PICTURE = 204
TOO_LARGE = 205
BLANK = 206
SESSION_ENDED = 301
UNEXPECTED = 501

ERROR_TEXTS = {
    MODEL_NOT_FOUND: "the weights file cannot be opened; set the config key model to its path",
    MODEL_BAD: "the weights file is damaged or of another version",
    BAD_CONFIG: "the config key max_pixels must be a whole number from 1 to 268435456",
    NOT_READY: "the engine is not initialised",
    NO_INPUT: "the request has no input named img, or it is empty",
    BAD_PARAM: "the parameter top must be a whole number from 0 to 10",
    UNKNOWN_FORMAT: "the input img is neither a PNG nor a JPEG picture",
    BAD_PICTURE: "the picture is damaged or incomplete",
    TOO_LARGE: "the picture has too many pixels",
    BLANK: "the picture is blank: no digit stands out from its background",
    SESSION_ENDED: "the picture of this session is already complete",
    UNEXPECTED: "the engine failed unexpectedly; its log has the details",
}


class RecogniserError(Exception):
    """A failure with one of the numbers above."""

    def __init__(self, code: int) -> None:
        super().__init__(ERROR_TEXTS[code])
        self.code = code


@dataclass(frozen=True)
class Picture:
    grey: Grey
    format: str


def decode(data: bytes | bytearray | memoryview, max_pixels: int = DEFAULT_MAX_PIXELS) -> Picture:
    """Decodes a PNG or JPEG, told apart by their first bytes, to 8-bit grey."""
    data = bytes(data)
    if not data:
        raise RecogniserError(NO_INPUT)
    is_png = data.startswith(b"\x89PNG\r\n\x1a\n")
    if not is_png and not data.startswith(b"\xff\xd8\xff"):
        raise RecogniserError(UNKNOWN_FORMAT)
    try:
        # The format classes themselves, not Image.open: it would try other formats too, and its
        # own size limit warns where this engine wants an error number.
        image: Image.Image
        if is_png:
            image = PngImagePlugin.PngImageFile(io.BytesIO(data))
        else:
            image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        width, height = image.size
        if max(width, height) > MAX_SIDE or width * height > max_pixels:
            raise RecogniserError(TOO_LARGE)
        if is_png:
            return Picture(_png_grey(image, depth=data[24]), "png")
        return Picture(_jpeg_grey(image), "jpeg")
    except (RecogniserError, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders raise many types for damaged files
        raise RecogniserError(BAD_PICTURE) from error


def _png_grey(image: Image.Image, depth: int) -> Grey:
    image.load()
    key = image.info.get("transparency") if depth <= 8 else None
    if image.mode == "P":
        image = image.convert("RGB" if key is None else "RGBA")
        key = None
    elif image.mode == "1":
        image = image.convert("L")
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8:  # 16-bit grey: the high byte counts
        pixels = (pixels.astype(np.int64) >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        opaque = None if key is None else pixels != int(key) * 255 // ((1 << depth) - 1)
        return _over_background(pixels, opaque)
    channels = pixels.shape[2]
    grey = pixels[..., 0] if channels == 2 else _luma(pixels)
    if channels in (2, 4):
        return _over_background(grey, pixels[..., -1])
    return _over_background(grey, None if key is None else (pixels != key).any(axis=2))


def _jpeg_grey(image: Image.Image) -> Grey:
    image.draft("L", None)  # the luminance as it is stored; no conversion to RGB and back
    image.load()
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        return pixels
    if image.mode == "CMYK":  # Pillow undoes Adobe's inversion; here the stored values are wanted
        stored = 255 - pixels.astype(np.int32)
        return _luma((stored[..., :3] * stored[..., 3:] + 127) // 255)
    raise RecogniserError(BAD_PICTURE)


def _luma(rgb: NDArray[np.generic]) -> Grey:
    wide = rgb.astype(np.int32)
    grey = (77 * wide[..., 0] + 150 * wide[..., 1] + 29 * wide[..., 2] + 128) >> 8
    return grey.astype(np.uint8)


def _over_background(grey: Grey, alpha: NDArray[np.generic] | None) -> Grey:
    """Lays a picture on white if what is visible of it is mostly dark, else on black."""
    if alpha is None:
        return grey
    opacity = alpha.astype(np.int32) * (255 if alpha.dtype == np.bool_ else 1)
    visible = int(opacity.sum(dtype=np.int64))
    weighted = int((grey * opacity).sum(dtype=np.int64))
    background = 255 if weighted < 128 * visible else 0
    return ((grey * opacity + background * (255 - opacity) + 127) // 255).astype(np.uint8)


def features(grey: Grey, side: int) -> Grey:
    """The digit alone, bright on dark, scaled into the middle of a square of side x side."""
    ink, top, bottom, left, right = _ink(grey)
    ink = ink[top:bottom, left:right]
    peak = int(ink.max())
    if peak < MIN_CONTRAST:
        raise RecogniserError(BLANK)
    strong = ink >= (peak + 2) // 3
    first_row, end_row = _span(strong.sum(axis=1))
    first_column, end_column = _span(strong.sum(axis=0))
    digit = ink[first_row:end_row, first_column:end_column]
    digit = np.where(digit >= (peak + 15) // 16, digit, np.uint8(0))

    height, width = digit.shape
    longer = max(height, width)
    cells_high = max(1, (2 * height * side + longer) // (2 * longer))
    cells_wide = max(1, (2 * width * side + longer) // (2 * longer))
    sums = _overlaps(height, cells_high) @ digit @ _overlaps(width, cells_wide).T
    cells = sums.astype(np.int64)
    brightest = int(cells.max())
    square = np.zeros((side, side), np.uint8)
    y, x = (side - cells_high) // 2, (side - cells_wide) // 2
    square[y : y + cells_high, x : x + cells_wide] = (cells * 255 + brightest // 2) // brightest
    return square


def _ink(grey: Grey) -> tuple[Grey, int, int, int, int]:
    """How much each pixel differs from the background, and the area inside a thin frame."""
    height, width = grey.shape
    edge = max(1, min(height, width) // 16)
    counts = np.bincount(grey.ravel(), minlength=256)
    inner = grey[edge : height - edge, edge : width - edge]
    border = np.cumsum(counts - np.bincount(inner.ravel(), minlength=256))
    background = int(np.flatnonzero(2 * border >= border[-1])[0])

    difference = np.arange(256) - background
    if int((counts * difference).sum()) >= 0:
        table = np.maximum(difference, 0).astype(np.uint8)
    else:
        table = np.maximum(-difference, 0).astype(np.uint8)
    ink = table[grey]

    # A line of ink along the very edge is a frame or a scanning artefact, not a digit.
    limit = min(height, width) // 32
    top, bottom, left, right = 0, height, 0, width
    while top < limit and _is_frame(ink[top]):
        top += 1
    while height - bottom < limit and _is_frame(ink[bottom - 1]):
        bottom -= 1
    while left < limit and _is_frame(ink[:, left]):
        left += 1
    while width - right < limit and _is_frame(ink[:, right - 1]):
        right -= 1
    return ink, top, bottom, left, right


def _is_frame(line: Grey) -> bool:
    return 4 * int((line >= MIN_CONTRAST).sum()) >= line.size


def _span(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Where the ink begins and ends, but for specks: up to 1/256 of it may lie on either side."""
    total = int(counts.sum())
    first = np.flatnonzero(256 * np.cumsum(counts) > total)[0]
    last = np.flatnonzero(256 * np.cumsum(counts[::-1]) > total)[0]
    return int(first), len(counts) - int(last)


def _overlaps(pixels: int, cells: int) -> NDArray[np.float64]:
    """How much of each pixel falls into each cell, in units of 1/cells of a pixel."""
    cell = np.arange(cells)[:, np.newaxis]
    pixel = np.arange(pixels)[np.newaxis, :]
    start = np.maximum(cell * pixels, pixel * cells)
    end = np.minimum((cell + 1) * pixels, (pixel + 1) * cells)
    shares: NDArray[np.float64] = np.maximum(end - start, 0).astype(np.float64)
    return shares


class Network:
    """A multilayer perceptron with 8-bit weights, read from the file that train.py writes."""

    MAGIC = b"AIGDIGIT"
    HEADER = struct.Struct("<8sIIIIIfI")

    def __init__(self, path: str | Path) -> None:
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise RecogniserError(MODEL_NOT_FOUND) from error
        if len(content) < self.HEADER.size:
            raise RecogniserError(MODEL_BAD)
        magic, version, side, hidden, classes, shift, scale, checksum = self.HEADER.unpack_from(
            content
        )
        body = content[self.HEADER.size :]
        inputs = side * side
        if (
            magic != self.MAGIC
            or version != 1
            or not 1 <= side <= 64
            or not 1 <= hidden <= 4096
            or classes != 10
            or shift > 30
            or not 0 < scale <= 1
            or len(body) != 4 * hidden + 4 * classes + hidden * inputs + classes * hidden
            or zlib.crc32(body) != checksum
        ):
            raise RecogniserError(MODEL_BAD)
        self.side: int = side
        self._shift: int = shift
        self._scale: float = scale
        words = np.frombuffer(body, "<i4", hidden + classes)
        small = np.frombuffer(body, np.int8, offset=words.nbytes)
        if int(np.abs(words.astype(np.int64)).max()) >= 1 << 30:
            raise RecogniserError(MODEL_BAD)
        self._bias1 = words[:hidden].astype(np.float64)
        self._bias2 = words[hidden:].astype(np.float64)
        self._weights1 = small[: hidden * inputs].reshape(hidden, inputs).astype(np.float64)
        self._weights2 = small[hidden * inputs :].reshape(classes, hidden).astype(np.float64)

    def scores(self, square: Grey) -> list[int]:
        """One whole number per class; the highest (the first of equals) is the answer."""
        sums = (self._weights1 @ square.ravel() + self._bias1).astype(np.int64)
        rounding = (1 << self._shift) >> 1
        active = np.clip((np.maximum(sums, 0) + rounding) >> self._shift, 0, 255)
        return [int(score) for score in self._weights2 @ active + self._bias2]

    def ranking(self, scores: list[int]) -> list[tuple[int, float]]:
        """Every class with its probability, the most likely first."""
        best = max(scores)
        weights = [math.exp((score - best) * self._scale) for score in scores]
        total = 0.0
        for weight in weights:
            total += weight
        order = sorted(range(len(scores)), key=lambda digit: (-scores[digit], digit))
        return [(digit, weights[digit] / total) for digit in order]


class Recogniser:
    """Answers requests: the bytes of a picture in, JSON text out. Safe to share by threads."""

    def __init__(self, model: str | Path, max_pixels: int = DEFAULT_MAX_PIXELS) -> None:
        self._network = Network(model)
        self._max_pixels = max_pixels

    def answer(self, data: bytes | bytearray | memoryview, top: int = 0) -> tuple[str, Picture]:
        picture = decode(data, self._max_pixels)
        scores = self._network.scores(features(picture.grey, self._network.side))
        ranking = self._network.ranking(scores)
        digit = ranking[0][0]
        text = f'{{"result": {digit}, "msg": "识别结果为数字: {digit}"'
        if top > 0:
            pairs = ", ".join(f"[{digit}, {share:.4f}]" for digit, share in ranking[:top])
            text += f', "top": [{pairs}]'
        return text + "}", picture
