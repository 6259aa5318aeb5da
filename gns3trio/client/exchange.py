"""Sends a request and receives its reply, with httpcore2 on trio. Each request has a connection of its own, without a
time limit.

Proxies are not supported: websockets do not support them either, and a server on this host does not need one.
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
    """Send a request to ``path`` below the URL ``base``; yields the reply, whatever its status, before its body is
    read.

    If the content is an iterator, the headers must contain Content-Length. Raises Unavailable if the server cannot be
    reached or does not speak HTTP, and, also inside the block, if the reply breaks off.
    """
    parts = urlsplit(base)  # user and password in the URL are not sent
    host = (parts.hostname or "").encode("idna")
    url = URL(scheme=parts.scheme, host=host, port=parts.port, target=(parts.path + path).encode())
    name = f"[{host.decode()}]" if b":" in host else host.decode()
    host_header = name if parts.port is None else f"{name}:{parts.port}"
    sent = [("Host", host_header), ("Accept-Encoding", "identity"), *headers.items()]
    if content is None and method in ("POST", "PUT"):
        content = b""  # so that Content-Length is sent (RFC 9110, 8.6)
    async with AsyncExitStack() as stack:
        connection = AsyncHTTPConnection(url.origin, context, network_backend=TrioBackend())
        await stack.enter_async_context(connection)
        try:
            reply = await stack.enter_async_context(connection.stream(method, url, headers=sent, content=content))
        except ProtocolError as error:
            if error.__cause__ is None:  # these mean that no answer came
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
    """The pieces of an endless body. Raises Unavailable if it breaks off."""
    try:
        async for piece in reply.aiter_stream():
            yield piece
    except (ProtocolError, NetworkError) as error:
        raise broken_off(base, error) from None
