"""The TPM of a machine: swtpm, a program that keeps what a TPM knows in a folder of the node.

QEMU controls it over a socket, of which the server gives each of the two one end. So neither opens one. Over that, QEMU
hands it the socket for the commands of the guest.
"""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

from gns3trio import threads
from gns3trio.compute.local.cgroups import GroupLimits
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.nodes.parts.node_folder import capabilities_for, require_own_folder
from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import MIB, Access, Calls, Sandbox
from gns3trio.compute.nodes.parts.spawn import ChildProcess, spawn
from gns3trio.compute.nodes.qemu.found import find_program
from gns3trio.errors import Conflict, path_error

# The device of each platform, by QEMU's name.
DEVICES = {
    "x86_64": "tpm-tis",
    "i386": "tpm-tis",
    "aarch64": "tpm-tis-device",
    "arm": "tpm-tis-device",
    "ppc64": "tpm-spapr",
}
_CONTROL_FD = 3
_FOLDER = "tpm"
# One file, relative to the folder (swtpm 0.7). With a folder of files it would have to change their modes.
_STATE = "tpm2.state"
# It writes its state when QEMU has ended, and at SIGTERM.
_STOP_GRACE_SECONDS = 5.0
_LIMITS = GroupLimits(memory_bytes=256 * MIB, tasks=16)
_CONFIGURATION = "/etc/ssl/openssl.cnf"  # OpenSSL's, which does the computing


def require_tpm(platform: str) -> None:
    """Raises Conflict if machines of this platform cannot have a TPM here."""
    if platform not in DEVICES:
        raise Conflict(f"properties.tpm: there is no TPM for {platform} machines")
    _program()


def _program() -> str:
    path = find_program("swtpm")
    if path is None:
        raise Conflict("properties.tpm: swtpm is not installed on this host (Debian and Ubuntu: apt install swtpm)")
    return path


@asynccontextmanager
async def open_tpm(
    folder: Path, node_id: UUID, running: RunningPrograms
) -> AsyncIterator[tuple[ChildProcess, socket.socket]]:
    """Start the TPM of the node in ``folder``; yields the program, and the socket for QEMU, which the caller closes.

    It ends with the ``async with``, which must last longer than QEMU. Raises Conflict, Unavailable or OSError.
    """
    program = await threads.disk.run(_program)
    files = await files_of(program, ask_loader=False)
    state, sandbox = await threads.disk.run(_prepare, folder, files)
    command = [program, "socket", "--tpm2", "--tpmstate", f"backend-uri=file://{_STATE}", "--seccomp", "action=none"]
    command += ["--ctrl", f"type=unixio,clientfd={_CONTROL_FD}"]
    async with running.group(node_id, _LIMITS) as group:
        with ExitStack() as handed_over:
            ours, theirs = socket.socketpair()
            handed_over.enter_context(theirs)
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            handed_over.callback(os.close, null)
            child = spawn(
                command, cwd=state, sandbox=sandbox, stdin=null, stdout=null, stderr=null, others=(theirs.fileno(),)
            )
        try:
            with ours:
                await group.add(child.pid)
                yield child, ours
        finally:
            await child.stop(grace=_STOP_GRACE_SECONDS)


def _prepare(folder: Path, files: Mapping[str, Access]) -> tuple[Path, Sandbox]:
    require_own_folder(folder)
    state = folder / _FOLDER
    try:
        state.mkdir(exist_ok=True)
    except OSError as error:
        raise path_error(str(state), error) from None
    if state.is_symlink():
        raise Conflict(f"{state} is a symbolic link: the folder of a TPM is its own")
    paths = {**files, _CONFIGURATION: Access.READ, os.fspath(state): Access.READ | Access.WRITE}
    return state, Sandbox(paths=paths, calls=Calls.GIVEN_SOCKETS, capabilities=capabilities_for(state))
