"""A server behind nginx and Caddy: requests of browsers, streams, websockets, archives, commands."""

import base64
import json
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import attrs
import httpx
import pytest
import trio
from trio_websocket import ConnectionRejected, WebSocketConnection, open_websocket_url

from tests.e2e.conftest import PATIENCE, StartServer
from tests.reverse_proxies import CERTIFICATE, NAME, PREFIX, Proxy, free_port, running

PCAP_HEADER = 24
AUTH = ("lab", "change me")
WAYS = [
    Proxy("nginx"),
    Proxy("nginx", passes_host=False),
    Proxy("nginx", prefix=PREFIX),
    Proxy("nginx", prefix=PREFIX, strips=False, passes_host=False),
    Proxy("caddy"),
    Proxy("caddy", passes_host=False),
    Proxy("caddy", prefix=PREFIX),
    Proxy("caddy", prefix=PREFIX, strips=False),
]


def name_of(proxy: Proxy) -> str:
    parts = [proxy.kind, "" if proxy.passes_host else "no-host", proxy.prefix[1:], "" if proxy.strips else "kept"]
    return "-".join(part for part in parts if part)


class Resolver(trio.abc.HostnameResolver):
    """The proxy's name means this machine."""

    async def getaddrinfo(self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async def getnameinfo(self, sockaddr: Any, flags: int):
        raise NotImplementedError


@attrs.frozen
class Place:
    """A server as its clients see it."""

    url: str
    origin: str
    http: httpx.AsyncClient
    context: ssl.SSLContext

    def websocket(self, path: str, origin: str) -> AbstractAsyncContextManager[WebSocketConnection]:
        """As a browser opens one."""
        credentials = base64.b64encode(":".join(AUTH).encode())
        headers = [(b"Origin", origin.encode()), (b"Authorization", b"Basic " + credentials)]
        url = self.url.replace("https", "wss") + path
        return open_websocket_url(url, ssl_context=self.context, extra_headers=headers)


@pytest.fixture
async def place(request: pytest.FixtureRequest, start_server: StartServer, tmp_path: Path) -> AsyncIterator[Place]:
    proxy: Proxy = request.param
    port = free_port()
    options = ["--allowed-hosts", f"{NAME}:{port}", "--trusted-proxies", "127.0.0.1"]
    options += [] if proxy.strips else ["--path-prefix", proxy.prefix]
    server = start_server(*options, env={"GNS3TRIO_USER": AUTH[0], "GNS3TRIO_PASSWORD": AUTH[1]})
    context = ssl.create_default_context(cafile=CERTIFICATE)
    trio.socket.set_custom_hostname_resolver(Resolver())
    origin = f"https://{NAME}:{port}"
    with running(proxy, tmp_path / "proxy", port, urlsplit(server.url).port or 0):
        async with httpx.AsyncClient(
            base_url=origin + proxy.prefix, verify=context, auth=AUTH, timeout=PATIENCE
        ) as http:
            yield Place(origin + proxy.prefix, origin, http, context)


async def until(lines: AsyncIterator[str], text: str) -> None:
    """Read lines until one has the text."""
    while text not in await anext(lines):
        pass


@pytest.mark.parametrize("place", WAYS, ids=name_of, indirect=True)
async def test_all_that_a_browser_does(place: Place, tmp_path: Path) -> None:
    """A lab with a console, an event as it happens, a capture, an archive; and what other sites do is refused."""
    http, page, foreign = place.http, {"Origin": place.origin}, {"Origin": "https://evil.example"}
    assert (await http.post("/v2/projects", json={"name": "evil"}, headers=foreign)).status_code == 403
    made = await http.post("/v2/projects", json={"name": "lab"}, headers=page)
    assert made.status_code == 201, made.text
    path = f"/v2/projects/{made.json()['project_id']}"
    with trio.fail_after(PATIENCE):
        async with http.stream("GET", "/v2/events") as events:
            lines = events.aiter_lines()
            await until(lines, "events.begin")  # at once, not when a buffer is full
            switch = {"name": "SW1", "node_type": "ethernet_switch", "compute_id": "local", "console_type": "telnet"}
            nodes = [await http.post(f"{path}/nodes", json=switch, headers=page) for _ in range(2)]
            await until(lines, "node.created")
        async with http.stream("GET", f"{path}/notifications") as notifications:
            await until(notifications.aiter_lines(), '"ping"')
        ends = [
            {"node_id": node.json()["node_id"], "adapter_number": 0, "port_number": n} for n, node in enumerate(nodes)
        ]
        link = (await http.post(f"{path}/links", json={"nodes": ends}, headers=page)).json()
        console = f"{path}/nodes/{ends[0]['node_id']}/console/ws"
        async with place.websocket(console, place.origin) as websocket:
            assert await websocket.get_message()
        with pytest.raises(ConnectionRejected) as refused:
            async with place.websocket(console, "https://evil.example"):
                pass
        assert refused.value.status_code == 403
        await http.post(f"{path}/links/{link['link_id']}/start_capture", json={}, headers=page)
        async with http.stream("GET", f"{path}/links/{link['link_id']}/pcap") as capture:
            assert len(await anext(capture.aiter_raw())) >= PCAP_HEADER
    archive = (await http.get(f"{path}/export")).content
    copy = f"/v2/projects/{uuid4()}/import?name=copy"
    assert (await http.post(copy, content=archive, headers=page)).status_code == 201
    assert "/app.js" in (await http.get("/")).text
    assert (await http.get(urljoin(f"{place.url}/", "static/app/app.js"))).status_code == 200
    assert (await http.get("")).url.path.endswith("/")  # relative addresses need that


@pytest.mark.parametrize("place", [Proxy("nginx", prefix=PREFIX)], ids=name_of, indirect=True)
async def test_commands_go_through_a_proxy(place: Place) -> None:
    environment = {**os.environ, "GNS3TRIO_PASSWORD": AUTH[1]}
    url = place.url.replace(NAME, "127.0.0.1")
    words = ["project", "list", "--url", url, "--user", AUTH[0], "--insecure", "--json"]
    await place.http.post("/v2/projects", json={"name": "lab"})
    result = await trio.run_process([sys.executable, "-m", "gns3trio", *words], env=environment, capture_stdout=True)
    assert [project["name"] for project in json.loads(result.stdout)] == ["lab"]


@pytest.mark.parametrize("place", [Proxy("nginx")], ids=name_of, indirect=True)
async def test_a_proxy_that_drops_the_upgrade(place: Place) -> None:
    """As nginx does without the lines for it; the reply tells that."""
    reply = await place.http.get("/v2/notifications/ws")
    assert reply.status_code == 426
    assert "proxy" in reply.json()["message"]
