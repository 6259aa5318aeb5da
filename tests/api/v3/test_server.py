"""``/v3``: the routes of the server itself."""

from typing import Any

import attrs
import pytest

from gns3trio.config import Config
from tests.support.server import Server, started
from tests.support.v3 import V3, logged_in


async def test_the_version_has_the_three_keys_that_clients_insist_on(v3: V3) -> None:
    version = await v3.request("GET", "/v3/version", None, 200)
    assert version.keys() == {"controller_host", "local", "version"}
    assert (version["version"], version["local"]) == ("3.0.6", False)
    assert await v3.request("POST", "/v3/version", {"version": "3.0.6"}, 200) == {"version": "3.0.6"}
    await v3.refused("POST", "/v3/version", {"version": "2.2.61"}, 409, "3.0.6")
    await v3.refused("POST", "/v3/version", {}, 422, "version")
    assert (await v3.request("GET", "/v2/version", None, 200))["version"] == "2.2.61"


async def test_each_version_has_a_setting_of_its_own(config: Config) -> None:
    async with started(attrs.evolve(config, gns3_3_version="3.0.5")) as server:
        v3 = await logged_in(server)
        assert (await v3.request("GET", "/v3/version", None, 200))["version"] == "3.0.5"
        assert (await server.request("GET", "/v2/version", None, 200))["version"] == "2.2.61"


async def test_an_unknown_path_and_method_are_told_as_gns3_3_does(v3: V3) -> None:
    assert (await v3.request("GET", "/v3/nothing", None, 404)).keys() == {"detail"}
    assert (await v3.request("DELETE", "/v3/version", None, 405)).keys() == {"detail"}
    reply = await v3.send("GET", "/v3/statistics/?x=1")
    assert reply.status_code == 307
    assert reply.next_request is not None and str(reply.next_request.url).endswith("/v3/statistics?x=1")


async def test_statistics(v3: V3) -> None:
    (told,) = await v3.request("GET", "/v3/statistics", None, 200)
    assert told["compute_id"] == "local"
    assert told["statistics"]["memory_total"] > 0


async def test_the_licence_of_iou_is_stored_for_all_versions(v3: V3, server: Server) -> None:
    licence = {"iourc_content": "[license]", "license_check": False}
    assert await v3.request("PUT", "/v3/iou_license", licence, 201) == licence
    assert await v3.request("GET", "/v3/iou_license", None, 200) == licence
    assert await server.request("GET", "/v2/iou_license", None, 200) == licence
    await v3.refused("PUT", "/v3/iou_license", {"iourc_content": "x"}, 422, "license_check")


async def test_settings_of_the_virtual_machine_keep_what_is_not_sent(v3: V3) -> None:
    before = await v3.request("GET", "/v3/gns3vm", None, 200)
    keys = "allocate_vcpus_ram enable engine headless port ram vcpus vmname when_exit"
    assert before.keys() == set(keys.split())
    change = {"engine": "virtualbox", "ram": "1024", "headless": None, "unknown": 1}
    after = await v3.request("PUT", "/v3/gns3vm", change, 200)
    assert after == {**before, "engine": "virtualbox", "ram": 1024}
    for wrong in ({"engine": "bochs"}, {"when_exit": "run"}, {"port": 0}, {"ram": -1}, {"vcpus": "many"}):
        await v3.refused("PUT", "/v3/gns3vm", wrong, 422, *wrong)
    assert await v3.request("GET", "/v3/gns3vm", None, 200) == after


@pytest.mark.parametrize(
    ("path", "engine", "other", "told"),
    [
        ("/v2/gns3vm", "remote", "/v3/gns3vm", "none"),
        ("/v2/gns3vm", None, "/v3/gns3vm", "none"),
        ("/v3/gns3vm", "hyper-v", "/v2/gns3vm", None),
        ("/v3/gns3vm", "none", "/v2/gns3vm", None),
        ("/v3/gns3vm", "vmware", "/v2/gns3vm", "vmware"),
    ],
)
async def test_an_engine_that_another_version_lacks_is_none_there(
    v3: V3, path: str, engine: Any, other: str, told: Any
) -> None:
    await v3.request("PUT", path, {"engine": engine})
    assert (await v3.request("GET", other, None, 200))["engine"] == told


async def test_engines_of_the_virtual_machine(v3: V3) -> None:
    engines = await v3.request("GET", "/v3/gns3vm/engines", None, 200)
    assert {"vmware", "virtualbox"} <= {each["engine_id"] for each in engines}
    assert await v3.request("GET", "/v3/gns3vm/engines/vmware/vms", None, 200) == []
    await v3.refused("GET", "/v3/gns3vm/engines/bochs/vms", None, 404)


async def test_reload_and_shutdown(v3: V3) -> None:
    await v3.request("POST", "/v3/reload", None, 204)
    await v3.refused("POST", "/v3/shutdown", {}, 403, "local")
    await v3.request("GET", "/v3/version", None, 200)
