"""Nodes on another host: our controller drives another server of ours through GNS3's compute API."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.compute.remote.http import ComputeHttp
from tests.pcap_reader import read_capture
from tests.support.far_lab import REPLY, TIMEOUT, far_pcs
from tests.support.far_server import FarServer, far_server
from tests.support.lab import Lab
from tests.support.pings import PATIENCE, ping, script, until
from tests.support.server import Server, node_path
from tests.support.websockets import ws_events

Json = dict[str, Any]
TLS = Path(__file__).parents[1] / "http" / "tls"


async def test_a_compute_is_shown_with_what_it_can_do(server: Server, far: FarServer, registered: Json) -> None:
    assert registered["last_error"] is None and "password" not in registered
    assert "vpcs" in registered["capabilities"]["node_types"]
    assert registered["capabilities"]["version"] == "2.2.61"
    for what in ("ports", "network/ports", "network/interfaces"):
        here = await server.request("GET", f"/v2/computes/far/{what}", None, 200)
        assert here == await far.get(f"/v2/compute/network/{what.rpartition('/')[2]}")
    statistics = await server.request("GET", "/v2/statistics", None, 200)
    assert [each["compute_id"] for each in statistics] == ["local", "far"]
    assert statistics[1]["statistics"]["memory_total"] > 0
    async with ws_events(server, "/v2/notifications/ws") as events:
        with trio.fail_after(PATIENCE):
            while True:
                event = await events.next()
                if event["action"] == "compute.updated" and event["event"]["compute_id"] == "far":
                    assert event["event"]["memory_usage_percent"] > 0
                    break


async def test_a_lab_on_two_hosts(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR", **script(1))
    first, second = await far_pcs(lab, 2, 3)
    switch = await lab.node("ethernet_switch", name="SW", compute_id="far")
    across = await lab.link((near, 0), (switch, 0))
    there = await lab.link((first, 0), (switch, 1))
    await lab.link((second, 0), (switch, 2))
    (hosted,) = await far.get("/v2/compute/projects")
    assert hosted == {"name": "lab", "project_id": project["project_id"], "variables": None}
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    shown = await server.request("GET", node_path(project, first), None, 200)
    assert (shown["status"], shown["console_host"]) == ("started", "127.0.0.1")
    assert shown["node_directory"].startswith(str(far.config.projects_path))

    await ping(server, project, first, "10.0.0.1", REPLY)
    counters = f"{lab.path}/links/{across['link_id']}/statistics"  # those of the other host come a moment later
    await until(server, counters, lambda shown: shown["a_to_b"]["frames"] > 0 and shown["b_to_a"]["frames"] > 0)
    for link in (across, there):
        await lab.update(link, {"filters": {"packet_loss": [100]}})
        await ping(server, project, first, "10.0.0.1", TIMEOUT)
        await lab.update(link, {"filters": {}})
        await ping(server, project, first, "10.0.0.1", REPLY)
        await lab.update(link, {"suspend": True})
        await ping(server, project, first, "10.0.0.1", TIMEOUT)
        await lab.update(link, {"suspend": False})
    await ping(server, project, first, "10.0.0.1", REPLY)

    capture = await server.request("POST", f"{lab.path}/links/{there['link_id']}/start_capture", {}, 201)
    assert (capture["capturing"], capture["capture_compute_id"]) == (True, "far")
    await ping(server, project, first, "10.0.0.1", REPLY)
    await server.request("POST", f"{lab.path}/links/{there['link_id']}/stop_capture", None, 201)
    packets = read_capture(Path(capture["capture_file_path"]).read_bytes()).packets
    assert any(packet.data[12:14] == b"\x08\x00" for packet in packets)

    await server.request("POST", f"{lab.path}/nodes/stop", None, 204)
    assert (await server.request("GET", node_path(project, first), None, 200))["status"] == "stopped"
    await server.request("DELETE", node_path(project, second), None, 204)
    await server.request("DELETE", f"{lab.path}/links/{across['link_id']}", None, 204)
    await server.request("POST", f"{lab.path}/close", None, 204)
    assert await far.get("/v2/compute/projects") == []
    ports = await far.get("/v2/compute/network/ports")
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])
    await server.request("POST", f"{lab.path}/open", None, 201)
    problems = await server.request("GET", f"{lab.path}/problems", None, 200)
    assert problems == {"file": [], "links": [], "nodes": []}
    await server.request("DELETE", lab.path, None, 204)
    assert not (far.config.projects_path / project["project_id"]).exists()


async def test_files_names_and_copies_of_a_node(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab = Lab(server, project, [])
    node = await lab.node("vpcs", name="PC1", compute_id="far", **script(1))
    path, files = node_path(project, node), f"{node_path(project, node)}/files"
    assert (await server.http.get(f"{files}/startup.vpc")).text == "set pcname PC1\nip 10.0.0.1/24\n"
    content = bytes(range(256)) * 10_000
    assert (await server.http.post(f"{files}/some/notes.bin", content=content)).status_code == 201
    assert (await server.http.get(f"{files}/some/notes.bin")).content == content
    assert (await server.http.get(f"{files}/absent")).status_code == 404
    assert not list((server.config.projects_path / project["project_id"]).rglob("notes.bin"))
    renamed = await server.request("PUT", path, {"name": "PC9", "x": 7}, 200)
    assert (renamed["name"], renamed["x"]) == ("PC9", 7)
    assert (await server.http.get(f"{files}/startup.vpc")).text.startswith("set pcname PC9\n")
    copy = await server.request("POST", f"{path}/duplicate", {"x": 1, "y": 2}, 201)
    copied = f"{node_path(project, copy)}/files"
    assert (await server.http.get(f"{copied}/some/notes.bin")).content == content
    assert (await server.http.get(f"{copied}/startup.vpc")).text.startswith(f"set pcname {copy['name']}\n")
    await server.request("PUT", path, {"properties": {"startup_script": "ip 10.0.0.7/24\n"}}, 200)
    assert (await server.http.get(f"{files}/startup.vpc")).text == "ip 10.0.0.7/24\n"
    await server.request("PUT", path, {"console_type": "none"}, 200)
    await server.request("PUT", path, {"console_type": "telnet", "console": 28500}, 200)
    assert (await server.request("GET", path, None, 200))["console"] == 28500


async def test_what_it_rejects_leaves_nothing(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    lab = Lab(server, project, [])
    path = f"{lab.path}/nodes"
    for fields, status, word in (
        ({"node_type": "virtualbox"}, 409, "virtualbox"),
        ({"node_type": "vpcs", "properties": {"ram": 5}}, 400, "ram"),
        ({"node_type": "ethernet_switch", "properties": {"ports_mapping": 7}}, 400, "ports_mapping"),
    ):
        error = await server.request("POST", path, {"name": "X", "compute_id": "far", **fields}, status)
        assert word in error["message"] and "far" in error["message"]
    assert await server.request("GET", path, None, 200) == []
    node = await lab.node("vpcs", compute_id="far")
    error = await server.request("PUT", node_path(project, node), {"properties": {"ram": 5}}, 400)
    assert "ram" in error["message"]


async def test_a_compute_that_is_restarted_gets_its_nodes_and_links_again(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR", **script(1))
    (node,) = await far_pcs(lab, 2)
    link = await lab.link((near, 0), (node, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    await ping(server, project, node, "10.0.0.1", REPLY)

    await far.stop()
    compute = await until(server, "/v2/computes/far", lambda shown: not shown["connected"])
    assert compute["last_error"]
    problems = await server.request("GET", f"{lab.path}/problems", None, 200)
    assert {each["name"] for each in problems["nodes"]} == {"FAR2"}
    assert problems["links"][0]["link_id"] == link["link_id"]
    error = await server.request("POST", f"{node_path(project, node)}/start", None)
    assert "cannot be reached" in error.get("message", "cannot be reached")
    await server.request("POST", f"{node_path(project, near)}/reload", None, 200)

    await far.start()
    await until(server, f"{lab.path}/problems", lambda problems: problems == {"file": [], "links": [], "nodes": []})
    await until(server, node_path(project, node), lambda shown: shown["status"] == "started")
    await ping(server, project, node, "10.0.0.1", REPLY)


async def test_events_tell_which_links_a_compute_takes_along_and_brings_back(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab = Lab(server, project, [])
    near, (node,) = await lab.node("vpcs", name="NEAR"), await far_pcs(lab, 2)
    link = await lab.link((near, 0), (node, 0))
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:

        async def told() -> Json:
            with trio.fail_after(PATIENCE):
                while (event := await events.next())["action"] != "link.problem":
                    pass
            return dict(event["event"])

        await far.stop()
        gone = await told()
        assert gone["link_id"] == link["link_id"] and "cannot be reached" in gone["message"]
        await far.start()
        while (back := await told())["message"] is not None:
            pass
        assert back["link_id"] == link["link_id"]


async def test_a_project_opens_while_its_compute_is_away(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR")
    node = await lab.node("vpcs", name="FAR", compute_id="far")
    link = await lab.link((near, 0), (node, 0))
    await server.request("POST", f"{lab.path}/close", None, 204)
    await far.stop()
    await until(server, "/v2/computes/far", lambda shown: not shown["connected"])
    await server.request("POST", f"{lab.path}/open", None, 201)
    problems = await server.request("GET", f"{lab.path}/problems", None, 200)
    assert [each["name"] for each in problems["nodes"]] == ["FAR"]
    assert [each["link_id"] for each in problems["links"]] == [link["link_id"]]
    shown = await server.request("GET", node_path(project, node), None, 200)
    assert [port["name"] for port in shown["ports"]] == ["Ethernet0"]
    await far.start()
    await until(server, f"{lab.path}/problems", lambda problems: problems == {"file": [], "links": [], "nodes": []})
    assert (await server.request("GET", node_path(project, node), None, 200))["status"] == "stopped"


async def test_a_lab_on_two_hosts_is_made_by_few_requests(
    server: Server, project: Json, far: FarServer, registered: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many nodes and links it has; those that cannot be made keep no others from it."""
    number, asked = 60, Counter[str]()
    request = ComputeHttp.request

    async def count(self: ComputeHttp, method: str, path: str, *more: Any, **options: Any) -> Any:
        asked[f"{method} {path.removeprefix('projects/' + project['project_id'])}"] += 1
        return await request(self, method, path, *more, **options)

    monkeypatch.setattr(ComputeHttp, "request", count)
    lab = Lab(server, project, [])
    names = [f"{place}{n}" for place in ("N", "F", "G") for n in range(number)]
    nodes = [
        {
            "node_id": str(uuid4()),
            "name": name,
            "node_type": "vpcs",
            "compute_id": "local" if name.startswith("N") else "far",
        }
        for name in names
    ]
    nodes += [{**nodes[0], "node_id": str(uuid4()), "name": f"S{n}", "node_type": "ethernet_switch"} for n in range(8)]
    ids = {each["name"]: each["node_id"] for each in nodes}

    def ends(*names: str, port: int = 0) -> Json:
        return {"nodes": [{"node_id": ids[name], "adapter_number": 0, "port_number": port} for name in names]}

    links = [ends(f"N{n}", f"F{n}") for n in range(number)]
    links += [ends(f"G{n}", f"G{n + 1}") for n in range(0, number, 2)]
    await server.request("POST", f"{lab.path}/batch", {"nodes": nodes, "links": links}, 201)
    batches = {f"POST /batch/{action}": 1 for action in ("create", "lease", "join")}
    assert {name: times for name, times in asked.items() if name.startswith("POST /")} == batches
    problems = {"file": [], "links": [], "nodes": []}
    assert await server.request("GET", f"{lab.path}/problems", None, 200) == problems
    shown = await server.request("GET", f"{lab.path}/nodes", None, 200)
    consoles = [each["console"] for each in shown if each["compute_id"] == "far"]
    assert len(set(consoles)) == 2 * number

    await server.request("POST", f"{lab.path}/close", None, 204)
    asked.clear()
    await server.request("POST", f"{lab.path}/open", None, 201)
    assert {name: times for name, times in asked.items() if name.startswith("POST /")} == batches
    assert await server.request("GET", f"{lab.path}/problems", None, 200) == problems
    assert [each["console"] for each in await server.request("GET", f"{lab.path}/nodes", None, 200)] == [
        each["console"] for each in shown
    ]

    await far.stop()
    await until(server, "/v2/computes/far", lambda shown: not shown["connected"])
    asked.clear()
    await far.start()
    await until(server, f"{lab.path}/problems", lambda told: told == problems and "POST /batch/join" in asked)
    assert {name: times for name, times in asked.items() if name.startswith("POST /")} == batches


