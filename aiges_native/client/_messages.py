"""The messages of proto/aiges/v1/engine.proto, proto/xsf.proto and proto/loader.proto."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiges_native.client._wire import Field, Message, decode, encode

__all__ = [
    "DescribeRequest",
    "DescribeResponse",
    "EngineInfo",
    "ExecRequest",
    "Item",
    "LoaderInput",
    "LoaderOutput",
    "MetaDesc",
    "Open",
    "Payload",
    "ReqData",
    "ResData",
    "Response",
    "Session",
    "StreamRequest",
    "decode",
    "encode",
]

_Pairs = dict[str, str]


# ---- aiges.v1 ----


@dataclass(slots=True)
class Item(Message):
    key: str = ""
    data: bytes | memoryview = b""
    type: int = 0
    status: int = 0
    desc: _Pairs = field(default_factory=dict)
    FIELDS = (
        Field(1, "key", "text"),
        Field(2, "data", "bytes"),
        Field(3, "type", "int"),
        Field(4, "status", "int"),
        Field(5, "desc", "map"),
    )


@dataclass(slots=True)
class ExecRequest(Message):
    engine: str = ""
    params: _Pairs = field(default_factory=dict)
    data: list[Item] = field(default_factory=list)
    resources: list[int] = field(default_factory=list)
    session_id: str = ""
    FIELDS = (
        Field(1, "engine", "text"),
        Field(2, "params", "map"),
        Field(3, "data", Item, many=True),
        Field(4, "resources", "ints"),
        Field(5, "session_id", "text"),
    )


@dataclass(slots=True)
class Response(Message):
    """ExecResponse and StreamResponse."""

    data: list[Item] = field(default_factory=list)
    session_id: str = ""
    FIELDS = (Field(1, "data", Item, many=True), Field(2, "session_id", "text"))


@dataclass(slots=True)
class Open(Message):
    engine: str = ""
    params: _Pairs = field(default_factory=dict)
    resources: list[int] = field(default_factory=list)
    session_id: str = ""
    FIELDS = (
        Field(1, "engine", "text"),
        Field(2, "params", "map"),
        Field(3, "resources", "ints"),
        Field(4, "session_id", "text"),
    )


@dataclass(slots=True)
class StreamRequest(Message):
    open: Open | None = None
    data: list[Item] = field(default_factory=list)
    FIELDS = (Field(1, "open", Open), Field(2, "data", Item, many=True))


@dataclass(slots=True)
class DescribeRequest(Message):
    engine: str = ""
    FIELDS = (Field(1, "engine", "text"),)


@dataclass(slots=True)
class EngineInfo(Message):
    name: str = ""
    version: str = ""
    kind: str = ""
    modes: list[str] = field(default_factory=list)
    schema: str = ""
    state: str = ""
    FIELDS = (
        Field(1, "name", "text"),
        Field(2, "version", "text"),
        Field(3, "kind", "text"),
        Field(4, "modes", "texts"),
        Field(5, "schema", "text"),
        Field(6, "state", "text"),
    )


@dataclass(slots=True)
class DescribeResponse(Message):
    engines: list[EngineInfo] = field(default_factory=list)
    server_version: str = ""
    FIELDS = (Field(1, "engines", EngineInfo, many=True), Field(2, "server_version", "text"))


# ---- utils ----


@dataclass(slots=True)
class Session(Message):
    t: str = ""
    h: str = ""
    sess: _Pairs = field(default_factory=dict)
    FIELDS = (Field(1, "t", "text"), Field(2, "h", "text"), Field(3, "sess", "map"))


@dataclass(slots=True)
class DataMeta(Message):
    data: bytes | memoryview = b""
    desc: _Pairs = field(default_factory=dict)
    FIELDS = (Field(1, "data", "bytes"), Field(3, "desc", "map"))


@dataclass(slots=True)
class ReqData(Message):
    op: str = ""
    s: Session | None = None
    param: _Pairs = field(default_factory=dict)
    data: list[DataMeta] = field(default_factory=list)
    FIELDS = (
        Field(1, "op", "text"),
        Field(2, "s", Session),
        Field(3, "param", "map"),
        Field(4, "data", DataMeta, many=True),
    )


@dataclass(slots=True)
class ResData(Message):
    code: int = 0
    error_info: str = ""
    s: Session | None = None
    param: _Pairs = field(default_factory=dict)
    data: list[DataMeta] = field(default_factory=list)
    FIELDS = (
        Field(1, "code", "int"),
        Field(2, "error_info", "text"),
        Field(3, "s", Session),
        Field(4, "param", "map"),
        Field(5, "data", DataMeta, many=True),
    )


# ---- protocol ----


@dataclass(slots=True)
class MetaDesc(Message):
    name: str = ""
    data_type: int = 0
    attribute: _Pairs = field(default_factory=dict)
    FIELDS = (
        Field(1, "name", "text"),
        Field(2, "data_type", "int"),
        Field(3, "attribute", "map"),
    )


@dataclass(slots=True)
class Payload(Message):
    meta: MetaDesc | None = None
    data: bytes | memoryview = b""
    FIELDS = (Field(1, "meta", MetaDesc), Field(2, "data", "bytes"))


@dataclass(slots=True)
class LoaderInput(Message):
    service_id: str = ""
    service_name: str = ""
    state: int = 0  # 0 stream, 1 once
    headers: _Pairs = field(default_factory=dict)
    params: _Pairs = field(default_factory=dict)
    expect: list[MetaDesc] = field(default_factory=list)
    pl: list[Payload] = field(default_factory=list)
    sync_id: int = 0
    FIELDS = (
        Field(1, "service_id", "text"),
        Field(2, "service_name", "text"),
        Field(3, "state", "int"),
        Field(4, "headers", "map"),
        Field(5, "params", "map"),
        Field(6, "expect", MetaDesc, many=True),
        Field(7, "pl", Payload, many=True),
        Field(8, "sync_id", "int"),
    )


@dataclass(slots=True)
class LoaderOutput(Message):
    service_id: str = ""
    code: int = 0
    err: str = ""
    status: int = 0
    pl: list[Payload] = field(default_factory=list)
    FIELDS = (
        Field(1, "service_id", "text"),
        Field(2, "code", "int"),
        Field(3, "err", "text"),
        Field(4, "status", "int"),
        Field(5, "pl", Payload, many=True),
    )
