"""Symbols: our own under the ids that clients ask for, and uploaded ones."""

import json
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gns3trio.controller.library.symbols import BUILTIN_FOLDER, picture_size
from gns3trio.limits import MAX_SYMBOL
from tests.support.server import Server


@pytest.mark.parametrize(
    "prefix", [":/symbols/", "%3A/symbols/", ":/symbols/classic/", ":/symbols/affinity/square/blue/"]
)
async def test_clients_find_a_symbol_under_all_its_ids(server: Server, prefix: str) -> None:
    reply = await server.http.get(f"/v2/symbols/{prefix}ethernet_switch.svg/raw")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "image/svg+xml"
    assert reply.content == (BUILTIN_FOLDER / "ethernet_switch.svg").read_bytes()
    size = await server.request("GET", f"/v2/symbols/{prefix}ethernet_switch.svg/dimensions", None, 200)
    assert size == {"width": 72, "height": 32}


async def test_an_unknown_symbol_is_a_computer(server: Server) -> None:
    for symbol in (":/symbols/nothing.svg", "x", "..%2F..%2Fetc%2Fpasswd", ":/symbols/%00.svg"):
        reply = await server.http.get(f"/v2/symbols/{symbol}/raw")
        assert reply.content == (BUILTIN_FOLDER / "computer.svg").read_bytes(), symbol


async def test_the_list_and_the_defaults_name_symbols_that_are_there(server: Server) -> None:
    symbols = await server.request("GET", "/v2/symbols", None, 200)
    ids = {symbol["symbol_id"] for symbol in symbols}
    assert len(ids) == len(list(BUILTIN_FOLDER.glob("*.svg")))
    themes = await server.request("GET", "/v2/default_symbols", None, 200)
    assert len(themes) == 7
    defaults = themes["Classic"]
    # As a running gns3-server 2.2.61 has them.
    names = "atm_switch cloud computer docker_guest ethernet_hub ethernet_switch firewall frame_relay_switch"
    names += " multilayer_switch nat qemu_guest router vbox_guest vmware_guest vpcs_guest"
    assert sorted(defaults) == names.split()
    assert set(defaults.values()) <= ids
    for symbol in symbols:
        reply = await server.http.get(f"/v2/symbols/{symbol['symbol_id']}/raw")
        assert ElementTree.fromstring(reply.text).tag.endswith("svg")


async def test_an_uploaded_symbol(server: Server) -> None:
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 31, 17) + bytes(5)
    reply = await server.http.post("/v2/symbols/mine.png/raw", content=png)
    assert reply.status_code == 204
    listed = await server.request("GET", "/v2/symbols", None, 200)
    assert listed[-1] == {"builtin": False, "filename": "mine.png", "symbol_id": "mine.png", "theme": "Custom symbols"}
    got = await server.http.get("/v2/symbols/mine.png/raw")
    assert (got.headers["content-type"], got.content) == ("image/png", png)
    assert "sandbox" in got.headers["content-security-policy"]
    assert await server.request("GET", "/v2/symbols/mine.png/dimensions", None, 200) == {"width": 31, "height": 17}
    large = png + bytes(1024 * 1024)
    assert (await server.http.post("/v2/symbols/large.png/raw", content=large)).status_code == 204
    assert await server.request("GET", "/v2/symbols/large.png/dimensions", None, 200) == {"width": 31, "height": 17}
    for name in ("evil.html", ".hidden.svg", "x", "%2E%2E.svg"):
        assert (await server.http.post(f"/v2/symbols/{name}/raw", content=b"x")).status_code == 400, name


async def test_an_uploaded_symbol_is_deleted_and_a_built_in_one_is_not(server: Server) -> None:
    await server.http.post("/v2/symbols/cloud.svg/raw", content=b"<svg/>")
    await server.request("DELETE", "/v2/symbols/cloud.svg/raw", None, 204)
    builtin = await server.http.get("/v2/symbols/cloud.svg/raw")
    assert builtin.content == (BUILTIN_FOLDER / "cloud.svg").read_bytes()
    for name in ("cloud.svg", ":/symbols/cloud.svg", "..%2Fx.svg", "x"):
        await server.request("DELETE", f"/v2/symbols/{name}/raw", None, 404)


async def test_a_symbol_has_a_limit(server: Server) -> None:
    reply = await server.http.post("/v2/symbols/huge.png/raw", content=bytes(MAX_SYMBOL + 1))
    assert reply.status_code == 400 and "larger than 4 MiB" in reply.json()["message"]
    assert "huge.png" not in str(await server.request("GET", "/v2/symbols", None, 200))


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b'<svg width="10px" height="20.6">', (10, 21)),
        (b'<?xml version="1.0"?><svg viewBox="0 0 30 40" xmlns="x">', (30, 40)),
        (b'<svg width="100%" height="100%">', (65, 59)),
        (b"<svg>", (65, 59)),
        (b"GIF89a\x05\x00\x07\x00", (5, 7)),
        (b"", (65, 59)),
        (b'<svg width="1e999" height="...">', (65, 59)),
    ],
)
def test_sizes(data: bytes, size: tuple[int, int]) -> None:
    assert picture_size(data) == size


async def test_the_list_has_an_entity_tag(server: Server) -> None:
    first = await server.http.get("/v2/symbols")
    known = {"if-none-match": first.headers["etag"]}
    assert (await server.http.get("/v2/symbols", headers=known)).status_code == 304
    await server.http.post("/v2/symbols/mine.svg/raw", content=b"<svg></svg>")
    changed = await server.http.get("/v2/symbols", headers=known)
    assert (changed.status_code, len(changed.json())) == (200, len(first.json()) + 1)


async def test_a_picture_that_no_browser_could_draw_is_refused(server: Server) -> None:
    hostile = json.loads((Path(__file__).parents[1] / "pictures/pictures.json").read_text())[0]["svg"].encode()
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 16000, 16000) + bytes(5)
    for name, content in (("mine.svg", hostile), ("mine.png", bomb)):
        reply = await server.http.post(f"/v2/symbols/{name}/raw", content=content)
        assert (reply.status_code, reply.json()["message"].partition(":")[0]) == (400, "data")
    assert all(each["builtin"] for each in await server.request("GET", "/v2/symbols", None, 200))
