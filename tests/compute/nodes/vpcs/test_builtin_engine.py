"""Built-in PCs as nodes of a compute: what they hold, and what they tell."""

import resource
from pathlib import Path

import trio
import trio.testing

from tests.compute.builtin_lab import console_of, open_builtin_lab
from tests.compute.conftest import CONSOLE_RANGE

FEW_DESCRIPTORS = 200
FIRST_PORT = CONSOLE_RANGE[0]


async def test_one_warning_tells_that_console_ports_are_used_up(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path, (FIRST_PORT, FIRST_PORT + 1)) as lab:
        nodes = [await lab.start(f"PC{number}") for number in range(1, 6)]
        assert [node.console for node in nodes] == [FIRST_PORT, FIRST_PORT + 1, None, None, None]
        warnings = [(name, event.message) for name, event in lab.events if event.kind == "warning"]
        assert [name for name, _ in warnings] == ["PC3"]
        assert "console_end_port_range" in warnings[0][1]


async def test_consoles_leave_descriptors_for_the_rest(tmp_path: Path) -> None:
    """Where few are allowed, PCs have no port of their own before the server can do nothing any more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, before[1]))
    try:
        async with open_builtin_lab(tmp_path) as lab:
            nodes = [await lab.start(f"PC{number}") for number in range(FEW_DESCRIPTORS)]
            ports = [node.console for node in nodes]
            with_port = ports.index(None)
            assert FEW_DESCRIPTORS // 4 < with_port < FEW_DESCRIPTORS * 3 // 4 and set(ports[with_port:]) == {None}
            (warning,) = [event.message for _, event in lab.events if event.kind == "warning"]
            assert f"only {FEW_DESCRIPTORS} files open" in warning and f"'PC{with_port}'" in warning
            async with console_of(nodes[0]) as console:
                assert "10.0.0.7 255.255.255.0" in await console.run("ip 10.0.0.7/24", until=b"PC0> ")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_pc_has_no_task_until_somebody_connects(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        await lab.start("PC1")
        await trio.testing.wait_all_tasks_blocked()
        before = trio.lowlevel.current_statistics().tasks_living
        for number in range(2, 40):
            await lab.start(f"PC{number}")
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().tasks_living == before


async def test_a_closed_pc_gives_back_what_it_held(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        first, second = await lab.start("PC1"), await lab.start("PC2")
        await lab.connect(first, second)
        number = first.mac_id
        await first.close()
        assert (first.status, first.console, first.mac_id, first.has_nio) == ("stopped", None, None, False)
        again = await lab.create("PC3", mac_id=number)
        assert again.mac_id == number
        assert (await lab.create("PC4", mac_id=number)).mac_id != number
        for node in lab.nodes:
            await node.close()
        assert lab.services.console_ports.leased == frozenset()


async def test_a_pc_at_its_prompt_has_no_task_of_its_own(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        node = await lab.start("PC1", "echo hello\n")
        async with console_of(node) as console:
            await console.run("echo first")
            await trio.testing.wait_all_tasks_blocked()
            before = trio.lowlevel.current_statistics().tasks_living
            await console.run("sleep", until=b"Press any key to continue")
            assert trio.lowlevel.current_statistics().tasks_living > before
            await console.type("x")
            await console.read_until(b"PC1> ")
            await trio.testing.wait_all_tasks_blocked()
            assert trio.lowlevel.current_statistics().tasks_living == before


async def test_a_pc_that_is_stopped_while_it_pings_ends_at_once(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        first, second = await lab.start("PC1", "ip 10.0.0.1/24\n"), await lab.start("PC2", "ip 10.0.0.2/24\n")
        await lab.connect(first, second)
        async with console_of(first) as console:
            await console.run("ping 10.0.0.2 -t -i 10", until=b"icmp_seq=2 ")
            with trio.fail_after(30):
                await first.stop()
                await console.read_to_end()
        await first.start()
        async with console_of(first) as console:
            assert "84 bytes" in await console.run("ping 10.0.0.2 -c 1")
