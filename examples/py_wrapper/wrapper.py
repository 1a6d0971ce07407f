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
from typing import Any

from aiges_native.wrapper import (
    DataListCls,
    DataOnce,
    DataText,
    Response,
    ResponseData,
    SessionCreateResponse,
    WrapperBase,
    callback,
    callback_metric,
    callback_trace,
)
from digit_recogniser import (
    BAD_CONFIG,
    BAD_PARAM,
    DEFAULT_MAX_PIXELS,
    ERROR_TEXTS,
    NO_INPUT,
    NOT_READY,
    SESSION_ENDED,
    TOO_LARGE,
    Recogniser,
    RecogniserError,
)

VERSION = "1.0.0"
INPUT_KEY = "img"
MAX_SESSION_BYTES = 64 * 1024 * 1024
FINAL_STATUSES = (2, 3)  # DataEnd, DataOnce

SCHEMA = {
    "service": "digits",
    "version": VERSION,
    "inputs": [{"key": "img", "type": "image", "formats": ["png", "jpeg"]}],
    "params": [{"key": "top", "type": "integer", "minimum": 0, "maximum": 10, "default": 0}],
    "outputs": [{"key": "result", "type": "text", "encoding": "utf8", "format": "json"}],
}

log = logging.getLogger(__name__)


@dataclass
class Session:
    """One picture that arrives in pieces. The host never overlaps calls on one session."""

    tag: str
    top: int
    received: bytearray = field(default_factory=bytearray)
    ended: bool = False
    result: Response | None = None


class Wrapper(WrapperBase):
    serviceId = "digits"
    version = VERSION

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._recogniser: Recogniser | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._sessions: dict[str, Session] = {}

    def wrapperInit(self, config: dict[str, str]) -> int:
        model = config.get("model") or str(Path(__file__).with_name("digits.bin"))
        limit = config.get("max_pixels") or str(DEFAULT_MAX_PIXELS)
        if not _is_number(limit, 1, 1 << 28):
            return BAD_CONFIG
        try:
            self._recogniser = Recogniser(model, int(limit))
        except RecogniserError as error:
            log.error("%s: %s", model, error)
            return error.code
        # One thread: asynchronous requests are answered in their order, off the caller's thread.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="digits")
        return 0

    def wrapperFini(self) -> int:
        if self._worker is not None:
            self._worker.shutdown(wait=True)
        self._worker = self._recogniser = None
        self._sessions.clear()
        return 0

    def wrapperError(self, code: int) -> str:
        return ERROR_TEXTS.get(code, "unknown error")

    def wrapperVersion(self) -> str:
        return VERSION

    def schema(self) -> str:
        return json.dumps(SCHEMA)

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        try:
            return self._answer(_picture_in(reqData), _top_in(params), usrTag)
        except RecogniserError as error:
            return _failure(error.code)

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
        response = SessionCreateResponse()
        try:
            session = Session(usrTag, _top_in(params))
        except RecogniserError as error:
            response.error_code = error.code
            return response
        response.handle = usrTag or sid
        response.error_code = 0
        self._sessions[response.handle] = session
        return response

    def wrapperWrite(self, handle: str, reqData: DataListCls) -> int:
        session = self._sessions[handle]
        if session.ended:
            return SESSION_ENDED
        node = reqData.get(INPUT_KEY)
        if node is None:
            return NO_INPUT
        if len(session.received) + len(node.data) > MAX_SESSION_BYTES:
            return TOO_LARGE
        session.received += node.data
        if node.status not in FINAL_STATUSES:
            return 0
        session.ended = True
        try:
            session.result = self._answer(session.received, session.top, session.tag)
        except RecogniserError as error:
            return error.code
        return 0

    def wrapperRead(self, handle: str) -> Response:
        session = self._sessions[handle]
        ready, session.result = session.result, None
        if ready is not None:
            return ready
        nothing_yet = Response()
        nothing_yet.list = []
        return nothing_yet

    def wrapperDestroy(self, handle: str) -> int:
        self._sessions.pop(handle, None)
        return 0

    def _answer(self, data: bytes | bytearray | memoryview, top: int, tag: str) -> Response:
        if self._recogniser is None:
            raise RecogniserError(NOT_READY)
        text, picture = self._recogniser.answer(data, top)
        height, width = picture.grey.shape
        callback_metric(tag, "images", 1)
        callback_trace(tag, "picture", f"{picture.format} {width}x{height}")
        item = ResponseData()
        item.key = "result"
        item.setDataType(DataText)
        item.status = DataOnce
        item.setData(text.encode())
        item.desc = {"encoding": "utf8", "format": "json"}
        response = Response()
        response.list = [item]
        return response

    def _answer_later(self, data: bytes, top: int, tag: str) -> None:
        try:
            response = self._answer(data, top, tag)
        except RecogniserError as error:
            response = _failure(error.code)
        callback(response, tag)


def _failure(code: int) -> Response:
    response = Response()
    response.error_code = code
    return response


def _picture_in(request: DataListCls) -> bytes | bytearray | memoryview:
    node = request.get(INPUT_KEY)
    if node is None or len(node.data) == 0:
        raise RecogniserError(NO_INPUT)
    data: bytes | bytearray | memoryview = node.data
    return data


def _top_in(params: dict[str, str]) -> int:
    text = params.get("top", "0")
    if not _is_number(text, 0, 10):
        raise RecogniserError(BAD_PARAM)
    return int(text)


def _is_number(text: str, low: int, high: int) -> bool:
    """Decimal digits alone, as the C engine reads numbers: no sign, no space, no other script."""
    return text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high
