"""Images that a real engine pulls from a registry of the tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import trio

from gns3trio.compute.local.node import LocalNode
from gns3trio.compute.nodes.docker import containers, pulls
from gns3trio.compute.nodes.docker.pulls import describe, note_layer
from gns3trio.errors import Conflict
from tests.support.docker_engine import DockerEngine, busybox_archive
from tests.support.docker_nodes import DockerLab, open_docker_lab
from tests.support.image_registry import ImageRegistry, open_registry


@pytest.fixture
async def lab(tmp_path: Path, docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DockerLab]:
    monkeypatch.setattr(containers, "STOP_SECONDS", 0)  # shells do not end when they are asked to
    async with open_docker_lab(tmp_path, docker_engine) as lab:
        yield lab


@pytest.fixture
def registry(docker_engine: DockerEngine) -> Iterator[ImageRegistry]:
    """Its layer is another one in each test, so that no engine has it already."""
    with open_registry(busybox_archive(docker_engine.busybox, {"mark": uuid4().hex})) as registry:
        yield registry


async def test_one_pull_for_many_nodes(
    lab: DockerLab, registry: ImageRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are told how far it is."""
    monkeypatch.setattr(pulls, "TELL_SECONDS", 0)
    image = f"{registry.address}/lab/many:1"
    registry.go_on.clear()
    nodes: dict[str, LocalNode] = {}

    async def make(name: str) -> None:
        nodes[name] = await lab.make(name, image=image)

    async with trio.open_nursery() as nursery:
        for name in ("A", "B"):
            nursery.start_soon(make, name)
        with trio.fail_after(60):
            while not any(" % (" in text for name in ("A", "B") for text in lab.told(name, "info")):
                await trio.sleep(0.02)
        registry.go_on.set()
    assert registry.sent_layers == 1
    for name in ("A", "B"):
        assert lab.told(name, "info")[-1] == f"Pulled '{image}'"
        await nodes[name].start()
    assert image in await lab.compute.docker_images()


async def test_a_pull_ends_when_nobody_waits(lab: DockerLab, registry: ImageRegistry) -> None:
    image = f"{registry.address}/lab/cancelled:1"
    registry.go_on.clear()
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lab.make_with_image, "A", image)
            with trio.fail_after(60):
                while not registry.sent_layers:
                    await trio.sleep(0.02)
            scope.cancel()
    registry.go_on.set()
    assert lab.engine.containers() == []
    await lab.make("A", image=image)  # which pulls it anew, or waits for the rest


async def test_a_start_that_pulls_is_abandoned_by_a_stop(
    lab: DockerLab, registry: ImageRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gns3trio.compute.nodes.parts.hanging_starts.HANGING_SECONDS", 0.1)
    node = await lab.make_saved("A", image=f"{registry.address}/lab/saved:1", container_id="0123456789ab")
    registry.go_on.clear()
    async with trio.open_nursery() as nursery:

        async def start() -> None:
            with pytest.raises(Conflict, match="'A' was stopped before its start had come to an end"):
                await node.start()

        nursery.start_soon(start)
        with trio.fail_after(60):
            while not registry.sent_layers:
                await trio.sleep(0.02)
        await node.stop()
    registry.go_on.set()
    await node.start()
    assert lab.container(node).state["Running"]


async def test_an_image_that_is_not_there(lab: DockerLab, registry: ImageRegistry) -> None:
    image = f"{registry.address}/missing/image:1"
    with pytest.raises(Conflict, match=rf"Could not pull the '{image}' image.*original error: .*(not found|unknown)"):
        await lab.make("A", image=image)
    assert lab.told("A", "info") == [f"Pulling '{image}' from its registry"]
    node = await lab.make("B")
    with pytest.raises(Conflict, match="Could not pull"):
        await node.set_properties({"image": image})
    assert node.properties()["image"] == "busybox:latest"


async def test_pulls_can_be_forbidden(tmp_path: Path, docker_engine: DockerEngine, registry: ImageRegistry) -> None:
    async with open_docker_lab(tmp_path, docker_engine, docker_pull=False) as lab:
        with pytest.raises(Conflict, match=r"has no image .*lab/no:1.*docker_pull"):
            await lab.make("A", image=f"{registry.address}/lab/no:1")
    assert registry.sent_layers == 0


def test_what_is_told() -> None:
    layers: dict[str, tuple[int, int]] = {}
    for line in (
        {"status": "Pulling from library/debian", "id": "12"},
        {"id": "a", "status": "Downloading", "progressDetail": {"current": 1_000_000, "total": 4_000_000}},
        {"id": "b", "status": "Downloading", "progressDetail": {"current": 0, "total": 6_000_000}},
        {"id": "b", "status": "Download complete", "progressDetail": {}},
        {"id": "c", "status": "Downloading", "progressDetail": {"current": 5, "total": -1}},
        {"id": "d", "status": "Downloading", "progressDetail": None},
        {"id": 7, "status": "Downloading", "progressDetail": {"current": 1, "total": 1}},
    ):
        note_layer(layers, line)
    assert describe("debian:12", layers) == "Pulling 'debian:12': 70 % (7.0 of 10.0 MB in 2 layers)"
