"""The digit recogniser as a Python engine: one picture in, one JSON text out.

    aiges-native run wrapper.py --data img=@seven.png --param top=3

Input `img`: a PNG or JPEG. Parameter `top`: how many classes to list with their probability, 0 to
10. Config `model`: the weights file, by default digits.bin beside this file; `max_pixels`: larger
pictures are refused.
"""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from digit_recogniser import (
    BAD_CONFIG,
    BAD_PARAM,
    DEFAULT_MAX_PIXELS,
    ERROR_TEXTS,
    NO_INPUT,
    NOT_READY,
    SESSION_ENDED,
    TOO_LARGE,
    UNEXPECTED,
    Recogniser,
    RecogniserError,
)

from aiges_native.wrapper import (
    DataListCls,
    DataType,
    Response,
    ResponseData,
    SessionCreateResponse,
    Status,
    WrapperBase,
    callback,
    callback_metric,
    callback_trace,
)

VERSION = "1.0.0"
INPUT_KEY = "img"
MAX_SESSION_BYTES = 64 * 1024 * 1024

SCHEMA = {
    "service": "digits",
    "version": VERSION,
    "inputs": [{"key": "img", "type": "image", "formats": ["png", "jpeg"]}],
    "params": [{"key": "top", "type": "integer", "minimum": 0, "maximum": 10, "default": 0}],
    "outputs": [{"key": "result", "type": "text", "encoding": "utf8", "format": "json"}],
}

Bytes = bytes | bytearray | memoryview

log = logging.getLogger("digits")


@dataclass
class Session:
    """One picture that arrives in pieces. The host never overlaps calls on one session."""

    tag: str
    top: int
    received: bytearray = field(default_factory=bytearray)
    ended: bool = False


class Wrapper(WrapperBase):
    serviceId = "digits"
    version = VERSION

    def __init__(self) -> None:
        self._recogniser: Recogniser | None = None
        self._worker: ThreadPoolExecutor | None = None

    def wrapperInit(self, config: dict[str, str]) -> int:
        model = config.get("model") or str(Path(__file__).with_name("digits.bin"))
        limit = config.get("max_pixels") or str(DEFAULT_MAX_PIXELS)
        if not _is_number(limit, 1, 1 << 28):
            return BAD_CONFIG
        try:
            self._recogniser = Recogniser(model, int(limit))
        except RecogniserError as error:
            log.error("%s: %s", model, error.__cause__ or error)
            return error.code
        # One thread: asynchronous requests are answered in their order, off the caller's thread.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="digits")
        return 0

    def wrapperFini(self) -> int:
        if self._worker is not None:
            self._worker.shutdown(wait=True)
        self._worker = self._recogniser = None
        return 0

    def wrapperError(self, code: int) -> str:
        return ERROR_TEXTS.get(code, "unknown error")

    def wrapperSchema(self) -> str:
        return json.dumps(SCHEMA)

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        try:
            return self._answer(_picture_in(reqData), _top_in(params), usrTag)
        except RecogniserError as error:
            return Response().response_err(error.code)

    def wrapperOnceExecAsync(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> int:
        if self._worker is None:
            return NOT_READY
        try:
            data, top = bytes(_picture_in(reqData)), _top_in(params)
        except RecogniserError as error:
            return error.code
        self._worker.submit(self._answer_later, data, top, usrTag)
        return 0

    def wrapperCreate(
        self, params: dict[str, str], sid: str, persId: int = 0, usrTag: str = ""
    ) -> SessionCreateResponse:
        try:
            return SessionCreateResponse(Session(usrTag, _top_in(params)))
        except RecogniserError as error:
            return SessionCreateResponse(error_code=error.code)

    def wrapperWrite(self, handle: Session, reqData: DataListCls) -> int:
        if handle.ended:
            return SESSION_ENDED
        node = reqData.get(INPUT_KEY)
        if node is None:
            return NO_INPUT
        if len(handle.received) + node.len > MAX_SESSION_BYTES:
            return TOO_LARGE
        handle.received += node.data
        if node.status not in (Status.END, Status.ONCE):
            return 0
        handle.ended = True
        try:
            response = self._answer(handle.received, handle.top, handle.tag)
        except RecogniserError as error:
            return error.code
        # There is no wrapperRead: the result of a session comes through the callback.
        callback(response, handle.tag)
        return 0

    def _answer(self, data: Bytes, top: int, tag: str) -> Response:
        if self._recogniser is None:
            raise RecogniserError(NOT_READY)
        text, picture = self._recogniser.answer(data, top)
        height, width = picture.grey.shape
        callback_metric(tag, "images", 1)
        callback_trace(tag, "picture", f"{picture.format} {width}x{height}")
        desc = {"encoding": "utf8", "format": "json"}
        return Response([ResponseData("result", text.encode(), DataType.TEXT, Status.ONCE, desc)])

    def _answer_later(self, data: bytes, top: int, tag: str) -> None:
        try:
            response = self._answer(data, top, tag)
        except RecogniserError as error:
            response = Response().response_err(error.code)
        except Exception:
            # Nobody sees an exception in this thread, and the host must not wait for ever.
            log.exception("an asynchronous request failed")
            response = Response().response_err(UNEXPECTED)
        callback(response, tag)


def _picture_in(request: DataListCls) -> Bytes:
    node = request.get(INPUT_KEY)
    if node is None or len(node.data) == 0:
        raise RecogniserError(NO_INPUT)
    data: Bytes = node.data
    return data


def _top_in(params: dict[str, str]) -> int:
    text = params.get("top", "0")
    if not _is_number(text, 0, 10):
        raise RecogniserError(BAD_PARAM)
    return int(text)


def _is_number(text: str, low: int, high: int) -> bool:
    """Decimal digits alone, as the C engine reads numbers: no sign, no space, no other script."""
    return text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high
