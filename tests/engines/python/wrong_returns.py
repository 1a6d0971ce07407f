"""Returns what a wrapper should not: the parameter ``return`` says what."""

from __future__ import annotations

from typing import Any

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase, callback


def response_with(**attributes: Any) -> Response:
    data = ResponseData()
    data.key = "result"
    data.setData(b"text")
    for name, value in attributes.items():
        setattr(data, name, value)
    response = Response()
    response.list = [data]
    return response


def make(kind: str) -> Any:
    match kind:
        case "none":
            return None
        case "int":
            return 17
        case "zero":
            return 0
        case "str":
            return "text"
        case "object":
            return object()
        case "list_of_str":
            response = Response()
            response.list = ["text"]
            return response
        case "list_none":
            response = Response()
            response.list = None
            return response
        case "empty":
            response = Response()
            response.list = []
            return response
        case "key_none":
            return response_with(key=None)
        case "data_none":
            return response_with(data=None)
        case "data_int":
            return response_with(data=5)
        case "data_str":
            return response_with(data="Grüße")
        case "data_bytearray":
            return response_with(data=bytearray(b"array"))
        case "data_memoryview":
            return response_with(data=memoryview(b"view"))
        case "good":
            return response_with()
    raise KeyError(kind)


class Wrapper(WrapperBase):
    def wrapperInit(self, config: dict[str, str]) -> Any:
        return {"none": None, "str": "0", "true": True}.get(config.get("init", ""), 0)

    def wrapperError(self, code: int) -> str:
        return "wrong_returns: failed"

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Any:
        return make(params["return"])

    def wrapperOnceExecAsync(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str, persId: int = 0
    ) -> int:
        callback(make(params["return"]), usrTag)
        return 0

    def wrapperCreate(
        self, params: dict[str, str], sid: str, persId: int = 0, usrTag: str = ""
    ) -> Any:
        return make(params["return"])

    def wrapperWrite(self, handle: str, reqData: DataListCls) -> int:
        return 0

    def wrapperRead(self, handle: str) -> Response | None:
        return None

    def wrapperDestroy(self, handle: str) -> int:
        return 0
