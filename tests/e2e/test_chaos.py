"""Many clients do as they like with one project, rightly and wrongly; and a server that is killed while they do.

GNS3TRIO_TEST_CHAOS_SECONDS (10) and GNS3TRIO_TEST_KILLS (4) make it longer.
"""

import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import httpx
import orjson
import psutil
import trio

from gns3trio.config import Config
from gns3trio.controller.storage.kept_versions import VERSIONS_FOLDER
from gns3trio.server import open_server
from tests.e2e.conftest import PATIENCE, StartServer, wait_for_no_vpcs
from tests.support.plain_http import NO_TLS
from tests.support.projects import all_of_projects
from tests.support.server import VPCS

SECONDS = float(os.environ.get("GNS3TRIO_TEST_CHAOS_SECONDS", "10"))
WORKERS = 8
MOST_NODES = 200  # a project cannot have more than 255 VPCS
KILLS = int(os.environ.get("GNS3TRIO_TEST_KILLS", "4"))
CLIENTS = 200
TYPES = ("vpcs", "ethernet_switch", "ethernet_hub", "cloud")
# What a client may be told; 503 would be a full disk, and 500 an error of ours.
ANSWERS = {200, 201, 204, 304, 400, 403, 404, 405, 409}
NONSENSE: list[Any] = [None, True, -1, 2**60, 1.5, "", "x" * 300, "\0/..", [], [[]], {}, {"a": {"b": []}}]
HUB = {"node_type": "ethernet_hub", "compute_id": "local"}
SVG = "<svg><text>" + "x" * 1200 + "</text></svg>"


