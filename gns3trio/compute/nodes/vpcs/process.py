"""A running VPCS: the program, its terminal, and the forwarder's port for its frames."""

import os
import shlex
import shutil
import signal
import socket
import stat
import termios
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import trio

from gns3trio.classes import frozen
from gns3trio.compute.local.cgroups import GroupLimits
from gns3trio.compute.local.leases import PortLease, bind_udp
from gns3trio.compute.local.programs import ProgramGroup
from gns3trio.compute.nodes.parts.node_folder import capabilities_for, require_own_folder
from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import MIB, Access, Calls, Sandbox
from gns3trio.compute.nodes.parts.spawn import ChildProcess, output_of, spawn
from gns3trio.compute.nodes.vpcs.command import (
    INSTALL_ADVICE,
    RELAY_PORT_OFFSET,
    VpcsVersion,
    build_command,
    parse_version,
)
from gns3trio.errors import Conflict, Unavailable
from gns3trio.forwarder.forwarder import Forwarder, Port

# vpcs -v answers within milliseconds. A program that needs longer than this is not VPCS.
PROBE_SECONDS = 5.0
# VPCS ends at once on SIGTERM, unless it is stopped or swapped out.
STOP_GRACE_SECONDS = 3.0
# VPCS wakes up thousands of times a second to poll its queues. If its timers may be late by this much, an idle VPCS
# needs a tenth of the CPU time, and a hundred can start together. Frames and keys still wake it at once.
_TIMER_SLACK_SECONDS = 0.01
# The size of one read. Output does not come in larger pieces than a terminal's buffer.
_READ_BYTES = 4096
# The first descriptors of VPCS are its sockets: one for its port, and one for its relay if that cannot be disabled.
_SOCKET_DESCRIPTORS = range(3, 8)
# A VPCS needs a few MiB and four threads.
GROUP_LIMITS = GroupLimits(memory_bytes=256 * MIB, tasks=64)
# The number of attempts. The system picks ports at random out of some ten thousand.
_PORT_TRIES = 100


# Otherwise each thread of VPCS would reserve 64 MiB of address space that it does not use.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}


@frozen
class VpcsProgram:
    """A program that is VPCS, with the files that are needed to execute it."""

    path: str
    version: VpcsVersion
    files: Mapping[str, Access]


def vpcs_sandbox(files: Mapping[str, Access], directory: Path) -> Sandbox:
    """The sandbox for a VPCS in its folder: the files there, UDP, and some threads. Blocks.

    Raises Conflict if the folder is not inside the project.
    """
    require_own_folder(directory)
    return Sandbox(
        paths={**files, os.fspath(directory): Access.READ | Access.WRITE},
        sockets=frozenset({(socket.AF_INET, socket.SOCK_DGRAM)}),
        calls=Calls.THREADS,
        capabilities=capabilities_for(directory),
        environment=_ENVIRONMENT,
    )


class VpcsProgramFinder:
    """Finds the configured program and its version. Checks again only if the file has changed."""

    def __init__(self, configured: str) -> None:
        self._configured = configured
        self._probed: dict[tuple[str, int, int], VpcsProgram] = {}
        self._probing = trio.Lock()  # of many nodes that start at once, only one runs the check
        self._answers = 0
        self._refusal = ""  # the error of the last check

    def require_installed(self, field: str = "") -> str:
        """The path of the program. Raises Conflict, with the name of the field if there is one, if it is missing."""
        path = shutil.which(self._configured)
        if path is None:
            where = f"{field}: " if field else ""
            raise Conflict(f"{where}VPCS is not installed ({self._configured!r} was not found). {INSTALL_ADVICE}")
        return path

    async def find(self) -> VpcsProgram:
        """The program. Raises Conflict, with instructions to install it, if it is missing or is not VPCS."""
        answers = self._answers
        async with self._probing:
            if self._refusal and self._answers > answers:  # another task has checked meanwhile
                raise Conflict(self._refusal)
            path = self.require_installed()
            status = os.stat(path)
            key = (path, status.st_mtime_ns, status.st_size)
            program = self._probed.get(key)
            if program is None:
                try:
                    self._refusal = ""
                    program = await _probe(path)
                    self._probed = {key: program}
                except Conflict as error:
                    self._refusal = str(error)
                    raise
                finally:
                    self._answers += 1
            return program


async def _probe(path: str) -> VpcsProgram:
    """Run the program to get its version, with a time limit, because it may be any program."""
    try:
        with trio.move_on_after(PROBE_SECONDS):
            # Its libraries are nearly always in the system's folders, and the check is faster.
            for ask_loader in (False, True):
                files = await files_of(path, ask_loader=ask_loader)
                output = await output_of([path, "-v"], cwd=Path("/"), sandbox=Sandbox(paths=files))
                version = parse_version(output.decode(errors="replace"))
                if version is not None:
                    return VpcsProgram(path, version, files)
    except OSError as error:
        raise Conflict(f"{path} cannot be run: {error.strerror}. {INSTALL_ADVICE}") from None
    raise Conflict(f"{path} is not VPCS: it does not tell its version. {INSTALL_ADVICE}")


