"""A running QEMU: the process, the sockets to it, and the forwarder's port for each of its adapters."""

import os
import re
import resource
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import trio

from gns3trio.compute.local.cgroups import GroupLimits
from gns3trio.compute.local.leases import bind_udp
from gns3trio.compute.local.programs import ProgramGroup
from gns3trio.compute.nodes.parts.node_folder import capabilities_for, require_own_folder
from gns3trio.compute.nodes.parts.sandbox import LARGE_LIMITS, MIB, Access, Calls, Sandbox
from gns3trio.compute.nodes.parts.spawn import ChildProcess, spawn
from gns3trio.compute.nodes.qemu.command import Machine, UdpPath, build_command, takes_sockets
from gns3trio.compute.nodes.qemu.programs import KVM, QemuProgram
from gns3trio.forwarder.forwarder import Forwarder, Port
from gns3trio.printable import escape

# QEMU ends within milliseconds of SIGTERM, after it has written what its disks have cached.
STOP_GRACE_SECONDS = 10.0
# Address space beyond the guest's memory: translated code takes up to a gigabyte, and each thread's stack some MiB.
_OWN_SPACE = 8 * 1024 * MIB
_SPACE_PER_CPU = 128 * MIB
_DESCRIPTORS = 1024
# Memory beside the guest's, of which translated code is the most, and files that the kernel keeps as long as there is
# room. Threads beside those of the processors: up to 64 for disks, and some for screens.
_OWN_MEMORY = 2048 * MIB
_OWN_TASKS = 256
_LAST_WORDS_BYTES = 65536
_MOST_WORDS = 400
_PREFIX = re.compile(r"^qemu-system-\w+: ")
# setpriority(2). Only a server with privileges can give more than the usual one.
_NICE: Mapping[str, int] = {"realtime": -20, "very high": -15, "high": -5, "normal": 0, "low": 5, "very low": 19}


def qemu_sandbox(
    program: QemuProgram,
    folder: Path,
    *,
    reads: Sequence[Path | str],
    writes: Sequence[Path | str],
    ram: int,
    cpus: int,
    use_kvm: bool,
) -> Sandbox:
    """The sandbox of a machine in its folder: its images, threads, and the sockets that it is given. Blocks.

    Raises Conflict if the folder is not inside the project.
    """
    require_own_folder(folder)
    paths = {**program.files, os.fspath(folder): Access.READ | Access.WRITE}
    for path in reads:
        paths.setdefault(os.path.realpath(path), Access.READ)
    for path in writes:
        paths[os.path.realpath(path)] = Access.READ | Access.WRITE
    calls = Calls.THREADS | Calls.GIVEN_SOCKETS
    if use_kvm:
        paths[KVM] = Access.DEVICE
        calls |= Calls.CONTROL
    limits = {
        **LARGE_LIMITS,
        resource.RLIMIT_AS: ram * MIB + _OWN_SPACE + cpus * _SPACE_PER_CPU,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
    }
    own = frozenset() if takes_sockets(program.version) else frozenset({(int(socket.AF_INET), int(socket.SOCK_DGRAM))})
    return Sandbox(paths=paths, sockets=own, calls=calls, limits=limits, capabilities=capabilities_for(folder))


def group_limits(ram: int, cpus: int) -> GroupLimits:
    """What a machine of ``ram`` MiB may take of the host. Without an end, a faulty QEMU would take it from others."""
    return GroupLimits(memory_bytes=ram * MIB + _OWN_MEMORY, tasks=_OWN_TASKS + cpus)


