"""The process of a user-mode gateway: ``native/nat_gateway.c``, whose header describes what is said over its socket."""

import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path
from resource import RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE
from types import MappingProxyType

import trio

import gns3trio
from gns3trio.classes import frozen
from gns3trio.compute.local.cgroups import GroupLimits
from gns3trio.compute.local.programs import ProgramGroup
from gns3trio.compute.nodes.nat.settings import PortForward
from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import DEFAULT_LIMITS, MIB, Access, Calls, Sandbox, require_means
from gns3trio.compute.nodes.parts.spawn import ChildProcess, output_of, spawn
from gns3trio.errors import Conflict
from gns3trio.printable import escape

PROGRAM = Path(gns3trio.__file__).parent / "nat-gateway"
INSTALL_ADVICE = (
    "Install libslirp (Debian and Ubuntu: apt install libslirp0; Fedora: dnf install libslirp), or set libslirp_path "
    "to the library."
)
# It answers within milliseconds, unless the machine is overloaded.
ANSWER_SECONDS = 10.0
_STOP_GRACE_SECONDS = 1.0
_LINE_BYTES = 256
_LAST_WORDS_BYTES = 4096
# A connection needs up to 256 KiB for what waits in both directions, and the program has room for this many descriptors
# (``native/nat_calls.h``), so it never gets as far as the limit of its memory.
_LIMITS: Mapping[int, int] = MappingProxyType(
    {**DEFAULT_LIMITS, RLIMIT_AS: 1024 * MIB, RLIMIT_NOFILE: 1024, RLIMIT_FSIZE: 0}
)
# Beside its memory, the kernel has buffers for its connections.
GROUP_LIMITS = GroupLimits(memory_bytes=1024 * MIB, tasks=16)
_OUTWARD = frozenset({(int(socket.AF_INET), int(socket.SOCK_STREAM)), (int(socket.AF_INET), int(socket.SOCK_DGRAM))})


def may_ping() -> bool:
    """Whether a gateway may send pings (icmp(7), ping_group_range): that depends on the groups of its user."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


@frozen
class GatewayProgram:
    """The program with the library that it needs. ``version`` is that of libslirp."""

    library: str
    version: str
    files: Mapping[str, Access]


class GatewayProgramFinder:
    """Finds out whether the gateway can run, and remembers it if it can."""

    def __init__(self, library: str) -> None:
        self._library = library
        self._found: GatewayProgram | None = None

    async def find(self) -> GatewayProgram:
        """The program. Raises Conflict, with instructions to install what is missing."""
        if self._found is None:
            try:
                self._found = await self._probe()
            except OSError as error:
                raise Conflict(
                    f"{PROGRAM} cannot be run: {error.strerror}. Build and install this server again"
                ) from None
        return self._found

    async def _probe(self) -> GatewayProgram:
        files = dict(await files_of(str(PROGRAM), ask_loader=False))
        if "/" in self._library:
            files[self._library] = Access.READ
        output = b""
        with trio.move_on_after(ANSWER_SECONDS):
            output = await output_of(
                [str(PROGRAM), self._library], cwd=Path("/"), sandbox=Sandbox(paths=files, limits=_LIMITS)
            )
        word, _, rest = escape(output.decode(errors="replace")).partition(" ")
        if word != "libslirp":
            reason = rest if word == "failed" else f"{self._library} cannot be loaded"
            raise Conflict(f"A NAT in user mode needs libslirp, which cannot be used: {reason}. {INSTALL_ADVICE}")
        return GatewayProgram(self._library, rest, files)


class GatewayProcess:
    """A running gateway. Use ``open_gateway``."""

    def __init__(self, child: ChildProcess, control: trio.socket.SocketType, words: int) -> None:
        self._child = child
        self._control = control
        self._words = words
        self._asking = trio.Lock()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._child.pid

    async def forward(self, forward: PortForward) -> str | None:
        """Listen at a forwarded port. Returns the reason if that is not possible."""
        answer = await self._ask("forward", forward)
        return None if answer == "done" else answer.removeprefix("refused ") or "the gateway gives no answer"

    async def unforward(self, forward: PortForward) -> None:
        """Stop listening; connections stay."""
        await self._ask("unforward", forward)

    async def _ask(self, verb: str, forward: PortForward) -> str:
        line = (
            f"{verb} {forward.protocol} {forward.host_address} {forward.host_port}"
            f" {forward.guest_address} {forward.guest_port}"
        )
        return await self._answer_to(line, ANSWER_SECONDS)

    async def is_alive(self, patience: float) -> bool:
        """Whether it still serves its sockets, and does not only exist. Waits up to ``patience`` seconds, and ends it
        if it does not.
        """
        return bool(await self._answer_to("alive", patience))

    async def _answer_to(self, line: str, patience: float) -> str:
        """The answer; empty if there is none. The process is ended then, also if this is cancelled: a late answer would
        be taken for that to the next question.
        """
        async with self._asking:
            answer = ""
            try:
                await self._tell(line)
                answer = await self.answer(patience)
            finally:
                if not answer:
                    self.kill()
            return answer

    def kill(self) -> None:
        """End it, so that ``wait`` returns."""
        self._child.send_signal(signal.SIGKILL)

    async def answer(self, patience: float = ANSWER_SECONDS) -> str:
        """The next line from it; empty if it ended, or does not answer."""
        with trio.move_on_after(patience), suppress(OSError):
            return escape((await self._control.recv(_LINE_BYTES)).decode(errors="replace"))
        return ""

    async def set_resolver(self, address: IPv4Address | None) -> None:
        """Set the name server that answers the lab; None is none."""
        await self._tell(f"resolver {address or '0.0.0.0'}")

    async def _tell(self, line: str) -> None:
        with suppress(OSError):  # it has ended
            await self._control.send(line.encode())

    async def wait(self) -> str:
        """Wait until it has ended, and describe how."""
        status = await self._child.wait()
        how = f"exited with code {status}" if status >= 0 else f"was killed by {_signal_name(-status)}"
        with suppress(OSError):
            words = os.read(self._words, _LAST_WORDS_BYTES).decode(errors="replace").strip().splitlines()
            if words:
                return f"{how}: {escape(words[-1])}"
        return how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@asynccontextmanager
async def open_gateway(
    program: GatewayProgram, frames: socket.socket, *, reaches_host: bool, require_sandbox: bool, group: ProgramGroup
) -> AsyncIterator[GatewayProcess]:
    """Start a gateway with its end of the socket for frames. It ends with the ``async with``, or when this process
    dies. ``group`` lasts longer.

    Raises Conflict if it does not start, OSError if there are no resources for it.
    """
    if require_sandbox:
        require_means("A NAT in user mode")
    sandbox = Sandbox(paths=program.files, sockets=_OUTWARD, calls=Calls.ICMP, limits=_LIMITS)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words, its_words = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        with trio.socket.from_stdlib_socket(ours) as control:
            try:
                child = spawn(
                    [str(PROGRAM), program.library, "host" if reaches_host else "lab"],
                    cwd=Path("/"),
                    sandbox=sandbox,
                    stdin=frames.fileno(),
                    stdout=its.fileno(),
                    stderr=its_words,
                )
            finally:
                its.close()
                os.close(its_words)
            try:
                await group.add(child.pid)
                process = GatewayProcess(child, control, words)
                answer = await process.answer()
                if not answer.startswith("ready"):
                    raise Conflict(f"The gateway of the NAT does not start: {answer or 'it gives no answer'}")
                yield process
            finally:
                await child.stop(grace=_STOP_GRACE_SECONDS)
    finally:
        os.close(words)