async def test_a_wrong_password_is_told_and_can_be_mended(server: Server, far: FarServer) -> None:
    compute = await server.request("POST", "/v2/computes", {**far.address, "password": "wrong"}, 201)
    assert not compute["connected"] and "password" in compute["last_error"]
    compute = await server.request("PUT", "/v2/computes/far", far.address, 200)
    assert compute["connected"] and compute["last_error"] is None


async def test_a_template_with_a_compute(server: Server, project: Json, far: FarServer, registered: Json) -> None:
    template = {"name": "far PC", "template_type": "vpcs", "compute_id": "far", "default_name_format": "F{0}"}
    made = await server.request("POST", "/v2/templates", template, 201)
    path = f"/v2/projects/{project['project_id']}/templates/{made['template_id']}"
    node = await server.request("POST", path, {"x": 0, "y": 0}, 201)
    assert (node["compute_id"], node["name"]) == ("far", "F1")
    (hosted,) = await far.get("/v2/compute/projects")
    assert hosted["project_id"] == project["project_id"]


async def test_a_compute_that_a_file_names_waits_for_the_user(server: Server, project: Json, far: FarServer) -> None:
    """A file from elsewhere does not make this server talk to a host."""
    lab = Lab(server, project, [])
    await server.request("POST", "/v2/computes", far.address, 201)
    await lab.node("vpcs", name="FAR", compute_id="far")
    await server.request("POST", f"{lab.path}/close", None, 204)
    await server.request("DELETE", "/v2/computes/far", None, 204)
    await server.request("POST", f"{lab.path}/open", None, 201)
    compute = await server.request("GET", "/v2/computes/far", None, 200)
    assert not compute["connected"] and "confirm" in compute["last_error"]
    assert await far.get("/v2/compute/projects") == []
    await server.request("PUT", "/v2/computes/far", far.address, 200)
    await until(server, f"{lab.path}/problems", lambda problems: not problems["nodes"])


