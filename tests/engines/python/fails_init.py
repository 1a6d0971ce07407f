"""wrapperInit answers with config ``code`` (42 if not given); wrapperError with config ``text``."""

from __future__ import annotations

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase


class Wrapper(WrapperBase):
    text = "fails_init: the model is missing"

    def wrapperInit(self, config: dict[str, str]) -> int:
        self.text = config.get("text", self.text)
        return int(config.get("code", "42"))

    def wrapperError(self, code: int) -> str:
        return self.text

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        data = ResponseData()
        data.key = "result"
        data.setData(b"ready")
        response = Response()
        response.list = [data]
        return response
