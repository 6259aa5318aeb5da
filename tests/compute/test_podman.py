"""Docker nodes as containers of a real Podman: what it answers in another way than Docker."""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gns3trio.compute.nodes.docker import containers
from tests.support.docker_engine import DockerEngine, open_docker_engine
from tests.support.docker_nodes import DockerLab, open_docker_lab, open_prompt

OWNER, MODE = 7, 0o641


@pytest.fixture(scope="module")
def podman() -> Iterator[DockerEngine]:
    """Its image ``kept`` has a volume with a file, which belongs to another user."""
    with open_docker_engine("podman") as engine:
        engine.make_image("kept", "VOLUME /data", files={"/data/seed": "of the image\n"})
        yield engine


@pytest.fixture
async def lab(tmp_path: Path, podman: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DockerLab]:
    """A compute with Docker nodes. Nothing of them is left."""
    monkeypatch.setattr(containers, "STOP_SECONDS", 0)  # a shell does not end when it is asked to
    async with open_docker_lab(tmp_path, podman) as lab:
        yield lab
    assert podman.containers() == []
    assert podman.request("GET", "/volumes")["Volumes"] == []


async def test_a_lab_at_podman(lab: DockerLab) -> None:
    first, second = await lab.start("A"), await lab.make("B")
    await lab.connect((first, 0, 0), (second, 0, 0))
    await second.start()
    async with open_prompt(first) as a, open_prompt(second) as b:
        await a.run("ip address add 10.0.0.1/24 dev eth0")
        await b.run("ip address add 10.0.0.2/24 dev eth0")
        await a.run("ping -c 1 -w 60 10.0.0.2")
    await first.suspend()
    assert lab.container(first).state["Paused"]
    await first.start()
    (usage,) = await lab.compute.usage([first])
    assert usage is not None and usage.processes >= 1
    await first.stop()
    assert (first.status, second.status) == ("stopped", "started")
    # Somebody has made a container of its name: the engine has made it, but its answer did not come.
    made = lab.engine.request("GET", f"/containers/{lab.container(first).id}/json")
    lab.engine.request("DELETE", f"/containers/{made['Id']}")
    body = {"Image": "busybox", "Cmd": ["sh"], "Labels": made["Config"]["Labels"], "NetworkDisabled": True}
    lab.engine.request("POST", f"/containers/create?name={made['Name'].lstrip('/')}", body)
    await first.start()
    assert lab.container(first).state["Running"]


async def test_persistent_folders(lab: DockerLab) -> None:
    """They begin with what the image has, and keep their files when the container is made anew."""
    node = await lab.start("A", image="kept", extra_volumes=["/etc", "/none"], start_command="/bin/sh")
    folder = Path(str(node.directory))
    assert (folder / "data" / "seed").read_text() == "of the image\n"
    async with open_prompt(node) as shell:
        await shell.run(f"rm /data/seed; echo mine >/data/own; chown {OWNER} /data/own; chmod {MODE:o} /data/own")
        await shell.run("echo x >/none/file; grep sample /etc/network/interfaces")
    await node.set_properties({"environment": "A=1"})
    before = node.properties()["container_id"]
    await node.reload()
    assert node.properties()["container_id"] != before
    async with open_prompt(node) as shell:
        assert "own" in (listed := await shell.run("ls -ln /data; cat /none/file")) and "seed" not in listed
    own = os.stat(folder / "data" / "own")
    assert (own.st_uid, stat.S_IMODE(own.st_mode)) == (OWNER, MODE)
