"""Links, filters, captures and nodes made and deleted at random under traffic: all resources come back.

Runs for GNS3TRIO_TEST_SOAK_SECONDS (20), and before that until everything has been used once. Give it an hour to look
for slow leaks.
"""

import contextlib
import gc
import os
import random
from collections import Counter
from math import inf
from pathlib import Path
from typing import Any

import attrs
import httpx
import psutil
import trio

from gns3trio.config import Config
from gns3trio.notifications.journal import Journal
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS
from tests.support.server import VPCS, Server

SECONDS = float(os.environ.get("GNS3TRIO_TEST_SOAK_SECONDS", "20"))
WORKERS = 6
# The time is that of so many labs, one after the other. After each of them everything must be as before.
LABS = 10
# What Python, the allocator and libraries keep after the first use of everything; and what is new in the second half.
MAX_GROWTH_BYTES = 48 * 1024 * 1024
MAX_LATE_GROWTH_BYTES = 12 * 1024 * 1024
# Idle threads end after ten seconds, connections sooner.
PATIENCE = 60
KINDS = ("ethernet_switch", "ethernet_hub", "vpcs")
# Two workers may meet at one object: then one of them comes too late, which is told by these.
MEETINGS = frozenset({200, 201, 204, 404, 409})
# Only so many benchmarks run at once.
BUSY = 503


@attrs.define
class Soak:
    """One project that several workers change at once."""

    server: Server
    path: str
    chance: random.Random
    statuses: Counter[int] = attrs.field(factory=Counter)

    async def ask(self, method: str, path: str, body: Any = None, *, may_be: frozenset[int] = MEETINGS) -> Any:
        reply = await self.server.http.request(method, self.path + path, json=body)
        assert reply.status_code in may_be, f"{method} {path} {body}: {reply.status_code} {reply.text}"
        self.statuses[reply.status_code] += 1
        return reply.json() if reply.content else None

    async def some(self, what: str) -> dict[str, Any] | None:
        listed = await self.ask("GET", f"/{what}")
        return self.chance.choice(listed) if listed else None

    async def make_node(self) -> None:
        kind = self.chance.choice(KINDS)
        node = await self.ask("POST", "/nodes", {"name": "N", "node_type": kind, "compute_id": "local"})
        if node is not None and kind == "vpcs" and self.chance.random() < 0.3:
            await self.ask("POST", f"/nodes/{node['node_id']}/start")

    async def make_link(self) -> None:
        ends = []
        for node in (await self.some("nodes"), await self.some("nodes")):
            if node is None or not node.get("ports"):
                return
            ends.append(
                {
                    "node_id": node["node_id"],
                    "adapter_number": 0,
                    "port_number": self.chance.choice(node["ports"])["port_number"],
                }
            )
        await self.ask("POST", "/links", {"nodes": ends, "filters": {"delay": [1]}})

    async def change_link(self) -> None:
        link = await self.some("links")
        if link is None:
            return
        path = f"/links/{link['link_id']}"
        match self.chance.randrange(6):
            case 0:
                await self.ask("PUT", path, {"filters": self.chance.choice([{}, {"delay": [3, 2]}, {"corrupt": [9]}])})
            case 1:
                await self.ask("PUT", path, {"suspend": self.chance.random() < 0.5})
            case 2:
                loss = {"type": "loss", "percent": 10.0, "direction": "a_to_b"}
                await self.ask("PUT", f"{path}/impairments", {"impairments": [loss] * self.chance.randrange(3)})
            case 3:
                await self.ask("POST", f"{path}/start_capture", {})
                await self.ask("POST", f"{path}/captures", {"expression": "ether[12:2] = 0x88b5"})
            case 4:
                quick = {"trial_seconds": 0.05, "drain_seconds": 0.05, "frame_sizes": [512], "tests": ["burst"]}
                await self.ask("POST", f"{path}/benchmark", quick, may_be=MEETINGS | {BUSY})
            case 5:
                await self.ask("POST", f"{path}/stop_capture")

    async def delete_one(self, what: str) -> None:
        found = await self.some(what)
        if found is not None:
            await self.ask("DELETE", f"/{what}/{found[what.removesuffix('s') + '_id']}")

    async def work(self, until: float) -> None:
        while trio.current_time() < until:
            match self.chance.choices(range(5), weights=(3, 4, 8, 1, 2))[0]:
                case 0:
                    await self.make_node()
                case 1:
                    await self.make_link()
                case 2:
                    await self.change_link()
                case 3:
                    await self.delete_one("nodes")
                case 4:
                    await self.delete_one("links")
            nodes = await self.ask("GET", "/nodes")
            if len(nodes) > 30:
                await self.delete_one("nodes")


