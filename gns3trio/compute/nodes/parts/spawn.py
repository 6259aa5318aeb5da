"""Child processes that never outlive the server. They are started in C on the trio thread and referenced by a pidfd.

The kernel sends the parent-death signal when the thread that started the child ends. The trio thread lives as long as
the server; a pool thread does not. A pidfd always refers to the child itself, while a pid may be reused by another
process.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import trio

from gns3trio._udpfwd import ffi, lib
from gns3trio.compute.nodes.parts.sandbox import Sandbox, environment_of, needs_of

# Seconds to wait after SIGKILL. A child that is stuck in the kernel for longer is left behind.
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
        """Send a signal. Does nothing if the child has ended."""
        if self._status is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    async def stop(self, *, signal_number: int = signal.SIGTERM, grace: float) -> int:
        """End the child with ``signal_number``, and after ``grace`` seconds with SIGKILL; returns its exit status.

        Cannot be cancelled, so that no child is left behind.
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
        """A copy of a descriptor of the child, which the caller must close. Raises OSError if there is none or it is
        not permitted.
        """
        copy: int = lib.spawn_copy_descriptor(self.pidfd, number)
        if copy < 0:
            raise OSError(-copy, os.strerror(-copy))
        return copy

    def close(self) -> None:
        """Close the pidfd. Does nothing if it is closed already."""
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
    others: Sequence[int] = (),
    controlling_tty: bool = False,
    death_signal: int = signal.SIGKILL,
    timer_slack: float = 0.0,
) -> ChildProcess:
    """Start ``argv[0]``, a path, in folder ``cwd`` with these descriptors and no others, in a sandbox. Those in
    ``others`` get the numbers from 3 on.

    It gets a new environment, with nothing from the server's. With ``controlling_tty``, the terminal at ``stdin``
    becomes the child's controlling terminal. The kernel sends ``death_signal`` to the child when the server dies. The
    child's timers may be late by ``timer_slack`` seconds; 0 is the kernel's default. Must be called on the trio thread.
    Raises OSError if it cannot be started.
    """
    child = ffi.new("spawned_child *")
    environment = environment_of(sandbox, os.fspath(cwd))
    arguments, variables = _strings(argv), _strings([f"{name}={value}" for name, value in environment.items()])
    descriptors = ffi.new("int[]", [stdin, stdout, stderr, *others])
    needs, kept = needs_of(sandbox) if sandbox is not None else (ffi.NULL, None)
    result = lib.spawn_child(
        arguments[0],
        variables[0],
        os.fsencode(cwd),
        descriptors,
        len(descriptors),
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
    """Run a program without input, and return its output, at most ``most`` bytes. If this call is cancelled, the
    program ends.

    Raises OSError if it cannot be started.
    """
    return (await run_program(argv, cwd=cwd, sandbox=sandbox, most=most))[1]


async def run_program(
    argv: Sequence[str], *, cwd: Path, sandbox: Sandbox, most: int = 64 * 1024, with_errors: bool = False
) -> tuple[int, bytes]:
    """As ``output_of``; returns the exit status too: negative is the number of the signal that killed it.
    ``with_errors``: with what it writes to the standard error.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    async with trio.lowlevel.FdStream(reader) as stream:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            errors = writer if with_errors else null
            child = spawn(argv, cwd=cwd, sandbox=sandbox, stdin=null, stdout=writer, stderr=errors)
        finally:
            os.close(null)
            os.close(writer)
        output, status = b"", -signal.SIGKILL
        try:
            while len(output) < most and (data := await stream.receive_some(most - len(output))):
                output += data
            if len(output) < most:
                status = await child.wait()  # it has closed its output
        finally:
            stopped = await child.stop(signal_number=signal.SIGKILL, grace=KILL_SECONDS)
        return (stopped if len(output) >= most else status), output


def _strings(texts: Sequence[str]) -> tuple[object, list[object]]:
    """A NULL-terminated array of C strings, and the object that keeps them alive."""
    kept = [ffi.new("char[]", os.fsencode(text)) for text in texts]
    return ffi.new("char *[]", [*kept, ffi.NULL]), kept
