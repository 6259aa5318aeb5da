"""Web pages of other sites cannot use the server through a visitor's browser."""

from typing import Any

import attrs
import httpx
import pytest
import trio
from trio_websocket import ConnectionRejected, open_websocket_url

from gns3trio.api.origin import is_own_name
from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.server import Server


async def test_foreign_pages_are_refused(server: Server) -> None:
    foreign = {"Origin": "http://evil.example"}
    for method, path, status in (
        ("POST", "/v2/projects", 403),
        ("DELETE", "/v2/projects/x", 403),
        ("GET", "/v2/version", 200),
    ):
        reply = await server.http.request(method, path, headers=foreign)
        assert reply.status_code == status
        assert "access-control-allow-origin" not in reply.headers
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(
            server.url.replace("http", "ws") + "/notifications/ws", extra_headers=[(b"Origin", b"http://evil.example")]
        ):
            pass
    assert rejected.value.status_code == 403


async def test_our_own_pages_are_not(server: Server) -> None:
    reply = await server.http.post("/v2/projects", json={"name": "lab"}, headers={"Origin": server.url})
    assert reply.status_code == 201, reply.text


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:4200", "http://gns3.github.io", "http://127.0.0.1:3081", "null", "http://[", "http://]["],
)
async def test_by_default_no_other_page_may_use_the_server(server: Server, origin: str) -> None:
    reply = await server.http.post("/v2/projects", json={"name": "lab"}, headers={"Origin": origin})
    assert (reply.status_code, reply.json()["status"]) == (403, 403)
    assert "allowed_origins" in reply.json()["message"]


class TestSettings:
    """Pages and names that are allowed."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return attrs.evolve(
            config,
            allowed_origins=("http://localhost:4200",),
            allowed_hosts=("Lab.example", "other.example:8443"),
        )

    @pytest.mark.parametrize(
        ("origin", "host", "status"),
        [
            ("http://localhost:4200", "", 201),
            ("http://localhost:4201", "", 403),
            ("https://lab.example", "", 201),  # a proxy that does not pass the name on
            ("https://lab.example", "lab.example", 201),  # one that does
            ("https://lab.example:443", "lab.example", 201),
            ("https://lab.example:8443", "lab.example:8443", 201),
            ("https://lab.example:8443", "", 403),  # another service at that name
            ("https://other.example:8443", "", 201),
            ("https://other.example", "", 403),
            ("https://lab.example.evil.example", "", 403),
            ("https://lab.example@evil.example", "", 403),
            ("http://evil.example", "lab.example", 403),
            ("http://evil.example", "evil.example", 403),
            ("http://evil.example", "lab.example@evil.example", 403),
        ],
    )
    async def test_writing(self, server: Server, origin: str, host: str, status: int) -> None:
        headers = {"Origin": origin, "Host": host or httpx.URL(server.url).netloc.decode()}
        reply = await server.http.post("/v2/projects", json={"name": "lab"}, headers=headers)
        assert reply.status_code == status, reply.text

    async def test_a_page_that_may_use_the_server_may_read_the_headers_of_gns3(self, server: Server) -> None:
        reply = await server.http.get("/v2/version", headers={"origin": "http://localhost:4200"})
        assert reply.headers["access-control-allow-origin"] == "http://localhost:4200"
        assert reply.headers["access-control-expose-headers"] == "Server,X-Route,Content-Length,Connection,Date"
        reply = await server.http.get("/v2/version", headers={"origin": "http://elsewhere.example"})
        assert "access-control-allow-origin" not in reply.headers

    async def test_a_browser_asks_before(self, server: Server) -> None:
        """A refusal is an error as any other."""
        question = {"origin": "http://localhost:4200", "access-control-request-method": "PUT"}
        reply = await server.http.options("/v2/projects", headers=question)
        assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, "http://localhost:4200")
        for change in ({"origin": "http://evil.example"}, {"access-control-request-method": "TRACE"}):
            reply = await server.http.options("/v2/projects", headers={**question, **change})
            assert (reply.status_code, reply.json()["status"]) == (403, 403)
            assert reply.headers["content-type"] == "application/json"
            assert next(iter(change.values())) in reply.json()["message"]


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"allow_unauthenticated": True}, 403),
        ({"allow_unauthenticated": True, "allowed_hosts": "lab.example"}, 200),
        ({"user": "a", "password": "b"}, 200),  # a stranger's page cannot give it
    ],
)
async def test_names_count_where_no_password_protects(config: Config, settings: dict[str, Any], status: int) -> None:
    config = attrs.evolve(config, host="0.0.0.0", **settings)
    async with open_server(config) as running, httpx.AsyncClient(auth=("a", "b")) as http:
        url = f"http://127.0.0.1:{httpx.URL(running.urls[0]).port}/v2/version"
        assert (await http.get(url, headers={"host": "lab.example"})).status_code == status
        assert (await http.get(url)).status_code == 200


async def test_names_that_others_can_point_here_are_refused(server: Server) -> None:
    reply = await server.http.get("/v2/projects", headers={"Host": "evil.example:3080"})
    assert (reply.status_code, reply.json()["status"]) == (403, 403)
    port = httpx.URL(server.url).port
    assert (await server.http.get("/v2/version", headers={"Host": f"localhost:{port}"})).status_code == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:3080", True),
        ("[::1]:3080", True),
        ("LOCALHOST", True),
        ("lab.localhost:80", True),
        ("", True),
        ("192.0.2.1", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("[::1", False),
    ],
)
def test_own_names(host: str, own: bool) -> None:
    assert is_own_name(host) is own


async def test_a_refused_request_does_not_cost_the_connection(server: Server) -> None:
    """Its body is read, so that the next request on the connection is answered."""
    body = b"x" * 100_000
    head = f"Host: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    requests = (
        ("POST /nowhere", "404"),
        ("PATCH /v2/version", "405"),
        ("POST /v2/projects HTTP/1.1\r\nOrigin: http://evil.example\r\nX:", "403"),
        ("POST /v2/version", "400"),
    )
    url = httpx.URL(server.url)
    async with await trio.open_tcp_stream(url.host, url.port or 0) as stream:
        for request, status in requests:
            line = request if "HTTP" in request else f"{request} HTTP/1.1\r\nX:"
            await stream.send_all(f"{line} y\r\n{head}\r\n".encode() + body)
            with trio.fail_after(30):
                assert (await stream.receive_some()).split()[1].decode() == status
