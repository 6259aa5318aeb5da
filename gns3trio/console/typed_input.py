"""The queue of input that console clients have typed and the node has not read yet."""

from collections import deque
from typing import Generic, TypeVar

import trio

# Pasted configurations have some ten thousand bytes. When the queue is full, only the typing client waits.
MAX_BYTES = 256 * 1024
PIECE_BYTES = 1024
# The memory that a piece needs beside its bytes: many clients send each key separately.
_OVERHEAD_BYTES = 128
_CTRL_C = 0x03

Typist = TypeVar("Typist")


class TypedInput(Generic[Typist]):
    """Typed bytes in order of arrival, with the client that typed them. Ctrl-C overtakes and discards all earlier
    input.
    """

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, Typist, bytes]] = deque()  # with the number of their piece
        self._size = 0
        self._count = 0
        self._closed = False
        self._changed: trio.Event | None = None  # while somebody waits for it

    @property
    def arrived(self) -> int:
        """The number of pieces that have arrived so far."""
        return self._count

    @property
    def is_empty(self) -> bool:
        """Whether no input is queued."""
        return not self._pieces

    @property
    def begins_with_interrupt(self) -> bool:
        """Whether the first queued byte is Ctrl-C."""
        return bool(self._pieces) and self._pieces[0][2][0] == _CTRL_C

    def close(self) -> None:
        """Close the queue: nobody reads it any more, and clients that wait for room give up."""
        self._closed = True
        self.tell_change()

    def tell_change(self) -> None:
        """Wake up all tasks in ``wait_change``."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def wait_change(self) -> None:
        """Wait until something is typed or ``tell_change`` is called."""
        if self._changed is None:
            self._changed = trio.Event()
        await self._changed.wait()

    async def put(self, typist: Typist, typed: bytes) -> None:
        """Queue typed bytes; waits while the queue is full. Ignored once closed."""
        _, interrupt, behind = typed.rpartition(b"\x03")
        if interrupt:
            self._pieces.clear()
            self._size = 0
            typed = interrupt + behind
        for start in range(0, len(typed), PIECE_BYTES):
            while self._size >= MAX_BYTES and not (self._closed or interrupt):
                await self.wait_change()
            if self._closed:
                return
            self._add(typist, typed[start : start + PIECE_BYTES])

    def _add(self, typist: Typist, piece: bytes) -> None:
        self._count += 1
        self._pieces.append((self._count, typist, piece))
        self._size += _cost(piece)
        self.tell_change()

    def take(self) -> tuple[Typist, bytes]:
        """The next piece. Raises IndexError when there is none."""
        _, typist, piece = self._pieces.popleft()
        self._taken(_cost(piece))
        return typist, piece

    def put_back(self, typist: Typist, rest: bytes) -> None:
        """Put ``rest`` of a piece back to the front of the queue."""
        if rest:
            self._pieces.appendleft((0, typist, rest))
            self._size += _cost(rest)

    def take_byte(self) -> bytes:
        """The next byte. Raises IndexError when there is none."""
        typist, piece = self.take()
        self.put_back(typist, piece[1:])
        return piece[:1]

    def take_byte_after(self, count: int) -> bytes | None:
        """The first byte that arrived after ``count`` pieces, ahead of earlier ones; None if there is none."""
        for index, (number, typist, piece) in enumerate(self._pieces):
            if number > count:
                if len(piece) > 1:
                    self._pieces[index] = (number, typist, piece[1:])
                    self._taken(1)
                else:
                    del self._pieces[index]
                    self._taken(_cost(piece))
                return piece[:1]
        return None

    def _taken(self, size: int) -> None:
        full, self._size = self._size >= MAX_BYTES, self._size - size
        if full:
            self.tell_change()


def _cost(piece: bytes) -> int:
    return len(piece) + _OVERHEAD_BYTES
