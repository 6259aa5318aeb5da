"""The addresses that a server listens on, and what clients are told of them."""

import socket
from typing import Any
from urllib.parse import urlsplit

import attrs
import httpx
import orjson
import pytest
import trio

from gns3trio.api.console_host import console_host_for, tell_console_host
from gns3trio.config import Config
from gns3trio.errors import Invalid
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS

PASSWORD = {"user": "a", "password": "b"}


async def start_switch(http: httpx.AsyncClient) -> dict[str, Any]:
    """A node whose console this server itself listens on."""
    project = (await http.post("/v2/projects", json={"name": "lab"})).json()
    switch = {"name": "SW", "node_type": "ethernet_switch", "compute_id": "local", "console_type": "telnet"}
    reply = await http.post(f"/v2/projects/{project['project_id']}/nodes", json=switch)
    assert reply.status_code == 201, reply.text
    node: dict[str, Any] = reply.json()
    return node


async def greets(address: str, port: int) -> bool:
    """Whether a console answers there."""
    try:
        async with await trio.open_tcp_stream(address, port) as stream:
            return bool(await stream.receive_some())
    except OSError:
        return False


@pytest.mark.parametrize("host", [("localhost",), ("127.0.0.1", "::1")], ids=str)
async def test_consoles_are_where_the_api_is(
    config: Config, host: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At all addresses of a name; what "localhost" has is not the same everywhere."""
    both = [(family, 1, 6, "", (address, 0)) for family, address in ((2, "127.0.0.1"), (10, "::1"))]
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *given, **options: both)
        config = attrs.evolve(config, host=host)
    async with open_server(config) as running:
        assert sorted(urlsplit(url).hostname or "" for url in running.urls) == ["127.0.0.1", "::1"]
        for url in running.urls:
            async with httpx.AsyncClient(base_url=url, verify=NO_TLS) as http:
                assert (await http.get("/v2/version")).status_code == 200
        async with httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
            port = (await start_switch(http))["console"]
        assert [await greets(address, port) for address in ("127.0.0.1", "::1")] == [True, True]


async def test_consoles_that_only_this_machine_reaches(config: Config) -> None:
    config = attrs.evolve(config, host=("0.0.0.0", "::"), **PASSWORD)
    async with (
        open_server(config) as running,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{urlsplit(running.urls[0]).port}", auth=("a", "b"), verify=NO_TLS
        ) as http,
    ):
        node = await start_switch(http)
        assert node["console_host"] == "127.0.0.1"
        assert await greets("127.0.0.1", node["console"])
        assert not await greets("::1", node["console"])


async def test_all_addresses(config: Config) -> None:
    """A reply names the one that the client used, in lists too; events go to all alike."""
    config = attrs.evolve(config, host=("0.0.0.0",), allow_unauthenticated=True)
    async with open_server(config) as running:
        url = f"http://127.0.0.1:{urlsplit(running.urls[0]).port}"
        async with httpx.AsyncClient(base_url=url, verify=NO_TLS) as http:
            node = await start_switch(http)
            path = f"/v2/projects/{node['project_id']}/nodes"
            assert node["console_host"] == "127.0.0.1"
            (listed,) = (await http.get(path)).json()
            assert listed["console_host"] == "127.0.0.1"
            named = await http.get(f"{path}/{node['node_id']}", headers={"host": f"localhost:{config.port}"})
            assert named.json()["console_host"] == "localhost"


@pytest.mark.parametrize("setting", ["host", "console_host"])
async def test_an_address_of_another_machine(config: Config, setting: str) -> None:
    config = attrs.evolve(config, allow_unauthenticated=True, **{setting: ("192.0.2.1",)})
    refusal = pytest.RaisesExc(Invalid, match=f"^{setting}: .*192.0.2.1")
    with pytest.RaisesGroup(refusal, flatten_subgroups=True):
        async with open_server(config):
            pass


@pytest.mark.parametrize(
    ("settings", "client", "host_header", "told"),
    [
        ({}, "127.0.0.1", "localhost:3080", "127.0.0.1"),
        ({"host": "0.0.0.0", **PASSWORD}, "127.0.0.1", "localhost:3080", "127.0.0.1"),
        ({"host": "0.0.0.0", **PASSWORD}, "192.0.2.1", "192.0.2.1:3080", "127.0.0.1"),  # from this machine
        ({"host": "0.0.0.0", **PASSWORD}, "192.0.2.9", "lab.example", "lab.example"),
        ({"host": "0.0.0.0", "console_host": "0.0.0.0", **PASSWORD}, "192.0.2.9", "192.0.2.1:3080", "192.0.2.1"),
        ({"host": "::", "console_host": "::", **PASSWORD}, "192.0.2.9", "[2001:db8::1]:3080", "2001:db8::1"),
        ({"host": "0.0.0.0", "console_host": "0.0.0.0", **PASSWORD}, "192.0.2.9", "", "192.0.2.1"),
        ({"host": "0.0.0.0", "console_host": "0.0.0.0", **PASSWORD}, "192.0.2.9", 'x"y', "192.0.2.1"),
        ({"host": "0.0.0.0", "console_host": "192.0.2.7", **PASSWORD}, "192.0.2.9", "lab.example", "192.0.2.7"),
        ({"host": "192.0.2.1,192.0.2.2", "allow_unauthenticated": True}, "192.0.2.9", "x", "192.0.2.1"),
    ],
)
def test_a_client_is_told_an_address_that_it_can_use(
    settings: dict[str, Any], client: str, host_header: str, told: str
) -> None:
    config = Config(**settings)
    headers = [(b"host", host_header.encode())] if host_header else []
    scope = {"client": (client, 1), "server": ("192.0.2.1", 3080), "headers": headers}
    assert console_host_for(scope, config) == told
    body = orjson.dumps([{"console_host": config.told_console_host, "name": f'"console_host":"{told}"'}])
    assert orjson.loads(tell_console_host(body, scope, config))[0] == {
        "console_host": told,
        "name": f'"console_host":"{told}"',
    }
