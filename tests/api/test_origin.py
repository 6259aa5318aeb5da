"""Web pages of other sites cannot use the server through a visitor's browser."""

import httpx
import pytest
import trio
from trio_websocket import ConnectionRejected, open_websocket_url

from gns3trio.api.origin import is_own_name
from tests.api.conftest import Server


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


async def test_our_own_pages_and_programs_are_not(server: Server) -> None:
    for number, origin in enumerate((server.url, "http://localhost:4200")):
        reply = await server.http.post("/v2/projects", json={"name": f"lab {number}"}, headers={"Origin": origin})
        assert reply.status_code == 201, reply.text


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
            with trio.fail_after(10):
                assert (await stream.receive_some()).split()[1].decode() == status


async def test_pages_that_may_use_the_server_may_read_the_headers_of_gns3(server: Server) -> None:
    reply = await server.http.get("/v2/version", headers={"origin": "http://localhost:4200"})
    assert reply.headers["access-control-expose-headers"] == "Server,X-Route,Content-Length,Connection,Date"
    reply = await server.http.get("/v2/version", headers={"origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in reply.headers
