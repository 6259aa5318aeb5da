"""Pages that this machine serves may use version 3, which needs a token, and nothing else."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from gns3trio.api.origin import OriginGuard
from tests.support.server import Server
from tests.support.v3 import V3

HERE = ["http://127.0.0.1", "http://127.0.0.1:8080", "http://localhost:4200"]
ELSEWHERE = [
    "http://gns3.github.io",
    "http://127.0.0.1.evil.example",
    "http://localhost:80@evil.example",
    "http://localhost:",
    "http://10.0.0.1:3080",
    "null",
]


@pytest.mark.parametrize("origin", HERE)
async def test_pages_of_this_machine(v3: V3, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization",
    }
    reply = await v3.server.http.options("/v3/projects", headers=asked)
    assert (reply.status_code, reply.text) == (200, "OK")
    told = {name.removeprefix("access-control-"): value for name, value in reply.headers.items()}
    assert (told["allow-origin"], told["allow-credentials"], told["max-age"]) == (origin, "true", "600")
    assert told["allow-headers"] == "authorization"
    assert sorted(told["allow-methods"].split(", ")) == ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    made = await v3.send("POST", "/v3/projects", json={"name": "lab"}, headers={"Origin": origin})
    assert (made.status_code, made.headers["access-control-allow-origin"]) == (201, origin)


@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_pages_of_others(v3: V3, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    assert (await v3.server.http.options("/v3/projects", headers=asked)).status_code == 400
    made = await v3.send("POST", "/v3/projects", json={"name": "lab"}, headers={"Origin": origin})
    assert (made.status_code, made.json().keys()) == (403, {"message"})
    assert "access-control-allow-origin" not in made.headers
    assert await v3.request("GET", "/v3/projects", None, 200) == []


@pytest.mark.parametrize("origin", ["", *HERE, "https://lab.example"])
async def test_cookies_count_only_from_pages_of_the_server(origin: str) -> None:
    """They are those of our page, and a browser sends them to all ports of a host."""
    seen: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(value for name, value in scope["headers"] if name == b"cookie")

    guard = OriginGuard(app, allowed_origins=["https://lab.example"], allowed_hosts=[], check_names=True)
    headers = [(b"host", b"localhost:3080"), (b"cookie", b"a=b"), (b"origin", origin.encode())]
    for method in ("GET", "POST"):
        scope = {"type": "http", "method": method, "path": "/v3/projects", "headers": headers[: 3 if origin else 2]}
        await guard(scope, _nothing, _nowhere)
    assert len(seen) == (0 if origin in HERE else 2)


async def _nothing() -> Message:
    raise AssertionError


async def _nowhere(message: Message) -> None:
    raise AssertionError


@pytest.mark.parametrize("path", ["/v2/projects", "/v3/compute/projects", "/v3x", "/"])
async def test_other_paths_are_closed_to_pages_of_this_machine_too(server: Server, path: str) -> None:
    """Browsers send passwords by themselves."""
    reply = await server.http.post(path, json={"name": "lab"}, headers={"Origin": HERE[1]})
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers
