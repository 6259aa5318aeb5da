"""Many nodes at once, and the death of the server."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import trio
import trio.testing

from gns3trio.compute.nodes.vpcs.node import VpcsNode
from gns3trio.compute.nodes.vpcs.services import VpcsServices
from tests.compute.conftest import (
    SILENCE_SECONDS,
    Lab,
    count_replies,
    open_console,
    open_services,
    ping_peer,
    process_of,
    processes_in,
)

NODES = 50


def open_descriptors() -> set[str]:
    """What each descriptor of this process is, without its number and without what has none of its own identity."""
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{entry}"))
        except FileNotFoundError:
            continue  # the descriptor that lists the others
    return found


def descriptors_of(pid: int) -> list[str]:
    """What the descriptors of a process are, in order of their numbers."""
    folder = f"/proc/{pid}/fd"
    return [os.readlink(f"{folder}/{number}") for number in sorted(map(int, os.listdir(folder)))]


def describe(services: VpcsServices, node: VpcsNode) -> str:
    """What can be seen of a node from outside: its command, its port's counters, its threads and UDP sockets."""
    pid, end = process_of(node), node.link_end(0, 0)
    counters = services.forwarder.counters(end.device) if end is not None and end.device is not None else None
    threads = {
        task.name: (task / "stat").read_text().split()[2:3] + (task / "stat").read_text().split()[13:15]
        for task in Path(f"/proc/{pid}/task").iterdir()
    }
    inodes = {target[8:-1] for target in descriptors_of(pid) if target.startswith("socket:[")}
    sockets = [line for line in Path("/proc/net/udp").read_text().splitlines() if inodes & set(line.split())]
    return f"{node.name}: {node.command_line}\n{counters}\nthreads {threads}\n" + "\n".join(sockets)


async def test_fifty_nodes_start_ping_and_stop_at_once(program: str, tmp_path: Path):
    """Nothing is left of them: no process, descriptor or port."""
    async with open_services(program) as services:
        lab = Lab(services, tmp_path)
        before = open_descriptors()
        async with trio.open_nursery() as nursery:
            for number in range(NODES):
                nursery.start_soon(lab.create, f"PC{number}")
        for a, b in zip(lab.nodes[::2], lab.nodes[1::2], strict=True):
            await lab.connect(a, b)
        async with trio.open_nursery() as nursery:
            for node in lab.nodes:
                nursery.start_soon(node.start)
        assert len(processes_in(tmp_path)) == NODES
        silent: dict[str, str] = {}

        async def ping(node: VpcsNode) -> None:
            async with open_console(node) as console:
                said = await ping_peer(console)
                if not count_replies(said):
                    silent[node.name] = said

        async with trio.open_nursery() as nursery:
            for node in lab.nodes:
                nursery.start_soon(ping, node)
        assert silent == {}, "\n".join(describe(services, node) for node in lab.nodes if node.name in silent)
        async with trio.open_nursery() as nursery:
            for node in lab.nodes:
                nursery.start_soon(node.stop)
        assert processes_in(tmp_path) == []
        await lab.close()
        assert services.console_ports.leased == services.link_ends.udp_ports.leased == frozenset()
        while open_descriptors() - before:  # connections that just ended are closed by their tasks
            with trio.fail_after(SILENCE_SECONDS):
                await trio.testing.wait_all_tasks_blocked(0.01)


SERVER = """
import sys
from pathlib import Path
import trio
import trio.testing
from tests.compute.conftest import Lab, open_services, process_of

async def main(program, folder):
    async with open_services(program) as services:
        lab = Lab(services, Path(folder))
        a, b = await lab.create("A"), await lab.create("B")
        await lab.connect(a, b)
        for node in (a, b):
            await node.start()
            print(process_of(node), flush=True)
        await trio.sleep_forever()

trio.run(main, *sys.argv[1:])
"""


async def test_a_killed_server_leaves_no_vpcs(program: str, tmp_path: Path):
    """SIGKILL: nothing of the server's own code runs any more."""
    server = await trio.lowlevel.open_process(
        [sys.executable, "-c", SERVER, program, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert server.stdout is not None
    said = b""
    with trio.fail_after(SILENCE_SECONDS):
        while said.count(b"\n") < 2:
            data = await server.stdout.receive_some()
            assert data, "the server ended by itself"
            said += data
        nodes = [os.pidfd_open(int(pid)) for pid in said.split()]
        server.send_signal(signal.SIGKILL)
        await server.wait()
        for node in nodes:
            await trio.lowlevel.wait_readable(node)  # the process has ended
            os.close(node)
    await server.stdout.aclose()
    assert processes_in(tmp_path) == []


async def test_a_node_has_one_process_and_three_descriptors_of_its_own(lab: Lab):
    """Nothing of the server leaks into it: only its terminal and the sockets that it opened."""
    node = await lab.create("PC1")
    await node.start()
    async with open_console(node) as console:
        await console.run("show")
    targets = descriptors_of(process_of(node))
    assert len(set(targets[:3])) == 1 and targets[0].startswith("/dev/pts/")
    assert len(targets) <= 5  # its UDP port, and that of the relay in versions without -R
