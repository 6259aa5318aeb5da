"""Replies whose body comes in pieces, when making the pieces fails."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from gns3trio.api.downloads import Download
from gns3trio.api.errors import ErrorBoundary
from gns3trio.errors import Conflict


async def pieces(*, good: int) -> AsyncGenerator[bytes]:
    """So many pieces, and then an error."""
    for _ in range(good):
        yield b"piece"
    raise Conflict("the folder is gone")


def client(*, good: int) -> httpx.AsyncClient:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Download(pieces(good=good), "text/plain", {})(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(ErrorBoundary(app)), base_url="http://server")


async def test_an_error_before_the_first_piece_is_the_reply() -> None:
    async with client(good=0) as http:
        reply = await http.get("/")
    assert (reply.status_code, reply.json()["message"]) == (409, "the folder is gone")


async def test_a_head_request_makes_no_pieces() -> None:
    async with client(good=0) as http:
        assert (await http.head("/")).status_code == 200


async def test_an_error_later_is_no_whole_reply() -> None:
    async with client(good=2) as http:
        with pytest.raises(ExceptionGroup):
            await http.get("/")
