"""What a VPCS may do to the host: with its own commands, which are as good as a shell, and what is left to it."""

import os
import re
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

from gns3trio._udpfwd import lib
from gns3trio.compute.nodes.vpcs.node import VpcsNode
from gns3trio.compute.nodes.vpcs.process import VpcsProgramFinder
from gns3trio.errors import Conflict
from tests.compute.conftest import LOOPBACK, Lab, can_reach_peer, open_console, process_of
from tests.confinement import require_confinement

SECRET = "echo the password is swordfish\n"


@pytest.fixture(autouse=True)
def kernel() -> None:
    require_confinement()


async def test_its_commands_reach_no_file_outside_of_its_folder(lab: Lab, tmp_path: Path):
    (tmp_path / "settings.toml").write_text(SECRET)
    node = await lab.create("PC1")
    await node.start()
    (node.directory / "inside.vpc").symlink_to(tmp_path / "settings.toml")
    (node.directory / "written.vpc").symlink_to(tmp_path / "written")
    async with open_console(node) as console:
        for path in (tmp_path / "settings.toml", node.directory / "inside.vpc", "inside", "/etc/hostname"):
            assert "swordfish" not in await console.run(f'load "{path}"')
        for path in (tmp_path / "profile", "../profile", "written"):
            await console.run(f'save "{path}"')
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["settings.toml", node.directory.name])
    assert (tmp_path / "settings.toml").read_text() == SECRET


async def test_its_start_up_script_can_do_no_more(lab: Lab, tmp_path: Path):
    """An imported project brings one along."""
    script = f'save "{tmp_path}/profile"\n! touch {tmp_path}/touched\nload "/etc/hostname"\necho done\n'
    node = await lab.create("PC1", startup_script=script)
    await node.start()
    async with await trio.open_tcp_stream(LOOPBACK, node.console or 0) as stream:
        said = b""
        while b"\ndone" not in said:
            said += await stream.receive_some()
    assert [path.name for path in tmp_path.iterdir()] == [node.directory.name]


async def test_it_executes_nothing(lab: Lab, tmp_path: Path):
    node = await lab.create("PC1")
    await node.start()
    async with open_console(node) as console:
        for command in (f"touch {tmp_path}/touched", "/bin/id", "id"):
            assert "uid=" not in await console.run(f"! {command}")
        await console.run("show")
    assert [path.name for path in tmp_path.iterdir()] == [node.directory.name]


async def test_it_reaches_no_service_by_tcp(lab: Lab):
    node = await lab.create("PC1")
    await node.start()
    with socket.socket() as service:
        service.bind((LOOPBACK, 0))
        service.listen()
        service.setblocking(False)
        async with open_console(node) as console:
            await console.run(f"rlogin {LOOPBACK} {service.getsockname()[1]}")
        with pytest.raises(BlockingIOError):
            service.accept()


async def test_what_it_has_files_for_works(lab: Lab):
    node = await lab.create("PC1", startup_script="set pcname Alpha\n")
    await node.start()
    async with open_console(node) as console:
        await console.run("ip 10.0.0.1 24")
        await console.run("save")
        await console.run("save other")
        await console.run("load other", until=b"10.0.0.1 255.255.255.0")
        await console.read_until(b"> ")
        await console.type("quit\r")
        await console.read_to_end()
    await lab.wait_stopped(node)
    for name in ("startup.vpc", "other.vpc"):
        assert "ip 10.0.0.1" in (node.directory / name).read_text()
    assert "save other" in (node.directory / "vpcs.hist").read_text()
    await node.start()
    async with open_console(node) as console:
        assert "10.0.0.1/24" in await console.run("show")


