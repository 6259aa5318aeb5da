"""A compute with QEMU machines, and the shells of their guests."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import trio

from gns3trio.compute.interface import ComputePort
from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.local_compute import LocalCompute, open_local_compute
from gns3trio.compute.node import NodeEvent, NodeSpec
from gns3trio.compute.node_features import ConsoleClient
from gns3trio.conditions.link_conditions import NO_CONDITIONS
from gns3trio.config import Config
from gns3trio.console.telnet import Data, telnet_client
from tests.compute.conftest import processes_in
from tests.support.guest_image import READY, make_guest

# Where ./dev puts the unpacked packages.
GUEST_PACKAGES = Path(__file__).parent.parent.parent / "build" / "guest"
PROJECT = UUID(int=1)
# A guest boots in three seconds, if it has a processor for itself.
BOOT_SECONDS = 120.0

needs_qemu = pytest.mark.skipif(
    shutil.which("qemu-system-x86_64") is None or shutil.which("qemu-img") is None,
    reason="QEMU is not installed (Debian: qemu-system-x86, qemu-utils)",
)
needs_guest = pytest.mark.skipif(
    not GUEST_PACKAGES.is_dir(), reason=f"there is no kernel for guests in {GUEST_PACKAGES}; ./dev test puts it there"
)


def make_images(folder: Path) -> None:
    """Put the guest's kernel and initrd among the images, if there are any."""
    images = folder / "images" / "QEMU"
    images.mkdir(parents=True)
    if GUEST_PACKAGES.is_dir():
        make_guest(GUEST_PACKAGES, images)


GUEST: dict[str, Any] = {
    "kernel_image": "vmlinuz",
    "initrd": "initrd.gz",
    "kernel_command_line": "console=ttyS0 quiet",
    "ram": 128,
    "adapter_type": "virtio-net-pci",
    "process_priority": "normal",
}


# A guest of one sector, in 16-bit code: it says R, has the power button reported (PM1 of the PIIX4, in ACPI's words),
# and waits for it. Then it says B and switches the machine off.
_SECTOR = bytes.fromhex(
    "baf803 b052 ee"  # mov dx,3f8h; mov al,'R'; out dx,al
    "ba0206 b80001 ef"  # mov dx,602h; mov ax,100h; out dx,ax: PWRBTN_EN
    "ba0006 ed f6c401 74fa"  # mov dx,600h; in ax,dx; test ah,1; jz back to in: PWRBTN_STS
    "baf803 b042 ee"  # 'B'
    "ba0406 b80020 ef"  # mov dx,604h; mov ax,2000h; out dx,ax: SLP_EN of S5
    "f4 ebfd"  # hlt, again
)
SMALLEST_GUEST = _SECTOR.ljust(510, b"\0") + b"\x55\xaa" + bytes(1024 * 1024 - 512)


class Machines:
    """Makes nodes, and remembers what they told."""

    def __init__(self, compute: LocalCompute, folder: Path) -> None:
        self.compute = compute
        self.folder = folder
        self.images = folder / "images" / "QEMU"
        self.events: list[tuple[str, NodeEvent]] = []
        self._changed = trio.Event()

    async def create(self, name: str, properties: dict[str, Any] | None = None, **others: Any) -> LocalNode:
        """A new node, checked as those of users are. ``others`` as for ``spec``."""
        spec = self.spec(name, properties, **others)
        await self.compute.check_properties(spec.node_type, spec.properties, spec.engine)
        return await self.compute.create_node(spec)

    def spec(
        self,
        name: str,
        properties: dict[str, Any] | None = None,
        *,
        node_type: str = "qemu",
        console_type: str | None = None,
        custom_adapters: list[dict[str, Any]] | None = None,
        engine: str | None = None,
    ) -> NodeSpec:
        """The parameters of a node."""
        node_id = uuid4()
        return NodeSpec(
            node_type=node_type,
            node_id=node_id,
            project_id=PROJECT,
            name=name,
            folder=self.folder / "projects" / str(PROJECT) / "project-files" / node_type / str(node_id),
            console=None,
            console_type=console_type,
            properties=properties or {},
            startup_script=None,
            custom_adapters=custom_adapters or [],
            engine=engine,
            emit=lambda event: self._emitted(name, event),
        )

    def _emitted(self, name: str, event: NodeEvent) -> None:
        self.events.append((name, event))
        self._changed.set()
        self._changed = trio.Event()

    async def wait_stopped(self, node: LocalNode) -> None:
        """Return when the node has stopped by itself."""
        with trio.fail_after(BOOT_SECONDS):
            while node.status != "stopped":
                await self._changed.wait()

    def told(self, name: str, kind: str) -> list[str]:
        """What a node told of this kind."""
        return [event.message for who, event in self.events if who == name and event.kind == kind]

    async def connect(self, first: tuple[LocalNode, int, int], second: tuple[LocalNode, int, int]) -> None:
        """Link two ports: node, adapter and port."""
        await self.compute.connect(ComputePort(*first), ComputePort(*second), NO_CONDITIONS)


