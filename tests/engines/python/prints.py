"""Prints to stdout and stderr wherever it is called."""

from __future__ import annotations

import sys

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase


def say(where: str) -> None:
    print(f"prints: out in {where}")
    print(f"prints: err in {where}", file=sys.stderr)


class Wrapper(WrapperBase):
    def wrapperInit(self, config: dict[str, str]) -> int:
        say("init")
        return 0

    def wrapperFini(self) -> int:
        say("fini")
        return 0

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        say("exec")
        data = ResponseData()
        data.key = "result"
        data.setData(b"printed")
        response = Response()
        response.list = [data]
        return response
