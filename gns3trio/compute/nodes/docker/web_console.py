"""The web console of a container: connections to the node's console port are passed on to a port of the container.

The container has no network but its links, so the connection to it is made inside of its network namespace. The bytes
are passed as they are, also those of TLS.
"""

import logging
import socket

import trio

from gns3trio import threads
from gns3trio.compute.nodes.docker.namespace_taps import open_namespace_socket
from gns3trio.errors import LabError

log = logging.getLogger(__name__)

_BYTES = 65536
# A web page of today opens some tens of connections.
_MOST_CLIENTS = 256
_CONNECT_SECONDS = 10.0


class WebConsole:
    """The clients of one container. It serves them between ``open`` and ``close``."""

    def __init__(self) -> None:
        self._target: tuple[int, str, int] | None = None  # process, container and port
        self._clients: set[trio.CancelScope] = set()

    def open(self, pid: int, container_id: str, port: int) -> None:
        """The container runs; ``pid`` is its first process."""
        self._target = pid, container_id, port

    def close(self) -> None:
        """It has ended."""
        self._target = None
        self.reset()

    def reset(self) -> None:
        """Disconnect all clients."""
        for client in self._clients:
            client.cancel()

    async def serve(self, client: trio.SocketStream) -> None:
        """Serve a connection until either side ends it. Only Cancelled propagates."""
        try:
            with trio.CancelScope() as scope:
                if self._target is not None and len(self._clients) < _MOST_CLIENTS:
                    self._clients.add(scope)
                    await _connect_through(client, *self._target)
        except (OSError, trio.BrokenResourceError, LabError) as error:
            log.info("a client of a web console is not served: %s", error)
        finally:
            self._clients.discard(scope)
            await trio.aclose_forcefully(client)


async def _connect_through(client: trio.SocketStream, pid: int, container_id: str, port: int) -> None:
    with trio.CancelScope(shield=True):  # the call is short, and its result must not be lost
        made = await threads.devices.run(open_namespace_socket, pid, container_id, socket.AF_INET, socket.SOCK_STREAM)
    sock = trio.socket.from_stdlib_socket(made)
    try:
        with trio.fail_after(_CONNECT_SECONDS):
            await sock.connect(("127.0.0.1", port))
    except trio.TooSlowError:
        sock.close()
        raise TimeoutError(f"port {port} of the container does not answer") from None
    except BaseException:
        sock.close()
        raise
    async with trio.SocketStream(sock) as server, trio.open_nursery() as nursery:
        nursery.start_soon(_pass_on, client, server)
        nursery.start_soon(_pass_on, server, client)


async def _pass_on(source: trio.SocketStream, target: trio.SocketStream) -> None:
    """Pass on what comes, and its end. Either side may end first."""
    try:
        while data := await source.receive_some(_BYTES):
            await target.send_all(data)
        await target.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        await trio.aclose_forcefully(target)
        await trio.aclose_forcefully(source)
