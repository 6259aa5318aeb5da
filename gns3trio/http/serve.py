"""Serves an ASGI application with Hypercorn on trio: HTTP/1.1 and websockets, with or without TLS."""

from functools import partial
from pathlib import Path

import attrs
import trio
from hypercorn.config import Config as HypercornConfig
from hypercorn.trio import serve
from starlette.types import ASGIApp


@attrs.frozen
class HttpSettings:
    """Where to serve."""

    host: str
    port: int
    certfile: Path | None = None
    certkey: Path | None = None


async def serve_http(
    app: ASGIApp, settings: HttpSettings, *, closing: trio.Event, task_status: trio.TaskStatus[list[str]]
) -> None:
    """Serve until ``closing``; ``task_status`` gets the URLs."""
    config = HypercornConfig()
    config.bind = [f"{settings.host}:{settings.port}"]
    config.alpn_protocols = ["http/1.1"]
    config.include_server_header = False
    await serve(app, config, shutdown_trigger=closing.wait, mode="asgi", task_status=task_status)