async def one_lab(url: str, config: Config, seconds: float, seed: int) -> Counter[int]:
    """A project's whole life under load."""
    async with httpx.AsyncClient(base_url=url, timeout=60, verify=NO_TLS) as http:
        server = Server(url, config, http)
        project = await server.request("POST", "/v2/projects", {"name": f"soak {seed}"}, 201)
        soak = Soak(server, f"/v2/projects/{project['project_id']}", random.Random(seed))
        until = trio.current_time() + seconds
        async with trio.open_nursery() as nursery:
            for _ in range(WORKERS):
                nursery.start_soon(soak.work, until)
        await server.request("DELETE", soak.path, None, 204)
        return soak.statuses


@attrs.frozen
class Usage:
    """What this process has: open descriptors by what they are, children, threads, bytes of memory."""

    descriptors: frozenset[str]
    children: list[psutil.Process]
    threads: int
    memory: int

    @classmethod
    def now(cls) -> "Usage":
        process = psutil.Process()
        return cls(descriptors(), process.children(), process.num_threads(), process.memory_info().rss)

    @classmethod
    async def settled(cls) -> "Usage":
        """The usage once what a server does first is over."""
        before, now = None, descriptors()
        while now != before:
            await trio.sleep(0.2)
            before, now = now, descriptors()
        return cls.now()

    @classmethod
    async def at_rest(cls, idle: "Usage", folder: Path, threads: float = inf) -> "Usage":
        """The usage once it is down to that, or when that does not come.

        What was in a project's folder is deleted after the answer, in a thread that opens the folders there.
        """
        with trio.move_on_after(PATIENCE):
            while any(folder.iterdir()):
                await trio.sleep(0.05)
        gc.collect()
        now = cls.now()
        with trio.move_on_after(PATIENCE):  # the watchdog may open sources, to write down what that gap was
            while not now.descriptors <= idle.descriptors or now.threads > threads:
                await trio.sleep(0.05)
                now = cls.now()
        return now


def descriptors() -> frozenset[str]:
    """What each descriptor of this process is."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the folder itself
            found.add(f"{entry.name} {entry.readlink()}")
    return frozenset(found)


async def test_everything_comes_back(tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    projects.mkdir()
    config = Config(
        port=0,
        projects_path=projects,
        state_path=tmp_path / "state",
        vpcs_path=VPCS,
        console_start_port_range=22000,
        console_end_port_range=24000,
        udp_start_port_range=24001,
        udp_end_port_range=28000,
    )
    async with open_server(config) as running:
        (url,) = running.urls
        # The newest events are kept, some 30 MiB of them; here it is full from the beginning.
        running.events.v2.journal = Journal(max_events=500)
        idle = await Usage.settled()  # a browser that another module's tests share may be a child of this process too
        await one_lab(url, config, min(SECONDS / 5, 120), seed=1)  # after it everything has been used once
        before = await Usage.at_rest(idle, projects)
        seen: list[Usage] = []
        statuses: Counter[int] = Counter()
        for number in range(LABS):
            statuses += await one_lab(url, config, SECONDS / LABS, seed=2 + number)
            seen.append(await Usage.at_rest(idle, projects))
        end = await Usage.at_rest(idle, projects, idle.threads)
    print(f"memory in MiB after each lab: {[each.memory >> 20 for each in (before, *seen)]}; {dict(statuses)}")
    assert statuses.total() > 100 and statuses[201] > 20, statuses
    assert [each.descriptors - idle.descriptors for each in seen] == [frozenset()] * LABS
    assert end.threads <= idle.threads
    assert [child for each in seen for child in each.children if child not in idle.children] == []
    assert seen[-1].memory - before.memory < MAX_GROWTH_BYTES
    assert max(each.memory for each in seen[LABS // 2 :]) - seen[LABS // 2 - 1].memory < MAX_LATE_GROWTH_BYTES
    assert not list(projects.iterdir())
