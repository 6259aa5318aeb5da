"""Docker nodes: real containers of a real engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.docker_engine import DockerEngine
from tests.support.docker_nodes import DockerLab, at_prompt, open_docker_lab
from tests.support.machines import open_shell


@pytest.fixture
async def lab(tmp_path: Path, docker_engine: DockerEngine) -> AsyncIterator[DockerLab]:
    """A compute with Docker nodes. None of their containers is left."""
    async with open_docker_lab(tmp_path, docker_engine) as lab:
        yield lab
    assert docker_engine.containers() == []


async def test_two_containers_ping(lab: DockerLab) -> None:
    first, second = await lab.make("A"), await lab.make("B")
    await lab.connect((first, 0, 0), (second, 0, 0))
    for node in (first, second):
        await node.start()
        assert node.status == "started"
    with open_shell(first) as a, open_shell(second) as b:
        for number, shell in enumerate((a, b), 1):
            await at_prompt(shell)
            await shell.run(f"ip address add 10.0.0.{number}/24 dev eth0; ip link set eth0 up")
        await a.run("ping -c 1 -w 20 10.0.0.2")
    for node in (first, second):
        await node.stop()
        assert node.status == "stopped"
