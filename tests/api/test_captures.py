"""Captures through the API, on a link between a hub and a switch and between real VPCS."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import trio

from gns3trio.server import RunningServer
from tests.pcap_reader import Packet, read_capture
from tests.support.lab import Lab
from tests.support.server import Server
from tests.support.websockets import ws_events

PATIENCE = 60


async def link_of_builtins(server: Server, project: dict[str, Any]) -> tuple[Lab, dict[str, Any], str]:
    lab = Lab(server, project, [])
    link = await lab.link((await lab.node("ethernet_hub", name="H 1"), 2), (await lab.node("ethernet_switch"), 1))
    return lab, link, f"{lab.path}/links/{link['link_id']}"


async def test_the_capture_of_gns3(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    await lab.server.request("GET", f"{path}/pcap", None, 409)
    started = await lab.server.request("POST", f"{path}/start_capture", {}, 201)
    assert started["capturing"] is True and started["capture_compute_id"] == "local"
    assert started["capture_file_name"] == "PC1_0-0_to_PC2_0-0.pcap"
    file = Path(started["capture_file_path"])
    assert file == Path(lab.project["path"]) / "project-files" / "captures" / started["capture_file_name"]
    await lab.server.request("POST", f"{path}/start_capture", {}, 409)
    data = b""
    async with lab.server.http.stream("GET", f"{path}/pcap") as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"] == "application/vnd.tcpdump.pcap"
        assert stream.headers["x-accel-buffering"] == "no"  # a proxy sends on what comes
        with trio.fail_after(PATIENCE):
            chunks = stream.aiter_raw()
            data = await anext(chunks)  # the header, before any frame
            assert len(data) == 24
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lab.ping)
                while len(read_capture(data).packets) < 8:  # two of ARP, six of ping
                    data += await anext(chunks)
            stopped = await lab.server.request("POST", f"{path}/stop_capture", {}, 201)
            data += b"".join([chunk async for chunk in chunks])  # it ends properly
    assert stopped["capturing"] is False and stopped["capture_file_path"] is None
    assert stopped["capture_file_name"] == started["capture_file_name"]
    assert data == file.read_bytes()
    icmp = [p for p in read_capture(data).packets if p.data[12:14] == b"\x08\x00" and p.data[23] == 1]
    assert len(icmp) == 6


async def test_a_capture_ends_with_its_node(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    await lab.server.request("POST", f"{path}/start_capture", {"capture_file_name": "mine.pcap"}, 201)
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream:
        await lab.server.request("POST", f"{lab.path}/nodes/{lab.nodes[0]['node_id']}/stop", None, 200)
        assert (await stream.until("link.updated"))["capturing"] is False
    await lab.server.request("POST", f"{lab.path}/nodes/stop", None, 204)
    error = await lab.server.request("POST", f"{path}/start_capture", {}, 409)
    assert "neither of its nodes is running" in error["message"]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"data_link_type": "DLT_NOTHING"}, "data_link_type"),
        ({"capture_file_name": "../escape.pcap"}, "capture_file_name"),
        ({"capture_file_name": 3}, "capture_file_name: expected text"),
        ({"colour": 3}, "colour"),
    ],
)
async def test_a_wrong_capture_of_gns3(
    server: Server, project: dict[str, Any], body: dict[str, Any], complaint: str
) -> None:
    _, _, path = await link_of_builtins(server, project)
    assert complaint in (await server.request("POST", f"{path}/start_capture", body, 400))["message"]
    assert (await server.request("GET", path, None, 200))["capturing"] is False


async def test_captures_of_our_own(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}/captures"
    arp = await lab.server.request("POST", path, {"expression": "arp", "comment": "who has"}, 201)
    from_b = await lab.server.request("POST", path, {"direction": "b_to_a", "format": "pcap", "snaplen": 20}, 201)
    live = await lab.server.request("POST", path, {"save": False}, 201)
    assert live["file_path"] is None and from_b["format"] == "pcap"
    assert len(await lab.ping()) == 3
    assert (await lab.server.request("GET", f"{path}/{arp['capture_id']}", None, 200))["frames"] == 2
    assert len(await lab.server.request("GET", path, None, 200)) == 3
    for capture in (arp, from_b, live):
        await lab.server.request("DELETE", f"{path}/{capture['capture_id']}", None, 204)
        await lab.server.request("DELETE", f"{path}/{capture['capture_id']}", None, 404)
    content = read_capture(Path(arp["file_path"]).read_bytes())
    assert [packet.data[12:14] for packet in content.packets] == [b"\x08\x06"] * 2
    assert content.section[1] == b"who has"
    assert [interface[2] for interface in content.interfaces] == [b"PC1_0-0", b"PC2_0-0"]
    assert {packet.interface for packet in content.packets} == {0, 1}
    packets = read_capture(Path(from_b["file_path"]).read_bytes()).packets
    assert len(packets) == 4 and all(len(packet.data) == 20 for packet in packets)
    assert (await lab.server.request("GET", f"{lab.path}/links", None, 200))[0]["capturing"] is False


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({"format": "text"}, 400, "format"),
        ({"snaplen": 0}, 400, "snaplen"),
        ({"format": "pcap", "comment": "why"}, 400, "comment: the format pcap"),
        ({"expression": "no such thing"}, 400, "expression: "),
        ({"file_name": "a/b"}, 400, "file_name"),
        ({"file_name": ".hidden"}, 400, "file_name"),
        ({"ring_bytes": 10_000_000}, 400, "ring_files"),
        ({"ring_files": 3}, 400, "ring_bytes"),
        ({"ring_files": 3, "ring_bytes": 10}, 400, "ring_bytes"),
        ({"file_name": "taken.pcapng"}, 409, "file_name: taken.pcapng"),
    ],
)
async def test_a_wrong_capture_of_our_own(
    server: Server, project: dict[str, Any], body: dict[str, Any], status: int, complaint: str
) -> None:
    _, _, path = await link_of_builtins(server, project)
    await server.request("POST", f"{path}/captures", {"file_name": "taken.pcapng"}, 201)
    assert complaint in (await server.request("POST", f"{path}/captures", body, status))["message"]
    assert len(await server.request("GET", f"{path}/captures", None, 200)) == 1


async def test_captures_end_with_their_link_and_project(server: Server, project: dict[str, Any]) -> None:
    lab, link, path = await link_of_builtins(server, project)
    capture = await server.request("POST", f"{path}/captures", {}, 201)
    assert capture["file_name"].startswith("H1_0-2_to_ethernet_switch_0-1_")
    async with server.http.stream("GET", f"{path}/captures/{capture['capture_id']}/stream") as stream:
        assert stream.headers["content-type"] == "application/x-pcapng"
        assert stream.headers["x-accel-buffering"] == "no"  # a proxy sends on what comes
        await server.request("DELETE", path, None, 204)
        with trio.fail_after(PATIENCE):
            data = b"".join([chunk async for chunk in stream.aiter_raw()])
    assert read_capture(data).packets == []
    assert read_capture(Path(capture["file_path"]).read_bytes()).statistics
    again = await lab.link(*((node, port) for node, port in ends(link)))
    path = f"{lab.path}/links/{again['link_id']}"
    capture = await server.request("POST", f"{path}/captures", {}, 201)
    await server.request("POST", f"{path}/start_capture", {}, 201)
    await server.request("POST", f"{lab.path}/close", None, 204)
    assert read_capture(Path(capture["file_path"]).read_bytes()).statistics


async def test_a_capture_that_is_started_while_the_project_closes_ends_too(
    running: RunningServer, server: Server, project: dict[str, Any]
) -> None:
    lab, link, path = await link_of_builtins(server, project)
    lock = running.controller.get_project(UUID(project["project_id"])).links[UUID(link["link_id"])].lock
    statuses: list[int] = []

    async def start() -> None:
        statuses.append((await server.http.post(f"{path}/captures", json={})).status_code)

    async def waiters(number: int) -> None:
        with trio.fail_after(PATIENCE):
            while lock.waiting < number:
                await trio.sleep(0.01)

    async with trio.open_nursery() as nursery, lock:
        nursery.start_soon(start)
        await waiters(1)
        nursery.start_soon(server.request, "POST", f"{lab.path}/close", None, 204)
        await waiters(2)
    assert statuses == [404]
    assert not [link for link in Path("/proc/self/fd").iterdir() if "project-files" in os.path.realpath(link)]


async def test_a_file_is_written_by_one_capture_of_the_project(server: Server, project: dict[str, Any]) -> None:
    lab, _, first = await link_of_builtins(server, project)
    link = await lab.link((await lab.node("ethernet_hub"), 0), (await lab.node("ethernet_switch"), 0))
    second = f"{lab.path}/links/{link['link_id']}"
    await server.request("POST", f"{first}/captures", {"file_name": "mine.pcap"}, 201)
    for path, request, field in (
        (second, "captures", "file_name"),
        (first, "start_capture", "capture_file_name"),
        (second, "start_capture", "capture_file_name"),
    ):
        error = await server.request("POST", f"{path}/{request}", {field: "mine.pcap"}, 409)
        assert f"{field}: mine.pcap is being written" in error["message"]
    (capture,) = await server.request("GET", f"{first}/captures", None, 200)
    assert capture["running"] is True and capture["error"] is None


async def test_the_captures_of_a_project_and_their_files(server: Server, project: dict[str, Any]) -> None:
    _, link, path = await link_of_builtins(server, project)
    everywhere = f"/v2/projects/{project['project_id']}/captures"
    assert await server.request("GET", everywhere) == {"captures": [], "files": [], "is_whole": True}
    dhcp = await server.request("POST", f"{path}/captures", {"expression": "dhcp", "file_name": "a.b.pcapng"}, 201)
    assert dhcp["expression"] == "udp port 67 or udp port 68" and dhcp["ring_files"] is None
    ring = {"file_name": "a.pcap", "format": "pcap", "ring_files": 3, "ring_seconds": 60}
    ring = await server.request("POST", f"{path}/captures", ring, 201)
    assert (ring["ring_files"], ring["ring_bytes"], ring["ring_seconds"]) == (3, None, 60)
    await server.request("POST", f"{path}/captures", {"save": False}, 201)
    told = await server.request("GET", everywhere)
    assert [each["capture_id"] for each in told["captures"]][:2] == [dhcp["capture_id"], ring["capture_id"]]
    assert [each["file_name"] for each in told["captures"]] == ["a.b.pcapng", "a.pcap", None]
    assert {each["link_id"] for each in told["captures"]} == {link["link_id"]}
    assert dhcp["started_at"] <= ring["started_at"] <= told["files"][1]["modified"] + 1
    writers = {each["name"]: each["capture_id"] for each in told["files"]}
    assert writers == {"a.b.pcapng": dhcp["capture_id"], "a_00001.pcap": ring["capture_id"]}
    await server.request("DELETE", f"{path}/captures/{dhcp['capture_id']}", None, 204)
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", {}, 204)
    told = await server.request("GET", everywhere)
    assert told["captures"] == []
    writers = {each["name"]: each["capture_id"] for each in told["files"]}
    assert writers == {"a.b.pcapng": None, "a_00001.pcap": None}
    assert told["files"][0]["size"] > 100


async def test_the_end_of_the_capture_of_gns3_is_told_whoever_ends_it(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    await lab.server.request("POST", f"{path}/start_capture", {}, 201)
    (capture,) = await lab.server.request("GET", f"{path}/captures")
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream:
        await lab.server.request("DELETE", f"{path}/captures/{capture['capture_id']}", None, 204)
        with trio.fail_after(PATIENCE):
            while (event := await stream.next())["action"] != "link.updated":
                pass
    assert event["event"]["capturing"] is False


async def test_names_of_files_for_nodes_with_long_names(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    nodes = [await lab.node("ethernet_hub", name=letter * 140) for letter in "xé"]
    link = await lab.link((nodes[0], 0), (nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    started = await server.request("POST", f"{path}/start_capture", {}, 201)
    assert started["capture_file_name"] == f"{'x' * 60}_0-0_to_{'é' * 30}_0-0.pcap"
    ours = await server.request("POST", f"{path}/captures", {}, 201)
    assert Path(ours["file_path"]).is_file()


async def test_a_node_whose_name_looks_like_a_path(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    nodes = [await lab.node("ethernet_hub", name=name) for name in ("../../x", ".hidden")]
    link = await lab.link((nodes[0], 0), (nodes[1], 0))
    started = await server.request("POST", f"{lab.path}/links/{link['link_id']}/start_capture", {}, 201)
    assert started["capture_file_name"] == "x_0-0_to_.hidden_0-0.pcap"
    assert Path(started["capture_file_path"]).parent == Path(project["path"]) / "project-files" / "captures"


async def test_two_hundred_captures_on_one_link(server: Server, project: dict[str, Any]) -> None:
    _, _, path = await link_of_builtins(server, project)
    made = [await server.request("POST", f"{path}/captures", {}, 201) for _ in range(200)]
    assert len(await server.request("GET", f"{path}/captures", None, 200)) == 200
    await server.request("DELETE", path, None, 204)
    assert all(len(read_capture(Path(each["file_path"]).read_bytes()).statistics) == 2 for each in made)


def ends(link: dict[str, Any]) -> list[tuple[dict[str, Any], int]]:
    return [(end, end["port_number"]) for end in link["nodes"]]


async def test_a_node_that_stops_is_told_before_its_capture(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    nodes = [await lab.node("vpcs", name=f"PC{number}") for number in range(2)]
    link = await lab.link((nodes[0], 0), (nodes[1], 0))
    path = f"{lab.path}/nodes/{nodes[0]['node_id']}"
    await server.request("POST", f"{path}/start", None, 200)
    await server.request("POST", f"{lab.path}/links/{link['link_id']}/start_capture", {}, 201)
    async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
        await stream.until("ping")
        await server.request("POST", f"{path}/stop", None, 200)
        actions: list[str] = []
        while "link.updated" not in actions:
            actions.append((await stream.next())["action"])
        assert actions.index("node.updated") < actions.index("link.updated")


async def read_stream(server: Server, path: str, past: trio.Event, seen: dict[str, bytes]) -> None:
    """What a stream gives up to its end; ``past`` is set when three pings have come."""
    seen[path] = b""
    async with server.http.stream("GET", path) as stream:
        assert stream.status_code == 200
        async for piece in stream.aiter_raw():
            seen[path] += piece
            if len(pings(seen[path])) >= 6:
                past.set()


def pings(data: bytes) -> list[Packet]:
    """The packets of ICMP in a capture."""
    return [p for p in read_capture(data).packets if p.data[12:14] == b"\x08\x00" and p.data[23] == 1]


async def test_who_opens_a_capture_late_sees_its_beginning(lab: Lab) -> None:
    """GNS3's own, that of the compute API, and one of our own that is saved."""
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    project_id = lab.project["project_id"]
    port = f"/v2/compute/projects/{project_id}/vpcs/nodes/{lab.nodes[0]['node_id']}/adapters/0/ports/0"
    started = await lab.server.request("POST", f"{path}/start_capture", {}, 201)
    own = await lab.server.request("POST", f"{path}/captures", {}, 201)
    assert len(await lab.ping()) == 3
    seen: dict[str, bytes] = {}
    paths = (f"{path}/pcap", f"{port}/pcap", f"{path}/captures/{own['capture_id']}/stream")
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for each in paths:
                past = trio.Event()
                nursery.start_soon(read_stream, lab.server, each, past, seen)
                await past.wait()  # nothing crosses meanwhile
            assert len(await lab.ping()) == 3
            await lab.server.request("POST", f"{path}/stop_capture", {}, 201)
            await lab.server.request("DELETE", f"{path}/captures/{own['capture_id']}", None, 204)
    files = (started["capture_file_path"], started["capture_file_path"], own["file_path"])
    for each, file in zip(paths, files, strict=True):
        assert seen[each] == Path(file).read_bytes()
        assert len(pings(seen[each])) == 12


async def test_a_capture_begins_anew_for_those_who_come_late(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    path = f"{lab.path}/links/{link['link_id']}"
    for _ in range(2):
        await lab.server.request("POST", f"{path}/start_capture", {"capture_file_name": "same.pcap"}, 201)
        assert len(await lab.ping()) == 3
        past, seen = trio.Event(), dict[str, bytes]()
        with trio.fail_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read_stream, lab.server, f"{path}/pcap", past, seen)
                await past.wait()
                await lab.server.request("POST", f"{path}/stop_capture", {}, 201)
        assert len(pings(seen[f"{path}/pcap"])) == 6
