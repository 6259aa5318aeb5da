"""PCs in a core of their own, as a program, so that they are measured apart from everything else.

``python -m benchmarks.pcs.lab builtin|PATH_OF_VPCS [UDP_PORT]`` opens two PCs, 10.0.0.1 and 10.0.0.2, on a link as the
server makes it. With a UDP port of 127.0.0.1, what listens there takes the place of the first one. It writes ``ports``,
with the core's port for that peer if there is one, and runs until its standard input ends. A line there is answered
with JSON:

- ``cpu``: CPU time so far, in ns: of ``engine`` (the core's workers, and VPCS) and of ``all`` (with Python's thread)
- ``ping COUNT BYTES INTERVAL_MS``: the first PC pings the second one. Gives the ``round_trips`` in us, by the PC's own
  clock; a built-in PC that pings without pause tells only a part of them.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path
from uuid import UUID

import psutil
import trio
import trio.testing

from benchmarks.forwarding.core_child import device_port
from benchmarks.forwarding.machine import thread_cpu_ns, threads_of
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.nodes.vpcs.process import (
    GROUP_LIMITS,
    VpcsPorts,
    VpcsProcess,
    VpcsProgram,
    VpcsProgramFinder,
    open_vpcs,
    vpcs_sandbox,
)
from gns3trio.forwarder.forwarder import Forwarder, Port, open_forwarder
from gns3trio.forwarder.pc import Pc, Pcs, open_pcs
from gns3trio.forwarder.pc_types import PcIdentity, Ping, Reply

BUILTIN = "builtin"
PREFIX = 24
NUMBERS = (1, 2)
_TIMEOUT_US = 1_000_000
_PROMPT = re.compile(rb"VPCS> $")
_ROUND_TRIP = re.compile(rb"seq=\d+ ttl=\d+ time=([\d.]+) ms")


def address(number: int) -> str:
    """Of the first or second PC."""
    return f"10.0.0.{number}"


class BuiltinPc:
    """A PC in the core."""

    def __init__(self, pc: Pc) -> None:
        self.port = pc.port
        self.threads: list[tuple[int, int]] = []
        self._pc = pc

    async def ping(self, target: str, count: int, size: int, interval_ms: int) -> list[float]:
        """Round trips in us."""
        request = Ping(
            target=IPv4Address(target),
            count=count,
            data_bytes=size,
            interval_us=interval_ms * 1000,
            timeout_us=_TIMEOUT_US,
        )
        with self._pc.start(request) as job:
            return [event.time_us async for event in job if isinstance(event, Reply)]


class Vpcs:
    """A VPCS, run as the server runs it."""

    def __init__(self, process: VpcsProcess, pid: int) -> None:
        self.port = process.device
        self.threads = [(pid, thread) for thread in threads_of(pid)]
        self._process = process

    async def ping(self, target: str, count: int, size: int, interval_ms: int) -> list[float]:
        """Round trips in us, as VPCS prints them."""
        output = await self.command(f"ping {target} -c {count} -l {size} -i {interval_ms}")
        return [float(ms) * 1000 for ms in _ROUND_TRIP.findall(output)]

    async def command(self, line: str) -> bytes:
        """Type a line; gives what is printed until the next prompt."""
        await self._process.write_input(line.encode() + b"\r")
        return await read_until_prompt(self._process)


async def read_until_prompt(process: VpcsProcess) -> bytes:
    """What it prints up to its prompt."""
    pieces: list[bytes] = []
    while not _PROMPT.search(b"".join(pieces[-2:])):
        output = await process.read_output()
        if not output:
            raise SystemExit("VPCS has ended")
        pieces.append(output)
    return b"".join(pieces)


@asynccontextmanager
async def open_vpcs_pc(
    program: VpcsProgram, forwarder: Forwarder, ports: VpcsPorts, number: int
) -> AsyncIterator[Vpcs]:
    """A VPCS with its address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project-files" / "vpcs" / str(number)
        folder.mkdir(parents=True)
        before = {child.pid for child in psutil.Process().children()}
        async with (
            RunningPrograms().group(UUID(int=number), GROUP_LIMITS) as group,
            open_vpcs(
                program,
                directory=folder,
                sandbox=vpcs_sandbox(program.files, folder),
                mac_id=number,
                script=None,
                forwarder=forwarder,
                ports=ports,
                group=group,
            ) as (process, _),
        ):
            await read_until_prompt(process)
            (pid,) = {child.pid for child in psutil.Process().children()} - before
            pc = Vpcs(process, pid)
            await pc.command(f"ip {address(number)} {PREFIX}")
            yield pc


def open_builtin_pc(pcs: Pcs, number: int) -> BuiltinPc:
    """A PC in the core with its address."""
    pc = pcs.open(PcIdentity(mac=f"00:50:79:66:68:{number:02x}", name=f"PC{number}"))
    pc.set_address(IPv4Address(address(number)), PREFIX)
    return BuiltinPc(pc)


def join(forwarder: Forwarder, near: Port, far: Port) -> None:
    """Link two nodes as the server does it: each patched to an end of the link, and these two spliced."""
    near_end, far_end = forwarder.open_link([], seed=1, suspended=False)
    forwarder.connect(near, near_end)
    forwarder.connect(far, far_end)


async def main(engine: str, remote: int | None) -> None:
    """Open the PCs, and do what the lines of standard input say until it ends."""
    before = set(threads_of(os.getpid()))
    async with AsyncExitStack() as stack:
        sockets = stack.enter_context(ExitStack())
        forwarder = await stack.enter_async_context(open_forwarder(workers=1))
        await trio.testing.wait_all_tasks_blocked()
        workers = [(os.getpid(), thread) for thread in set(threads_of(os.getpid())) - before]
        pcs = await stack.enter_async_context(open_pcs(forwarder))
        program = None if engine == BUILTIN else await VpcsProgramFinder(engine).find()
        ports = VpcsPorts()
        opened: list[BuiltinPc | Vpcs] = []
        for number in NUMBERS if remote is None else NUMBERS[1:]:
            if program is None:
                opened.append(open_builtin_pc(pcs, number))
            else:
                pc = await stack.enter_async_context(open_vpcs_pc(program, forwarder, ports, number))
                opened.append(pc)
        if remote is None:
            join(forwarder, opened[0].port, opened[1].port)
            print("ports", flush=True)
        else:
            peer, udp_port = device_port(sockets, forwarder, remote)
            join(forwarder, peer, opened[0].port)
            print("ports", udp_port, flush=True)
        threads = workers + [thread for pc in opened for thread in pc.threads]
        await answer_lines(opened[0], threads)


async def answer_lines(pc: BuiltinPc | Vpcs, threads: list[tuple[int, int]]) -> None:
    """Until the end of standard input."""
    own = os.getpid()
    while line := await trio.to_thread.run_sync(sys.stdin.readline):
        command, *arguments = line.split()
        reply: dict[str, object]
        if command == "cpu":
            engine = sum(thread_cpu_ns(pid, [thread]) for pid, thread in threads)
            others = thread_cpu_ns(own, set(threads_of(own)) - {thread for _, thread in threads})
            reply = {"engine": engine, "all": engine + others}
        else:
            count, size, interval_ms = map(int, arguments)
            reply = {"round_trips": await pc.ping(address(2), count, size, interval_ms)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
