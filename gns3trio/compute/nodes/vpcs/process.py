"""One running VPCS: the program, its terminal, and the forwarder's port that its frames go through."""

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

import attrs
import trio

from gns3trio.compute.local.leases import PortLease, bind_udp
from gns3trio.compute.nodes.parts.node_folder import capabilities_for, require_own_folder
from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import Access, Calls, Sandbox
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

# vpcs -v answers within milliseconds; a program that does not is not VPCS.
PROBE_SECONDS = 5.0
# VPCS ends at once on SIGTERM; a stopped or swapped-out one may not.
STOP_GRACE_SECONDS = 3.0
# VPCS wakes up thousands of times a second only to look at its queues. When its timers may be late by so much, an idle
# one takes a tenth of the CPU, and a hundred can start together; frames and keys wake it up at once all the same.
_TIMER_SLACK_SECONDS = 0.01
# VPCS answers commands within milliseconds, so larger pieces than a terminal's buffer do not come.
_READ_BYTES = 4096
# VPCS opens its sockets first: one for its port, and one for its relay where that cannot be turned off.
_SOCKET_DESCRIPTORS = range(3, 8)
# The system picks ports at random out of some ten thousand, so this many in a row cannot be taken.
_PORT_TRIES = 100


# Each thread of VPCS would reserve 64 MiB of addresses for its memory, of which it uses none.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}


@attrs.frozen
class VpcsProgram:
    """A program that said it is VPCS, with the files that it needs to be executed."""

    path: str
    version: VpcsVersion
    files: Mapping[str, Access]


def vpcs_sandbox(files: Mapping[str, Access], directory: Path) -> Sandbox:
    """What a VPCS needs to run in its folder: the files there, UDP, and some threads. Blocks.

    Raises Conflict when the folder is not one of the project's own.
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
    """Finds the configured program and asks for its version, again only when the file has changed."""

    def __init__(self, configured: str) -> None:
        self._configured = configured
        self._probed: dict[tuple[str, int, int], VpcsProgram] = {}
        self._probing = trio.Lock()  # many nodes start at once; one of them asks
        self._answers = 0
        self._refusal = ""  # why the last answer was no

    async def find(self) -> VpcsProgram:
        """The program. Raises Conflict that says how to install it when it is not there or is not VPCS."""
        answers = self._answers
        async with self._probing:
            if self._refusal and self._answers > answers:  # somebody has asked for all who waited
                raise Conflict(self._refusal)
            path = shutil.which(self._configured)
            if path is None:
                raise Conflict(f"VPCS is not installed ({self._configured!r} was not found). {INSTALL_ADVICE}")
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
    """Ask for the version; with a time limit, since nobody knows what the program is."""
    try:
        with trio.move_on_after(PROBE_SECONDS):
            for ask_loader in (False, True):  # its libraries are nearly always the system's, and starts do not wait
                files = await files_of(path, ask_loader=ask_loader)
                output = await output_of([path, "-v"], cwd=Path("/"), sandbox=Sandbox(paths=files))
                version = parse_version(output.decode(errors="replace"))
                if version is not None:
                    return VpcsProgram(path, version, files)
    except OSError as error:
        raise Conflict(f"{path} cannot be run: {error.strerror}. {INSTALL_ADVICE}") from None
    raise Conflict(f"{path} is not VPCS: it does not tell its version. {INSTALL_ADVICE}")


class VpcsPorts:
    """Picks the UDP ports that VPCS processes bind themselves, out of the system's ephemeral range.

    VPCS binds its port a third of a second after it was started, so it cannot be held until then. Within this
    process no port is picked twice; when another program is quicker, VPCS says so and is started on another one.
    """

    def __init__(self) -> None:
        self._picked: set[int] = set()

    @contextmanager
    def pick(self) -> Iterator[PortLease]:
        """A free port that nobody else gets here as long as the ``with``. Raises Unavailable."""
        for _ in range(_PORT_TRIES):
            held = bind_udp("0.0.0.0", 0)
            port = held.getsockname()[1]
            # A VPCS without -R binds one more port, and would keep another from its own.
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
    """A VPCS that has been started. Use ``open_vpcs``."""

    def __init__(self, child: ChildProcess, terminal: trio.lowlevel.FdStream, device: Port) -> None:
        self.device = device
        self._child = child
        self._terminal = terminal

    async def read_output(self) -> bytes:
        """What it printed next; empty when it has ended."""
        try:
            return bytes(await self._terminal.receive_some(_READ_BYTES))
        except trio.BrokenResourceError:  # EIO: nobody has the other end of the terminal any longer
            return b""

    async def write_input(self, data: bytes) -> None:
        """Type ``data``; nobody reads it when it has ended."""
        with suppress(trio.BrokenResourceError):
            await self._terminal.send_all(data)

    def keep_to_loopback(self) -> None:
        """Tie the sockets that it has to the loopback interface, once it has bound them.

        It binds all addresses, and has no setting for that: everybody in the network could send it frames. It cannot
        undo this, because its sandbox does not let it set the option. Where the kernel does not allow it to us either
        (Yama, Linux before 5.7), they stay as they are.
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
        """Its exit code once it has ended; negative for the signal that killed it."""
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
) -> AsyncIterator[tuple[VpcsProcess, str]]:
    """A VPCS and its command line; it ends with the ``async with``, or with the death of this process.

    It runs ``script``, a file of ``directory``, first.
    Raises OSError when it cannot be run.
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
    """A terminal as VPCS makes one for its own console clients: raw, but a line feed also returns the carriage."""
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[0] = 0  # input: every byte as it comes
    attributes[1] = termios.OPOST | termios.ONLCR
    # No echo, no lines: VPCS does that. Ctrl-C is how it stops a ping; the other keys of a terminal stop VPCS itself.
    attributes[3] = termios.ISIG | termios.NOFLSH
    for key in (termios.VQUIT, termios.VSUSP):
        attributes[6][key] = b"\0"
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave
