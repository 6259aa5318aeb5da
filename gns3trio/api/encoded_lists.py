"""Encodes long lists for replies, in slices between which other tasks run, and sends them in pieces: a lab of ten
thousand nodes is 18 MB of JSON, and each copy of that takes longer than a slice.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import attrs
import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gns3trio.encoding import dumps, dumps_sorted
from gns3trio.slices import Slices

PIECE_BYTES = 64 * 1024


@attrs.frozen
class LongReply:
    """An object whose fields may be long lists: those that are iterators of views."""

    fields: Mapping[str, object]


async def encode_pieces(result: object) -> list[bytes]:
    """JSON with sorted keys, in pieces of about PIECE_BYTES, each of which has whole views."""
    if isinstance(result, list | Iterator):
        return await _encode_list(b"[", result)
    if not isinstance(result, LongReply):
        return [dumps_sorted(result)]
    pieces, before = [], b"{"
    for name, value in sorted(result.fields.items()):
        before += dumps(name) + b":"
        if isinstance(value, Iterator):
            pieces += await _encode_list(before + b"[", value)
        else:
            pieces.append(before + dumps_sorted(value))
        before = b","
    pieces.append(b"}" if pieces else b"{}")
    return pieces if sum(map(len, pieces)) > PIECE_BYTES else [b"".join(pieces)]


async def _encode_list(begin: bytes, views: Iterable[object]) -> list[bytes]:
    pieces: list[bytes] = []
    piece, size, slices = [begin], 0, Slices()
    for number, view in enumerate(views):
        encoded = dumps_sorted(view)
        piece.append(b"," + encoded if number else encoded)
        size += len(encoded)
        if size >= PIECE_BYTES:
            pieces.append(b"".join(piece))
            piece, size = [], 0
        await slices.pause()
    piece.append(b"]")
    return [*pieces, b"".join(piece)]


async def list_of(views: Iterable[object]) -> orjson.Fragment:
    """A list as a part of a reply that is not long."""
    return orjson.Fragment(b"".join(await _encode_list(b"[", views)))


class PiecesResponse(Response):
    """A reply that is sent piece by piece."""

    def __init__(self, pieces: Iterable[bytes], status_code: int, headers: Mapping[str, str]) -> None:
        self._pieces = deque(pieces)
        size = sum(map(len, self._pieces))
        super().__init__(status_code=status_code, headers={**headers, "content-length": str(size)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while self._pieces:
            piece = self._pieces.popleft()
            await send({"type": "http.response.body", "body": piece, "more_body": bool(self._pieces)})
