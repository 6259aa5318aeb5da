"""Replies that are files of any size, sent in pieces."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from email.utils import formatdate
from pathlib import PurePosixPath
from urllib.parse import quote

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gns3trio.api.content_policy import BINARY, shown_type
from gns3trio.compute.node_features import ReadFile


class Download(Response):
    """A reply whose body comes from ``pieces``. Without a length in ``headers`` it is sent chunked.

    If ``pieces`` raises before its first piece, the reply is that error. Later the connection is cut, so that no client
    takes a part for the whole file.
    """

    def __init__(self, pieces: AsyncGenerator[bytes], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(status_code=200, headers={"content-type": media_type, **headers})
        if "content-length" not in headers:
            del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""

        async def wait_for_leaving(nursery: trio.Nursery) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            nursery.cancel_scope.cancel()

        async with aclosing(self._pieces) as pieces, trio.open_nursery() as nursery:
            nursery.start_soon(wait_for_leaving, nursery)
            has_body = scope["method"] != "HEAD"
            last = await anext(pieces, b"") if has_body else b""
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if has_body:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": last, "more_body": True})
                    last = piece
            # The end comes with the last piece: a client that has the whole length may send its next request at once.
            await send({"type": "http.response.body", "body": last})
            nursery.cancel_scope.cancel()


def file_download(file: ReadFile, media_type: str) -> Download:
    """The reply that sends an open file, and closes it."""
    headers = {"content-length": str(file.size), "last-modified": formatdate(file.modified, usegmt=True)}
    return Download(file.pieces(), media_type, headers)


def tagged_download(file: ReadFile) -> Download:
    """The reply that sends an open file as bytes, with an entity tag (RFC 9110 8.8.3) that changes with the file."""
    reply = file_download(file, BINARY)
    version = f"{file.modified}-{file.size}".encode()
    reply.headers["etag"] = f'"{hashlib.md5(version, usedforsecurity=False).hexdigest()}"'
    return reply


def uploaded_file(file: ReadFile, path: str) -> Download:
    """The reply for a file that a client may have uploaded. Browsers download it if they could execute it. ``path``
    gives its name.
    """
    media_type = shown_type(path)
    reply = file_download(file, media_type or BINARY)
    if media_type is None:
        reply.headers["content-disposition"] = attachment(PurePosixPath(path).name)
    return reply


def attachment(name: str) -> str:
    """The ``Content-Disposition`` for a download as ``name`` (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\/' else "_" for c in name)
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"