async def test_a_compute_that_is_removed_and_added_again_has_its_nodes(
    server: Server, project: Json, far: FarServer
) -> None:
    """Clients do not choose its id. It is known by its address, whatever its name."""
    address = {name: value for name, value in far.address.items() if name != "compute_id"}
    lab = Lab(server, project, [])
    first = await server.request("POST", "/v2/computes", {**address, "name": "attic"}, 201)
    node = await lab.node("vpcs", name="FAR", compute_id=first["compute_id"])
    await server.request("DELETE", f"/v2/computes/{first['compute_id']}", None, 204)
    again = await server.request("POST", "/v2/computes", {**address, "name": "roof"}, 201)
    assert again["connected"] and again["compute_id"] == first["compute_id"]
    second = await server.request("POST", "/v2/computes", {**address, "name": "attic"}, 201)  # while the first is there
    assert second["compute_id"] != first["compute_id"]
    await server.request("POST", f"{lab.path}/open", None, 201)
    await server.request("POST", f"{lab.path}/nodes/{node['node_id']}/start", None, 200)


async def test_a_host_of_a_file_whose_name_is_taken_is_listed_all_the_same(
    server: Server, project: Json, far: FarServer
) -> None:
    lab = Lab(server, project, [])
    await server.request("POST", "/v2/computes", {**far.address, "name": "attic"}, 201)
    await lab.node("vpcs", name="FAR", compute_id="far")
    await server.request("DELETE", "/v2/computes/far", None, 204)
    other = {"compute_id": "other", "name": "attic", "protocol": "http", "host": "127.0.0.1", "port": 9}
    await server.request("POST", "/v2/computes", other, 201)
    await server.request("POST", f"{lab.path}/open", None, 201)
    compute = await server.request("GET", "/v2/computes/far", None, 200)
    assert compute["name"] == f"attic ({far.address['host']}:{far.address['port']})"
    (problem,) = (await server.request("GET", f"{lab.path}/problems", None, 200))["nodes"]
    assert compute["name"] in str(problem) and "gns3trio compute confirm" in str(problem)
    await server.request("PUT", "/v2/computes/far", {**far.address, "name": "garage"}, 200)
    await until(server, f"{lab.path}/problems", lambda problems: not problems["nodes"])