class QemuProcess:
    """Use ``open_qemu``. ``devices`` are the forwarder's ports of the adapters, in order."""

    def __init__(
        self,
        child: ChildProcess,
        monitor: socket.socket,
        serial: trio.SocketStream | None,
        devices: Sequence[Port],
        words: int,
    ) -> None:
        self.monitor = monitor
        self.serial = serial
        self.devices = devices
        self._child = child
        self._words = words

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._child.pid

    def set_priority(self, priority: str) -> bool:
        """Set how much of the processors it gets beside other programs. Returns whether that was permitted."""
        try:
            os.setpriority(os.PRIO_PROCESS, self._child.pid, _NICE[priority])
        except ProcessLookupError:
            return True  # it has ended, which is told elsewhere
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once, so that ``wait`` returns."""
        self._child.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code, or the negative number of the signal that killed it."""
        return await self._child.wait()

    def last_words(self) -> str:
        """What it has written about its end; empty if nothing."""
        with suppress(OSError):
            text = os.read(self._words, _LAST_WORDS_BYTES).decode(errors="replace").strip()
            if text:
                lines = [_PREFIX.sub("", line) for line in text.splitlines()[-2:]]
                return escape(" ".join(lines)[-_MOST_WORDS:])
        return ""


@asynccontextmanager
async def open_qemu(
    machine: Machine,
    *,
    folder: Path,
    sandbox: Sandbox,
    has_serial: bool,
    forwarder: Forwarder,
    group: ProgramGroup,
    tpm: socket.socket | None = None,
) -> AsyncIterator[tuple[QemuProcess, list[str]]]:
    """Start a QEMU; yields it and its command line. It ends with the ``async with``, or when this process dies.

    The numbers of its descriptors are those in ``command.py``. ``group`` lasts longer. ``tpm`` leads to its TPM. Raises
    OSError if it cannot be started.
    """
    with ExitStack() as held:
        words, its_words = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        held.callback(os.close, words)
        with ExitStack() as handed_over:
            handed_over.callback(os.close, its_words)
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            handed_over.callback(os.close, null)
            monitor, its_monitor = socket.socketpair()
            held.enter_context(monitor)
            handed_over.enter_context(its_monitor)
            serial: trio.SocketStream | None = None
            its_serial = null
            if has_serial:
                ours, theirs = socket.socketpair()
                held.enter_context(ours)
                its_serial = handed_over.enter_context(theirs).fileno()
                serial = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
            devices, sockets, paths = [], [], []
            for _ in machine.adapters:
                device, its_socket = held.enter_context(_open_adapter(forwarder))
                devices.append(device)
                sockets.append(handed_over.enter_context(its_socket))
                paths.append(UdpPath(its_socket.getsockname()[1], its_socket.getpeername()[1]))
            descriptors = [each.fileno() for each in sockets]
            if not takes_sockets(machine.version):
                descriptors = []
                for each in sockets:
                    each.close()  # QEMU binds their ports now
            command = build_command(machine, paths)
            child = spawn(
                command,
                cwd=folder,
                sandbox=sandbox,
                stdin=null,
                stdout=null,
                stderr=its_words,
                others=(its_monitor.fileno(), its_serial, *descriptors, *([] if tpm is None else [tpm.fileno()])),
            )
        async with AsyncExitStack() as ending:
            ending.push_async_callback(_stop, child)
            await group.add(child.pid)
            yield QemuProcess(child, monitor, serial, devices, words), command


async def _stop(child: ChildProcess) -> None:
    await child.stop(grace=STOP_GRACE_SECONDS)


@contextmanager
def _open_adapter(forwarder: Forwarder) -> Iterator[tuple[Port, socket.socket]]:
    """The forwarder's port for an adapter, and QEMU's end of the UDP path between them on the loopback interface."""
    with bind_udp("127.0.0.1", 0) as ours:
        theirs = bind_udp("127.0.0.1", 0)
        try:
            theirs.connect(ours.getsockname())
            with suppress(OSError):  # not permitted before Linux 5.7
                # QEMU cannot undo it, so it cannot send to other hosts, whatever takes it over.
                theirs.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
            device = forwarder.open_port(ours, theirs.getsockname())
        except BaseException:
            theirs.close()
            raise
        try:
            yield device, theirs
        finally:
            device.close()
