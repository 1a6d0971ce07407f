"""Imports the module beside it while it loads, and tells the name of its own file."""

from __future__ import annotations

from pathlib import Path

from helper_of_sibling import GREETING

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase


class Wrapper(WrapperBase):
    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        data = ResponseData()
        data.key = "greeting"
        data.setData(f"{GREETING}, in {Path(__file__).name}".encode())
        response = Response()
        response.list = [data]
        return response
