"""Labs with real containers, through the API: what is between them, what is left of them, and what hostile ones do."""

import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from gns3trio import threads
from gns3trio.config import Config
from tests.pcap_reader import read_capture
from tests.support.archives import export, import_
from tests.support.docker_engine import BUSYBOX, Container, DockerEngine
from tests.support.lab import Lab
from tests.support.server import Server, node_path

PATIENCE = 120.0
# A first process ignores a signal that it does not handle.
WAITS = "sh -c 'trap exit TERM; while :; do sleep 9999 & wait $!; done'"
# The largest frame without a VLAN tag.
FRAME_BYTES = 1514


@pytest.fixture
def config(config: Config, docker_engine: DockerEngine) -> Config:
    """A container may do what those of GNS3 may: it is hostile here."""
    return attrs.evolve(
        config,
        docker_socket=docker_engine.socket,
        docker_capabilities=("NET_ADMIN", "SYS_ADMIN"),
        stats_interval=0.5,
    )


@attrs.define
class DockerLab(Lab):
    """Makes containers, and runs commands in them."""

    engine: DockerEngine = attrs.field(kw_only=True)

    async def container(self, name: str, *, start: bool = True, **properties: Any) -> dict[str, Any]:
        made = await self.node("docker", name=name, properties={"image": BUSYBOX, "start_command": WAITS, **properties})
        return await self.start(made) if start else made

    async def start(self, node: dict[str, Any]) -> dict[str, Any]:
        return await self.do(node, "start", 200)

    async def do(self, node: dict[str, Any], action: str, status: int) -> dict[str, Any]:
        answer: dict[str, Any] = await self.server.request(
            "POST", f"{node_path(self.project, node)}/{action}", None, status
        )
        return answer

    async def shown(self, node: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = await self.server.request("GET", node_path(self.project, node), None, 200)
        return found

    async def run(self, node: dict[str, Any], command: str) -> str:
        """What a command of the shell prints in a container, which must succeed."""
        container = Container(self.engine, node["properties"]["container_id"])
        printed = await threads.terminal.run(container.run, "sh", "-c", command)
        return printed.replace("\r", "")

    async def until_answered(self, node: dict[str, Any], address: str) -> None:
        await self.run(node, f"timeout {PATIENCE} sh -c 'until ping -c 1 -W 1 {address}; do :; done'")

    def folder(self, node: dict[str, Any]) -> Path:
        return Path(self.project["path"]) / "project-files" / "docker" / str(node["node_id"])


@pytest.fixture
async def docker_lab(server: Server, project: dict[str, Any], docker_engine: DockerEngine) -> AsyncIterator[DockerLab]:
    server.http.timeout = httpx.Timeout(PATIENCE)
    yield DockerLab(server, project, [], engine=docker_engine)


def left_of_containers(engine: DockerEngine) -> dict[str, Any]:
    """What a container may leave behind, at the engine and in this process."""
    descriptors = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return {
        "containers": engine.containers(),
        "volumes": engine.request("GET", "/volumes")["Volumes"] or [],
        "interfaces": [each for each in descriptors if "/net/tun" in each or each.startswith("net:")],
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if "/gns3" in line],
    }


NOTHING = {"containers": [], "volumes": [], "interfaces": [], "mounts": []}


