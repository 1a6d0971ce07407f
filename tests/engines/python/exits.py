"""Calls sys.exit(3) while it works; at import if the environment variable EXIT_AT_IMPORT is set."""

from __future__ import annotations

import os
import sys

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase

if "EXIT_AT_IMPORT" in os.environ:
    sys.exit(3)


class Wrapper(WrapperBase):
    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        if "stay" not in params:
            sys.exit(3)
        data = ResponseData()
        data.key = "result"
        data.setData(b"still here")
        response = Response()
        response.list = [data]
        return response
