"""What a ``wrapper.py`` imports to be an engine.

>>> from aiges_native.wrapper import Response, ResponseData, WrapperBase
>>> class Wrapper(WrapperBase):
...     def wrapperOnceExec(self, params, reqData, usrTag="", persId=0):
...         return Response([ResponseData("result", reqData.get("text").data)])
"""

from __future__ import annotations

from aiges_native.types import DataType, Status
from aiges_native.wrapper.base import WrapperBase
from aiges_native.wrapper.callbacks import callback, callback_metric, callback_trace
from aiges_native.wrapper.data import (
    DataListCls,
    DataListNode,
    Response,
    ResponseData,
    SessionCreateResponse,
)

# The SDK's constants (aiges.core.types); wrappers import them by name.
DataText, DataAudio, DataImage, DataVideo, DataPer = (int(kind) for kind in DataType)
DataBegin, DataContinue, DataEnd, DataOnce = (int(status) for status in Status)
STRING, AUDIO, IMAGE, VIDEO = DataText, DataAudio, DataImage, DataVideo
Once = DataOnce

__all__ = [
    "AUDIO",
    "IMAGE",
    "STRING",
    "VIDEO",
    "DataAudio",
    "DataBegin",
    "DataContinue",
    "DataEnd",
    "DataImage",
    "DataListCls",
    "DataListNode",
    "DataOnce",
    "DataPer",
    "DataText",
    "DataType",
    "DataVideo",
    "Once",
    "Response",
    "ResponseData",
    "SessionCreateResponse",
    "Status",
    "WrapperBase",
    "callback",
    "callback_metric",
    "callback_trace",
]
