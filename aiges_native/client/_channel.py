"""Connections: where to, with which credentials, and what every call carries."""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from aiges_native.types import StrPath

Pem: TypeAlias = "StrPath | bytes"

# Payloads are as large as the server takes; grpc's own limit for answers is 4 MiB.
_OPTIONS = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))


def import_grpc() -> Any:
    """The module ``grpc``, which only clients need.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import grpc
    except ImportError as error:
        raise ImportError(
            "aiges_native.Client needs grpcio, which is not installed; "
            "install it with: pip install 'aiges_native[client]'",
            name="grpc",
        ) from error
    return grpc


def _pem(value: Pem) -> bytes:
    if isinstance(value, bytes):
        return value
    with open(os.fspath(value), "rb") as file:
        return file.read()


class Channels:
    """One connection for threads, and one for each asyncio loop, made when first used."""

    def __init__(
        self,
        target: str,
        token: str | None,
        tls: bool | Pem | None,
        client_cert: tuple[Pem, Pem] | None,
    ) -> None:
        self._grpc = import_grpc()
        self._target = target
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._credentials = self._make_credentials(tls, client_cert)
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = (
            weakref.WeakKeyDictionary()
        )
        self._sync = self._open(self._grpc)
        self.closed = False

    def _make_credentials(self, tls: bool | Pem | None, client_cert: tuple[Pem, Pem] | None) -> Any:
        if tls is None or tls is False:
            if client_cert is not None:
                raise ValueError("client_cert is for a connection with TLS: give tls, too")
            return None
        certificate, key = map(_pem, client_cert) if client_cert else (None, None)
        return self._grpc.ssl_channel_credentials(
            root_certificates=None if tls is True else _pem(tls),
            private_key=key,
            certificate_chain=certificate,
        )

    def _open(self, module: Any) -> Any:
        if self._credentials is None:
            return module.insecure_channel(self._target, options=_OPTIONS)
        return module.secure_channel(self._target, self._credentials, options=_OPTIONS)

    def for_threads(self) -> Any:
        return self._sync

    def for_loop(self) -> Any:
        """The channel of the running loop."""
        loop = asyncio.get_running_loop()
        channel = self._loops.get(loop)
        if channel is None:
            channel = self._loops[loop] = self._open(self._grpc.aio)
        return channel

    def close(self) -> None:
        """Ends what runs. Channels of loops that still run close when nobody uses them."""
        self.closed = True
        self._sync.close()
        self._loops.clear()

    async def aclose(self) -> None:
        """Ends what runs in threads and in the running loop."""
        channel = self._loops.pop(asyncio.get_running_loop(), None)
        if channel is not None:
            await channel.close()
        self.close()
