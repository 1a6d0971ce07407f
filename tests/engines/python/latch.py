"""Stays in wrapperOnceExec until a request with the parameter ``release`` comes."""

from __future__ import annotations

import threading

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase


class Wrapper(WrapperBase):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.released = threading.Event()

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        if "release" in params:
            self.released.set()
        self.released.wait()
        data = ResponseData()
        data.key = "result"
        data.setData(b"released")
        response = Response()
        response.list = [data]
        return response
