"""The same echo in Python: grpcio with a thread pool, or grpc.aio.

``python grpcio_echo.py STUBS sync|aio`` prints its port and serves 127.0.0.1 until it is killed.
STUBS is a folder with what grpcio-tools generates from engine.proto.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def sync_server(messages: Any, services: Any) -> None:
    """A pool of threads, of the size that concurrent.futures chooses."""

    class Echo(services.EngineServicer):  # type: ignore[misc] # generated at run time
        def Exec(self, request: Any, context: Any) -> Any:
            return messages.ExecResponse(data=request.data)

    server = grpc.server(ThreadPoolExecutor(), options=OPTIONS)
    services.add_EngineServicer_to_server(Echo(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


async def aio_server(messages: Any, services: Any) -> None:
    """One event loop."""

    class Echo(services.EngineServicer):  # type: ignore[misc] # generated at run time
        async def Exec(self, request: Any, context: Any) -> Any:
            return messages.ExecResponse(data=request.data)

    server = grpc.aio.server(options=OPTIONS)
    services.add_EngineServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


def main() -> None:
    """Serves in the way that the second argument names."""
    stubs, kind = sys.argv[1:]
    sys.path.insert(0, stubs)
    messages = importlib.import_module("aiges.v1.engine_pb2")
    services = importlib.import_module("aiges.v1.engine_pb2_grpc")
    if kind == "aio":
        asyncio.run(aio_server(messages, services))
    else:
        sync_server(messages, services)


if __name__ == "__main__":
    main()
