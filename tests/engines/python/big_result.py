"""A result of as many bytes as the parameter ``bytes`` says, every one of them 0x5A."""

from __future__ import annotations

from aiges_native.wrapper import DataListCls, DataPer, Response, ResponseData, WrapperBase


class Wrapper(WrapperBase):
    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        data = ResponseData()
        data.key = "big"
        data.setData(b"\x5a" * int(params["bytes"]))
        data.setDataType(DataPer)
        response = Response()
        response.list = [data]
        return response
