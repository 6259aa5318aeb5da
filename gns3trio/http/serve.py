"""Serves an ASGI application on addresses of this machine.

HTTP/1.1 and websockets by Hypercorn on trio, with or without TLS.

Owns the listening sockets, the TLS context and the order of closing. What may go wrong in a single connection is
the business of ``gns3trio.http.containment``.
"""

import errno
import logging
import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import attrs
import trio
from hypercorn.config import Sockets
from hypercorn.trio import serve
from hypercorn.typing import ASGIFramework
from starlette.types import ASGIApp, Receive, Scope, Send

from gns3trio.addresses import listening_socket
from gns3trio.errors import Invalid, Unavailable
from gns3trio.http import containment
from gns3trio.http.limits import Limits
from gns3trio.memory import Memory


@attrs.frozen
class HttpSettings:
    """Where to serve, and what a client may cost.

    ``addresses`` are those of IPv4 or IPv6, not names; ``::`` takes IPv4 as well, unless others of them do. They share
    ``port``; 0 lets the kernel choose. ``certfile`` (PEM, with its chain) turns TLS on; the key may be in it
    or in ``certkey``. ``access_log`` logs each request to the logger ``gns3trio.http.access``.
    """

    addresses: Sequence[str]
    port: int
    certfile: Path | None = None
    certkey: Path | None = None
    access_log: bool = False
    limits: Limits = attrs.field(factory=Limits)
    memory: Memory = attrs.field(factory=Memory)


async def serve_http(
    app: ASGIApp,
    settings: HttpSettings,
    *,
    closing: trio.Event,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until ``closing`` is set; ``task_status`` gets the URLs, with real ports, once clients can connect.

    At ``closing`` the server accepts no more, idle connections end, and clients that do not read or send have
    ``limits.closing_stall_seconds``. Endless replies and websockets are expected to end by themselves, for which
    the application watches the same event. What still runs after ``limits.closing_grace_seconds`` is cancelled.
    Cancelling this function instead ends all connections at once.

    Raises Unavailable when an address cannot be had, Invalid when one is not of this machine, or the certificate or its
    key is wrong.
    """
    ssl_context = _tls_context(settings)
    connections = containment.Connections(settings.limits, settings.memory)
    with ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in _listen(settings)]
        owned = Sockets(sockets, [], []) if ssl_context else Sockets([], sockets, [])
        access_log = logging.getLogger("gns3trio.http.access") if settings.access_log else None
        config = containment.ContainedConfig(connections, owned, ssl_context, access_log)
        containment.install()
        async with trio.open_nursery() as nursery:

            async def hurry_at_closing() -> None:
                await closing.wait()
                connections.close()

            nursery.start_soon(hurry_at_closing)
            framework = cast(ASGIFramework, WithoutLifespan(app))  # the same interface, typed message by message
            await serve(framework, config, shutdown_trigger=closing.wait, mode="asgi", task_status=task_status)
            nursery.cancel_scope.cancel()


class WithoutLifespan:
    """Answers ASGI's lifespan messages: what the application needs is started and ended by who calls serve_http."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _tls_context(settings: HttpSettings) -> ssl.SSLContext | None:
    if settings.certfile is None:
        if settings.certkey is not None:
            raise Invalid(f"certkey: {settings.certkey} is the key of no certificate: certfile is not set")
        return None
    for name, path in (("certfile", settings.certfile), ("certkey", settings.certkey)):
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:
            raise Invalid(f"{name}: {path} cannot be read: {os.strerror(error.errno or 0)}") from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password OpenSSL would ask for that of an encrypted key on the terminal.
        context.load_cert_chain(settings.certfile, settings.certkey, password="")
    except (ssl.SSLError, ValueError) as error:
        files = " and ".join(str(path) for path in (settings.certfile, settings.certkey) if path is not None)
        raise Invalid(f"certfile, certkey: no certificate with its unencrypted key in {files}: {error}") from None
    return context


def _listen(settings: HttpSettings) -> list[socket.socket]:
    """Bound, listening sockets: one per address, all with the same port."""
    port = settings.port
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        for address in settings.addresses:
            sock = stack.enter_context(listening_socket(address, settings.addresses))
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                # Accepted sockets inherit it: the kernel drops a peer whose host has vanished.
                stall_ms = int(settings.limits.write_stall_seconds * 1000)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stall_ms)
                sock.bind((address, port))
                sock.listen(settings.limits.backlog)
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    raise Invalid(f"host: {address!r} is not an address of this machine") from None
                raise Unavailable(f"{address}:{port}: cannot listen there: {os.strerror(error.errno or 0)}") from None
            sockets.append(sock)
            port = sock.getsockname()[1]
        stack.pop_all()
        return sockets