class VpcsPorts:
    """Picks UDP ports for VPCS processes, which bind them themselves, from the system's ephemeral range.

    VPCS binds its port a third of a second after its start, so the port cannot be held until then. Within this process
    no port is picked twice. If another program takes the port first, VPCS reports it and is started with another port.
    """

    def __init__(self) -> None:
        self._picked: set[int] = set()

    @contextmanager
    def pick(self) -> Iterator[PortLease]:
        """A free port, which is not picked again while the ``with`` lasts. Raises Unavailable."""
        for _ in range(_PORT_TRIES):
            held = bind_udp("0.0.0.0", 0)
            port = held.getsockname()[1]
            # A VPCS without -R binds one more port, which must not be the port of another VPCS.
            wanted = {port, port + RELAY_PORT_OFFSET}
            if wanted.isdisjoint(self._picked):
                break
            held.close()
        else:
            raise Unavailable("No free UDP port for another VPCS")
        self._picked |= wanted
        lease = PortLease(port, held, lambda _: self._picked.difference_update(wanted))
        try:
            yield lease
        finally:
            lease.release()


class VpcsProcess:
    """A started VPCS. Use ``open_vpcs``."""

    def __init__(self, child: ChildProcess, terminal: trio.lowlevel.FdStream, device: Port) -> None:
        self.device = device
        self._child = child
        self._terminal = terminal

    async def read_output(self) -> bytes:
        """Read the next output; empty when it has ended."""
        try:
            return bytes(await self._terminal.receive_some(_READ_BYTES))
        except trio.BrokenResourceError:  # EIO: the other end of the terminal is closed
            return b""

    async def write_input(self, data: bytes) -> None:
        """Type ``data``; it is lost if the process has ended."""
        with suppress(trio.BrokenResourceError):
            await self._terminal.send_all(data)

    def keep_to_loopback(self) -> None:
        """Bind its sockets to the loopback interface, after it has bound its port.

        VPCS binds its port on all addresses and has no option to change that, so everybody in the network could send it
        frames. It cannot undo this, because its sandbox does not permit that socket option. If the kernel does not
        permit it to the server either (Yama, or Linux before 5.7), the sockets are left unchanged.
        """
        for number in _SOCKET_DESCRIPTORS:
            with suppress(OSError):
                copy = self._child.copy_descriptor(number)
                if not stat.S_ISSOCK(os.fstat(copy).st_mode):
                    os.close(copy)
                    continue
                with socket.socket(fileno=copy) as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")

    async def wait(self) -> int:
        """Wait until it has ended; returns its exit code, or the negative number of the signal that killed it."""
        return await self._child.wait()


@asynccontextmanager
async def open_vpcs(
    program: VpcsProgram,
    *,
    directory: Path,
    sandbox: Sandbox,
    mac_id: int,
    script: str | None,
    forwarder: Forwarder,
    ports: VpcsPorts,
    group: ProgramGroup,
) -> AsyncIterator[tuple[VpcsProcess, str]]:
    """Start a VPCS; yields it and its command line. It ends with the ``async with``, or when this process dies.

    First it runs ``script``, a file in ``directory``. ``group`` lasts longer. Raises OSError if it cannot be started.
    """
    with ports.pick() as picked, bind_udp("127.0.0.1", 0) as device_socket:
        command = build_command(
            program.path,
            program.version,
            mac_id=mac_id,
            local_port=picked.port,
            remote_port=device_socket.getsockname()[1],
            script=script,
        )
        with _open_device(forwarder, device_socket, picked.port) as device:
            master, slave = open_terminal()
            async with trio.lowlevel.FdStream(master) as terminal:
                picked.socket.close()  # VPCS binds it now
                try:
                    child = spawn(
                        command,
                        cwd=directory,
                        sandbox=sandbox,
                        stdin=slave,
                        stdout=slave,
                        stderr=slave,
                        controlling_tty=True,
                        death_signal=signal.SIGKILL,
                        timer_slack=_TIMER_SLACK_SECONDS,
                    )
                finally:
                    os.close(slave)
                try:
                    await group.add(child.pid)
                    yield VpcsProcess(child, terminal, device), shlex.join(command)
                finally:
                    await child.stop(grace=STOP_GRACE_SECONDS)


@contextmanager
def _open_device(forwarder: Forwarder, device_socket: socket.socket, vpcs_port: int) -> Iterator[Port]:
    device = forwarder.open_port(device_socket, ("127.0.0.1", vpcs_port))
    try:
        yield device
    finally:
        device.close()


def open_terminal() -> tuple[int, int]:
    """Open a terminal with the settings that VPCS uses for its own console clients: raw, but a line feed implies a
    carriage return.
    """
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[0] = 0  # input: every byte as it comes
    attributes[1] = termios.OPOST | termios.ONLCR
    # No echo and no line mode: VPCS does both itself. Ctrl-C stops a ping; the terminal's other signal keys would stop
    # VPCS.
    attributes[3] = termios.ISIG | termios.NOFLSH
    for key in (termios.VQUIT, termios.VSUSP):
        attributes[6][key] = b"\0"
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave
