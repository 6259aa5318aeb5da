"""A compute of GNS3 3.0 is used beside those of 2.2. The answers are what gns3-server 3.0.6 was seen to say.

``tests/peers/test_gns3_3_compute.py`` does the same with gns3-server itself.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.nio import UdpNio
from gns3trio.compute.node import NodeSpec
from gns3trio.compute.remote import connection
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.compute.remote.node import RemoteNode
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Invalid
from tests.support.fake_compute import Answer, FakeCompute, event, fake_compute, notifications, reply, says
from tests.support.remote_compute import PATIENCE, PROJECT, connected, spec

V3 = "/v3/compute/"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
PING = event("ping", cpu_usage_percent=12.5, memory_usage_percent=34.5, disk_usage_percent=36.0)
CAPABILITIES = {
    "version": "3.0.6",
    "node_types": ["cloud", "ethernet_hub", "ethernet_switch", "nat", "vpcs", "qemu", "docker", "virtualbox"],
    "platform": "linux",
    "cpus": 2,
    "memory": 25276510208,
    "disk_size": 269427478528,
}
PORTS = {
    "console_port_range": [5000, 10000],
    "console_ports": [],
    "udp_port_range": [20000, 30000],
    "udp_ports": [],
}
# Of a value that is not one of a field.
UNPROCESSABLE = {
    "detail": [
        {
            "type": "enum",
            "loc": ["body", "console_type"],
            "msg": "Input should be 'telnet' or 'none'",
            "input": "vnc",
            "ctx": {"expected": "'telnet' or 'none'"},
        }
    ]
}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(connection, "LONGEST_PAUSE_SECONDS", 0.1)


def node_of_3(wanted: NodeSpec) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "node_id": str(wanted.node_id),
        "usage": None,
        "console": 5003,
        "console_type": "telnet",
        "startup_script": None,
        "project_id": str(PROJECT),
        "node_directory": f"/opt/gns3/projects/{PROJECT}/project-files/vpcs/{wanted.node_id}",
        "status": "stopped",
        "command_line": "",
    }


def answers_of_3(wanted: NodeSpec) -> dict[str, Answer]:
    """What a compute of GNS3 3.0 says to a controller that has one node there."""
    nodes = f"{V3}projects/{PROJECT}/vpcs/nodes"
    node = f"{nodes}/{wanted.node_id}"
    port = f"{node}/adapters/0/ports/0"
    tunnel = {"type": "nio_udp", "lport": 20000, "rhost": "127.0.0.1", "rport": 20001}
    return {
        f"GET {V3}capabilities": says(reply(CAPABILITIES)),
        f"GET {V3}network/ports": says(reply(PORTS)),
        f"GET {V3}notifications/ws": notifications(PING, forever=PING),
        f"POST {V3}projects": says(reply({"project_id": str(PROJECT), "name": "lab"}, 201)),
        f"POST {nodes}": says(reply(node_of_3(wanted), 201)),
        f"PUT {node}": says(reply(UNPROCESSABLE, 422)),
        f"POST {node}/start": says(NO_CONTENT),
        f"POST {port}/nio": says(reply({**tunnel, "suspend": None, "filters": None}, 201)),
        f"PUT {port}/nio": says(reply({**tunnel, "suspend": None, "filters": None}, 201)),
        f"POST {port}/capture/start": says(reply({"pcap_file_path": "/opt/x.pcap"})),
        f"POST {port}/capture/stop": says(NO_CONTENT),
    }


@asynccontextmanager
async def compute_of_3(
    folder: Path, wanted: NodeSpec | None = None
) -> AsyncIterator[tuple[FakeCompute, RemoteCompute]]:
    """A connection to a compute of GNS3 3.0, which has nothing at the paths of version 2."""
    async with fake_compute() as fake:
        fake.answers = answers_of_3(wanted or spec())
        fake.otherwise = says(reply({"detail": "Not Found"}, 404))
        async with connected(fake, folder) as (compute, _):
            yield fake, compute


async def create(compute: RemoteCompute, wanted: NodeSpec) -> RemoteNode:
    node = await compute.create_node(wanted)
    assert isinstance(node, RemoteNode)
    return node


async def test_a_compute_is_asked_in_the_version_that_it_has(tmp_path: Path) -> None:
    async with compute_of_3(tmp_path) as (fake, compute):
        assert compute.trouble is None
        assert compute.capabilities.version == "3.0.6"
        assert compute.runs("vpcs") and not compute.runs("iou")
        assert compute.load().cpu_usage_percent == 12.5
        assert fake.asked[:2] == ["GET capabilities", f"GET {V3}capabilities"]
        assert compute.own_version is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({**CAPABILITIES, "version": "3.1.0"}, "it has GNS3 3.1.0"),
        ({**CAPABILITIES, "version": "2.2.61"}, "it has GNS3 2.2.61"),
        ({"detail": "?"}, "does not tell a version"),
        (None, "has no compute API"),
    ],
)
async def test_a_compute_of_another_version_is_not_used(told: Any, reason: str, tmp_path: Path) -> None:
    async with fake_compute() as fake:
        fake.answers = {f"GET {V3}capabilities": says(reply(told))} if told is not None else {}
        fake.otherwise = says(reply({"detail": "Not Found"}, 404))
        async with connected(fake, tmp_path) as (compute, _):
            assert compute.trouble is not None and reason in compute.trouble


async def test_a_node_there_looks_as_anywhere(tmp_path: Path) -> None:
    wanted = spec()
    async with compute_of_3(tmp_path, wanted) as (_, compute):
        node = await create(compute, wanted)
        assert node.properties() == {}  # not the usage, which only nodes of GNS3 3.0 have
        assert (node.console, node.status) == (5003, "stopped")
        await node.start()
        assert node.status == "started"  # the answer to the start does not show it
        with pytest.raises(Invalid, match="console_type: Input should be 'telnet' or 'none'"):
            await node.set_console(None, "vnc")


async def test_filters_end_although_a_compute_of_gns3_3_takes_none_for_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = spec()
    bodies: list[dict[str, Any]] = []
    async with compute_of_3(tmp_path, wanted) as (_, compute):
        node = await create(compute, wanted)
        await node.bind_nio(0, 0, UdpNio(20000, "127.0.0.1", 20001))
        end = node.link_end(0, 0)
        assert end is not None

        async def sent(method: str, path: str, body: Any = None, seconds: float = 0) -> Any:
            bodies.append(json.loads(json.dumps(body)))

        monkeypatch.setattr(node, "request", sent)
        for filters in ({"delay": [10, 0]}, {}):
            await end.apply(LinkConditions(filters=filters), is_first=False)
    assert [body["filters"] for body in bodies] == [{"delay": [10, 0]}, {"frequency_drop": [0]}]


async def test_captures_have_the_paths_of_version_3(tmp_path: Path) -> None:
    wanted = spec()
    async with compute_of_3(tmp_path, wanted) as (fake, compute):
        node = await create(compute, wanted)
        await node.bind_nio(0, 0, UdpNio(20000, "127.0.0.1", 20001))
        end = node.link_end(0, 0)
        assert end is not None
        capture = await end.capture(CaptureSpec(path=tmp_path / "x.pcap"), lambda reason: None)
        with trio.fail_after(PATIENCE):
            await capture.stop()
    port = f"{V3}projects/{PROJECT}/vpcs/nodes/{wanted.node_id}/adapters/0/ports/0"
    assert f"POST {port}/capture/start" in fake.asked
    assert f"GET {port}/capture/stream" in fake.asked
    assert f"POST {port}/capture/stop" in fake.asked
