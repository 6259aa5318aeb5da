"""Links through the API: switches and hubs between real VPCS, filters, impairments, suspension, statistics."""

import re
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.lab import ALL_DROPPED, Lab
from tests.support.plain_http import NO_TLS
from tests.support.server import Server
from tests.support.websockets import ws_events


async def test_filters_suspension_and_impairments(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0), filters={"delay": ["10", 0]})
    assert link["filters"] == {"delay": [10, 0]}
    times = await lab.ping()
    assert len(times) == 3 and min(times) >= 20  # once on each way
    assert (await lab.update(link, {**link, "filters": ALL_DROPPED}))["filters"] == ALL_DROPPED
    assert await lab.ping() == []
    statistics = await lab.server.request("GET", f"{lab.path}/links/{link['link_id']}/statistics", None, 200)
    assert statistics["b_to_a"]["drops"]["filter"] >= 3
    assert (await lab.update(link, {"filters": {"packet_loss": [0], "bpf": [""]}}))["filters"] == {}
    assert len(await lab.ping()) == 3
    assert (await lab.update(link, {"suspend": True}))["suspend"] is True
    assert await lab.ping() == []
    await lab.update(link, {"suspend": False})
    impairments = {"impairments": [{"type": "delay", "direction": "a_to_b", "milliseconds": 15.0}], "seed": 7}
    path = f"{lab.path}/links/{link['link_id']}/impairments"
    reply = await lab.server.request("PUT", path, impairments, 200)
    assert reply == await lab.server.request("GET", path, None, 200)
    assert reply["impairments"][0] == {**impairments["impairments"][0], "jitter_milliseconds": 0.0}
    times = await lab.ping()
    assert len(times) == 3 and min(times) >= 15


async def test_what_filters_a_link_survives_a_restart(config: Config) -> None:
    async with open_server(config) as running:
        server = Server(running.urls[0], config, http_client(running.urls[0]))
        project = await server.request("POST", "/v2/projects", {"name": "kept"}, 201)
        lab = Lab(server, project, [])
        hub, switch = await lab.node("ethernet_hub"), await lab.node("ethernet_switch")
        link = await lab.link((hub, 3), (switch, 7))
        impairments = {"impairments": [{"type": "rate", "bits_per_second": 1000000}], "seed": 1}
        kept = await server.request("PUT", f"{lab.path}/links/{link['link_id']}/impairments", impairments, 200)
        link = await lab.update(link, {"filters": {"corrupt": [3]}, "suspend": True})
        nodes = await server.request("GET", f"{lab.path}/nodes", None, 200)
        await server.http.aclose()
    async with open_server(config) as running:
        lab.server = Server(running.urls[0], config, http_client(running.urls[0]))
        await lab.server.request("POST", f"{lab.path}/open", None, 201)
        assert await lab.server.request("GET", f"{lab.path}/links", None, 200) == [link]
        again = await lab.server.request("GET", f"{lab.path}/nodes", None, 200)
        assert [(n["name"], n["properties"], n["ports"]) for n in again] == [
            (n["name"], n["properties"], n["ports"]) for n in nodes
        ]
        path = f"{lab.path}/links/{link['link_id']}/impairments"
        assert await lab.server.request("GET", path, None, 200) == kept
        await lab.server.http.aclose()


def http_client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=30, verify=NO_TLS)


@pytest.mark.parametrize(
    ("filters", "complaint"),
    [
        ({"packet_loss": [101]}, "filters.packet_loss: Chance: 101 is not from 0 to 100"),
        ({"delay": [5, -1]}, "filters.delay: Jitter"),
        ({"delay": [5, 1, 1]}, "filters.delay: expected 2 values"),
        ({"frequency_drop": ["often"]}, "filters.frequency_drop: Frequency: 'often' is not a whole number"),
        ({"frequency_drop": [True]}, "filters.frequency_drop: Frequency: expected an integer"),
        ({"corrupt": None}, "filters.corrupt: expected a list"),
        ({"bpf": ["arp\nno such thing"]}, "filters.bpf: line 2: "),
        ({"bpf": [3]}, "filters.bpf: Filters: expected text"),
        ({"rate": [3]}, "filters.rate: there is no such filter"),
    ],
)
async def test_a_wrong_filter_changes_nothing(
    server: Server, project: dict[str, Any], filters: dict[str, Any], complaint: str
) -> None:
    lab = Lab(server, project, [])
    hub, switch = await lab.node("ethernet_hub"), await lab.node("ethernet_switch")
    link = await lab.link((hub, 0), (switch, 0), filters={"corrupt": [1]})
    error = await lab.update(link, {"suspend": True, "filters": filters}, 400)
    assert complaint in error["message"]
    assert await server.request("GET", f"{lab.path}/links/{link['link_id']}", None, 200) == link
    ends = [{"node_id": n["node_id"], "adapter_number": 0, "port_number": 1} for n in (hub, switch)]
    error = await server.request("POST", f"{lab.path}/links", {"nodes": ends, "filters": filters}, 400)
    assert complaint in error["message"]
    assert await server.request("GET", f"{lab.path}/links", None, 200) == [link]


