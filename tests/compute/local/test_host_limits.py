"""What nodes may take of this host: memory and disk."""

import os
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import attrs
import pytest
import trio

from gns3trio.compute.local.host_limits import (
    HOST_RESERVE,
    MIB,
    HostLimits,
    HostMemory,
    NodeLimits,
    look_at_memory,
)
from gns3trio.compute.local.programs import RunningProcess, RunningPrograms
from gns3trio.errors import Conflict

GIB = 1024 * MIB


@attrs.define
class Host:
    """A host with so much memory, of which the test says what is available."""

    total: int = 16 * GIB
    available: int = 8 * GIB + HOST_RESERVE

    def look(self) -> HostMemory:
        return HostMemory(self.total, self.available)


@pytest.fixture
def host() -> Host:
    return Host()


async def test_a_node_that_fits(host: Host, tmp_path: Path) -> None:
    limits = HostLimits(RunningPrograms(), NodeLimits(), host.look)
    for _ in range(3):
        async with limits.take(uuid4(), "QEMU 'R1'", 8 * GIB, tmp_path):
            pass


async def test_what_is_promised_is_not_free(host: Host, tmp_path: Path) -> None:
    limits = HostLimits(RunningPrograms(), NodeLimits(), host.look)
    async with limits.take(uuid4(), "QEMU 'R1'", 6 * GIB, tmp_path):
        with pytest.raises(Conflict) as refused:
            async with limits.take(uuid4(), "QEMU 'R2'", 3 * GIB, tmp_path):
                pass
        assert str(refused.value) == (
            "QEMU 'R2' is not started: it needs 3072 MiB of memory, and this host has 2048 MiB for it. 8448 MiB of "
            "16384 MiB are available, and the nodes that run may still take 6144 MiB of that. Stop other nodes, or "
            "give it less; with the setting allow_memory_overcommit it is started all the same, and the host may swap"
        )
        async with limits.take(uuid4(), "QEMU 'R3'", 2 * GIB, tmp_path):
            pass
    async with limits.take(uuid4(), "QEMU 'R2'", 3 * GIB, tmp_path):
        pass


async def test_what_a_node_has_taken_does_not_count_twice(host: Host, tmp_path: Path) -> None:
    running, node = RunningPrograms(), uuid4()
    limits = HostLimits(running, NodeLimits(), host.look)
    host.available = GIB + HOST_RESERVE
    async with limits.take(node, "QEMU 'R1'", GIB, tmp_path):
        with pytest.raises(Conflict, match="has 0 MiB for it"):
            async with limits.take(uuid4(), "QEMU 'R2'", 20 * MIB, tmp_path):
                pass
        with running.held(node, RunningProcess(pid=os.getpid())):  # this process has more than 20 MiB of the gigabyte
            async with limits.take(uuid4(), "QEMU 'R2'", 20 * MIB, tmp_path):
                pass


async def test_the_setting_limits_what_nodes_are_configured_with(host: Host, tmp_path: Path) -> None:
    host.available = host.total
    for setting in ("25%", "4096"):
        limits = HostLimits(RunningPrograms(), NodeLimits(max_memory=setting), host.look)
        async with limits.take(uuid4(), "QEMU 'R1'", 3 * GIB, tmp_path):
            told = f"needs 1025 MiB .* have 3072 MiB of the 4096 MiB .* max_node_memory is {setting}"
            with pytest.raises(Conflict, match=told):
                async with limits.take(uuid4(), "QEMU 'R2'", 1025 * MIB, tmp_path):
                    pass
            async with limits.take(uuid4(), "QEMU 'R2'", 1024 * MIB, tmp_path):
                pass


async def test_who_wants_to_may_overcommit(host: Host, tmp_path: Path) -> None:
    limits = HostLimits(RunningPrograms(), NodeLimits(allow_overcommit=True, max_memory="200%"), host.look)
    async with limits.take(uuid4(), "QEMU 'R1'", 32 * GIB, tmp_path):
        with pytest.raises(Conflict, match="max_node_memory"):
            async with limits.take(uuid4(), "QEMU 'R2'", MIB, tmp_path):
                pass
    limits = HostLimits(RunningPrograms(), NodeLimits(allow_overcommit=True, max_memory="0"), host.look)
    async with limits.take(uuid4(), "QEMU 'R1'", 1000 * GIB, tmp_path):
        pass


async def test_many_starts_at_once_do_not_pass_the_limit(host: Host, tmp_path: Path) -> None:
    limits = HostLimits(RunningPrograms(), NodeLimits(), host.look)
    began, refused = list[UUID](), list[str]()
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:

        async def start(node: UUID) -> None:
            try:
                await stack.enter_async_context(limits.take(node, "QEMU 'R'", GIB, tmp_path))
            except Conflict as error:
                refused.append(str(error))
            else:
                began.append(node)

        for _ in range(50):
            nursery.start_soon(start, uuid4())
    assert (len(began), len(refused)) == (8, 42)
    async with limits.take(uuid4(), "QEMU 'R'", 8 * GIB, tmp_path):
        pass  # all of it was given back


async def test_a_full_disk(host: Host, tmp_path: Path) -> None:
    limits = HostLimits(RunningPrograms(), NodeLimits(min_free_disk=2**40), host.look)
    with pytest.raises(
        Conflict, match=r"are free on the disk of .*node, less than the 1099511627776 MiB .*min_free_disk"
    ):
        async with limits.take(uuid4(), "QEMU 'R1'", MIB, tmp_path / "node"):
            pass


def test_the_memory_of_this_host() -> None:
    memory = look_at_memory()
    assert 0 < memory.available <= memory.total <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("cgroup", "kind", "names"),
    [
        ("0::/box/server\n", "cgroup2 none rw", ("memory.max", "memory.current", "inactive_file")),
        (
            "4:memory:/box/server\n",
            "cgroup none rw,memory",
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ),
    ],
)
def test_the_memory_of_a_container(tmp_path: Path, cgroup: str, kind: str, names: tuple[str, str, str]) -> None:
    """The limit is that of a group above."""
    proc, top = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: {16 * 2**20} kB\nMemAvailable: {8 * 2**20} kB\nHugePages_Total: 0\n")
    (proc / "self" / "cgroup").write_text(cgroup)
    (proc / "self" / "mountinfo").write_text(f"30 24 0:26 / {top} rw - {kind}\n")
    inner = top / "box" / "server"
    inner.mkdir(parents=True)
    for folder in (top, top / "box", inner):
        (folder / "cgroup.procs").touch()
    assert look_at_memory(proc) == HostMemory(16 * GIB, 8 * GIB)
    for folder, limit in ((inner, "max"), (top / "box", str(4 * GIB))):
        (folder / names[0]).write_text(f"{limit}\n")
        (folder / names[1]).write_text(f"{3 * GIB}\n")
        (folder / "memory.stat").write_text(f"anon 7\n{names[2]} {GIB}\n")
    assert look_at_memory(proc) == HostMemory(4 * GIB, 2 * GIB)
