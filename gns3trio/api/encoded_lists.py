"""Encodes long lists for replies, in slices between which other tasks run, and sends them in pieces: a lab of ten
thousand nodes is 18 MB of JSON, and each copy of that takes longer than a slice.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

import orjson
import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gns3trio.classes import frozen
from gns3trio.encoding import dumps, dumps_sorted
from gns3trio.slices import Slices

PIECE_BYTES = 64 * 1024

# Of the lists that are longer than a piece one is encoded at a time: many at once would take as long, and be in memory
# together before the first is sent and counts as not read.
_long_list = trio.Lock()


@frozen
class LongReply:
    """An object whose fields may be long lists: those that are iterators of views."""

    fields: Mapping[str, object]


async def encode_pieces(result: object) -> list[bytes]:
    """JSON with sorted keys, in pieces of about PIECE_BYTES, each of which has whole views."""
    if isinstance(result, list | Iterator):
        with _Turn() as turn:
            return await _encode_list(b"[", result, turn)
    if not isinstance(result, LongReply):
        return [dumps_sorted(result)]
    with _Turn() as turn:
        return await _encode_fields(result.fields, turn)


async def _encode_fields(fields: Mapping[str, object], turn: "_Turn") -> list[bytes]:
    pieces, before = [], b"{"
    for name, value in sorted(fields.items()):
        before += dumps(name) + b":"
        if isinstance(value, Iterator):
            pieces += await _encode_list(before + b"[", value, turn)
        else:
            pieces.append(before + dumps_sorted(value))
        before = b","
    pieces.append(b"}" if pieces else b"{}")
    return pieces if sum(map(len, pieces)) > PIECE_BYTES else [b"".join(pieces)]


class _Turn:
    """Of one reply, to encode more than a piece."""

    def __init__(self) -> None:
        self._taken = False

    async def take(self) -> None:
        """Wait until no other long list is being encoded."""
        await _long_list.acquire()
        self._taken = True

    def take_now(self) -> bool:
        """Whether it is this reply's turn, without waiting."""
        if not self._taken:
            with suppress(trio.WouldBlock):
                _long_list.acquire_nowait()
                self._taken = True
        return self._taken

    def __enter__(self) -> "_Turn":
        return self

    def __exit__(self, *error: object) -> None:
        if self._taken:
            _long_list.release()


async def _encode_list(begin: bytes, views: Iterable[object], turn: _Turn) -> list[bytes]:
    pieces: list[bytes] = []
    piece, size, slices = [begin], 0, Slices()
    for number, view in enumerate(views):
        encoded = dumps_sorted(view)
        if size + len(encoded) >= PIECE_BYTES and not turn.take_now():
            encoded = b""  # a drawing is megabytes
            await turn.take()
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
    return orjson.Fragment(await encode_list(views))


async def encode_list(views: Iterable[object]) -> bytes:
    """A list as JSON with sorted keys, in one piece."""
    with _Turn() as turn:
        return b"".join(await _encode_list(b"[", views, turn))


class PiecesResponse(Response):
    """A reply that is sent piece by piece."""

    def __init__(self, pieces: Iterable[bytes], status_code: int, headers: Mapping[str, str]) -> None:
        self._pieces = deque(pieces)
        self._unsent = sum(map(len, self._pieces))
        super().__init__(status_code=status_code, headers={**headers, "content-length": str(self._unsent)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. What waits here counts as not read by the client; it is dropped once the client is given up."""
        add_unsent: Callable[[int], bool] = scope.get("extensions", {}).get("gns3trio.unsent", lambda size: True)
        add_unsent(self._unsent)
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while self._pieces:
                piece = self._pieces.popleft()
                self._unsent -= len(piece)
                if not add_unsent(-len(piece)):
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": bool(self._pieces)})
        finally:
            add_unsent(-self._unsent)
