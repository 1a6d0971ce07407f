"""Raises in the method that config or the parameter ``raise`` names; ``OddError`` is its own."""

from __future__ import annotations

from aiges_native.wrapper import DataListCls, Response, SessionCreateResponse, WrapperBase


class OddError(Exception):
    """An exception class that nobody outside this file knows."""


class Wrapper(WrapperBase):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.where: str | None = None
        self.sessions: dict[str, str] = {}

    def maybe(self, wanted: str | None, here: str) -> None:
        if here in (wanted, self.where):
            raise OddError(f"raised in {here}")

    def wrapperInit(self, config: dict[str, str]) -> int:
        self.where = config.get("raise")
        self.maybe(None, "init")
        return 0

    def wrapperFini(self) -> int:
        self.maybe(None, "fini")
        return 0

    def wrapperError(self, code: int) -> str:
        self.maybe(None, "error")
        return "raises: failed"

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        self.maybe(params.get("raise"), "exec")
        response = Response()
        if "fail" in params:
            return response.response_err(int(params["fail"]))
        return response

    def wrapperOnceExecAsync(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str, persId: int = 0
    ) -> int:
        self.maybe(params.get("raise"), "exec_async")
        return 0

    def wrapperCreate(
        self, params: dict[str, str], sid: str, persId: int = 0, usrTag: str = ""
    ) -> SessionCreateResponse:
        self.maybe(params.get("raise"), "create")
        created = SessionCreateResponse()
        created.handle = usrTag
        self.sessions[usrTag] = params.get("raise", "")
        return created

    def wrapperWrite(self, handle: str, reqData: DataListCls) -> int:
        self.maybe(self.sessions[handle], "write")
        return 0

    def wrapperRead(self, handle: str) -> Response | None:
        self.maybe(self.sessions[handle], "read")
        return None

    def wrapperDestroy(self, handle: str) -> int:
        self.maybe(self.sessions.pop(handle), "destroy")
        return 0

    def wrapperLoadRes(self, reqData: DataListCls, resId: int) -> int:
        self.maybe(bytes(reqData.list[0].data).decode(), "load_res")
        return 0

    def wrapperUnloadRes(self, resId: int) -> int:
        self.maybe(None, "unload_res")
        return 0
