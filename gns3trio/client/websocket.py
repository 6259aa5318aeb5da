"""Websockets of the commands' client, with trio-websocket."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ssl import SSLContext

from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError, WebSocketConnection, open_websocket_url

from gns3trio.client.refusals import no_gns3_server, refused, unreachable
from gns3trio.websocket_pings import require_sound_pings

require_sound_pings()

_SCHEMES = {"http": "ws", "https": "wss"}


@asynccontextmanager
async def open_websocket(
    base: str, context: SSLContext | None, path: str, credentials: str | None
) -> AsyncIterator[WebSocketConnection]:
    """Open a websocket at ``path`` below the URL ``base``.

    Raises NotFound if the server answers 404, and Unavailable if it rejects the websocket otherwise or cannot be
    reached.
    """
    scheme, _, address = base.partition("://")
    url = f"{_SCHEMES[scheme]}://{address}{path}"
    headers = [] if credentials is None else [(b"Authorization", credentials.encode())]
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(
                open_websocket_url(url, ssl_context=context, extra_headers=headers)
            )
        except ConnectionRejected as error:
            raise refused(error.status_code, error.body, credentials) from None
        except HandshakeError as error:
            if isinstance(error.__cause__, OSError):
                raise unreachable(base, error.__cause__) from None
            raise no_gns3_server(url, error) from None
        except OSError as error:
            raise unreachable(base, error) from None
        yield connection


async def messages(connection: WebSocketConnection) -> AsyncGenerator[str | bytes]:
    """The messages until the websocket is closed."""
    with suppress(ConnectionClosed):
        while True:
            yield await connection.get_message()
