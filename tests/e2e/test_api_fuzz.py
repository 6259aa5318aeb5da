"""The whole API under requests at random: nothing answers 5xx, nothing freezes the server, and all memory comes back.

Runs for GNS3TRIO_TEST_FUZZ_SECONDS (15) with GNS3TRIO_TEST_FUZZ_SEED (1). A failure names its requests.
"""

import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import psutil
import trio

from tests.e2e.api_requests import MadeRequest, RequestMaker
from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer, wait_for_no_vpcs
from tests.support.plain_http import NO_TLS
from tests.support.v3 import DEFAULT_PASSWORD, DEFAULT_USER

SECONDS = float(os.environ.get("GNS3TRIO_TEST_FUZZ_SECONDS", "15"))
SEED = int(os.environ.get("GNS3TRIO_TEST_FUZZ_SEED", "1"))
WORKERS = 12
# So many requests between two looks at what has been made; more projects than these are deleted then.
PERIOD = 400
MOST_PROJECTS = 12
# A large request waits behind others.
TIMEOUT = 60
# So much of an endless reply is read, and for so long.
TASTE_BYTES, TASTE_SECONDS = 1, 0.2
# What stays after the first use of everything would be a leak. In half an hour and 420,000 requests 65 MiB became 76,
# mostly free pieces in Python's arenas and in the C library's heaps, which living pieces beside them keep.
MAX_GROWTH_BYTES = 20 * 1024 * 1024
# In CPU time: a gap on the clock may be the fault of a machine that does other things. The watchdog logs these.
MAX_GAP_SECONDS = 0.25
# What the server makes of a lab that is gone: the kinds with the keys of their ids, and what cannot be deleted.
KINDS = (
    ("/v2/templates", "template_id"),
    ("/v2/computes", "compute_id"),
    ("/v3/access/groups", "user_group_id"),
    ("/v3/access/roles", "role_id"),
    ("/v3/access/acl", "ace_id"),
    ("/v3/pools", "resource_pool_id"),
)


