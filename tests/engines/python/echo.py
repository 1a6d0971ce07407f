"""The twin of echo.c: echoes every input node, and answers to the same parameters.

Beyond those: config ``calls`` names a file that gets one line for every call, and the parameter
``deliver=callback`` makes a session call back instead of waiting to be read.
"""

from __future__ import annotations

import threading
from pathlib import Path

from aiges_native.wrapper import (
    DataEnd,
    DataListCls,
    DataListNode,
    DataOnce,
    DataText,
    Response,
    ResponseData,
    SessionCreateResponse,
    WrapperBase,
    callback,
    callback_metric,
    callback_trace,
)


def text(key: str, value: str, status: int = DataOnce) -> ResponseData:
    data = ResponseData()
    data.key = key
    data.setData(value.encode())
    data.setDataType(DataText)
    data.status = status
    return data


def echo(node: DataListNode) -> ResponseData:
    data = ResponseData()
    data.key = node.key
    data.setData(bytes(node.data))
    data.setDataType(node.type)
    data.status = node.status
    data.desc = dict(node.desc)
    return data


def failure(code: int) -> Response:
    return Response().response_err(code)


class Session:
    def __init__(self, params: dict[str, str], tag: str, wanted: ResponseData | None) -> None:
        self.params = params
        self.tag = tag
        self.wanted = wanted
        self.results: list[Response] = []


class Wrapper(WrapperBase):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.calls: Path | None = None
        self.config_text = ""
        self.sessions: dict[str, Session] = {}
        self.threads: list[threading.Thread] = []

    def note(self, call: str) -> None:
        if self.calls is not None:
            with self.calls.open("a") as file:
                file.write(call + "\n")

    def wrapperInit(self, config: dict[str, str]) -> int:
        if "calls" in config:
            self.calls = Path(config["calls"])
        self.config_text = "".join(
            f"{key}={value}/{len(value.encode())}\n" for key, value in config.items()
        )
        self.note("init")
        return 0

    def wrapperFini(self) -> int:
        for thread in self.threads:
            thread.join()
        self.note("fini")
        return 0

    def wrapperError(self, code: int) -> str:
        return {0: "echo: no error", 21: "echo: asked to fail"}.get(
            code, "echo: an error of another number"
        )

    def wrapperVersion(self) -> str:
        return "echo 1.2.3"

    def wanted(self, params: dict[str, str], tag: str, resource: int) -> ResponseData | None:
        match params.get("want"):
            case "params":
                lines = (f"{key}={value}/{len(value.encode())}\n" for key, value in params.items())
                return text("params", "".join(lines))
            case "tag":
                return text("tag", tag)
            case "resources":
                return text("resources", str(resource) if resource else "")
            case "config":
                return text("config", self.config_text)
        return None

    def raise_events(self, params: dict[str, str], tag: str) -> None:
        if "meter" in params:
            callback_metric(tag, "echo", int(params["meter"]))
        if "trace" in params:
            callback_trace(tag, "echo", params["trace"])

    def answer(
        self, params: dict[str, str], request: DataListCls, tag: str, resource: int
    ) -> Response:
        response = Response()
        response.list = [echo(node) for node in request.list]
        wanted = self.wanted(params, tag, resource)
        if wanted is not None:
            response.list = [*response.list, wanted]
        if not response.list:
            response.list = [text("nothing", "")]
        return response

    def wrapperOnceExec(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str = "", persId: int = 0
    ) -> Response:
        self.note("exec")
        self.raise_events(params, usrTag)
        if "fail" in params:
            return failure(int(params["fail"]))
        return self.answer(params, reqData, usrTag, persId)

    def wrapperOnceExecAsync(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str, persId: int = 0
    ) -> int:
        self.note("exec_async")
        self.raise_events(params, usrTag)
        if "fail" in params:
            return int(params["fail"])
        response = self.answer(params, reqData, usrTag, persId)
        thread = threading.Thread(target=callback, args=(response, usrTag))
        self.threads.append(thread)
        thread.start()
        return 0

    def wrapperCreate(
        self, params: dict[str, str], sid: str, persId: int = 0, usrTag: str = ""
    ) -> SessionCreateResponse:
        self.note("create")
        created = SessionCreateResponse()
        created.handle = f"handle of {usrTag}"
        created.error_code = int(params.get("fail_create", 0))
        if created.error_code == 0:
            self.raise_events(params, usrTag)
            wanted = self.wanted(params, usrTag, persId)
            self.sessions[created.handle] = Session(params, usrTag, wanted)
        return created

    def wrapperWrite(self, handle: str, reqData: DataListCls) -> int:
        self.note("write")
        session = self.sessions[handle]
        if "fail_write" in session.params:
            return int(session.params["fail_write"])
        response = Response()
        response.list = [echo(node) for node in reqData.list]
        if session.wanted and any(node.status in (DataEnd, DataOnce) for node in reqData.list):
            session.wanted.status = DataEnd
            response.list = [*response.list, session.wanted]
        if session.params.get("deliver") == "callback":
            callback(response, session.tag)
        else:
            session.results.append(response)
        return 0

    def wrapperRead(self, handle: str) -> Response | None:
        self.note("read")
        session = self.sessions[handle]
        if "fail_read" in session.params:
            return failure(int(session.params["fail_read"]))
        return session.results.pop(0) if session.results else None

    def wrapperDestroy(self, handle: str) -> int:
        self.note("destroy")
        del self.sessions[handle]
        return 0

    def wrapperLoadRes(self, reqData: DataListCls, resId: int) -> int:
        self.note(f"load_res {resId} {bytes(reqData.list[0].data).decode()}")
        return 0

    def wrapperUnloadRes(self, resId: int) -> int:
        self.note(f"unload_res {resId}")
        return 0