@asynccontextmanager
async def open_machines(folder: Path, **settings: Any) -> AsyncIterator[Machines]:
    """A compute that runs machines without hardware acceleration."""
    config = Config(projects_path=folder / "projects", **{"enable_hardware_acceleration": False, **settings})
    async with open_local_compute(config) as compute:
        yield Machines(compute, folder)


@asynccontextmanager
async def checked_machines(folder: Path, **settings: Any) -> AsyncIterator[Machines]:
    """As ``open_machines``, with images; nothing of the machines may be left at the end."""
    make_images(folder)
    async with open_machines(folder, **settings) as machines:
        yield machines
    assert processes_in(folder) == []


class Shell:
    """The shell of a guest at its serial line."""

    def __init__(self, client: ConsoleClient) -> None:
        self._client = client
        self._telnet = telnet_client()
        self._unread = b""
        self._numbers = 0

    async def read_until(self, pattern: bytes) -> bytes:
        """What the guest prints up to and with what matches."""
        with trio.fail_after(BOOT_SECONDS):
            while (found := re.search(pattern, self._unread)) is None:
                data = await self._client.receive()
                assert data, f"the console was closed; before, it said {self._unread[-2000:]!r}"
                events = self._telnet.receive_data(data)
                self._unread += b"".join(event.data for event in events if isinstance(event, Data))
        said, self._unread = self._unread[: found.end()], self._unread[found.end() :]
        return said

    async def send(self, text: str) -> None:
        """Type something."""
        await self._client.send_input(text.encode())

    async def run(self, command: str) -> str:
        """Run a command; returns what it printed. It must succeed."""
        said, status = await self.attempt(command)
        assert status == 0, f"{command}: {said}"
        return said

    async def attempt(self, command: str) -> tuple[str, int]:
        """Run a command; returns what it printed, and its status."""
        self._numbers += 1
        await self.send(f"{command}; echo END''{self._numbers}=$?=\n")
        said = await self.read_until(rb"END%d=(\d+)=" % self._numbers)
        found = re.search(rb"(?s)(.*)END\d+=(\d+)=$", said)
        assert found is not None
        return found[1].decode(errors="replace"), int(found[2])


@contextmanager
def open_shell(node: LocalNode) -> Iterator[Shell]:
    """The serial line of a machine."""
    assert node.console_access is not None
    with node.console_access.attach() as client:
        yield Shell(client)


async def wait_booted(shell: Shell) -> None:
    """Return when the guest's shell runs."""
    await shell.read_until(READY)


async def qemu_img(*arguments: object) -> str:
    """What qemu-img says."""
    done = await trio.run_process(["qemu-img", *map(str, arguments)], capture_stdout=True)
    return done.stdout.decode()


async def make_disk(lab: Machines, name: str, disk_format: str = "qcow2", size: str = "8M") -> Path:
    """A new disk among the images."""
    path = lab.images / name
    await qemu_img("create", "-q", "-f", disk_format, path, size)
    return path


def pid_of(node: LocalNode) -> int:
    """The only process of a machine."""
    assert node.directory is not None
    (pid,) = processes_in(node.directory)
    return pid


async def boot(stack: ExitStack, *nodes: LocalNode) -> list[Shell]:
    """Start machines together, and wait until their guests are there."""
    shells: list[Shell] = []
    async with trio.open_nursery() as nursery:
        for node in nodes:
            await node.start()
            shells.append(stack.enter_context(open_shell(node)))
            nursery.start_soon(wait_booted, shells[-1])
    return shells