@attrs.define
class Fuzz:
    """A server under requests."""

    http: httpx.AsyncClient
    maker: RequestMaker
    answers: Counter[int] = attrs.field(factory=Counter)
    wrong: list[str] = attrs.field(factory=list)
    not_sent: int = 0

    async def run(self, seconds: float) -> None:
        """Send requests, several at a time; between two rounds nobody else changes what is tidied."""
        until = trio.current_time() + seconds
        while trio.current_time() < until:
            await self.tidy(MOST_PROJECTS)
            self.maker.learn(await make_lab(self.http, f"lab {self.maker.chance.random()}"))
            async with trio.open_nursery() as nursery:
                for _ in range(WORKERS):
                    nursery.start_soon(self._work, until)

    async def _work(self, until: float) -> None:
        for _ in range(PERIOD // WORKERS):
            if trio.current_time() > until:
                break
            await self._send(self.maker.make())

    async def _send(self, made: MadeRequest) -> None:
        headers = {name: value.encode("latin-1") for name, value in made.headers.items()}
        try:
            request = self.http.build_request(made.method, made.target, content=made.body, headers=headers)
            await self._judge(made, request)
        except (httpx.InvalidURL, httpx.LocalProtocolError):
            self.not_sent += 1  # the client's own parser refuses it
        except httpx.TransportError as error:
            if not made.target.partition("?")[0].endswith("/export"):  # it is cut off when its project is deleted
                self.wrong.append(f"{made}\n  -> {error!r}")

    async def _judge(self, made: MadeRequest, request: httpx.Request) -> None:
        reply = await self.http.send(request, stream=True)
        try:
            self.answers[reply.status_code] += 1
            if made.endless and reply.is_success:
                with trio.move_on_after(TASTE_SECONDS):
                    async for _ in reply.aiter_raw(TASTE_BYTES):
                        break
                return
            text = await reply.aread()
        finally:
            await reply.aclose()
        if reply.status_code >= 500:
            self.wrong.append(f"{made}\n  -> {reply.status_code} {text[:300]!r}")
        if missing := re.search(rb"Project ID (\S+) doesn't exist", text):
            self.maker.forget(missing[1].decode())
        if reply.is_success and reply.headers.get("content-type") == "application/json":
            self.maker.learn(reply.json())

    async def tidy(self, most: int) -> None:
        """Delete what was made, but for the newest ``most`` projects."""
        projects = [each["project_id"] for each in (await self.http.get("/v2/projects")).json()]
        projects = [each for each in projects if each not in self.maker.spared]
        for project_id in projects[: len(projects) - most] if most else projects:
            self.maker.forget(project_id)
            reply = await self.http.delete(f"/v2/projects/{project_id}")
            if reply.status_code != 204:
                self.wrong.append(f"DELETE {project_id} -> {reply.status_code} {reply.text[:300]}")
        for kind, key in KINDS:
            for each in (await self.http.get(kind)).json()[: None if most == 0 else -100]:
                is_fixed = each.get("builtin") or each.get("is_builtin") or each[key] == "local"
                if not is_fixed and len(each[key]) < 1000:
                    await self.http.delete(f"{kind}/{quote(each[key], safe='')}")
        for project in (await self.http.get("/v2/compute/projects")).json():
            if most == 0 and project["project_id"] not in self.maker.spared:
                await self.http.delete(f"/v2/compute/projects/{project['project_id']}")


async def make_lab(http: httpx.AsyncClient, name: str) -> list[Any]:
    """A project with two nodes, a link, a drawing, a snapshot and a template; returns the replies."""

    async def post(path: str, body: Any) -> Any:
        reply = await http.post(path, json=body)
        assert reply.status_code == 201, reply.text
        made.append(reply.json())
        return made[-1]

    made: list[Any] = []
    project = await post("/v2/projects", {"name": name, "auto_close": False})
    path = f"/v2/projects/{project['project_id']}"
    nodes = [
        await post(f"{path}/nodes", {"name": f"PC{number}", "node_type": "vpcs", "compute_id": "local"})
        for number in (1, 2)
    ]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    await post(f"{path}/links", {"nodes": ends})
    await post(f"{path}/drawings", {"svg": '<svg width="9" height="9"><text>a note</text></svg>'})
    await post(f"{path}/snapshots", {"name": "as made"})
    return made


async def contents(http: httpx.AsyncClient, project_id: str) -> list[Any]:
    """What a project holds, as clients see it."""
    path = f"/v2/projects/{project_id}"
    return [(await http.get(path + below)).json() for below in ("", "/nodes", "/links", "/drawings", "/snapshots")]


def longest_work(log: str) -> float:
    """The longest time, in seconds, that the server's loop worked without a turn for others, as the watchdog told."""
    return max(map(float, re.findall(r"served nobody for \S+ s, of which it worked (\S+) s", log)), default=0.0)


async def test_requests_of_every_kind(start_server: StartServer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = start_server(log=log, program="tests.support.small_journal")
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.url, timeout=TIMEOUT, limits=limits, verify=NO_TLS) as http:
        await log_in(http)
        document = (await http.get("/openapi.json")).json()
        spared = await make_lab(http, "nobody changes this")
        project_id = spared[0]["project_id"]
        before = await contents(http, project_id)
        fuzz = Fuzz(http, RequestMaker(document, random.Random(SEED), frozenset({project_id})))
        await fuzz.run(min(SECONDS / 5, 60))
        await fuzz.tidy(0)
        settled = usage(server)
        await fuzz.run(SECONDS)
        await fuzz.tidy(0)
        told = f"seed {SEED}, {dict(fuzz.answers)}, {fuzz.not_sent} not sent"
        print(told)
        assert not fuzz.wrong, "\n".join([told, *fuzz.wrong[:20], log.read_text(errors="replace")[-20_000:]])
        usual = (200, 201, 204, 400, 422)
        assert min(fuzz.answers[status] for status in usual) > 20, told
        assert await contents(http, project_id) == before
    told = log.read_text(errors="replace")
    assert longest_work(told) < MAX_GAP_SECONDS, told
    assert "Traceback" not in told
    memory = usage(server)
    print(f"{settled >> 20} MiB of memory after a minute, {memory >> 20} MiB at the end")
    assert memory - settled < MAX_GROWTH_BYTES, f"{settled} bytes of memory, then {memory}"
    assert psutil.Process(server.process.pid).children() == []
    server.stop()
    wait_for_no_vpcs(server.projects)
    again = start_server()
    async with httpx.AsyncClient(base_url=again.url, timeout=PATIENCE, verify=NO_TLS) as http:
        assert (await http.post(f"/v2/projects/{project_id}/open")).status_code == 201
        assert await contents(http, project_id) == before


async def log_in(http: httpx.AsyncClient) -> None:
    """Send the token of the first administrator from now on, as version 3 asks for one."""
    credentials = {"username": DEFAULT_USER, "password": DEFAULT_PASSWORD}
    reply = await http.post("/v3/access/users/authenticate", json=credentials)
    if reply.status_code == 200:  # otherwise the server knows no log-in
        http.headers["authorization"] = f"Bearer {reply.json()['access_token']}"


def usage(server: ServerProcess) -> int:
    """The memory of the server, in bytes."""
    return int(psutil.Process(server.process.pid).memory_info().rss)
