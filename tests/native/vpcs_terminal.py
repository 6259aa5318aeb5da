"""A real VPCS on a terminal, with its UDP port: a peer for the core's built-in PCs."""

import os
import pty
import shutil
import subprocess
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trio

from gns3trio.compute.local.leases import bind_udp

# VPCS versions to test with: paths separated by colons.
PROGRAMS = os.environ.get("GNS3TRIO_TEST_VPCS", shutil.which("vpcs") or "vpcs").split(":")
PATIENCE = 60.0
LOOPBACK = "127.0.0.1"


class Terminal:
    """The terminal of a VPCS. It drops what follows an Enter, so each line waits for its prompt."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = b""

    async def read_prompt(self) -> str:
        """What was printed until a prompt."""
        with trio.fail_after(PATIENCE):
            while not self._unread.rstrip(b" ").endswith(b">"):
                await trio.lowlevel.wait_readable(self._descriptor)
                self._unread += os.read(self._descriptor, 65536)
        said, self._unread = self._unread, b""
        return said.decode(errors="replace")

    async def run(self, line: str) -> str:
        """What VPCS prints for a line."""
        os.write(self._descriptor, line.encode() + b"\r")
        return await self.read_prompt()


@contextmanager
def run_vpcs(
    program: str, folder: Path, core_port: int, script: str = "ip 10.0.0.2/24\n"
) -> Iterator[tuple[Terminal, tuple[str, int]]]:
    """A VPCS that sends its frames to a UDP port of the core; its terminal, and where it takes frames."""
    (folder / "startup.vpc").write_text(script)
    with bind_udp(LOOPBACK, 0) as free:
        own_port = free.getsockname()[1]
    master, slave = pty.openpty()
    tty.setraw(slave)
    ports = ["-s", str(own_port), "-c", str(core_port), "-t", LOOPBACK]
    process = subprocess.Popen(
        [program, "-i", "1", "-m", "2", *ports],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        start_new_session=True,
    )
    os.close(slave)
    os.set_blocking(master, False)
    try:
        yield Terminal(master), (LOOPBACK, own_port)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(master)