async def test_it_has_no_privileges_and_nothing_of_the_servers_environment(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GNS3TRIO_PASSWORD", "swordfish")
    node = await lab.create("PC1")
    await node.start()
    process = Path(f"/proc/{process_of(node)}")
    environment = dict(line.split("=", 1) for line in (process / "environ").read_text().split("\0") if line)
    assert environment["HOME"] == str(node.directory)
    assert environment.keys() == {"HOME", "PATH", "TERM", "LANG", "GLIBC_TUNABLES"}
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] if os.geteuid() == 0 else [])):
        assert int(status[name], 16) == 0, name
    limits = (process / "limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    for name in ("Max address space", "Max file size", "Max open files"):
        assert re.search(rf"{name} +(\d+) +\1 ", limits), limits


def sockets_of(node: VpcsNode) -> list[socket.socket]:
    """Copies of the sockets that a node's process has."""
    process = process_of(node)
    numbers = [
        int(entry.name) for entry in Path(f"/proc/{process}/fd").iterdir() if os.readlink(entry).startswith("socket:")
    ]
    pidfd = os.pidfd_open(process)
    try:
        return [socket.socket(fileno=lib.spawn_copy_descriptor(pidfd, number)) for number in numbers]
    finally:
        os.close(pidfd)


async def test_nobody_in_the_network_can_send_it_frames(lab: Lab):
    """It binds its port at all addresses; frames of its link come over loopback."""
    a, b = await lab.create("A"), await lab.create("B")
    await lab.connect(a, b)
    await a.start()
    await b.start()
    with ExitStack() as stack:
        ports = {}
        for sock in [stack.enter_context(each) for each in sockets_of(a)]:
            ports[sock.getsockname()[1]] = sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        own = int(a.command_line.split(" -s ")[1].split()[0])
        assert ports[own] == b"lo\0"
    async with open_console(a) as console:
        assert await can_reach_peer(console)


@pytest.mark.parametrize("which", ["node", "type", "project-files"])
async def test_a_folder_behind_a_link_is_not_given_to_a_node(lab: Lab, tmp_path: Path, which: str):
    lab.folder = tmp_path / "project" / "project-files" / "vpcs"
    node = await lab.create("PC1")
    linked = {"node": node.directory, "type": lab.folder, "project-files": lab.folder.parent}[which]
    linked.rename(tmp_path / "elsewhere")
    linked.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match="symbolic link"):
        await node.start()
    assert node.status == "stopped"


async def test_a_projects_folder_may_be_reached_by_a_link(lab: Lab, tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "projects").symlink_to(tmp_path / "disk")
    lab.folder = tmp_path / "projects" / "project" / "project-files" / "vpcs"
    node = await lab.create("PC1")
    await node.start()
    async with open_console(node) as console:
        await console.run("save")
    assert (node.directory / "startup.vpc").is_file()


async def test_a_script_is_not_written_through_a_link(lab: Lab, tmp_path: Path):
    (tmp_path / "victim").write_text("mine")
    node = await lab.create("PC1", startup_script="echo first\n")
    for name in (".startup.vpc.new", "startup.vpc"):
        (node.directory / name).unlink(missing_ok=True)
        (node.directory / name).symlink_to(tmp_path / "victim")
    await node.set_startup_script("echo second\n")
    assert (tmp_path / "victim").read_text() == "mine"
    assert await node.startup_script() == "echo second\n"


async def test_root_can_run_a_lab_of_another_user(lab: Lab, tmp_path: Path):
    if os.geteuid() != 0:
        pytest.skip("only root has labs of others")
    node = await lab.create("PC1", startup_script="set pcname Alpha\n")
    node.directory.chmod(0o700)
    for path in (node.directory / "startup.vpc", node.directory):
        path.chmod(path.stat().st_mode & 0o700)
        os.chown(path, 65534, 65534)
    await node.start()
    async with open_console(node) as console:
        await console.run("save")
        await console.run(f'save "{tmp_path}/profile"')
    assert "Alpha" in (node.directory / "startup.vpc").read_text()
    assert not list(tmp_path.glob("profile*"))


def build(folder: Path, *options: str) -> None:
    subprocess.run([os.environ.get("CC", "cc"), *options], check=True, cwd=folder)


async def test_a_library_beside_the_program_is_found(tmp_path: Path):
    """A program that was installed by hand brings its libraries along."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "version.c").write_text('const char *version(void) { return "Virtual PC Simulator, version 0.8.9"; }\n')
    (tmp_path / "vpcs.c").write_text(
        "#include <stdio.h>\nconst char *version(void);\nint main(void) { return puts(version()) < 0; }\n"
    )
    finder = VpcsProgramFinder(str(tmp_path / "vpcs"))
    build(tmp_path, "-shared", "-fPIC", "-o", "lib/libversion.so", "version.c")
    build(tmp_path, "-o", "vpcs", "vpcs.c", "-Llib", "-lversion", "-Wl,-rpath,$ORIGIN/lib")
    assert (await finder.find()).version.text == "0.8.9"
    build(tmp_path, "-static", "-o", "vpcs", "vpcs.c", "version.c")
    assert (await finder.find()).version.text == "0.8.9"
