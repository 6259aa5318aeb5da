"""Serves an ASGI application on addresses of this machine.

HTTP/1.1 and websockets by Hypercorn on trio, with or without TLS.

Owns the listening sockets, the TLS context and the order of closing. ``gns3trio.http.containment`` handles the errors
of single connections.
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
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework
from hypercorn.utils import repr_socket_addr
from starlette.types import ASGIApp

from gns3trio.addresses import listening_socket
from gns3trio.classes import frozen
from gns3trio.errors import Invalid, Unavailable
from gns3trio.http import containment
from gns3trio.http.accepting import Acceptor
from gns3trio.http.limits import Limits
from gns3trio.memory import Memory


@frozen
class HttpSettings:
    """Where to serve, and the limits for clients.

    ``addresses`` are IPv4 or IPv6 addresses, not names. ``::`` also accepts IPv4, unless another address does. All
    share ``port``; 0 lets the kernel choose. ``certfile`` (PEM, with its chain) turns TLS on; the key may be in it or
    in ``certkey``. ``access_log`` logs each request to the logger ``gns3trio.http.access``.
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

    When ``closing`` is set, the server accepts no more connections, idle connections end, and clients that do not read
    or send have ``limits.closing_stall_seconds``. Endless replies and websockets must end by themselves: the
    application watches the same event. Requests that still run after ``limits.closing_grace_seconds`` are cancelled.
    Cancelling this function instead ends all connections at once.

    Raises Unavailable if an address is in use, and Invalid if it is not an address of this machine or the certificate
    or its key is wrong.
    """
    ssl_context = _tls_context(settings)
    connections = containment.Connections(settings.limits, settings.memory)
    access_log = logging.getLogger("gns3trio.http.access") if settings.access_log else None
    config = containment.ContainedConfig(connections, access_log)
    context = WorkerContext(None)
    wrapped = ASGIWrapper(cast(ASGIFramework, app))  # the same interface, typed message by message

    async def serve_client(client: trio.SocketStream) -> None:
        stream = client if ssl_context is None else _tls_stream(client, ssl_context)
        await containment.Connection(wrapped, config, context, stream).run()

    with ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in _listen(settings)]
        async with trio.open_nursery() as clients:
            acceptor = stack.enter_context(Acceptor(serve_client, clients, tls=ssl_context is not None))
            async with trio.open_nursery() as accepting:
                for sock in sockets:
                    accepting.start_soon(acceptor.run, sock)
                task_status.started([_url(sock, ssl_context) for sock in sockets])
                await closing.wait()
                accepting.cancel_scope.cancel()
            connections.close()
            await context.terminated.set()
            clients.cancel_scope.deadline = trio.current_time() + settings.limits.closing_grace_seconds


def _tls_stream(client: trio.SocketStream, ssl_context: ssl.SSLContext) -> trio.SSLStream[trio.SocketStream]:
    return trio.SSLStream(client, ssl_context, server_side=True, https_compatible=True)


def _url(sock: socket.socket, ssl_context: ssl.SSLContext | None) -> str:
    return f"{'http' if ssl_context is None else 'https'}://{repr_socket_addr(sock.family, sock.getsockname())}"


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
        # Without this, OpenSSL would ask on the terminal for the password of an encrypted key.
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
                # Accepted sockets inherit it. The kernel then ends connections to hosts that have vanished.
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
