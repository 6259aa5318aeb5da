"""``/v3/appliances``: what their files say, versions that are added, and templates from them."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from gns3trio.config import Config
from gns3trio.controller.library import appliances
from tests.support.appliances import ROUTER
from tests.support.v3 import V3

ID = str(uuid4())
PATH = "/v3/appliances"


@pytest.fixture
def router(config: Config) -> dict[str, Any]:
    """An appliance in the folder, under a name that clients do not know."""
    document = {name: value for name, value in {**ROUTER, "appliance_id": ID}.items() if name != "symbol"}
    config.appliances_folder.mkdir(parents=True)
    (config.appliances_folder / "any.gns3a").write_bytes(orjson.dumps(document))
    (config.appliances_folder / "broken.gns3a").write_text("{")
    return document


async def test_appliances(v3: V3, router: dict[str, Any]) -> None:
    expected = {**router, "builtin": False, "symbol": ":/symbols/router.svg"}
    assert await v3.request("GET", f"{PATH}?update=no&symbol_theme=Classic", None, 200) == [expected]
    assert await v3.request("GET", f"{PATH}/{ID}", None, 200) == expected
    await v3.refused("GET", f"{PATH}?update=perhaps", None, 422, "update")
    await v3.refused("GET", f"{PATH}/{uuid4()}", None, 404)
    await v3.refused("GET", f"{PATH}/nonsense", None, 422, "appliance_id")


async def test_a_version_is_added_to_the_file(v3: V3, router: dict[str, Any]) -> None:
    version = {"name": "9.9", "images": {"hda_disk_image": "disk.img", "initrd": None}}
    told = await v3.request("POST", f"{PATH}/{ID}/version", version, 201)
    assert told["versions"] == [*router["versions"], {"name": "9.9", "images": {"hda_disk_image": "disk.img"}}]
    assert await v3.request("GET", f"{PATH}/{ID}", None, 200) == told
    await v3.refused("POST", f"{PATH}/{ID}/version", version, 409, "9.9")
    wrong: list[dict[str, Any]] = [{}, {"name": ""}, {"name": "x", "idlepc": "5"}, {"name": "x", "images": []}]
    for body in [*wrong, {"name": "x", "images": {"hda_disk_image": "../disk.img"}}]:
        await v3.refused("POST", f"{PATH}/{ID}/version", body, 422)
    await v3.refused("POST", f"{PATH}/{uuid4()}/version", version, 404)
    assert await v3.request("GET", f"{PATH}/{ID}", None, 200) == told


async def test_versions_take_no_room_of_other_appliances(
    v3: V3, router: dict[str, Any], config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(path.stat().st_size for path in config.appliances_folder.iterdir())
    monkeypatch.setattr(appliances, "MOST_BYTES", size + 20)
    await v3.refused("POST", f"{PATH}/{ID}/version", {"name": "9.9" * 10}, 409, "bytes together")
    assert (await v3.request("GET", f"{PATH}/{ID}", None, 200))["versions"] == router["versions"]


async def test_a_version_without_its_images_is_not_installed(v3: V3, router: dict[str, Any]) -> None:
    before = await v3.request("GET", "/v3/templates", None, 200)
    await v3.refused("POST", f"{PATH}/{ID}/install", None, 400, "version")
    await v3.refused("POST", f"{PATH}/{ID}/install?version=1.0", None, 409, "disk.img")
    await v3.refused("POST", f"{PATH}/{ID}/install?version=7", None, 404, "7")
    await v3.refused("POST", f"{PATH}/{uuid4()}/install", None, 404)
    assert await v3.request("GET", "/v3/templates", None, 200) == before


async def test_a_container_needs_no_version(v3: V3, config: Config) -> None:
    docker = {"adapters": 1, "image": "alpine", "console_type": "telnet"}
    document = {name: value for name, value in ROUTER.items() if name not in ("qemu", "images", "versions")}
    config.appliances_folder.mkdir(parents=True)
    (config.appliances_folder / "c.gns3a").write_bytes(orjson.dumps({**document, "appliance_id": ID, "docker": docker}))
    await v3.request("POST", f"{PATH}/{ID}/install", None, 204)
    await v3.refused("POST", f"{PATH}/{ID}/install", None, 409, "Router")
    (made,) = [each for each in await v3.request("GET", "/v3/templates", None, 200) if not each["builtin"]]
    assert (made["name"], made["image"], made["template_type"]) == ("Router", "alpine", "docker")
