"""Passes a request on to a compute on another host, and its answer back, both in pieces.

Of the answer only the status, the body and a harmless type are used: in a browser it must not act as a page of this
server, whatever the compute sends.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gns3trio.api.content_policy import BINARY
from gns3trio.api.routing import ApiRequest
from gns3trio.compute.emulators import EMULATOR_OF_TYPE, not_run
from gns3trio.compute.node_types import node_types
from gns3trio.compute.other_hosts import EmulatorReply, OtherCompute
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import Conflict, NotFound

_TYPES = ("application/json", "text/plain")
_EMULATOR = re.compile("[a-z_]{1,40}")
_MOST_TOLD = 200


class Forwarded(Response):
    """The answer of a compute to this request. ``path`` is below ``/v2/compute`` there, and begins with the emulator or
    ``projects``. Raises NotFound for a path that would lead elsewhere.
    """

    def __init__(self, api: ApiRequest, compute: OtherCompute, path: str) -> None:
        super().__init__()
        parts = path.split("/")
        if not _EMULATOR.fullmatch(parts[0]) or any(part in ("", ".", "..") for part in parts):
            raise NotFound(f"/v2/compute/{path[:200]} doesn't exist")
        query = api.http.url.query
        self._path = quote(path) + (f"?{query}" if query else "")
        self._request = api.http
        self._compute = compute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI entry point)."""
        request = self._request
        length = request.headers.get("content-length", "")
        has_body = request.method not in ("GET", "DELETE")

        async def body() -> AsyncGenerator[bytes]:
            async for piece in request.stream():
                if piece:
                    yield piece

        async def wait_for_leaving(nursery: trio.Nursery) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            if not has_body:  # otherwise the body is received first
                nursery.start_soon(wait_for_leaving, nursery)
            async with (
                aclosing(body()) as pieces,
                self._compute.forward(
                    request.method,
                    self._path,
                    pieces if has_body else None,
                    int(length) if length.isascii() and length.isdigit() else None,
                ) as reply,
            ):
                if has_body:
                    nursery.start_soon(wait_for_leaving, nursery)
                await _send_reply(reply, send)
            nursery.cancel_scope.cancel()


def forwarded_for_node(api: ApiRequest, node: Node, node_type: str, action: str) -> Forwarded:
    """Pass a request on to the compute of a node. Raises Conflict if the node is of another type or runs here."""
    if node.record.node_type == node_type and node.instance is not None:
        compute = api.controller.computes.require_other(node.record.compute_id)
        if compute is not None:
            return Forwarded(api, compute, f"projects/{node.project_id}/{node_type}/nodes/{node.node_id}/{action}")
    raise Conflict(
        f"Node '{node.name}' is of type {node.record.node_type}: only nodes of type {node_type} can do this, and this "
        f"server does not run {EMULATOR_OF_TYPE[node_type]}"
    )


def forwarded(api: ApiRequest, compute_id: str, emulator: str, action: str) -> Forwarded:
    """The answer of another compute to a request for one of its emulators. Raises NotFound for an unknown compute or
    emulator, Conflict for this server, which has no more emulators than its other routes tell.
    """
    compute = api.controller.computes.require_other(compute_id)
    if compute is not None and emulator in node_types:
        return Forwarded(api, compute, f"{emulator}/{action}")
    if emulator in EMULATOR_OF_TYPE:
        raise not_run(emulator)
    raise NotFound(f"{emulator[:_MOST_TOLD]}/{action[:_MOST_TOLD]} doesn't exist on compute {compute_id}")


async def _send_reply(reply: EmulatorReply, send: Send) -> None:
    plain = reply.content_type.partition(";")[0].strip().lower()
    media_type = plain if plain in _TYPES else BINARY
    headers = [(b"content-type", media_type.encode())]
    status = reply.status if 200 <= reply.status < 600 and not 300 <= reply.status < 400 else 502
    await send({"type": "http.response.start", "status": status, "headers": headers})
    async for piece in reply.content:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