@attrs.define
class Chaos:
    """What the clients know together, and their chance."""

    http: httpx.AsyncClient
    path: str
    chance: random.Random
    answers: Counter[int] = attrs.field(factory=Counter)
    unexpected: list[str] = attrs.field(factory=list)
    ids: dict[str, list[str]] = attrs.field(factory=lambda: {"nodes": [], "links": [], "drawings": [], "snapshots": []})

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        reply = await self.http.request(method, path, json=body)
        self.answers[reply.status_code] += 1
        if reply.status_code not in ANSWERS:
            self.unexpected.append(f"{method} {path} {body} -> {reply.status_code} {reply.text[:300]}")
        is_json = reply.headers.get("content-type") == "application/json"
        return reply.json() if is_json and reply.is_success else None

    def any_id(self, kind: str) -> str:
        known = self.ids[kind][-40:]
        return self.chance.choice(known) if known and self.chance.random() < 0.95 else str(uuid4())

    def spoil(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body, in which now and then a value is nonsense."""
        if self.chance.random() < 0.3:
            return {**body, self.chance.choice([*body, "unknown"]): self.chance.choice(NONSENSE)}
        return body

    async def create(self, kind: str, body: dict[str, Any], id_name: str) -> None:
        made = await self.ask("POST", f"{self.path}/{kind}", self.spoil(body))
        if isinstance(made, dict):
            self.ids[kind].append(made[id_name])

    async def step(self) -> None:
        """One thing that a client may do."""
        chance, path = self.chance, self.path
        node = f"{path}/nodes/{self.any_id('nodes')}"
        link = f"{path}/links/{self.any_id('links')}"
        drawing = f"{path}/drawings/{self.any_id('drawings')}"
        match chance.randrange(20):
            case 0 | 1:
                body = {"name": f"N{chance.randrange(30)}", "node_type": chance.choice(TYPES), "compute_id": "local"}
                if body["node_type"] == "cloud":
                    body["properties"] = {"ports_mapping": []}
                await self.create("nodes", body, "node_id")
            case 2 | 3 | 4:
                ends = [
                    {"node_id": self.any_id("nodes"), "adapter_number": 0, "port_number": chance.randrange(3)}
                    for _ in range(2)
                ]
                await self.create("links", {"nodes": ends, "filters": {"delay": [5]}, "suspend": False}, "link_id")
            case 5:
                await self.create("drawings", {"svg": chance.choice([SVG, "<svg/>"]), "x": 1, "y": 2}, "drawing_id")
            case 6:
                await self.ask("PUT", drawing, self.spoil({"x": chance.randrange(99), "locked": False, "svg": SVG}))
            case 7:
                await self.ask("DELETE", chance.choice([drawing, drawing, link, node]))
            case 8:
                body = {"name": f"R{chance.randrange(30)}", "x": 4, "console_type": chance.choice(["telnet", "none"])}
                await self.ask("PUT", node, self.spoil(body))
            case 9:
                await self.ask(
                    "POST", f"{node}/{chance.choice(['start', 'stop', 'reload', 'suspend', 'console/reset'])}"
                )
            case 10:
                await self.ask("PUT", link, self.spoil({"filters": {"packet_loss": [10]}, "suspend": True}))
            case 11:
                await self.ask("POST", f"{link}/{chance.choice(['start_capture', 'stop_capture'])}", self.spoil({}))
            case 12:
                what = chance.choice(["nodes", "links", "drawings", "snapshots", "stats"])
                await self.ask("GET", chance.choice([f"{path}/{what}", node, link, drawing]))
            case 13:
                await self.ask("POST", f"{node}/duplicate", self.spoil({"x": 1, "y": 2}))
            case 14:
                await self.ask(
                    "PUT", f"{link}/impairments", self.spoil({"impairments": [{"type": "loss", "percent": 5}]})
                )
            case 15:
                await self.ask("PUT", path, self.spoil({"name": f"lab {chance.randrange(5)}", "zoom": 100}))
            case 16:
                await self.ask(
                    "POST", f"{path}/nodes/{chance.choice(['start', 'stop'])}"
                ) if chance.random() < 0.1 else None
            case 17:
                await self.ask("POST", f"{node}/files/startup.vpc", "set pcname x")
            case 18:
                if chance.random() < 0.1:
                    await self.create("snapshots", {"name": f"s{chance.randrange(9)}"}, "snapshot_id")
                elif chance.random() < 0.1:
                    await self.ask("POST", f"{path}/snapshots/{self.any_id('snapshots')}/restore")
            case 19:
                wrong = chance.choice(["PATCH", "PUT", "POST", "DELETE"])
                await self.ask(wrong, chance.choice([f"{path}/nowhere", f"{path}/nodes", f"{path}/links/x/y"]), [1])
        if len(self.ids["nodes"]) > 60:
            await self.ask("DELETE", f"{path}/nodes/{self.ids['nodes'].pop(0)}")

    async def run(self, until: float) -> None:
        while trio.current_time() < until:
            await self.step()


async def test_two_hundred_clients(tmp_path: Path) -> None:
    config = Config(
        port=0,
        projects_path=tmp_path / "projects",
        vpcs_path=VPCS,
        console_start_port_range=22000,
        console_end_port_range=24000,
        udp_start_port_range=24001,
        udp_end_port_range=28000,
    )
    async with open_server(config) as running:
        (url,) = running.urls
        idle = psutil.Process().num_fds()
        # A browser that another module's tests share may be a child of this process too.
        others = psutil.Process().children()
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits, verify=NO_TLS) as http:
            body = {"name": "lab", "auto_close": False}
            project = (await http.post("/v2/projects", json=body)).json()
            chaos = Chaos(http, f"/v2/projects/{project['project_id']}", random.Random(4))
            until = trio.current_time() + SECONDS
            async with trio.open_nursery() as nursery:
                for _ in range(CLIENTS):
                    nursery.start_soon(chaos.run, until)
            assert not chaos.unexpected, "\n".join(chaos.unexpected[:20])
            assert chaos.answers[201] > 20, chaos.answers
            kinds = ("nodes", "links", "drawings")
            opened = {kind: (await http.get(f"{chaos.path}/{kind}")).json() for kind in kinds}
            assert (await http.post(f"{chaos.path}/close")).status_code == 204
            saved = orjson.loads((Path(project["path"]) / project["filename"]).read_bytes())["topology"]
            for kind in kinds:
                assert [_known(kind, each) for each in saved[kind]] == [_known(kind, each) for each in opened[kind]]
            assert (await http.get("/v2/computes/local/ports")).json()["udp_ports"] == []
            assert (await http.get("/v2/computes/local/ports")).json()["console_ports"] == []
            assert (await http.post(f"{chaos.path}/open")).status_code == 201
            assert (await http.delete(chaos.path)).status_code == 204
        with trio.move_on_after(PATIENCE):
            while psutil.Process().num_fds() > idle:
                await trio.sleep(0.05)
        assert psutil.Process().num_fds() <= idle, "\n".join(_descriptors())
        assert [child for child in psutil.Process().children() if child not in others] == []
    assert all_of_projects(config) == []


def _descriptors() -> list[str]:
    """What is open."""
    return [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]


def _known(kind: str, shown: dict[str, Any]) -> tuple[Any, ...]:
    """What an object is, in the file as in the API."""
    match kind:
        case "nodes":
            return shown["node_id"], shown["name"], shown["console"], shown["x"], shown["label"]["text"]
        case "links":
            return shown["link_id"], shown["filters"], shown["suspend"], [end["node_id"] for end in shown["nodes"]]
        case _:
            return shown["drawing_id"], shown["x"], shown["locked"]


@attrs.define
class Promises:
    """What a server has answered to, and what was under way when it died: node names by id, None when deleted."""

    kept: dict[str, str | None] = attrs.field(factory=dict)
    open: dict[str, str | None] = attrs.field(factory=dict)

    def check(self, found: dict[str, str]) -> None:
        for node_id, name in self.kept.items():
            expected = {name, self.open.get(node_id, name)}
            assert found.get(node_id) in expected, (node_id, found.get(node_id), expected)
        assert set(found) <= set(self.kept) | set(self.open)
        self.kept = dict(found)
        self.open.clear()


async def _work(http: httpx.AsyncClient, path: str, promises: Promises, mine: list[str], chance: random.Random) -> None:
    """Create nodes, rename and delete ``mine``, and note what was promised, until the server is gone."""
    try:
        while True:
            act = chance.random()
            if not mine or (act < 0.6 and len(promises.kept) < MOST_NODES):
                node_id = str(uuid4())
                body = {
                    "node_id": node_id,
                    "name": f"N{node_id[:8]}",
                    "node_type": chance.choice(["ethernet_hub", "vpcs"]),
                    "compute_id": "local",
                }
                promises.open[node_id] = body["name"]
                reply = await http.post(f"{path}/nodes", json=body)
                mine.append(node_id)
            elif act < 0.8:
                node_id = chance.choice(mine)
                promises.open[node_id] = f"R{uuid4().hex[:8]}"
                reply = await http.put(f"{path}/nodes/{node_id}", json={"name": promises.open[node_id]})
            else:
                node_id = mine.pop(chance.randrange(len(mine)))
                promises.open[node_id] = None
                reply = await http.delete(f"{path}/nodes/{node_id}")
            assert reply.is_success, reply.text
            promises.kept[node_id] = promises.open.pop(node_id)
    except httpx.TransportError:
        return


async def _work_beside(http: httpx.AsyncClient, path: str, gone: set[str], chance: random.Random) -> None:
    """Links, drawings, snapshots and running VPCS; ``gone`` are links that are promised not to come back."""

    async def ask(method: str, below: str, body: Any = None) -> httpx.Response:
        reply = await http.request(method, f"{path}/{below}", json=body)
        assert reply.status_code in ANSWERS, reply.text
        return reply

    try:
        while True:
            nodes = [node["node_id"] for node in (await ask("GET", "nodes")).json()]
            await ask("POST", "drawings", {"svg": SVG.replace("x", chance.choice("xyz"))})
            if len(nodes) < 2:
                continue
            link_id, linked = str(uuid4()), chance.sample(nodes, 2)
            ends = [{"node_id": node_id, "adapter_number": 0, "port_number": 0} for node_id in linked]
            made = await ask("POST", "links", {"link_id": link_id, "nodes": ends})
            await ask("POST", f"nodes/{linked[0]}/{chance.choice(['start', 'stop'])}")
            if made.is_success and chance.random() < 0.5 and (await ask("DELETE", f"links/{link_id}")).is_success:
                gone.add(link_id)
            if chance.random() < 0.1:
                await ask("POST", "snapshots", {"name": uuid4().hex})
    except httpx.TransportError:
        return


async def test_a_killed_server_keeps_its_promises(start_server: StartServer) -> None:
    chance = random.Random(11)
    promises, gone = Promises(), set[str]()
    server = start_server()
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, verify=NO_TLS) as http:
        body = {"name": "lab", "auto_close": False}
        path = f"/v2/projects/{(await http.post('/v2/projects', json=body)).json()['project_id']}"
    for _ in range(KILLS):
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, limits=limits, verify=NO_TLS) as http,
            trio.open_nursery() as nursery,
        ):
            for number in range(WORKERS):
                mine = list(promises.kept)[number::WORKERS]
                nursery.start_soon(_work, http, path, promises, mine, random.Random(chance.random() + number))
            for number in range(3):
                nursery.start_soon(_work_beside, http, path, gone, random.Random(chance.random() + number))
            await trio.sleep(chance.uniform(0.05, 0.6))
            server.stop(signal.SIGKILL)
        server = start_server()
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE, verify=NO_TLS) as http:
            assert (await http.post(f"{path}/open")).status_code == 201
            promises.check({node["node_id"]: node["name"] for node in (await http.get(f"{path}/nodes")).json()})
            links = (await http.get(f"{path}/links")).json()
            assert gone.isdisjoint(link["link_id"] for link in links)
            assert {end["node_id"] for link in links for end in link["nodes"]} <= set(promises.kept)
            for what in ("drawings", "snapshots"):
                assert (await http.get(f"{path}/{what}")).status_code == 200
        assert [file for file in server.projects.rglob(".gns3trio-*") if file.name != VERSIONS_FOLDER] == []
    assert len(promises.kept) > KILLS
    server.stop()
    wait_for_no_vpcs(server.projects)
