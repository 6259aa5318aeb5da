"""``/v3/projects/{project_id}/links``: statuses and shapes as GNS3 3.0.6 has them."""

from typing import Any
from uuid import uuid4

import pytest
import trio

from tests.support.v3_lab import V3Lab

KEYS = {
    *("link_id", "project_id", "nodes", "suspend", "link_style", "filters", "link_type", "capturing"),
    *("capture_file_name", "capture_file_path", "capture_compute_id"),
}
PAGE_LABEL = {"rotation": 0, "style": "font-size: 10", "text": "e0", "x": 1, "y": 2}


async def test_a_link_from_creation_to_deletion(lab3: V3Lab) -> None:
    first, second = await lab3.pair()
    ends = [{**lab3.end(node), "label": PAGE_LABEL} for node in (first, second)]
    style = {"color": None, "width": None, "type": None, "other": 1}
    link = await lab3.link(*ends, filters={}, link_style=style, suspend=False, unknown=1)
    assert link.keys() == KEYS and link["link_style"] == {} and link["nodes"][0]["label"] == PAGE_LABEL
    path = lab3.of(link)
    assert await lab3.v3.request("GET", path, None, 200) == link
    assert await lab3.v3.request("GET", f"{lab3.path}/links", None, 200) == [link]
    changed = {**link, "filters": {"delay": ["10", 0]}, "suspend": "yes", "link_style": {"color": "#f00", "width": 3}}
    after = await lab3.v3.request("PUT", path, changed, 200)  # a whole object comes back
    assert after["filters"] == {"delay": [10, 0]} and after["suspend"] is True
    assert after["link_style"] == {"color": "#f00", "width": 3}
    nulls = dict.fromkeys(("nodes", "filters", "suspend", "link_style"))
    assert await lab3.v3.request("PUT", path, nulls, 200) == after
    assert len(await lab3.v3.request("GET", f"{path}/available_filters", None, 200)) == 5
    await lab3.v3.request("DELETE", path, None, 204)
    await lab3.v3.refused("DELETE", path, None, 404)


async def test_labels_may_have_nulls_as_replies_of_gns3_do(lab3: V3Lab) -> None:
    label = {"text": "x", "style": None, "x": None, "y": None, "rotation": None}
    link = await lab3.link(*({**lab3.end(node), "label": label} for node in await lab3.pair()))
    assert link["nodes"][0]["label"] == {"text": "x"}


async def test_links_that_cannot_be_made(lab3: V3Lab) -> None:
    first, second = await lab3.pair()
    third = await lab3.node("PC3")
    await lab3.link(lab3.end(first), lab3.end(second))
    for ends, status in (
        ([], 422),
        ([lab3.end(third)], 422),
        ([lab3.end(third)] * 3, 422),
        ([lab3.end(third), lab3.end(third)], 409),
        ([lab3.end(first), lab3.end(third)], 409),  # the port is used
        ([lab3.end(third), {**lab3.end(first), "node_id": str(uuid4())}], 404),
        ([lab3.end(third), lab3.end(first, 9)], 404),
        ([lab3.end(third), {**lab3.end(first), "node_id": "x"}], 422),
        ([lab3.end(third), {"node_id": first["node_id"]}], 422),
        ([lab3.end(third), 5], 422),
        ([lab3.end(third), {**lab3.end(first), "label": {"x": 1}}], 422),
        ([lab3.end(third), {**lab3.end(first), "label": 5}], 422),
    ):
        await lab3.v3.refused("POST", f"{lab3.path}/links", {"nodes": ends}, status)
    await lab3.v3.refused("POST", f"{lab3.path}/links", {}, 422, "nodes")
    assert len(await lab3.v3.request("GET", f"{lab3.path}/links", None, 200)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"filters": {"packet_loss": 5}},
        {"filters": {"packet_loss": [500]}},
        {"filters": {"delay": ["soon"]}},
        {"filters": {"toy": [1]}},
        {"filters": {"bpf": ["((("]}},
        {"filters": []},
        {"suspend": "perhaps"},
        {"link_style": {"width": "wide"}},
        {"link_style": 5},
        {"nodes": [5]},
    ],
)
async def test_a_link_that_cannot_be_changed_so_stays_as_it_is(lab3: V3Lab, body: Any) -> None:
    """GNS3 keeps wrong filters, and then refuses every change."""
    link = await lab3.linked()
    await lab3.v3.refused("PUT", lab3.of(link), body, 422)
    assert await lab3.v3.request("GET", lab3.of(link), None, 200) == link


async def test_a_reset_link_is_as_before(lab3: V3Lab) -> None:
    link = await lab3.linked()
    assert await lab3.v3.request("POST", f"{lab3.of(link)}/reset", None, 200) == link
    await lab3.v3.refused("POST", f"{lab3.path}/links/{uuid4()}/reset", {}, 404)


async def test_the_interface_behind_a_cloud(lab3: V3Lab) -> None:
    node = await lab3.node()
    port = {"name": "lo", "port_number": 0, "type": "ethernet", "interface": "lo"}
    udp = {"name": "u", "port_number": 1, "type": "udp", "lport": 24900, "rhost": "127.0.0.1", "rport": 24901}
    cloud = await lab3.node("Cloud", "cloud", properties={"ports_mapping": [port, udp]})
    link = await lab3.link(lab3.end(node), lab3.end(cloud, 1))
    told = await lab3.v3.request("GET", f"{lab3.of(link)}/iface", None, 200)
    assert told == {
        "node_id": cloud["node_id"],
        "type": "udp",
        **{name: udp[name] for name in ("lport", "rhost", "rport")},
    }
    other = await lab3.link(*map(lab3.end, [await lab3.node("A"), await lab3.node("B")]))
    await lab3.v3.refused("GET", f"{lab3.of(other)}/iface", None, 409)


async def test_a_capture(lab3: V3Lab) -> None:
    v3 = lab3.v3
    pc, switch = await lab3.node(), await lab3.node("SW", "ethernet_switch")
    link = await lab3.link(lab3.end(pc), lab3.end(switch))
    path = f"{lab3.of(link)}/capture"
    assert (await v3.send("POST", f"{path}/start")).status_code == 422  # a body is needed
    await v3.refused("POST", f"{path}/start", {"data_link_type": "DLT_TOY"}, 422)
    await v3.refused("POST", f"{path}/start", {"capture_file_name": "../x"}, 422)
    await v3.request("POST", f"{path}/stop", None, 204)  # there is none
    assert (await v3.send("GET", f"{path}/stream")).status_code == 409
    body = {"capture_file_name": "PC1_to_SW", "data_link_type": "DLT_EN10MB"}
    started = await v3.request("POST", f"{path}/start", body, 201)
    assert started["capturing"] and started["capture_file_name"] == "PC1_to_SW"
    await v3.refused("POST", f"{path}/start", {}, 409)
    async with v3.server.http.stream("GET", f"{path}/stream", headers=v3.headers) as stream:
        assert stream.status_code == 200 and stream.headers["content-type"] == "application/vnd.tcpdump.pcap"
        with trio.fail_after(60):
            pieces = stream.aiter_raw()
            header = b""
            while len(header) < 24:
                header += await anext(pieces)
            await v3.request("POST", f"{path}/stop", {}, 204)
            async for _ in pieces:  # the stream ends with the capture
                pass
    assert not (await v3.request("GET", lab3.of(link), None, 200))["capturing"]
