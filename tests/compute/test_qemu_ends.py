"""How machines end: the three ways of ``on_close``, with a guest of one sector that knows its power button."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gns3trio.compute.local.node import LocalNode
from tests.support.machines import SMALLEST_GUEST, Machines, checked_machines, needs_qemu, open_shell

pytestmark = needs_qemu

DISK = {"hda_disk_image": "guest.img", "hda_disk_interface": "ide", "ram": 16, "adapters": 0}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Machines]:
    async with checked_machines(tmp_path) as machines:
        (machines.images / "guest.img").write_bytes(SMALLEST_GUEST)
        yield machines


async def booted(lab: Machines, name: str, properties: dict[str, Any]) -> LocalNode:
    node = await lab.create(name, DISK | properties)
    await node.start()
    with open_shell(node) as shell:
        await shell.read_until(b"R")
    return node


async def test_the_power_button_is_pressed(lab: Machines) -> None:
    node = await booted(lab, "A", {"on_close": "shutdown_signal"})
    await node.suspend()  # it must go on to notice it
    with open_shell(node) as shell:
        await node.stop()
        await shell.read_until(b"B")
    assert (node.status, node.exit_reason, lab.told("A", "warning")) == ("stopped", None, [])


async def test_a_guest_that_ignores_its_button_is_powered_off(lab: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gns3trio.compute.nodes.qemu.run.SHUTDOWN_SECONDS", 0.1)
    node = await lab.create("A", {"ram": 16, "adapters": 0, "on_close": "shutdown_signal"})  # nothing to boot
    await node.start()
    await node.stop()
    assert (node.status, node.exit_reason) == ("stopped", None)


async def test_the_machine_is_powered_off(lab: Machines) -> None:
    node = await booted(lab, "A", {})
    with open_shell(node) as shell:
        await node.stop()
        with pytest.raises(AssertionError, match="the console was closed"):
            await shell.read_until(b"B")
    assert node.status == "stopped"


async def test_a_saved_machine_goes_on_where_it_was(lab: Machines) -> None:
    node = await booted(lab, "A", {"on_close": "save_vm_state"})
    await node.stop()
    await node.set_properties({"on_close": "shutdown_signal"})
    await node.start()
    with open_shell(node) as shell:
        # It waits for its button already: it does not boot, so it does not say R.
        await node.stop()
        assert b"R" not in (await shell.read_until(b"B"))
    assert lab.told("A", "warning") == []
