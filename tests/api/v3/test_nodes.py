"""``/v3/projects/{project_id}/nodes``: statuses and shapes as GNS3 3.0.6 has them."""

from typing import Any
from uuid import uuid4

import pytest
from trio_websocket import ConnectionClosed, ConnectionRejected

from tests.support.v3_lab import V3Lab
from tests.support.websockets import read_until

KEYS = {
    *("compute_id", "name", "node_type", "node_id", "console", "console_type", "console_auto_start", "aux", "aux_type"),
    *("properties", "label", "symbol", "x", "y", "z", "locked", "port_name_format", "port_segment_size"),
    *("first_port_name", "custom_adapters", "template_id", "project_id", "node_directory", "status", "command_line"),
    *("width", "height", "ports", "console_host"),
}
PORT_KEYS = {
    *("name", "short_name", "adapter_number", "adapter_type", "port_number", "link_type", "data_link_types"),
    "mac_address",
}
VPCS = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}


async def test_a_node_has_the_shape_of_version_3(lab3: V3Lab) -> None:
    node = await lab3.node(x="12", unknown=1, properties={"ram": 5, "builtin": True})
    assert node.keys() == KEYS and node["x"] == 12
    assert node["properties"] == {"usage": None}
    assert all(port.keys() == PORT_KEYS for port in node["ports"])
    assert await lab3.v3.request("GET", lab3.of(node), None, 200) == node
    assert await lab3.v3.request("GET", f"{lab3.path}/nodes", None, 200) == [node]
    switch = await lab3.node("SW", "ethernet_switch")
    assert {port["ethertype"] for port in switch["properties"]["ports_mapping"]} == {"0x8100"}


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"node_type": "vpcs", "compute_id": "local"}, 422, "name"),
        ({"name": "x", "compute_id": "local"}, 422, "node_type"),
        ({"name": "x", "node_type": "vpcs"}, 422, "compute_id"),
        ({**VPCS, "node_type": "toy"}, 422, "node_type"),
        ({**VPCS, "x": "far"}, 422, "x"),
        ({**VPCS, "name": ""}, 422, "name"),
        ({**VPCS, "node_id": "x"}, 422, "node_id"),
        ({**VPCS, "properties": []}, 422, "properties"),
        ({**VPCS, "label": {"x": 1}}, 422, "label.text"),
        ({**VPCS, "custom_adapters": [{"port_name": "x"}]}, 422, "adapter_number"),
        ({**VPCS, "console_type": "vnc"}, 422, "console_type"),
        ({**VPCS, "compute_id": str(uuid4())}, 404, "ompute"),
    ],
)
async def test_a_node_that_cannot_be_made(lab3: V3Lab, body: Any, status: int, word: str) -> None:
    await lab3.v3.refused("POST", f"{lab3.path}/nodes", body, status, word)
    assert await lab3.v3.request("GET", f"{lab3.path}/nodes", None, 200) == []


async def test_a_known_id_gives_the_node_that_has_it(lab3: V3Lab) -> None:
    node = await lab3.node()
    assert (await lab3.node("other", node_id=node["node_id"]))["name"] == "PC1"


async def test_a_node_comes_back_as_a_whole_and_nothing_changes(lab3: V3Lab) -> None:
    """Clients send back all that they got; the page does so after loading a picture."""
    for node_type in ("vpcs", "ethernet_switch", "ethernet_hub", "cloud", "nat"):
        made = await lab3.v3.send(
            "POST", f"{lab3.path}/nodes", json={"name": "X", "node_type": node_type, "compute_id": "local"}
        )
        if made.status_code == 409:  # this host has no NAT
            continue
        node = made.json()
        async with lab3.v3.events(f"{lab3.path.replace('/v3/', '/v2/')}/notifications/ws") as events:
            assert await lab3.v3.request("PUT", lab3.of(node), node, 200) == node
            await lab3.v3.request("PUT", lab3.of(node), {"x": 77}, 200)
            assert (await events.until("node.updated"))["x"] == 77  # the first event of it


async def test_what_cannot_be_changed_of_a_node_is_ignored(lab3: V3Lab) -> None:
    node = await lab3.node()
    body = {"status": "started", "node_type": "qemu", "compute_id": "elsewhere", "ports": 5, "colour": "red"}
    assert await lab3.v3.request("PUT", lab3.of(node), body, 200) == node
    nulls = dict.fromkeys(("name", "x", "label", "locked", "properties", "custom_adapters"))
    assert await lab3.v3.request("PUT", lab3.of(node), nulls, 200) == node


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"x": "far"}, "x"),
        ({"x": 2**40}, "x"),
        ({"label": {"x": 1}}, "label.text"),
        ({"label": 5}, "label"),
        ({"console": 70000}, "console"),
        ({"console_type": "vnc"}, "console_type"),
        ({"symbol": ""}, "symbol"),
        ({"custom_adapters": [5]}, "custom_adapters"),
        ({"properties": 5}, "properties"),
    ],
)
async def test_a_node_that_cannot_be_changed_so_stays_as_it_is(lab3: V3Lab, body: Any, word: str) -> None:
    node = await lab3.node()
    await lab3.v3.refused("PUT", lab3.of(node), body, 422, word)
    assert await lab3.v3.request("GET", lab3.of(node), None, 200) == node


