"""User and password, and who tries to guess them."""

import logging
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import attrs
import httpx
import pytest
from trio_websocket import ConnectionRejected, open_websocket_url

from gns3trio.api.access import Access, SocketRoute
from gns3trio.api.app import TABLES
from gns3trio.api.password_guesses import PER_NAME
from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS

RIGHT, WRONG = ("lab", "päss:word"), ("lab", "guess")


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, user=RIGHT[0], password=RIGHT[1], trusted_proxies="127.0.0.9")


@pytest.fixture
async def http(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        yield http


async def test_what_needs_the_password(http: httpx.AsyncClient) -> None:
    for path in ("/", "/v2/version", "/v2/projects", "/metrics", "/docs", "/nowhere"):
        refused = await http.get(path)
        assert (refused.status_code, refused.json()["status"]) == (401, 401), path
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert (await http.get(path, auth=RIGHT)).status_code != 401
    for path in ("/health", "/v3/version"):
        assert (await http.get(path)).status_code == 200


OPEN = {
    ("GET", "/health"),
    ("GET", "/v3/version"),
    ("POST", "/v3/version"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/static/app/{path:path}"),
    ("POST", "/v3/access/users/login"),
    ("POST", "/v3/access/users/authenticate"),
    ("GET", "/v3/symbols/{symbol_id:path}/raw"),
    ("GET", "/openapi.json"),
    *(("GET", f"/static/web-ui{end}") for end in ("", "/", "/{path:path}")),
}
CONSOLES = {
    "/v2/projects/{project_id}/nodes/{node_id}/console/ws",
    "/v3/projects/{project_id}/nodes/{node_id}/console/ws",
    "/v3/projects/{project_id}/nodes/{node_id}/console/vnc",
    "/v2/compute/projects/{project_id}/{node_type}/nodes/{node_id}/console/ws",
    "/v3/compute/projects/{project_id}/{node_type}/nodes/{node_id}/console/ws",
}
PROJECT = "/v2/projects/11111111-2222-3333-4444-555555555555"


def example(path: str) -> str:
    """A path that fits that of a route."""
    return re.sub(r"\{[^}]+\}", "11111111-2222-3333-4444-555555555555", re.sub(r"\{\w+:number\}", "1", path))


def refused_handshake(path: str) -> int | None:
    """The status that refuses a websocket without credentials. Clients of GNS3 3 know another one, and its controllers
    are told in the websocket.
    """
    if path.startswith("/v3/compute/"):
        return None
    return 403 if path.startswith("/v3/") else 401


async def refusal(http: httpx.AsyncClient, path: str) -> int | None:
    """The status that refuses a websocket; None for one that is accepted."""
    try:
        async with open_websocket_url(str(http.base_url.join(path)).replace("http", "ws")):
            return None
    except ConnectionRejected as error:
        return error.status_code


async def test_a_route_is_open_because_its_table_says_so(http: httpx.AsyncClient) -> None:
    """Every route is asked for without a password."""
    seen = set()
    for route in (each for table in TABLES for each in table.routes):
        if isinstance(route, SocketRoute):
            assert (route.rule.access in (Access.CONSOLE, Access.COMPUTE_CONSOLE)) == (route.path in CONSOLES), (
                route.path
            )
            assert await refusal(http, example(route.path)) == refused_handshake(route.path), route.path
            continue
        for method in route.methods or ():
            reply = await http.request(method, example(route.path), json={})
            is_closed = route.rule.access in (Access.LOGIN, Access.COMPUTE)
            assert (reply.status_code == 401) == is_closed, f"{method} {route.path}"
            if reply.status_code != 401:
                seen.add(("GET" if method == "HEAD" else method, route.path))
    assert seen == OPEN


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/health/", "/%2fhealth", "/v2/health", "/health/version")),
        *(("GET", f"{PROJECT}{end}") for end in ("/version", "/health", "/files/version", "/files/health")),
        *(("GET", path) for path in ("/static/v3/version", "/v1/version")),
        *((method, "/health") for method in ("PUT", "DELETE", "OPTIONS")),
        *(("GET", f"{PROJECT}{end}") for end in ("/nodes/x/console/ws", "/files/console/ws")),
    ],
)
async def test_what_looks_like_an_open_route_needs_the_password(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    assert (await http.request(method, path)).status_code == 401


async def test_open_consoles_are_the_websockets_of_consoles(config: Config) -> None:
    """With the setting for GNS3's web UI no other path is open, whatever it ends with."""
    config = attrs.evolve(config, console_websocket_auth=False)
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        for path in CONSOLES:
            if path.startswith("/v3/projects/"):  # its clients can send a token
                assert await refusal(http, example(path)) == 403, path
                continue
            assert await refusal(http, example(path)) == 404, path
            assert (await http.get(example(path))).status_code == 401, path
        for path in ("/console/ws", "/v2/console/ws", f"{PROJECT}/console/ws", f"{PROJECT}/files/console/ws"):
            assert await refusal(http, path) == 401, path
        assert await refusal(http, "/v2/notifications/ws") == 401


@pytest.mark.parametrize("given", ["", "Basic", "Basic !", "Basic bGFi", "Bearer bGFiOmxhYg==", "Basic " + "A" * 9000])
async def test_what_is_no_password(http: httpx.AsyncClient, given: str) -> None:
    assert (await http.get("/v2/version", headers={"Authorization": given})).status_code == 401


async def test_guesses_are_slowed_and_logged(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """On websockets as well; the right password is not checked either. A connection that has shown it goes on."""
    async with httpx.AsyncClient(base_url=http.base_url, auth=RIGHT, verify=NO_TLS) as user:
        assert (await user.get("/v2/version")).status_code == 200
        for _ in range(PER_NAME.burst):
            assert (await http.get("/v2/version", auth=WRONG)).status_code == 401
        for auth in (WRONG, RIGHT):
            refused = await http.get("/v2/version", auth=auth)
            assert (refused.status_code, refused.json()["status"]) == (429, 429)
            assert 1 <= int(refused.headers["retry-after"]) <= PER_NAME.seconds
        assert (await user.get("/v2/version")).status_code == 200
    url = str(http.base_url).replace("http", "ws") + "/v2/notifications/ws"
    credentials = httpx.Request("GET", "http://x", headers={})
    next(httpx.BasicAuth(*WRONG).auth_flow(credentials))
    with pytest.raises(ConnectionRejected) as rejected:
        async with open_websocket_url(
            url, extra_headers=[(b"Authorization", credentials.headers["authorization"].encode())]
        ):
            pass
    assert rejected.value.status_code == 429
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert sum("a wrong user or password from 127.0.0.1" in line for line in told) == PER_NAME.burst
    assert not [line for line in told if WRONG[1] in line or RIGHT[1] in line]


async def test_requests_without_a_password_are_no_guesses(http: httpx.AsyncClient) -> None:
    """A browser's first one is such."""
    for _ in range(3 * PER_NAME.burst):
        assert (await http.get("/v2/version")).status_code == 401
    assert (await http.get("/v2/version", auth=RIGHT)).status_code == 200


async def test_behind_a_trusted_proxy_the_client_counts(http: httpx.AsyncClient) -> None:
    """Anybody else could name another address with each guess."""
    port = urlsplit(str(http.base_url)).port

    async def statuses(source: str, *chains: str) -> list[int]:
        transport = httpx.AsyncHTTPTransport(local_address=source)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}", auth=WRONG) as client:
            replies = [await client.get("/v2/version", headers={"X-Forwarded-For": chain}) for chain in chains]
        return [reply.status_code for reply in replies]

    burst = PER_NAME.burst
    from_two = [f"192.0.2.{n}, 198.51.100.{n % 2}" for n in range(2 * burst)]
    assert await statuses("127.0.0.9", *from_two) == [401] * 2 * burst
    assert await statuses("127.0.0.9", "198.51.100.0", "198.51.100.1:1234", "198.51.100.2") == [429, 429, 401]
    assert await statuses("127.0.0.1", *(f"192.0.2.{n}" for n in range(burst + 1))) == [*[401] * burst, 429]
