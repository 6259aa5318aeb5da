"""A request and its reply, with httpcore2 on trio: a connection for each, without a proxy or a time limit.

No proxy, because websockets know none either, and a server on this host is not behind one.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from ssl import SSLContext
from urllib.parse import urlsplit

from httpcore2 import URL, AsyncHTTPConnection, NetworkError, ProtocolError, Response, TrioBackend

from gns3trio.client.refusals import broken_off, no_gns3_server, unreachable
from gns3trio.errors import Unavailable


@asynccontextmanager
async def exchange(
    base: str,
    context: SSLContext | None,
    method: str,
    path: str,
    headers: Mapping[str, str],
    content: bytes | AsyncIterator[bytes] | None = None,
) -> AsyncIterator[Response]:
    """The reply to a request to ``path`` below the URL ``base``, whatever its status; its body is still to be read.

    Content that is an iterator needs a Content-Length among the headers. Raises Unavailable when the server is not
    there or does not talk HTTP, and, also in the block, when the reply breaks off.
    """
    parts = urlsplit(base)  # user and password that a URL may have are not sent
    host = (parts.hostname or "").encode("idna")
    url = URL(scheme=parts.scheme, host=host, port=parts.port, target=(parts.path + path).encode())
    name = f"[{host.decode()}]" if b":" in host else host.decode()
    host_header = name if parts.port is None else f"{name}:{parts.port}"
    sent = [("Host", host_header), ("Accept-Encoding", "identity"), *headers.items()]
    if content is None and method in ("POST", "PUT"):
        content = b""  # so that its length is told (RFC 9110, 8.6)
    async with AsyncExitStack() as stack:
        connection = AsyncHTTPConnection(url.origin, context, network_backend=TrioBackend())
        await stack.enter_async_context(connection)
        try:
            reply = await stack.enter_async_context(connection.stream(method, url, headers=sent, content=content))
        except ProtocolError as error:
            if error.__cause__ is None:  # nobody complains of an answer: none came
                raise Unavailable(f"{base}: {error}") from None
            raise no_gns3_server(base, error) from None
        except NetworkError as error:
            raise unreachable(base, error) from None
        try:
            yield reply
        except ProtocolError:
            raise Unavailable(f"{base}: the answer broke off") from None
        except NetworkError as error:
            raise unreachable(base, error) from None


async def pieces_of_stream(base: str, reply: Response) -> AsyncGenerator[bytes]:
    """The body of a reply that has no end. Raises Unavailable when the server breaks it off."""
    try:
        async for piece in reply.aiter_stream():
            yield piece
    except (ProtocolError, NetworkError) as error:
        raise broken_off(base, error) from None
