"""Captures of links whose ends are on another host of ours: as many and of the same kinds as here."""

from pathlib import Path
from typing import Any

import trio

from gns3trio.compute.remote import streamed_capture
from tests.pcap_reader import read_capture
from tests.support.far_lab import REPLY, far_pcs
from tests.support.far_server import FarServer
from tests.support.lab import Lab
from tests.support.pings import PATIENCE, ping, until
from tests.support.server import Server
from tests.support.websockets import ws_events

Json = dict[str, Any]
IP = b"\x08\x00"


async def make_link(server: Server, project: Json) -> tuple[Lab, Json, str]:
    """Two VPCS on the other host with a link, of which the first is returned; the path of the link's captures."""
    lab = Lab(server, project, [])
    await server.request("PUT", lab.path, {"auto_close": False}, 200)
    first, second = await far_pcs(lab, 2, 3)
    link = await lab.link((first, 0), (second, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    return lab, first, f"{lab.path}/links/{link['link_id']}/captures"


async def test_captures_of_all_kinds_at_a_time(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    _, first, path = await make_link(server, project)
    await ping(server, project, first, "10.0.0.3", REPLY)
    icmp = await server.request("POST", path, {"expression": "icmp", "comment": "who pings"}, 201)
    from_b = await server.request("POST", path, {"direction": "b_to_a", "format": "pcap", "snaplen": 20}, 201)
    live = await server.request("POST", path, {"save": False}, 201)
    gns3 = await server.request("POST", path.replace("captures", "start_capture"), {}, 201)
    assert gns3["capture_compute_id"] == "far" and live["file_path"] is None
    data = b""
    async with server.http.stream("GET", f"{path}/{live['capture_id']}/stream") as stream:
        with trio.fail_after(PATIENCE):
            chunks = stream.aiter_raw()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ping, server, project, first, "10.0.0.3", REPLY)
                while len(read_capture(data).packets if data else ()) < 2:
                    data += await anext(chunks)
    shown = await until(server, f"{path}/{icmp['capture_id']}", lambda shown: shown["frames"] == 2)
    assert shown["dropped"] == 0
    await until(server, path, lambda shown: len(shown) == 3)  # the live one ends with its stream
    for capture in (icmp, from_b):
        await server.request("DELETE", f"{path}/{capture['capture_id']}", None, 204)
    await server.request("POST", path.replace("captures", "stop_capture"), None, 201)

    content = read_capture(Path(icmp["file_path"]).read_bytes())
    assert [packet.data[12:14] for packet in content.packets] == [IP, IP] and content.section[1] == b"who pings"
    assert [interface[2] for interface in content.interfaces] == [b"FAR2_0-0", b"FAR3_0-0"]
    assert [packet.interface for packet in content.packets] == [0, 1]
    packets = read_capture(Path(from_b["file_path"]).read_bytes()).packets
    assert packets and all(len(packet.data) == 20 for packet in packets)
    assert len(read_capture(Path(gns3["capture_file_path"]).read_bytes()).packets) >= 2
    assert not list(far.config.projects_path.rglob("*.pcap*"))  # nothing is stored there


async def test_what_is_wrong_with_a_capture_is_told(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab, _, path = await make_link(server, project)
    error = await server.request("POST", path, {"expression": "no such thing"}, 400)
    assert "expression: " in error["message"]
    first = await server.request("POST", path, {"file_name": "one.pcapng"}, 201)
    error = await server.request("POST", path, {"file_name": "one.pcapng"}, 409)
    assert "is being written by another capture" in error["message"]
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:
        await far.stop()
        with trio.fail_after(PATIENCE):
            while "one.pcapng" not in (await events.until("log.error"))["message"]:
                pass
    shown = await server.request("GET", f"{path}/{first['capture_id']}", None, 200)
    assert not shown["running"] and shown["error"]
    await server.request("DELETE", f"{path}/{first['capture_id']}", None, 204)
    assert read_capture(Path(first["file_path"]).read_bytes()).packets is not None  # what came is whole


async def test_a_ring_of_files(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    _, first, path = await make_link(server, project)
    body = {"file_name": "ring.pcap", "format": "pcap", "ring_files": 2, "ring_seconds": 0.1, "expression": "icmp"}
    ring = await server.request("POST", path, body, 201)
    folder = Path(ring["file_path"]).parent
    for _ in range(4):
        await ping(server, project, first, "10.0.0.3", REPLY)
    with trio.fail_after(PATIENCE):
        while len(found := sorted(folder.glob("ring_*.pcap"))) < 2 or found[0].name == "ring_00001.pcap":
            await ping(server, project, first, "10.0.0.3", REPLY)
    await server.request("DELETE", f"{path}/{ring['capture_id']}", None, 204)
    assert len(list(folder.glob("ring_*.pcap"))) == 2
    for file in folder.glob("ring_*.pcap"):
        assert all(packet.data[12:14] == IP for packet in read_capture(file.read_bytes()).packets)


async def test_the_controller_s_disk_keeps_some_space(
    server: Server, project: Json, far: FarServer, registered: Json, monkeypatch: Any
) -> None:
    lab, first, path = await make_link(server, project)
    capture = await server.request("POST", path, {}, 201)
    monkeypatch.setattr(streamed_capture, "_RESERVE_BYTES", 2**62)
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:
        await ping(server, project, first, "10.0.0.3", REPLY)
        with trio.fail_after(PATIENCE):
            assert "almost full" in (await events.until("log.error"))["message"]
    shown = await server.request("GET", f"{path}/{capture['capture_id']}", None, 200)
    assert not shown["running"]
