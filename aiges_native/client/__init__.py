"""Calls engines in servers: :class:`Client`. Needs grpcio, the extra ``client``."""

from __future__ import annotations

from aiges_native.client._base import AsyncClientSession, ClientSession
from aiges_native.client._client import Client, EngineInfo, ServerInfo
from aiges_native.client._errors import AuthenticationError, NotServedError, UnavailableError
from aiges_native.client._results import Item, Result

__all__ = [
    "AsyncClientSession",
    "AuthenticationError",
    "Client",
    "ClientSession",
    "EngineInfo",
    "Item",
    "NotServedError",
    "Result",
    "ServerInfo",
    "UnavailableError",
]