@pytest.mark.parametrize(
    ("impairment", "complaint"),
    [
        ({"type": "loss"}, "impairments[0].percent: required for loss"),
        ({"type": "loss", "percent": 101.0}, "impairments[0].percent: must be <= 100"),
        ({"type": "loss", "percent": 1.0, "every": 2}, "impairments[0].every: means nothing for loss"),
        ({"type": "rate", "bits_per_second": 0}, "impairments[0].bits_per_second: must be positive"),
        (
            {"type": "rate", "bits_per_second": 1, "burst_bytes": 1000, "queue_bytes": 513},
            "impairments[0].burst_bytes: a full frame of 1522 bytes",
        ),
        ({"type": "bpf", "expression": "no such thing"}, "impairments[0].expression: "),
        ({"type": "bpf", "expression": ""}, "impairments[0].expression: is empty"),
        ({"type": "bpf", "expression": "  "}, "impairments[0].expression: is empty"),
        ({"type": "jam"}, "impairments[0].type"),
        ({"type": "delay", "milliseconds": 1, "direction": "up"}, "impairments[0].direction"),
    ],
)
async def test_a_wrong_impairment_changes_nothing(
    server: Server, project: dict[str, Any], impairment: dict[str, Any], complaint: str
) -> None:
    lab = Lab(server, project, [])
    hub, switch = await lab.node("ethernet_hub"), await lab.node("ethernet_switch")
    path = f"{lab.path}/links/{(await lab.link((hub, 0), (switch, 0)))['link_id']}/impairments"
    kept = await server.request("PUT", path, {"impairments": [{"type": "loss", "percent": 0.5}]}, 200)
    error = await server.request("PUT", path, {"impairments": [impairment]}, 400)
    assert complaint in error["message"]
    assert await server.request("GET", path, None, 200) == kept


async def test_vpcs_reach_each_other_through_a_switch_and_a_hub(lab: Lab) -> None:
    switch, hub = await lab.node("ethernet_switch", name="SW"), await lab.node("ethernet_hub", name="HUB")
    await lab.link((lab.nodes[0], 0), (switch, 0))
    between = await lab.link((switch, 7), (hub, 7), filters=ALL_DROPPED)
    await lab.link((hub, 0), (lab.nodes[1], 0))
    ports = await lab.server.request("GET", "/v2/computes/local/ports", None, 200)
    assert ports["udp_ports"] == []  # none is needed for links inside this host
    assert await lab.ping() == []  # filters work between two built-in nodes too
    await lab.update(between, {"filters": {}})
    assert len(await lab.ping()) == 3
    table = await lab.server.request("GET", f"{lab.path}/nodes/{switch['node_id']}/mac_table", None, 200)
    assert [(entry["vlan"], entry["port_number"]) for entry in table] == [(1, 0), (1, 7)]
    ports = await lab.server.request("GET", f"{lab.path}/nodes/{switch['node_id']}/statistics", None, 200)
    assert [port["name"] for port in ports] == ["Ethernet0", "Ethernet7"]
    assert all(port["in"]["frames"] >= 3 and port["out"]["frames"] >= 3 for port in ports)
    await lab.server.request("DELETE", f"{lab.path}/nodes/{switch['node_id']}/mac_table", None, 204)
    await lab.server.request("GET", f"{lab.path}/nodes/{hub['node_id']}/mac_table", None, 409)
    vlans = [{**port, "vlan": 10} for port in switch["properties"]["ports_mapping"][:1]]
    vlans += switch["properties"]["ports_mapping"][1:]
    body = {"properties": {"ports_mapping": vlans}}
    changed = await lab.server.request("PUT", f"{lab.path}/nodes/{switch['node_id']}", body, 200)
    assert changed["properties"]["ports_mapping"][0]["vlan"] == 10
    assert await lab.ping() == []


