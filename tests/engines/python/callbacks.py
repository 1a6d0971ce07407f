"""Once async, with the callback that the parameter ``how`` asks for:

never, before_return, thread, twice, unknown_tag, error (code 33). What callback returned is told by
the next request with ``how=returned``.
"""

from __future__ import annotations

import threading

from aiges_native.wrapper import DataListCls, Response, ResponseData, WrapperBase, callback


def answer(text: str) -> Response:
    data = ResponseData()
    data.key = "result"
    data.setData(text.encode())
    response = Response()
    response.list = [data]
    return response


class Wrapper(WrapperBase):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.returned: list[int] = []
        self.threads: list[threading.Thread] = []

    def wrapperError(self, code: int) -> str:
        return "callbacks: the model refused"

    def call(self, text: str, tag: str) -> None:
        self.returned.append(callback(answer(text), tag))

    def wrapperOnceExecAsync(
        self, params: dict[str, str], reqData: DataListCls, usrTag: str, persId: int = 0
    ) -> int:
        match params["how"]:
            case "before_return":
                self.call("first", usrTag)
            case "twice":
                self.call("first", usrTag)
                self.call("second", usrTag)
            case "thread":
                thread = threading.Thread(target=self.call, args=("first", usrTag))
                self.threads.append(thread)
                thread.start()
            case "unknown_tag":
                self.call("nobody's", "no such tag")
                self.call("nobody's", "")
                self.call("first", usrTag)
            case "error":
                self.returned.append(callback(Response().response_err(33), usrTag))
            case "returned":
                for thread in self.threads:
                    thread.join()
                text = ",".join(str(value) for value in self.returned)
                self.returned = []
                callback(answer(text), usrTag)
        return 0

    def wrapperFini(self) -> int:
        for thread in self.threads:
            thread.join()
        return 0
