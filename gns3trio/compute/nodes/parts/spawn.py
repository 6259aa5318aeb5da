"""Child processes that never outlive the server: started in C on the trio thread, held by a pidfd.

A parent-death signal follows the thread that started the child, and the trio thread lives as long as the
server; a thread of trio's pool does not. A pidfd names the child itself, where a pid may be another process by now.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.compute.nodes.parts.sandbox import Sandbox, environment_of, needs_of

# After SIGKILL the kernel needs a moment; a child that is stuck in the kernel longer than this is left to it.
KILL_SECONDS = 10.0


class ChildProcess:
    """A running child. ``stop`` must be awaited once, whether the child has ended by itself or not."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self._status: int | None = None

    async def wait(self) -> int:
        """The exit status once the child has ended; negative is the number of the signal that killed it."""
        while self._status is None:
            await trio.lowlevel.wait_readable(self.pidfd)
            self._reap()
        return self._status

    def send_signal(self, number: int) -> None:
        """Send a signal; a child that has ended is fine."""
        if self._status is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    async def stop(self, *, signal_number: int = signal.SIGTERM, grace: float) -> int:
        """End the child and give its exit status: ``signal_number``, ``grace`` seconds, then SIGKILL.

        Not interrupted by cancellation: a child must not be left behind.
        """
        with trio.CancelScope(shield=True):
            for number, seconds in ((signal_number, grace), (signal.SIGKILL, KILL_SECONDS)):
                self.send_signal(number)
                with trio.move_on_after(seconds):
                    await self.wait()
                    break
            self.close()
        return self._status if self._status is not None else -signal.SIGKILL

    def copy_descriptor(self, number: int) -> int:
        """A copy of a descriptor of the child, which the caller closes. Raises OSError when it has none, or may not."""
        copy: int = lib.spawn_copy_descriptor(self.pidfd, number)
        if copy < 0:
            raise OSError(-copy, os.strerror(-copy))
        return copy

    def close(self) -> None:
        """Let go of the pidfd; closed already is fine."""
        if self.pidfd >= 0:
            trio.lowlevel.notify_closing(self.pidfd)
            os.close(self.pidfd)
            self.pidfd = -1

    def _reap(self) -> None:
        result = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOHANG)
        if result is not None:
            exited = result.si_code == os.CLD_EXITED
            self._status = result.si_status if exited else -result.si_status


def spawn(
    argv: Sequence[str],
    *,
    cwd: Path,
    sandbox: Sandbox | None,
    stdin: int,
    stdout: int,
    stderr: int,
    controlling_tty: bool = False,
    death_signal: int = signal.SIGKILL,
    timer_slack: float = 0.0,
) -> ChildProcess:
    """Start ``argv[0]``, a path, in folder ``cwd`` with these three descriptors and no others, in a sandbox.

    It gets an environment made for it, and nothing of the server's. With ``controlling_tty`` the terminal at ``stdin``
    becomes the child's own. ``death_signal`` is what the child gets when the server dies. The child's timers may be
    late by ``timer_slack`` seconds; 0 is what the kernel gives everybody. To be called on the trio thread. Raises
    OSError when it cannot be started.
    """
    child = ffi.new("spawned_child *")
    environment = environment_of(sandbox, os.fspath(cwd))
    arguments, variables = _strings(argv), _strings([f"{name}={value}" for name, value in environment.items()])
    needs, kept = needs_of(sandbox) if sandbox is not None else (ffi.NULL, None)
    result = lib.spawn_child(
        arguments[0],
        variables[0],
        os.fsencode(cwd),
        stdin,
        stdout,
        stderr,
        controlling_tty,
        death_signal,
        int(timer_slack * 1e9),
        needs,
        child,
    )
    del kept
    if result < 0:
        culprit = argv[0] if os.access(cwd, os.X_OK) else os.fspath(cwd)
        raise OSError(-result, os.strerror(-result), culprit)
    return ChildProcess(child.pid, child.pidfd)


async def output_of(argv: Sequence[str], *, cwd: Path, sandbox: Sandbox, most: int = 64 * 1024) -> bytes:
    """What a program prints until it ends, cut off after ``most`` bytes; it has no input, and ends with this call.

    Raises OSError when it cannot be started.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    async with trio.lowlevel.FdStream(reader) as stream:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            child = spawn(argv, cwd=cwd, sandbox=sandbox, stdin=null, stdout=writer, stderr=null)
        finally:
            os.close(null)
            os.close(writer)
        output = b""
        try:
            while len(output) < most and (data := await stream.receive_some(most - len(output))):
                output += data
        finally:
            await child.stop(signal_number=signal.SIGKILL, grace=KILL_SECONDS)
        return output


def _strings(texts: Sequence[str]) -> tuple[object, list[object]]:
    """A NULL-terminated array of C strings, and what keeps them alive."""
    kept = [ffi.new("char[]", os.fsencode(text)) for text in texts]
    return ffi.new("char *[]", [*kept, ffi.NULL]), kept
