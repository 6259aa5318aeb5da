"""A client of version 3 of a running server: it logs in, and sends its token as GNS3 3's clients do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import attrs
import httpx
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.support.described import check_reply
from tests.support.server import Server
from tests.support.websockets import EventReader, messages

# The first administrator of a server whose settings name no user.
DEFAULT_USER = DEFAULT_PASSWORD = "admin"
JSON = "application/json"


@attrs.frozen
class V3:
    """A user who has logged in. ``token`` is empty for a client that has not."""

    server: Server
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Those of each request."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request; the arguments are those of httpx. Returns the reply, whatever it is."""
        headers = {**self.headers, **arguments.pop("headers", {})}
        return await self.server.http.request(method, path, headers=headers, **arguments)

    async def request(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Send JSON, or nothing; returns the JSON reply, if any.

        Checks the status when given, the type of a JSON reply, which the GNS3 GUI compares for equality, and that
        replies of success are as OpenAPI describes them, and refusals as version 3 words them.
        """
        reply = await self.send(method, path, json=body) if body is not None else await self.send(method, path)
        if status is not None:
            assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text}"
        if "json" not in reply.headers.get("content-type", ""):
            return None
        assert reply.headers["content-type"] == JSON
        told = reply.json()
        if reply.is_success:
            check_reply(method, path, reply.status_code, told)
        else:
            assert told.keys() in ({"message"}, {"detail"}), told
        return told

    async def refused(self, method: str, path: str, body: Any, status: int, *words: str) -> str:
        """The message that refuses a request; it has these words."""
        told = await self.request(method, path, body, status)
        message: str = told["message"]
        for word in words:
            assert word in message, message
        return message

    def websocket_url(self, path: str) -> str:
        """The address of a websocket; the token is in its query, as clients send it."""
        query = f"?token={quote(self.token)}" if self.token else ""
        return self.server.url.replace("http", "ws", 1) + path + query

    @asynccontextmanager
    async def websocket(self, path: str) -> AsyncIterator[WebSocketConnection]:
        """An open websocket."""
        async with open_websocket_url(self.websocket_url(path)) as connection:
            yield connection

    @asynccontextmanager
    async def events(self, path: str) -> AsyncIterator[EventReader]:
        """The events of a stream, over a websocket."""
        async with self.websocket(path) as connection:
            yield EventReader(messages(connection))


async def logged_in(server: Server, user: str = "", password: str = "") -> V3:
    """A client that has logged in; without a name, the first administrator."""
    if not user:
        user = server.config.user or DEFAULT_USER
        password = server.config.password or DEFAULT_PASSWORD
    credentials = {"username": user, "password": password}
    reply = await server.http.post("/v3/access/users/authenticate", json=credentials)
    if reply.status_code in (404, 405):  # a server that knows no users
        return V3(server)
    assert reply.status_code == 200, reply.text
    return V3(server, reply.json()["access_token"])
