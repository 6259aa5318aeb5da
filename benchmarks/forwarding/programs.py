"""The benchmark's own programs: compiling the C ones, and talking to any of them line by line.

Every program here ends when its standard input ends, so none is left behind however the benchmark ends.
"""

import os
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

SOURCES = Path(__file__).parent
ROOT = SOURCES.parent.parent
# Ignored by git, like everything that is built.
BUILD = ROOT / "build" / "benchmarks"
COMPILE = ("-O2", "-g", "-std=gnu11", "-Wall", "-Wextra")

# The longest a program may need beyond the time that it measures; a machine that swaps needs seconds to start one.
REPLY_SECONDS = 20.0
# A program ends at once when its input ends.
END_SECONDS = 5.0


class BenchmarkError(Exception):
    """A measurement cannot be made; the message says why."""


def compiled(name: str, sources: Path = SOURCES) -> Path:
    """The program ``name``, compiled anew if its source is newer. Raises BenchmarkError without a C compiler."""
    source, binary = sources / f"{name}.c", BUILD / name
    newest = max(path.stat().st_mtime for path in (source, SOURCES / "tool.h"))
    if not binary.exists() or binary.stat().st_mtime < newest:
        BUILD.mkdir(parents=True, exist_ok=True)
        # Two runs that start together must not see half a program.
        fresh = BUILD / f"{name}.{os.getpid()}"
        command = [os.environ.get("CC", "cc"), *COMPILE, "-o", str(fresh), str(source)]
        try:
            subprocess.run(command, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BenchmarkError(f"cannot compile {source.name}: {error}") from error
        fresh.replace(binary)
    return binary


class Program:
    """A running program that answers lines with lines. To be used in a ``with``."""

    def __init__(self, *command: str | Path | int) -> None:
        self._name = Path(str(command[0])).name
        self._process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        self._received = b""

    @classmethod
    def python(cls, module: str, *arguments: str | int) -> Self:
        """A Python module of this checkout as a program."""
        return cls(sys.executable, "-m", module, *arguments)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, line: str, *, seconds: float = 0.0) -> str:
        """Send a line and give the reply. ``seconds``: what the answer takes by itself. Raises BenchmarkError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BenchmarkError(f"{self._name} has ended") from None
        return self.read_line(seconds=seconds)

    def read_line(self, *, seconds: float = 0.0) -> str:
        """The next line that it writes. Raises BenchmarkError when none comes."""
        assert self._process.stdout is not None
        while b"\n" not in self._received:
            readable, _, _ = select.select([self._process.stdout], [], [], REPLY_SECONDS + seconds)
            if not readable:
                raise BenchmarkError(f"{self._name} does not answer")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                raise BenchmarkError(f"{self._name} has ended")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line.decode()

    def read_ports(self) -> list[int]:
        """The line ``ports N N ...`` that a program of ours starts with."""
        word, *ports = self.read_line().split()
        if word != "ports":
            raise BenchmarkError(f"{self._name} says {word!r} instead of its ports")
        return [int(port) for port in ports]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended already
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def pairs(ports: Sequence[int]) -> list[tuple[int, int]]:
    """``[1, 2, 3, 4]`` as ``[(1, 2), (3, 4)]``."""
    return list(zip(ports[::2], ports[1::2], strict=True))