async def test_the_conditions_of_a_link_between_two_containers(docker_lab: DockerLab) -> None:
    """And a PC at the same switch."""
    lab = docker_lab
    switch = await lab.node("ethernet_switch")
    pc = await lab.node("vpcs", properties={"startup_script": "ip 10.0.0.3/24\n"})
    a, b = await lab.container("A"), await lab.container("B")
    link = await lab.link((a, 0), (switch, 0))
    await lab.link((b, 0), (switch, 1))
    await lab.link((pc, 0), (switch, 2))
    await lab.start(pc)
    for number, node in enumerate((a, b), 1):
        await lab.run(node, f"ip address add 10.0.0.{number}/24 dev eth0")
    await lab.until_answered(a, "10.0.0.2")
    await lab.until_answered(a, "10.0.0.3")

    path = f"{lab.path}/links/{link['link_id']}"
    started = await lab.server.request("POST", f"{path}/start_capture", {}, 201)
    await transfer(lab, a, b, 1_000_000)
    await lab.server.request("POST", f"{path}/stop_capture", {}, 201)
    packets = read_capture(Path(started["capture_file_path"]).read_bytes()).packets
    assert max(len(packet.data) for packet in packets) == FRAME_BYTES
    assert sum(len(packet.data) for packet in packets) > 1_000_000

    await lab.update(link, {"filters": {"delay": [150, 0]}})
    (milliseconds,) = re.findall(r"time=([\d.]+) ms", await lab.run(a, "ping -c 1 -W 60 10.0.0.2"))
    assert float(milliseconds) >= 300  # there and back
    await lab.update(link, {"filters": {}})

    rate = {"type": "rate", "bits_per_second": 1_000_000}
    await lab.server.request("PUT", f"{path}/impairments", {"impairments": [rate]}, 200)
    assert await transfer(lab, a, b, 300_000) >= 2.0  # 2.4 seconds, but for what the burst lets pass
    await lab.server.request("PUT", f"{path}/impairments", {"impairments": []}, 200)

    await lab.update(link, {"suspend": True})
    assert "0 packets received" in await lab.run(a, "ping -c 1 -W 1 10.0.0.2; true")
    await lab.update(link, {"suspend": False})
    await lab.until_answered(a, "10.0.0.2")
    await lab.server.request("DELETE", path, None, 204)
    assert (await lab.run(a, "cat /sys/class/net/eth0/carrier")).strip() == "0"


async def transfer(lab: DockerLab, source: dict[str, Any], sink: dict[str, Any], size: int) -> float:
    """Send so many bytes by TCP; returns the seconds that it took."""
    listening = "netstat -ltn | grep -q :5000"
    began = 0.0

    async def send() -> None:
        nonlocal began
        await lab.run(sink, f"timeout {PATIENCE} sh -c 'until {listening}; do usleep 20000; done'")
        began = trio.current_time()
        await lab.run(source, f"head -c {size} /dev/zero | timeout {PATIENCE} nc 10.0.0.2 5000")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        received = await lab.run(sink, f"timeout {PATIENCE} nc -l -p 5000 | wc -c")
    assert int(received) == size
    return trio.current_time() - began


async def test_files_travel_with_their_owners_and_nothing_is_left(
    docker_lab: DockerLab, docker_engine: DockerEngine
) -> None:
    """Stopped, duplicated, exported, imported and deleted."""
    lab = docker_lab
    node = await lab.container("A", extra_volumes=["/data"])
    await lab.run(
        node, "echo kept >/data/file; chown 1000:1001 /data/file; chmod 4750 /data/file; echo lost >/tmp/file"
    )
    seen = "4750 1000 1001 kept"
    look = "stat -c '%a %u %g' /data/file | tr '\\n' ' '; cat /data/file"
    await lab.do(node, "stop", 200)
    assert left_of_containers(docker_engine)["interfaces"] == []
    assert (lab.folder(node) / "data" / "file").read_text() == "kept\n"
    node = await lab.start(node)
    assert (await lab.run(node, look)).strip() == seen
    assert await lab.run(node, "cat /tmp/file") == "lost\n"  # it is still the same container
    node = await lab.do(node, "reload", 200)
    assert (await lab.run(await lab.shown(node), look)).strip() == seen
    await lab.do(node, "stop", 200)

    copy = await lab.server.request("POST", f"{node_path(lab.project, node)}/duplicate", {"x": 1, "y": 1}, 201)
    assert (await lab.run(await lab.start(copy), look)).strip() == seen
    await lab.do(copy, "stop", 200)
    data = await export(lab.server, lab.project)
    await lab.server.request("DELETE", lab.path, None, 204)
    assert left_of_containers(docker_engine) == NOTHING
    assert not Path(lab.project["path"]).exists()

    imported = await import_(lab.server, data)
    lab.project = await lab.server.request("POST", f"/v2/projects/{imported['project_id']}/open", None, 201)
    nodes = await lab.server.request("GET", f"{lab.path}/nodes", None, 200)
    assert len(nodes) == 2
    (again,) = [each for each in nodes if each["name"] == "A"]
    assert (await lab.run(await lab.start(again), look)).strip() == seen
    await lab.server.request("DELETE", node_path(lab.project, again), None, 204)
    assert not lab.folder(again).exists()
    await lab.server.request("POST", f"{lab.path}/close", None, 204)
    assert left_of_containers(docker_engine) == NOTHING


