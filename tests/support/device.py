"""Plays a node: a socket behind the end of a link."""

import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local.link_ends import LocalLinkEnd
from gns3trio.compute.nio import LOOPBACK
from gns3trio.forwarder.forwarder import Forwarder

SECONDS = 60.0


class Device:
    """Plays a node: a socket joined to the end of a link."""

    def __init__(self, forwarder: Forwarder, link_end: LocalLinkEnd) -> None:
        self.socket = trio.socket.from_stdlib_socket(bind_udp(LOOPBACK, 0))
        self._device = bind_udp(LOOPBACK, 0)
        self.port = forwarder.open_port(self._device, self.socket.getsockname())
        self._address = self._device.getsockname()
        self._bridge = forwarder.connect(self.port, link_end.port)

    async def send(self, frame: bytes) -> None:
        await self.socket.sendto(frame, self._address)

    async def receive(self) -> bytes:
        with trio.fail_after(SECONDS):
            return await self.socket.recv(2048)

    def close(self) -> None:
        self._bridge.close()
        self.port.close()
        self._device.close()
        self.socket.close()
