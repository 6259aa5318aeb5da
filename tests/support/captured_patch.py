"""A patch in the core, and captures of what passes it."""

import os
from typing import Any

import attrs
import trio

from gns3trio.forwarder.captures import (
    Capture,
    CaptureFile,
    CaptureService,
)
from gns3trio.forwarder.forwarder import CaptureOptions, Forwarder, Port
from tests.pcap_reader import CaptureContent

LOOPBACK = "127.0.0.1"

PATIENCE = 60


@attrs.define
class Bench:
    """A patch between two sockets of the test, and captures at its first port."""

    forwarder: Forwarder
    service: CaptureService
    port: Port
    sender: trio.socket.SocketType
    receiver: trio.socket.SocketType
    entrance: tuple[str, int]
    errors: list[str] = attrs.field(factory=list)

    async def send(self, data: bytes) -> None:
        await self.sender.sendto(data, self.entrance)
        with trio.fail_after(PATIENCE):
            assert await self.receiver.recv(65536) == data

    async def start(self, file: CaptureFile, **options: Any) -> Capture:
        core_capture = self.port.capture(CaptureOptions(pcapng=file.pcapng, snaplen=file.snaplen, **options))
        return await self.service.start(core_capture, file, self.errors.append)


def statistics(content: CaptureContent) -> list[tuple[int, int]]:
    return [(int.from_bytes(s[4], "little"), int.from_bytes(s[5], "little")) for s in content.statistics]


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
