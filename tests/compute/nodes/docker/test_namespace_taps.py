"""The interfaces of real containers, joined by the real core."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from gns3trio import threads
from gns3trio.compute.nodes.docker.namespace_taps import (
    ContainerAdapter,
    ContainerTap,
    close_container_taps,
    open_container_taps,
    open_network_namespace,
)
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from tests.support.docker_engine import Container, DockerEngine

FIRST = ContainerAdapter("eth0", "02:42:0a:00:00:01")
SECOND = ContainerAdapter("eth1", "02:42:0a:00:00:02")
UNTIL_ANSWERED = "until ping -c 1 -W 1 10.0.0.2; do :; done"
# A container that may change its own network in every way.
PRIVILEGED = {"CapAdd": ["NET_ADMIN"]}


@pytest.fixture
async def forwarder() -> AsyncIterator[Forwarder]:
    async with open_forwarder() as forwarder:
        yield forwarder


@contextmanager
def taps_of(forwarder: Forwarder, container: Container, *adapters: ContainerAdapter) -> Iterator[list[ContainerTap]]:
    taps = open_container_taps(forwarder, container.pid, container.id, adapters)
    try:
        yield taps
    finally:
        for tap in taps:
            tap.close()


def interfaces_in(container: Container) -> set[str]:
    return set(container.run("ls", "/sys/class/net").split()) - {"lo"}


async def test_two_containers_ping_through_the_core(docker_engine: DockerEngine, forwarder: Forwarder) -> None:
    with (
        docker_engine.container("sleep", "1000", host_config=PRIVILEGED) as a,
        docker_engine.container("sleep", "1000", host_config=PRIVILEGED) as b,
        taps_of(forwarder, a, FIRST, SECOND) as (near, unused),
        taps_of(forwarder, b, FIRST) as (far,),
    ):
        before = os.readlink("/proc/thread-self/ns/net")
        assert interfaces_in(a) == {"eth0", "eth1"} and interfaces_in(b) == {"eth0"}
        assert a.run("cat", "/sys/class/net/eth1/address").strip() == SECOND.mac
        patch = forwarder.connect(near.port, far.port)
        near.set_carrier(True)
        far.set_carrier(True)
        for container, address in ((a, "10.0.0.1/24"), (b, "10.0.0.2/24")):
            container.run("ip", "address", "add", address, "dev", "eth0")
            container.run("ip", "link", "set", "eth0", "up")
        await threads.devices.run(a.run, "timeout", "60", "sh", "-c", UNTIL_ANSWERED)
        patch.close()
        assert (
            "0 packets received" in (await threads.devices.run(a.attempt, "ping", "-c", "1", "-W", "1", "10.0.0.2"))[0]
        )
        assert not near.is_lost and not unused.is_lost
        assert os.readlink("/proc/thread-self/ns/net") == before


async def test_a_container_sees_whether_a_cable_is_plugged_in(
    docker_engine: DockerEngine, forwarder: Forwarder
) -> None:
    with (
        docker_engine.container("sleep", "1000", host_config=PRIVILEGED) as container,
        taps_of(forwarder, container, FIRST) as (tap,),
    ):
        container.run("ip", "link", "set", "eth0", "up")
        seen = []
        for is_linked in (None, True, False, True):
            if is_linked is not None:
                tap.set_carrier(is_linked)
            seen.append(container.run("cat", "/sys/class/net/eth0/carrier").strip())
        assert seen == ["0", "1", "0", "1"]


async def test_interfaces_go_with_their_container_or_when_they_are_closed(
    docker_engine: DockerEngine, forwarder: Forwarder
) -> None:
    with docker_engine.container("sleep", "1000", host_config=PRIVILEGED) as container:
        with taps_of(forwarder, container, FIRST, SECOND) as (first, second):
            container.run("ip", "link", "delete", "eth0")
            assert first.is_lost and not second.is_lost
            first.set_carrier(True)  # nobody is there to see it
            container.run("ip", "link", "set", "eth1", "name", "other")
            assert not second.is_lost
        assert interfaces_in(container) == set()
        with taps_of(forwarder, container, FIRST) as (again,):
            docker_engine.request("POST", f"/containers/{container.id}/kill")
            docker_engine.request("POST", f"/containers/{container.id}/wait")
            again.set_carrier(True)


async def test_all_interfaces_are_opened_or_none(docker_engine: DockerEngine, forwarder: Forwarder) -> None:
    with docker_engine.container("sleep", "1000", host_config=PRIVILEGED) as container:
        before = open_descriptors()
        with pytest.raises(Conflict, match="'eth0' cannot be used: another program or node uses it"):
            open_container_taps(forwarder, container.pid, container.id, [SECOND, FIRST, FIRST])
        with pytest.raises(Conflict, match="eth0 cannot have the MAC address 01:00:00:00:00:00"):
            open_container_taps(
                forwarder, container.pid, container.id, [SECOND, ContainerAdapter("eth0", "01:00:00:00:00:00")]
            )
        assert interfaces_in(container) == set()
        assert open_descriptors() == before


async def test_interfaces_are_closed_whatever_cancels_it(docker_engine: DockerEngine, forwarder: Forwarder) -> None:
    with docker_engine.container("sleep", "1000", host_config=PRIVILEGED) as container:
        taps = open_container_taps(forwarder, container.pid, container.id, [FIRST, SECOND])
        with trio.CancelScope() as scope:
            scope.cancel()
            await close_container_taps(taps)
        assert interfaces_in(container) == set()


async def test_only_the_network_of_the_container_is_entered(docker_engine: DockerEngine, forwarder: Forwarder) -> None:
    """A process id may belong to another process by now, and a container may have the network of the host."""
    with docker_engine.container("sleep", "1000") as container, docker_engine.container("sleep", "1000") as other:
        with pytest.raises(Conflict, match=f"The container {container.id[:12]} has ended"):
            open_container_taps(forwarder, other.pid, container.id, [FIRST])
        docker_engine.request("POST", f"/containers/{container.id}/kill")
        for pid in (container.pid, 0, os.getpid()):
            with pytest.raises(Conflict, match=f"The container {container.id[:12]} has ended"):
                open_network_namespace(pid, container.id)
        assert interfaces_in(other) == set()
    with (
        docker_engine.container(
            "sleep", "1000", host_config={"NetworkMode": "host"}, NetworkDisabled=False
        ) as container,
        pytest.raises(Conflict, match="has the network of this host"),
    ):
        open_network_namespace(container.pid, container.id)


def open_descriptors() -> list[str]:
    return sorted(os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.exists())
