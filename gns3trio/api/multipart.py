"""Files that browsers send as a form: the first file of a ``multipart/form-data`` body (RFC 7578, RFC 2046 5.1)."""

from collections.abc import AsyncGenerator, AsyncIterator
from email.message import Message

from gns3trio.errors import Invalid

FORM = "multipart/form-data"
# RFC 2046 5.1.1: a boundary has at most 70 characters.
_MAX_BOUNDARY = 70
# The head of a part: a few lines, with the name of the file.
_MAX_HEAD_BYTES = 16 * 1024
_END_OF_HEAD = b"\r\n\r\n"


def boundary_of(content_type: str) -> bytes | None:
    """The boundary between the parts of a form; None if the body is not a form. Raises Invalid."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        return None
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_boundary("")
    if not (0 < len(boundary) <= _MAX_BOUNDARY and boundary.isascii()):
        raise Invalid("Content-Type: a form has a boundary of 1 to 70 characters")
    return boundary.encode()


class FirstPart:
    """The content of the first part of a form, whatever its name, piece by piece. Sans-IO: feed it with the body, and
    call ``finish`` at the end of the body.
    """

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # The body may begin with the delimiter, without the end of a line before it.
        self._waiting = bytearray(b"\r\n")
        self._in_content = False
        self._has_ended = False

    def feed(self, data: bytes) -> bytes:
        """The content that these bytes complete. Raises Invalid if the body is not a form."""
        if self._has_ended:
            return b""
        self._waiting += data
        if not self._in_content and not self._take_head():
            return b""
        end = self._waiting.find(self._delimiter)
        self._has_ended = end >= 0
        if not self._has_ended:  # what may be the beginning of the delimiter waits
            end = max(0, len(self._waiting) - len(self._delimiter) + 1)
        content = bytes(self._waiting[:end])
        del self._waiting[:end]
        return content

    def _take_head(self) -> bool:
        """Skip the head of the first part. Returns whether it is complete."""
        start = self._waiting.find(self._delimiter)
        end = self._waiting.find(_END_OF_HEAD, start) if start >= 0 else -1
        if end < 0:
            if len(self._waiting) > _MAX_HEAD_BYTES:
                raise Invalid("body: is not a form with a file")
            return False
        del self._waiting[: end + len(_END_OF_HEAD)]
        self._in_content = True
        return True

    def finish(self) -> None:
        """Raises Invalid if the part has no end."""
        if not self._has_ended:
            raise Invalid("body: is not a form with a file, or it was cut off")


async def file_of(body: AsyncIterator[bytes], content_type: str) -> AsyncGenerator[bytes]:
    """The file in a request's body: the first one of a form, or all of another body. Raises Invalid."""
    boundary = boundary_of(content_type)
    part = FirstPart(boundary) if boundary is not None else None
    async for data in body:
        yield data if part is None else part.feed(data)
    if part is not None:
        part.finish()