def delete_interface(other: int) -> str:
    return "ip link delete eth0"


def move_interface(other: int) -> str:
    return "unshare -n sh -c 'sleep 1000' & sleep 0.1; until ip link set eth0 netns $!; do usleep 20000; done"


def rename_interface(other: int) -> str:
    return "ip link set eth0 down; ip link set eth0 name x; ip link set x address 02:00:00:00:00:01 mtu 9000 up"


@pytest.mark.parametrize("what", [delete_interface, move_interface, rename_interface])
async def test_a_container_that_attacks_its_interface(
    docker_lab: DockerLab, docker_engine: DockerEngine, what: Callable[[int], str]
) -> None:
    """The rest of the lab goes on, its links can be changed, and the next start has everything again."""
    lab = docker_lab
    hostile, a, b = await lab.container("H", adapters=2), await lab.container("A"), await lab.container("B")
    link = await lab.link((hostile, 0), (a, 0))
    await lab.run(hostile, what(0))
    await lab.update(link, {"filters": {"delay": [10, 0]}})
    await lab.server.request("DELETE", f"{lab.path}/links/{link['link_id']}", None, 204)
    await lab.link((a, 0), (b, 0))
    for number, node in enumerate((a, b), 1):
        await lab.run(node, f"ip address add 10.0.0.{number}/24 dev eth0")
    await lab.until_answered(a, "10.0.0.2")
    await lab.do(hostile, "stop", 200)
    again = await lab.start(hostile)
    assert (await lab.run(again, "ls /sys/class/net")).split() == ["eth0", "eth1", "lo"]
    await lab.server.request("POST", f"{lab.path}/close", None, 204)
    assert left_of_containers(docker_engine) == NOTHING


HOSTILE_FILES = """
cd /data
ln -s /etc/passwd link; ln -s / root; ln -s .. up
rm -f .gns3_perms; ln -s /etc/gns3trio-was-here .gns3_perms
mkfifo fifo; mknod disk b 8 0; mknod null c 1 3
printf x >'new
line'; printf x >"$(printf '\\377\\376')"; printf x >'C:\\x'; printf x >'-rf'
mkdir -p deep; cd deep; for i in $(seq 40); do mkdir d; cd d; done
cd /etc/network; rm -rf interfaces; ln -s /etc/shadow interfaces; rm -rf if-up.d; ln -s / if-up.d
"""


async def test_hostile_files_reach_nothing_of_the_host(docker_lab: DockerLab, docker_engine: DockerEngine) -> None:
    lab = docker_lab
    node = await lab.container("A", extra_volumes=["/data"])
    await lab.run(node, HOSTILE_FILES)
    passwd, shadow = (Path(name).read_bytes() for name in ("/etc/passwd", "/etc/shadow"))
    files = f"{node_path(lab.project, node)}/files"
    for name in ("data/link", "data/root/etc/passwd", "data/fifo", "data/disk", "etc/network/interfaces"):
        answer = await lab.server.http.get(f"{files}/{name}")
        assert answer.status_code in (403, 404, 409), (name, answer.text)
    for name in ("data/link", "data/root/tmp/gns3trio-was-here", "etc/network/if-up.d/gns3trio-was-here"):
        answer = await lab.server.http.post(f"{files}/{name}", content=b"hostile")
        assert answer.status_code < 500, (name, answer.text)
    await lab.do(node, "stop", 200)
    data = await export(lab.server, lab.project)
    assert passwd not in data and shadow not in data
    again = await lab.start(node)
    assert "root" in await lab.run(again, "ls /data")
    await lab.server.request("DELETE", lab.path, None, 204)
    assert left_of_containers(docker_engine) == NOTHING
    assert not Path(lab.project["path"]).exists()
    assert (Path("/etc/passwd").read_bytes(), Path("/etc/shadow").read_bytes()) == (passwd, shadow)
    for folder in ("/", "/tmp", "/etc"):
        assert not (Path(folder) / "gns3trio-was-here").exists()