async def test_a_running_node(lab3: V3Lab) -> None:
    v3, node = lab3.v3, await lab3.node()
    path = lab3.of(node)
    for body in (None, [], "x"):
        reply = await v3.send("POST", f"{path}/start", **({} if body is None else {"json": body}))
        assert reply.status_code == 422
    await v3.request("POST", f"{path}/start", {}, 204)
    assert (await v3.request("GET", path, None, 200))["status"] == "started"
    await v3.refused("PUT", path, {"name": "Other"}, 409, "running")
    await v3.request("PUT", path, {"name": "PC1", "x": 3}, 200)
    await v3.refused("POST", f"{path}/duplicate", {"x": 1, "y": 2}, 409)
    async with v3.websocket(f"{path}/console/ws") as console:
        await read_until(console, b"PC1>")
        await console.send_message("echo from the web page\r")
        await read_until(console, b"from the web page")
        await v3.request("POST", f"{path}/console/reset", {}, 204)
        with pytest.raises(ConnectionClosed):
            await read_until(console, b"never")
    for action in ("suspend", "reload", "stop", "stop"):
        await v3.request("POST", f"{path}/{action}", {}, 204)
    async with v3.websocket(f"{path}/console/ws") as console:
        with pytest.raises(ConnectionClosed) as closed:
            await console.get_message()
    assert closed.value.reason.code == 1000


async def test_all_nodes_at_once(lab3: V3Lab) -> None:
    await lab3.pair()
    for action, status in (("start", "started"), ("suspend", "started"), ("reload", "started"), ("stop", "stopped")):
        await lab3.v3.request("POST", f"{lab3.path}/nodes/{action}", {}, 204)
        nodes = await lab3.v3.request("GET", f"{lab3.path}/nodes", None, 200)
        assert {node["status"] for node in nodes} == {status}
    await lab3.v3.request("POST", f"{lab3.path}/nodes/console/reset", {}, 204)


async def test_websockets_of_consoles_that_are_not_there(lab3: V3Lab) -> None:
    node = await lab3.node()
    for path, status in (
        (f"{lab3.of(node)}/console/vnc", 403),  # it has no screen
        (f"{lab3.path}/nodes/{uuid4()}/console/ws", 404),
        (f"{lab3.path}/nodes/nonsense/console/ws", 422),
    ):
        with pytest.raises(ConnectionRejected) as refused:
            async with lab3.v3.websocket(path):
                pass
        assert refused.value.status_code == status, path


async def test_an_isolated_node_has_suspended_links_only(lab3: V3Lab) -> None:
    first, second = await lab3.pair()
    switch = await lab3.node("SW", "ethernet_switch")
    links = [await lab3.link(lab3.end(pc), lab3.end(switch, port)) for port, pc in enumerate((first, second))]
    await lab3.v3.request("POST", f"{lab3.of(first)}/isolate", {}, 204)
    assert [(await lab3.v3.request("GET", lab3.of(link), None, 200))["suspend"] for link in links] == [True, False]
    (link,) = await lab3.v3.request("GET", f"{lab3.of(first)}/links", None, 200)
    assert link["link_id"] == links[0]["link_id"] and link["suspend"]
    await lab3.v3.request("POST", f"{lab3.of(first)}/unisolate", {}, 204)
    assert not (await lab3.v3.request("GET", lab3.of(links[0]), None, 200))["suspend"]
    await lab3.v3.refused("POST", f"{lab3.path}/nodes/{uuid4()}/isolate", {}, 404)


async def test_copies_and_deletion(lab3: V3Lab) -> None:
    node = await lab3.node()
    copy = await lab3.v3.request("POST", f"{lab3.of(node)}/duplicate", {"x": 5, "y": "6"}, 201)
    assert copy["name"] != node["name"] and (copy["x"], copy["y"], copy["z"]) == (5, 6, 0)
    await lab3.v3.refused("POST", f"{lab3.of(node)}/duplicate", {"x": 5}, 422, "y")
    await lab3.v3.request("PUT", lab3.of(node), {"locked": True}, 200)
    await lab3.v3.refused("DELETE", lab3.of(node), None, 409, "locked")
    await lab3.v3.request("DELETE", lab3.of(copy), {}, 204)
    await lab3.v3.refused("DELETE", lab3.of(copy), {}, 404)


async def test_what_only_routers_of_dynamips_can_do(lab3: V3Lab) -> None:
    node = await lab3.node()
    for action in ("auto_idlepc", "idlepc_proposals"):
        await lab3.v3.refused("GET", f"{lab3.of(node)}/dynamips/{action}", None, 400, "Dynamips")


async def test_a_script_is_a_file_and_no_property_that_clients_send_back(lab3: V3Lab) -> None:
    node = await lab3.node(properties={"startup_script": "set pcname %h\n"})
    assert "startup_script" not in node["properties"]
    path = f"{lab3.of(node)}/files/startup.vpc"
    assert (await lab3.v3.send("GET", path)).content == b"set pcname PC1\n"
    await lab3.v3.send("POST", path, content=b"set pcname other\n")
    await lab3.v3.request("PUT", lab3.of(node), {**node, "name": "PC9"}, 200)
    assert (await lab3.v3.send("GET", path)).content == b"set pcname PC9\n"


async def test_what_only_version_3_has_of_a_node_is_kept(lab3: V3Lab) -> None:
    node = await lab3.node(properties={"usage": "log in as root"}, aux=5001, aux_type="telnet")
    assert (node["properties"], node["aux"], node["aux_type"]) == ({"usage": "log in as root"}, 5001, "telnet")
    await lab3.v3.refused("PUT", lab3.of(node), {"properties": {"usage": 5}}, 422, "properties.usage")
    await lab3.v3.request("PUT", lab3.of(node), {"properties": {"usage": None}, "x": 4}, 200)
    await lab3.v3.request("PUT", lab3.of(node), {"aux": None, "aux_type": None}, 200)
    await lab3.v3.request("POST", f"{lab3.path}/close", {}, 204)
    await lab3.v3.request("POST", f"{lab3.path}/open", {}, 201)
    again = await lab3.v3.request("GET", lab3.of(node), None, 200)
    assert again == {**node, "x": 4, "aux": None, "aux_type": None}