async def test_a_host_with_another_address_has_its_consoles_there(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab = Lab(server, project, [])
    node = await lab.node("vpcs", name="FAR", compute_id="far")
    path = f"{lab.path}/nodes/{node['node_id']}"
    assert (await server.request("GET", path, None, 200))["console_host"] == "127.0.0.1"
    await server.request("PUT", "/v2/computes/far", {**far.address, "host": "localhost"}, 200)
    await until(server, path, lambda shown: shown["console_host"] == "localhost")


async def test_a_host_that_asks_for_a_password_says_so(server: Server, far: FarServer) -> None:
    address = {name: value for name, value in far.address.items() if name not in ("user", "password")}
    compute = await server.request("POST", "/v2/computes", address, 201)
    assert "it asks for a user and a password" in compute["last_error"]


async def test_a_compute_with_a_certificate_of_its_own(server: Server, project: Json, tmp_path: Path) -> None:
    async with far_server(tmp_path / "far", ssl=True, certfile=TLS / "cert.pem", certkey=TLS / "key.pem") as far:
        compute = await server.request("POST", "/v2/computes", far.address, 201)
        assert not compute["connected"]
        assert "its certificate is not trusted" in compute["last_error"] and "'certificate'" in compute["last_error"]
        for wrong in ("none", "PC\u009b1", "\0"):
            error = await server.request("PUT", "/v2/computes/far", {**far.address, "certificate": wrong}, 400)
            assert "certificate" in error["message"]
        for name, is_trusted in (("lab-cert.pem", False), ("cert.pem", True)):
            body = {**far.address, "certificate": (TLS / name).read_text()}
            compute = await server.request("PUT", "/v2/computes/far", body, 200)
            assert compute["connected"] is is_trusted, compute["last_error"]
            assert "certificate" not in compute
        lab = Lab(server, project, [])
        node = await lab.node("vpcs", name="FAR", compute_id="far", **script(1))
        await server.request("POST", f"{node_path(project, node)}/start", None, 200)
        await ping(server, project, node, "10.0.0.1", b"icmp_seq=1 ttl")
        compute = await server.request("PUT", "/v2/computes/far", {**far.address, "protocol": "http"}, 200)
        assert not compute["connected"] and compute["last_error"]


async def test_the_name_and_the_variables_of_a_project_are_passed_on(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab = Lab(server, project, [])
    variables = [{"name": "SITE", "value": "attic"}]
    await server.request("PUT", lab.path, {"variables": variables}, 200)
    await lab.node("vpcs", name="FAR", compute_id="far")
    path = f"/v2/compute/projects/{project['project_id']}"
    assert (await far.get(path))["variables"] == variables

    async def is_told(name: str, wanted: list[Json]) -> None:
        with trio.fail_after(PATIENCE):
            while await far.get(path) != {**hosted, "name": name, "variables": wanted}:
                await trio.sleep(0.05)

    hosted = await far.get(path)
    variables.append({"name": "ROOM", "value": "1"})
    await server.request("PUT", lab.path, {"name": "renamed", "variables": variables}, 200)
    await is_told("renamed", variables)
    await server.request("PUT", lab.path, {"variables": []}, 200)
    await is_told("renamed", [])
