"""A change of the engine of a node: what stays, and what is refused."""

from pathlib import Path

import attrs
import pytest

from gns3trio.compute.nodes.vpcs.process import VpcsProgramFinder
from gns3trio.errors import Conflict, Invalid
from tests.compute.builtin_lab import BuiltinLab, console_of, open_builtin_lab
from tests.compute.conftest import CONSOLE_RANGE, count_replies, open_console

FIRST_PORT = CONSOLE_RANGE[0]


async def test_all_stays_but_what_vpcs_cannot_have(tmp_path: Path) -> None:
    """Its address, which comes from the start-up script, its link, its console's port, its files."""
    async with open_builtin_lab(tmp_path) as lab:
        node = await lab.create("PC1", "set pcname PC1\nip 10.0.0.1/24\n")
        peer = await lab.start("PC2", "ip 10.0.0.2/24\n")
        await lab.connect(node, peer)
        (node.directory / "own.vpc").write_text("echo hello\n")
        console, own_number = node.console, node.mac_id
        await node.set_engine("process")
        assert (node.engine, node.has_default_engine, node.console) == ("process", False, console)
        vpcs_number = node.mac_id
        assert own_number is not None and own_number > 255 and vpcs_number is not None and vpcs_number < 255
        await node.start()
        assert node.command_line.split()[0].endswith("vpcs")
        async with open_console(node) as terminal:
            assert "10.0.0.1/24" in await terminal.run("show ip")
            while count_replies(await terminal.run("ping 10.0.0.2 -c 1")) == 0:
                pass
        await node.stop()

        await node.set_engine("builtin")
        assert (node.engine, node.console, node.mac_id) == ("builtin", console, vpcs_number)
        await node.start()
        assert node.command_line == ""
        async with console_of(node) as terminal:
            assert f"00:50:79:66:68:{vpcs_number:02x}" in await terminal.run("show ip")
            assert "84 bytes" in await terminal.run("ping 10.0.0.2 -c 1")
            assert "hello" in await terminal.run("load own.vpc")
        other = await lab.create("PC3")
        await other.set_engine("process")
        assert other.mac_id != vpcs_number


async def test_the_default_is_that_of_the_server(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        node = await lab.create("PC1")
        assert (node.engine, node.has_default_engine) == ("builtin", True)
        await node.set_engine("builtin")
        assert (node.engine, node.has_default_engine) == ("builtin", False)
        await node.set_engine("process")
        await node.set_engine(None)
        assert (node.engine, node.has_default_engine) == ("builtin", True)


async def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path, (FIRST_PORT, FIRST_PORT)) as lab:
        node, without_port = await lab.start("PC1"), await lab.create("PC2")
        before = state_of(lab)
        with pytest.raises(Conflict, match="engine: 'PC1' runs: stop it first"):
            await node.set_engine("process")
        with pytest.raises(Invalid, match="engine: 'qemu' is neither process nor builtin"):
            await without_port.set_engine("qemu")
        with pytest.raises(Conflict, match="engine: No free Console port"):
            await without_port.set_engine("process")
        assert state_of(lab) == before
        lab.services = attrs.evolve(lab.services, programs=VpcsProgramFinder("/nowhere/vpcs"))
        third = await lab.create("PC3")
        with pytest.raises(Conflict, match="engine: VPCS is not installed"):
            await third.set_engine("process")
        assert (third.engine, third.has_default_engine) == ("builtin", True)


def state_of(lab: BuiltinLab) -> list[object]:
    return [(node.engine, node.has_default_engine, node.mac_id, node.console, node.status) for node in lab.nodes]


async def test_a_project_full_of_vpcs_is_told_of_the_other_engine(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        node = await lab.create("PC1")
        for _ in range(255):
            lab.services.macs.ids.lease(node.project_id)
        number = node.mac_id
        with pytest.raises(Conflict, match=r"engine: A project cannot have more than 255 VPCS.*engine 'builtin'"):
            await node.set_engine("process")
        assert (node.engine, node.mac_id) == ("builtin", number)


async def test_a_change_is_taken_back_with_its_mac_address(tmp_path: Path) -> None:
    async with open_builtin_lab(tmp_path) as lab:
        node = await lab.create("PC1")
        number = node.mac_id
        await node.set_engine("process")
        await node.set_engine(None, number)
        assert (node.engine, node.mac_id) == ("builtin", number)
