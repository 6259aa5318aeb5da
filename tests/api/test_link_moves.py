"""Links that get other ends by a PUT, as Terraform's provider asks for, and those that could not be wired before."""

import socket
from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson
import trio

from gns3trio.compute.local.leases import bind_udp
from tests.support.lab import Lab
from tests.support.server import Server

Json = dict[str, Any]


def end(node: Json, port: int = 0, **fields: Any) -> Json:
    return {"node_id": node["node_id"], "adapter_number": 0, "port_number": port, **fields}


def ports(link: Json) -> list[tuple[str, int]]:
    return [(each["node_id"], each["port_number"]) for each in link["nodes"]]


async def test_a_link_moves_to_another_node_and_back(lab: Lab) -> None:
    switch = await lab.node("ethernet_switch")
    direct = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0), filters={"delay": [10, 0]})
    assert len(await lab.ping()) == 3
    moved = await lab.update(direct, {"nodes": [end(lab.nodes[0]), end(switch, 3)]})
    assert moved == {**direct, "nodes": moved["nodes"]}
    assert ports(moved) == [(lab.nodes[0]["node_id"], 0), (switch["node_id"], 3)]
    assert [each["label"]["text"] for each in moved["nodes"]] == ["0/0", "0/3"]
    assert await lab.server.request("GET", f"{lab.path}/links", None, 200) == [moved]
    assert await lab.ping() == []
    await lab.link((lab.nodes[1], 0), (switch, 5))
    times = await lab.ping()
    assert len(times) == 3 and min(times) >= 20  # its filter went with it
    moved = await lab.update(direct, {"nodes": [end(switch, 7), end(lab.nodes[0], label={"text": "up"})]})
    assert [each["label"]["text"] for each in moved["nodes"]] == ["0/7", "up"]
    assert len(await lab.ping()) == 3
    for action in ("close", "open"):
        await lab.server.request("POST", f"{lab.path}/{action}", {})
    listed = await lab.server.request("GET", f"{lab.path}/links", None, 200)
    assert moved in listed


async def test_a_move_that_cannot_be_leaves_the_link_where_it_was(lab: Lab) -> None:
    switch = await lab.node("ethernet_switch")
    third = await lab.node("vpcs", name="PC3")
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    await lab.link((third, 0), (switch, 0))
    await lab.server.request("POST", f"{lab.path}/links/{link['link_id']}/start_capture", {}, 201)
    link = await lab.server.request("GET", f"{lab.path}/links/{link['link_id']}", None, 200)
    first = end(lab.nodes[0])
    for nodes, status, complaint in (
        ([first, end(switch, 0)], 409, "already linked"),
        ([first, first | {"port_number": 1}], 409, "itself"),
        ([first, first], 409, "itself"),
        ([first, first, first], 400, "two ends"),
        ([first, end(switch, 99)], 404, "port 0/99"),
        ([first, end({"node_id": str(uuid4())})], 404, "doesn't exist"),
        ([end({"node_id": str(uuid4())})], 404, "doesn't exist"),
        ([end(switch, 2)], 400, "two ends"),
        ([first, end(lab.nodes[1]), end(switch, 2)], 400, "two ends"),
    ):
        error = await lab.update(link, {"nodes": nodes, "suspend": True}, status)
        assert complaint in error["message"]
    assert await lab.server.request("GET", f"{lab.path}/links/{link['link_id']}", None, 200) == link
    assert len(await lab.ping()) == 3
    same = await lab.update(link, {"nodes": [end(lab.nodes[1]), first]})  # the other order is no move
    assert same == link
    assert (await lab.update(link, {"nodes": []})) == link
    labelled = await lab.update(link, {"nodes": [end(lab.nodes[1], label={"text": "e0"})]})
    assert [each["label"]["text"] for each in labelled["nodes"]] == ["0/0", "e0"]


async def test_a_capture_ends_when_its_link_moves(pair: Lab) -> None:
    switch = await pair.node("ethernet_switch")
    link = await pair.link((pair.nodes[0], 0), (pair.nodes[1], 0))
    path = f"{pair.path}/links/{link['link_id']}"
    await pair.server.request("POST", f"{pair.path}/nodes/start", None, 204)
    await pair.server.request("POST", f"{path}/start_capture", {}, 201)
    with trio.fail_after(60):
        async with pair.server.http.stream("GET", f"{path}/pcap") as stream:
            moved = await pair.update(link, {"nodes": [end(pair.nodes[0]), end(switch)]})
            assert await stream.aread()
    assert moved["capturing"] is False
    assert (await pair.server.request("POST", f"{path}/start_capture", {}, 201))["capturing"] is True


async def test_the_id_of_a_link_is_for_one_link(pair: Lab) -> None:
    switch = await pair.node("ethernet_switch")
    link = await pair.link((pair.nodes[0], 0), (pair.nodes[1], 0))
    again = {"link_id": link["link_id"], "nodes": [end(pair.nodes[1]), end(pair.nodes[0])]}
    # As a client that did not hear the answer.
    assert await pair.server.request("POST", f"{pair.path}/links", again, 201) == link
    other = {"link_id": link["link_id"], "nodes": [end(pair.nodes[0]), end(switch)]}
    error = await pair.server.request("POST", f"{pair.path}/links", other, 409)
    assert "link_id" in error["message"]
    statuses = []

    async def create(number: int) -> None:
        nodes = [end(switch, number), end(await pair.node("vpcs"))]
        reply = await pair.server.http.post(f"{pair.path}/links", json={"link_id": link_id, "nodes": nodes})
        statuses.append(reply.status_code)

    link_id = str(uuid4())
    async with trio.open_nursery() as nursery:
        for number in (1, 2):
            nursery.start_soon(create, number)
    assert sorted(statuses) == [201, 409]


async def test_a_link_that_could_not_be_wired_is_by_the_next_change(server: Server, project: Json) -> None:
    lab = Lab(server, project, [])
    with bind_udp("127.0.0.1", 0) as near, bind_udp("127.0.0.1", 0) as taken:
        lport, rport = taken.getsockname()[1], near.getsockname()[1]
        taken.close()
        mapping = {"type": "udp", "lport": lport, "rhost": "127.0.0.1", "rport": rport, "name": "u", "port_number": 0}
        cloud = await lab.node("cloud", properties={"ports_mapping": [mapping]})
        hub = await lab.node("ethernet_hub")
        link = await lab.link((cloud, 0), (hub, 0))
        await server.request("POST", f"{lab.path}/close", None, 204)
        with bind_udp("127.0.0.1", lport):
            async with server.http.stream("GET", f"{lab.path}/notifications") as stream:
                await server.request("POST", f"{lab.path}/open", {}, 201)
                with trio.fail_after(60):
                    lines = stream.aiter_lines()
                    while "is not connected" not in (line := await anext(lines)):
                        pass
            assert orjson.loads(line)["action"] == "log.error"
            assert (await lab.update(link, {"suspend": True}))["suspend"] is True  # still not to be wired
        await lab.update(link, {"suspend": False})
        far = await lab.node("vpcs", properties={"startup_script": "ip 10.0.0.1/24\n"})
        await lab.link((far, 0), (hub, 1))
        await server.request("POST", f"{lab.path}/nodes/{far['node_id']}/start", None, 200)
        seen = b""
        with trio.fail_after(60):
            while not seen:  # VPCS announces its address
                await server.http.get("/v2/version")
                with suppress(BlockingIOError):
                    seen = near.recv(2048, socket.MSG_DONTWAIT)
        assert len(seen) >= 42
