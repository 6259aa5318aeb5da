"""What machines may have beside disks and adapters: a disk with files, a TPM, a limit of processor time."""

import os
import shutil
import signal
import zipfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

from gns3trio.compute.local.cgroups import find_place
from gns3trio.errors import Conflict
from tests.compute.conftest import processes_in
from tests.support.machines import GUEST, Machines, boot, checked_machines, make_disk, needs_guest, needs_qemu, pid_of

pytestmark = needs_qemu
needs_swtpm = pytest.mark.skipif(shutil.which("swtpm") is None, reason="swtpm is not installed (Debian: swtpm)")
CONFIGURATION = {"create_config_disk": True, "hdd_disk_interface": "virtio"}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Machines]:
    async with checked_machines(tmp_path) as machines:
        yield machines


def files_in(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@needs_guest
@needs_swtpm
async def test_a_guest_has_its_configuration_and_a_tpm(lab: Machines) -> None:
    node = await lab.create("A", GUEST | CONFIGURATION | {"adapters": 2, "tpm": True})
    assert node.directory is not None
    with zipfile.ZipFile(node.directory / "config.zip", "w") as archive:
        archive.writestr("startup.cfg", "hostname R1\n")
    with ExitStack() as stack:
        (shell,) = await boot(stack, node)
        assert "vda1" in await shell.run("cat /proc/partitions")
        await shell.run("grep -q 'hostname R1' /dev/vda")
        await shell.run("ls /sys/class/tpm/tpm0")
        # The first cluster of the first file.
        await shell.run("printf 'hostname R2' | dd of=/dev/vda bs=512 seek=53 conv=notrunc,fsync 2>/dev/null")
    assert len(processes_in(node.directory)) == 2
    await node.stop()
    assert processes_in(node.directory) == []
    assert files_in(node.directory / "config.zip") == {"startup.cfg": b"hostname R2\n"}
    state = node.directory / "tpm" / "tpm2.state"
    known = state.read_bytes()[:64]

    # The TPM remembers. If it fails, that is told; the machine goes on.
    await node.start()
    assert state.read_bytes()[:64] == known
    (tpm,) = (pid for pid in processes_in(node.directory) if "swtpm" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(tpm, signal.SIGKILL)
    with trio.fail_after(60):
        while not lab.told("A", "error"):
            await trio.sleep(0.05)
    assert lab.told("A", "error") == ["QEMU 'A': its TPM was killed by SIGKILL"]
    assert node.status == "started"


async def test_a_machine_without_a_tpm_on_the_host(lab: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await lab.create("A", {"tpm": True})
    monkeypatch.setattr("gns3trio.compute.nodes.qemu.tpm.find_program", lambda name: None)
    with pytest.raises(Conflict, match=r"properties.tpm: swtpm is not installed .* apt install swtpm"):
        await node.start()
    assert (node.status, processes_in(lab.folder)) == ("stopped", [])


async def test_what_a_configuration_disk_cannot_be(lab: Machines) -> None:
    await make_disk(lab, "image.qcow2")
    node = await lab.create("A", CONFIGURATION | {"hdd_disk_image": "image.qcow2"})
    assert node.directory is not None
    (node.directory / "config.zip").write_text("no archive")
    with pytest.raises(Conflict, match=r"properties.create_config_disk: config\.zip in the node's folder"):
        await node.start()
    (node.directory / "config.zip").unlink()
    await node.start()
    # It is hdd, whatever image that has.
    assert node.command_line is not None and "config.img" in node.command_line
    assert "image.qcow2" not in node.command_line
    os.kill(pid_of(node), signal.SIGKILL)
    await lab.wait_stopped(node)
    assert files_in(node.directory / "config.zip") == {}


async def test_processor_time_is_limited_or_that_is_told(tmp_path: Path) -> None:
    async with checked_machines(tmp_path) as lab:
        node = await lab.create("A", {"cpu_throttling": 50, "ram": 16, "adapters": 0})
        await node.start()
        if "cpu" in find_place().controllers():
            assert limit_of(pid_of(node)) == "50000 100000"
            await node.set_properties({"cpu_throttling": 250})
            assert limit_of(pid_of(node)) == "250000 100000"
            await node.set_properties({"cpu_throttling": 0})
            assert limit_of(pid_of(node)) == "max 100000"
            assert lab.told("A", "warning") == []
        else:
            (warning,) = lab.told("A", "warning")
            assert warning.startswith("QEMU 'A': cpu_throttling has no effect, because ")


def limit_of(pid: int) -> str:
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    group = next(line[3:] for line in lines if line.startswith("0::"))
    return Path(f"/sys/fs/cgroup{group}/cpu.max").read_text().strip()
