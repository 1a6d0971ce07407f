"""The Python twin of echo_engine.c: the configuration value "mode" is "answer" or "echo".

"echo" copies the payload, as the C engine does, so that both do the same work.
"""

from __future__ import annotations

from typing import Any

from aiges_native.wrapper import (
    DataListCls,
    DataListNode,
    DataPer,
    Once,
    Response,
    ResponseData,
    WrapperBase,
)

ANSWER = b"sixteen bytes ok"


class Wrapper(WrapperBase):
    """Answers each request with one item."""

    def wrapperInit(self, config: dict[str, str]) -> int:
        self.echo = config.get("mode") == "echo"
        return 0

    def wrapperFini(self) -> int:
        return 0

    def wrapperError(self, code: int) -> str:
        return "no data" if code == 1 else "unknown error"

    def wrapperOnceExec(
        self, params: dict[str, Any], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        response = Response()
        node: DataListNode | None = reqData.get("data")
        if node is None:
            return response.response_err(1)
        item = ResponseData()
        item.key = "answer"
        item.type = DataPer
        item.status = Once
        item.setData(bytes(memoryview(node.data)) if self.echo else ANSWER)
        response.list = [item]
        return response