async def test_switches_and_hubs_look_as_in_gns3(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    switch, hub = await lab.node("ethernet_switch", name="SW"), await lab.node("ethernet_hub", name="HUB")
    assert (switch["status"], switch["command_line"], switch["node_directory"]) == ("started", None, None)
    assert (switch["console_type"], switch["console"]) == ("none", 22000)
    assert (hub["console_type"], hub["console"]) == (None, None)
    assert switch["properties"]["ports_mapping"][1] == {
        "name": "Ethernet1",
        "port_number": 1,
        "type": "access",
        "vlan": 1,
    }
    assert hub["properties"]["ports_mapping"][7] == {"name": "Ethernet7", "port_number": 7}
    assert switch["ports"][3] == {
        "adapter_number": 0,
        "data_link_types": {"Ethernet": "DLT_EN10MB"},
        "link_type": "ethernet",
        "name": "Ethernet3",
        "port_number": 3,
        "short_name": "e3",
    }
    for action in ("start", "stop", "suspend"):
        reply = await server.request("POST", f"{lab.path}/nodes/{switch['node_id']}/{action}", None, 200)
        assert reply["status"] == "started"
    body = {"name": "S", "node_type": "ethernet_switch", "compute_id": "local", "properties": {"ports_mapping": [{}]}}
    error = await server.request("POST", f"{lab.path}/nodes", body, 400)
    assert "properties.ports_mapping[0].name: required" in error["message"]
    link = await lab.link((switch, 0), (hub, 0))
    names = [f["type"] for f in await server.request("GET", f"{lab.path}/links/{link['link_id']}/available_filters")]
    assert names == ["frequency_drop", "packet_loss", "delay", "corrupt", "bpf"]
    await server.request("GET", f"{lab.path}/links/{uuid4()}/available_filters", None, 404)


async def test_a_change_of_a_link_is_told_once(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    hub, switch = await lab.node("ethernet_hub"), await lab.node("ethernet_switch")
    link = await lab.link((hub, 0), (switch, 0))
    async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
        await lab.update(link, link)  # nothing new: no event
        label = {**link["nodes"][0]["label"], "text": "uplink"}
        body = {"link_style": {"color": "#ff0000"}, "nodes": [{**link["nodes"][0], "label": label}, link["nodes"][1]]}
        changed = await lab.update(link, body)
        assert await stream.until("link.updated") == changed
    assert changed["nodes"][0]["label"]["text"] == "uplink" and changed["link_style"] == {"color": "#ff0000"}
    error = await lab.update(link, {"colour": 1}, 400)
    assert "colour: unknown field" in error["message"]


async def test_metrics(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    assert len(await lab.ping()) == 3
    with trio.fail_after(30):
        reply = await lab.server.http.get("/metrics")
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    labels = f'project_id="{lab.project["project_id"]}",link_id="{link["link_id"]}",direction="b_to_a"'
    frames = re.search(rf"^gns3trio_link_frames_total{{{labels}}} (\d+)$", reply.text, re.M)
    assert frames is not None and int(frames[1]) >= 3
    assert 'gns3trio_nodes{node_type="vpcs",status="started"} 2' in reply.text
    for line in reply.text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+({\w+=\"[^\"]*\"(,\w+=\"[^\"]*\")*})? [\d.e+-]+", line), line


async def test_frames_that_are_lost_at_a_nodes_own_port_are_seen(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    with ExitStack() as stack:
        mine, theirs, silent = (stack.enter_context(bind_udp("127.0.0.1", 0)) for _ in range(3))
        ports = [sock.getsockname()[1] for sock in (mine, theirs, silent)]
        theirs.close()
        silent.close()
        mapping = {"name": "u", "port_number": 0, "type": "udp", "rhost": "127.0.0.1", "lport": ports[1]}
        cloud = await lab.node("cloud", properties={"ports_mapping": [{**mapping, "rport": ports[0]}]})
        mapping = {**mapping, "lport": ports[2], "rport": 9}  # nobody listens there
        deaf = await lab.node("cloud", properties={"ports_mapping": [mapping]})
        hub = await lab.node("ethernet_hub")
        link = await lab.link((cloud, 0), (hub, 0))
        other = await lab.link((deaf, 0), (hub, 1))
        mine.connect(("127.0.0.1", ports[1]))
        async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
            mine.send(bytes(11_000))
            event = await stream.until("link.stats")
            assert event["link_id"] == link["link_id"] and event["a_to_b"]["node_drops"]["oversize"] == 1
        statistics = f"{lab.path}/links/{other['link_id']}/statistics"
        with trio.fail_after(30):
            while True:
                mine.send(bytes(60))
                crossed = await server.request("GET", statistics, None, 200)
                if crossed["b_to_a"]["refused"] > 0:
                    break
        (port,) = await server.request("GET", f"{lab.path}/nodes/{cloud['node_id']}/statistics", None, 200)
        assert port["out"]["node_drops"]["oversize"] == 1 and port["out"]["frames"] > 0
        assert port["out"]["frames_per_second"] >= 0 and port["in"]["bits_per_second"] == 0
        text = (await server.http.get("/metrics")).text
        ids = f'project_id="{project["project_id"]}"'
        direction = f'{ids},link_id="{link["link_id"]}",direction="a_to_b"'
        assert f'gns3trio_link_node_dropped_frames_total{{{direction},reason="oversize"}} 1\n' in text
        direction = f'{ids},link_id="{other["link_id"]}",direction="b_to_a"'
        assert re.search(rf"gns3trio_link_refused_frames_total{{{direction}}} [1-9]", text)
        where = f'{ids},node_id="{cloud["node_id"]}",port="0/0",direction="out"'
        assert f"gns3trio_port_dropped_frames_total{{{where}}} 1\n" in text
        assert re.search(rf"gns3trio_port_frames_total{{{where}}} [1-9]", text)


async def test_the_first_rates_after_silence_are_those_of_what_moves(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    with ExitStack() as stack:
        mine, theirs = (stack.enter_context(bind_udp("127.0.0.1", 0)) for _ in range(2))
        lport = theirs.getsockname()[1]
        theirs.close()
        mapping = {"name": "u", "port_number": 0, "type": "udp", "rhost": "127.0.0.1", "lport": lport}
        mapping["rport"] = mine.getsockname()[1]
        cloud = await lab.node("cloud", properties={"ports_mapping": [mapping]})
        await lab.link((cloud, 0), (await lab.node("ethernet_hub"), 0))
        mine.connect(("127.0.0.1", lport))
        async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
            for _ in range(2):
                mine.send(bytes(60))
                event = await stream.until("link.stats")
                assert event["a_to_b"]["frames_per_second"] > 0
                assert event["interval"] < 3 * server.config.stats_interval
                last = await stream.until("link.stats")  # says that nothing moves any more
                assert last["a_to_b"] == {**event["a_to_b"], "frames_per_second": 0.0, "bits_per_second": 0.0}
                await trio.sleep(10 * server.config.stats_interval)  # the silence


async def test_both_lists_of_filters_may_be_full(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    link = await lab.link((await lab.node("ethernet_hub"), 0), (await lab.node("ethernet_switch"), 0))
    every = {"delay": [1, 0], "packet_loss": [1], "corrupt": [1], "frequency_drop": [9]}
    await lab.update(link, {"filters": {**every, "bpf": ["\n".join(f"port {n}" for n in range(1, 33))]}})
    path = f"{lab.path}/links/{link['link_id']}/impairments"
    impairments = [{"type": "bpf", "expression": f"len = {n}"} for n in range(32)]
    await server.request("PUT", path, {"impairments": impairments}, 200)
    error = await server.request("PUT", path, {"impairments": [*impairments, impairments[0]]}, 400)
    assert "impairments: has 33 items, and may have 32" in error["message"]
    error = await lab.update(link, {"filters": {"bpf": ["arp\n" * 33]}}, 400)
    assert "filters.bpf: Filters: 33 expressions, more than 32" in error["message"]


SLOW_EXPRESSION = " or ".join(f"portrange {port}-{port + 5}" for port in range(1, 52))


@pytest.mark.parametrize("where", ["filters", "impairments", "captures", "topology"])
async def test_the_server_answers_while_libpcap_compiles(server: Server, project: dict[str, Any], where: str) -> None:
    lab = Lab(server, project, [])
    link = await lab.link((await lab.node("ethernet_hub"), 0), (await lab.node("ethernet_switch"), 0))
    path = f"{lab.path}/links/{link['link_id']}"
    expression = f"{SLOW_EXPRESSION} or len = {len(where)}"  # known to the core from no other test
    assert len(expression) <= 1024
    document = await server.request("GET", f"{lab.path}/topology", None, 200)
    document["links"][0]["filters"] = {"bpf": [expression]}
    method, url, body = {
        "filters": ("PUT", path, {"filters": {"bpf": [expression]}}),
        "impairments": ("PUT", f"{path}/impairments", {"impairments": [{"type": "bpf", "expression": expression}]}),
        "captures": ("POST", f"{path}/captures", {"expression": expression}),
        "topology": ("PUT", f"{lab.path}/topology", document),
    }[where]
    is_done, answered = False, 0

    async def change() -> None:
        nonlocal is_done
        await server.request(method, url, body)
        is_done = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(change)
        while not is_done:
            await server.request("GET", "/v2/version", None, 200)
            answered += 1
    assert answered > 3
