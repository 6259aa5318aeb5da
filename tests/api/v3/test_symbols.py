"""``/v3/symbols``: pictures under all the ids that clients write."""

from pathlib import Path
from urllib.parse import quote

import pytest

from gns3trio.controller.library.symbols import BUILTIN_FOLDER
from tests.support.server import Server
from tests.support.v3 import V3

PATH = "/v3/symbols"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>'


@pytest.mark.parametrize(
    ("symbol_id", "picture"),
    [
        (":/symbols/router.svg", "router.svg"),
        ("%3A/symbols/router.svg", "router.svg"),
        (quote(":/symbols/classic/router.svg", safe=""), "router.svg"),
        ("/symbols/affinity/square/blue/router.svg", "router.svg"),
        ("router.svg", "router.svg"),
        (":/symbols/affinity/square/blue/client.svg", "vpcs_guest.svg"),
        (":/symbols/affinity/circle/red/switch.svg", "ethernet_switch.svg"),
        (":/symbols/affinity/square/blue/client_vm.svg", "qemu_guest.svg"),
        (":/symbols/absent.svg", "computer.svg"),
        ("..%2f..%2f..%2fetc%2fpasswd", "computer.svg"),
    ],
)
async def test_everybody_sees_a_picture(server: Server, symbol_id: str, picture: str) -> None:
    reply = await server.http.get(f"{PATH}/{symbol_id}/raw")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert reply.content == (BUILTIN_FOLDER / picture).read_bytes()
    again = await server.http.get(f"{PATH}/{symbol_id}/raw", headers={"if-none-match": reply.headers["etag"]})
    assert again.status_code == 304


async def test_the_list_and_the_defaults(v3: V3) -> None:
    symbols = await v3.request("GET", PATH, None, 200)
    assert all(each.keys() == {"builtin", "filename", "symbol_id", "theme"} for each in symbols)
    themes = await v3.request("GET", f"{PATH}/default_symbols", None, 200)
    assert {"Classic", "Affinity-square-blue"} <= themes.keys()
    assert "hub" in themes["Classic"] and "ethernet_hub" not in themes["Classic"]
    ids = {each["symbol_id"] for each in symbols}
    assert set(themes["Affinity-square-blue"].values()) <= ids


async def test_an_uploaded_symbol(v3: V3) -> None:
    assert (await v3.send("POST", f"{PATH}/story.svg/raw", content=SVG)).status_code == 204
    assert (await v3.send("GET", f"{PATH}/story.svg/raw")).content == SVG
    assert await v3.request("GET", f"{PATH}/story.svg/dimensions", None, 200) == {"width": 20, "height": 10}
    listed = await v3.request("GET", PATH, None, 200)
    assert listed[-1] == {
        "builtin": False,
        "filename": "story.svg",
        "symbol_id": "story.svg",
        "theme": "Custom symbols",
    }
    assert (await v3.send("DELETE", f"{PATH}/story.svg/raw")).status_code == 405


@pytest.mark.parametrize("name", ["..%2F..%2Fevil.svg", "%2Ftmp%2Fevil.svg", "..%5C..%5Cevil.svg", "sub/evil.svg"])
async def test_an_upload_stays_in_its_folder(v3: V3, server: Server, tmp_path: Path, name: str) -> None:
    await v3.send("POST", f"{PATH}/{name}/raw", content=SVG)
    folder = server.config.state_folder / "symbols"
    found = [path for path in tmp_path.rglob("*evil*") if path.parent != folder]
    assert found == [] and not Path("/tmp/evil.svg").exists()


@pytest.mark.parametrize("name", ["evil.html", "noname", ".svg", "a%00.svg"])
async def test_what_is_no_picture_is_refused(v3: V3, name: str) -> None:
    reply = await v3.send("POST", f"{PATH}/{name}/raw", content=SVG)
    assert reply.status_code == 422
    assert "symbol_id" in reply.json()["message"]
