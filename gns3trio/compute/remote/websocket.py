"""Websockets at a compute: its notifications, and consoles."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

import h11
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import ProtocolError

from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.events import MAX_EVENT_BYTES
from gns3trio.compute.remote.http import basic_authorization
from gns3trio.compute.remote.transport import open_stream
from gns3trio.errors import ComputeAway
from gns3trio.websocket_pings import require_sound_pings

require_sound_pings()

_E = TypeVar("_E", bound=BaseException)


@asynccontextmanager
async def open_websocket(
    address: ComputeAddress, context: ssl.SSLContext | None, path: str, seconds: float, *, queued: int = 1
) -> AsyncIterator[WebSocketConnection]:
    """A websocket at a path, for as long as the ``async with`` lasts. Its messages are limited in
    size, and so many of them are read before somebody asks for them. It does not wait for the other side at the end.

    Raises ComputeAway if it is not open within so many seconds.
    """
    authorization = basic_authorization(address)
    headers = [(b"Authorization", authorization.encode())] if authorization is not None else []
    stream = await open_stream(address, context)
    failure = None
    try:
        async with trio.open_nursery() as nursery:  # in which the library raises what it does not understand
            try:
                with trio.fail_after(seconds):
                    websocket = await wrap_client_stream(
                        nursery,
                        stream,
                        f"{address.host}:{address.port}",
                        path,
                        extra_headers=headers,
                        message_queue_size=queued,
                        max_message_size=MAX_EVENT_BYTES,
                    )
            except trio.TooSlowError:
                failure = f"no websocket within {seconds:g} s"
            else:
                yield websocket
            nursery.cancel_scope.cancel()
    except* ConnectionRejected as errors:
        failure = f"the websocket was rejected with status {first_of(errors).status_code}"
    except* (HandshakeError, ConnectionClosed, OSError, h11.ProtocolError, ProtocolError) as errors:
        failure = f"it answers websockets wrongly: {first_of(errors)!r}"[:300]
    finally:
        await trio.aclose_forcefully(stream)
    if failure is not None:
        raise ComputeAway(f"compute '{address.name}': {failure}")


def first_of(errors: BaseExceptionGroup[_E]) -> _E:
    """The first error in groups of groups."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return cast("_E", error)
