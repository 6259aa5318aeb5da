"""User and password, and who tries to guess them."""

import logging
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import attrs
import httpx
import pytest
from trio_websocket import ConnectionRejected, open_websocket_url

from gns3trio.api.guesses import PER_ADDRESS
from gns3trio.config import Config
from gns3trio.server import open_server

RIGHT, WRONG = ("lab", "päss:word"), ("lab", "guess")


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, user=RIGHT[0], password=RIGHT[1], trusted_proxies="127.0.0.9")


@pytest.fixture
async def http(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0]) as http:
        yield http


async def test_what_needs_the_password(http: httpx.AsyncClient) -> None:
    for path in ("/", "/v2/version", "/v2/projects", "/metrics", "/docs", "/nowhere", "/static/app/app.js"):
        refused = await http.get(path)
        assert (refused.status_code, refused.json()["status"]) == (401, 401), path
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert (await http.get(path, auth=RIGHT)).status_code != 401
    for path in ("/health", "/v3/version"):
        assert (await http.get(path)).status_code == 200


@pytest.mark.parametrize("given", ["", "Basic", "Basic !", "Basic bGFi", "Bearer bGFiOmxhYg==", "Basic " + "A" * 9000])
async def test_what_is_no_password(http: httpx.AsyncClient, given: str) -> None:
    assert (await http.get("/v2/version", headers={"Authorization": given})).status_code == 401


async def test_guesses_are_slowed_and_logged(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """On websockets as well; the right password is not checked either. A connection that has shown it goes on."""
    async with httpx.AsyncClient(base_url=http.base_url, auth=RIGHT) as user:
        assert (await user.get("/v2/version")).status_code == 200
        for _ in range(PER_ADDRESS.burst):
            assert (await http.get("/v2/version", auth=WRONG)).status_code == 401
        for auth in (WRONG, RIGHT):
            refused = await http.get("/v2/version", auth=auth)
            assert (refused.status_code, refused.json()["status"]) == (429, 429)
            assert 1 <= int(refused.headers["retry-after"]) <= PER_ADDRESS.seconds
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
    assert sum("a wrong user or password from 127.0.0.1" in line for line in told) == PER_ADDRESS.burst
    assert not [line for line in told if WRONG[1] in line or RIGHT[1] in line]


async def test_requests_without_a_password_are_no_guesses(http: httpx.AsyncClient) -> None:
    """A browser's first one is such."""
    for _ in range(3 * PER_ADDRESS.burst):
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

    burst = PER_ADDRESS.burst
    from_two = [f"192.0.2.{n}, 198.51.100.{n % 2}" for n in range(2 * burst)]
    assert await statuses("127.0.0.9", *from_two) == [401] * 2 * burst
    assert await statuses("127.0.0.9", "198.51.100.0", "198.51.100.1:1234", "198.51.100.2") == [429, 429, 401]
    assert await statuses("127.0.0.1", *(f"192.0.2.{n}" for n in range(burst + 1))) == [*[401] * burst, 429]
