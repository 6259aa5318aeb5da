"""``/v3/computes``: computes as GNS3 3 lists them, and what it asks them."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from tests.support.far_server import FarServer
from tests.support.v3 import V3

OTHER = {"protocol": "http", "host": "192.0.2.1", "port": 3080, "user": "me", "password": "secret"}
ID = str(uuid5(NAMESPACE_URL, "http://192.0.2.1:3080"))
REGISTERED = {"protocol", "host", "port", "user", "password", "name", "created_at", "updated_at", "compute_id"}


async def test_the_local_compute_is_not_in_the_list(v3: V3) -> None:
    assert await v3.request("GET", "/v3/computes", None, 200) == []
    local = await v3.request("GET", "/v3/computes/local", None, 200)
    assert local["connected"] is True
    assert local["capabilities"]["version"] == "3.0.6"
    assert local["capabilities"]["cpus"] > 0 and local["capabilities"]["memory"] > 0
    assert "traceng" not in local["capabilities"]["node_types"]
    await v3.request("POST", "/v3/computes/local/connect", None, 204)
    for method in ("PUT", "DELETE"):
        await v3.refused(method, "/v3/computes/local", {}, 409, "local")


async def test_a_registered_compute(v3: V3) -> None:
    created = await v3.request("POST", "/v3/computes", {**OTHER, "unknown": 1}, 201)
    assert created["compute_id"] == ID
    assert created["password"] == "**********"
    assert created.keys() > REGISTERED and "capabilities" in created
    (listed,) = await v3.request("GET", "/v3/computes", None, 200)
    assert listed.keys() == REGISTERED
    assert listed == {name: created[name] for name in REGISTERED}
    assert await v3.request("GET", f"/v3/computes/{ID}", None, 200) == listed
    changed = await v3.request("PUT", f"/v3/computes/{ID}", {"name": "far", "host": None}, 200)
    assert changed == {**listed, "name": "far"}
    in_v2 = await v3.request("GET", f"/v2/computes/{ID}", None, 200)
    assert (in_v2["name"], in_v2["host"]) == ("far", "192.0.2.1")
    await v3.refused("POST", f"/v3/computes/{ID}/connect", None, 409, "far")
    await v3.request("DELETE", f"/v3/computes/{ID}", None, 204)
    await v3.refused("DELETE", f"/v3/computes/{ID}", None, 404)


async def test_the_same_address_or_name_is_refused_and_nothing_is_kept(v3: V3) -> None:
    await v3.request("POST", "/v3/computes", {**OTHER, "name": "far"}, 201)
    await v3.refused("POST", "/v3/computes", {**OTHER, "name": "again"}, 400, "far")
    await v3.refused("POST", "/v3/computes", {**OTHER, "compute_id": ID, "port": 1}, 400, "far")
    await v3.refused("POST", "/v3/computes", {**OTHER, "port": 1, "name": "far"}, 409, "name")
    assert len(await v3.request("GET", "/v3/computes", None, 200)) == 1


@pytest.mark.parametrize(
    ("field", "value"), [("port", 0), ("port", "x"), ("protocol", "ftp"), ("host", ""), ("compute_id", "far")]
)
async def test_wrong_values_are_refused(v3: V3, field: str, value: Any) -> None:
    await v3.refused("POST", "/v3/computes", {**OTHER, field: value}, 422, field)
    await v3.refused("POST", "/v3/computes?connect=perhaps", OTHER, 422, "connect")
    assert await v3.request("GET", "/v3/computes", None, 200) == []


async def test_a_compute_that_was_removed_gets_its_id_again(v3: V3) -> None:
    created = await v3.request("POST", "/v2/computes", {**OTHER, "compute_id": "of-old"}, 201)
    await v3.request("DELETE", f"/v3/computes/{created['compute_id']}", None, 204)
    assert (await v3.request("POST", "/v3/computes", OTHER, 201))["compute_id"] == "of-old"


async def test_a_compute_that_answers(v3: V3, far: FarServer) -> None:
    address = {name: value for name, value in far.address.items() if name != "compute_id"}
    created = await v3.request("POST", "/v3/computes?connect=True", address, 201)
    assert created["connected"] is True, created
    path = f"/v3/computes/{created['compute_id']}"
    await v3.request("POST", f"{path}/connect", None, 204)
    interfaces = await v3.request("GET", f"{path}/network/interfaces", None, 200)
    assert {"lo"} <= {each["name"] for each in interfaces}
    assert await v3.request("GET", f"{path}/qemu/images", None, 200) == []
    assert "udp_ports" in await v3.request("GET", f"{path}/network/ports", None, 200)
    await v3.request("PUT", path, {"password": "another"}, 200)
    await v3.refused("POST", f"{path}/connect", None, 409, "password")


async def test_what_this_server_offers(v3: V3) -> None:
    path = "/v3/computes/local"
    assert "console_ports" in await v3.request("GET", f"{path}/network/ports", None, 200)
    keys = {"id", "name", "ip_address", "mac_address", "netmask", "special", "type"}
    for interface in await v3.request("GET", f"{path}/network/interfaces", None, 200):
        assert interface.keys() == keys
    for emulator in ("qemu", "iou", "dynamips"):
        assert await v3.request("GET", f"{path}/{emulator}/images", None, 200) == []
    assert (await v3.request("GET", f"{path}/qemu/capabilities", None, 200)).keys() == {"kvm"}


async def test_what_it_does_not_offer(v3: V3) -> None:
    path = "/v3/computes/local"
    for missing in ("virtualbox/vms", "vmware/vms", "dynamips/things"):
        await v3.refused("GET", f"{path}/{missing}", None, 409)
    search = {"platform": "c7200", "image": "x.bin", "ram": 256}
    await v3.refused("POST", f"{path}/dynamips/auto_idlepc", search, 409, "Dynamips")
    await v3.refused("POST", f"{path}/dynamips/auto_idlepc", {"platform": "c7200"}, 422)
    for method in ("GET", "POST", "PUT"):
        await v3.refused(method, f"{path}/toys/images", {} if method != "GET" else None, 404)
    for unknown in ("network/interfaces", "network/ports", "qemu/images", "docker/images", "qemu/capabilities"):
        await v3.refused("GET", f"/v3/computes/nowhere/{unknown}", None, 404)
    await v3.refused("POST", "/v3/computes/nowhere/connect", None, 404)
    await v3.refused("PUT", "/v3/computes/nowhere", {"name": "x"}, 404)


async def test_when_a_compute_was_registered_and_changed(v3: V3, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(["2026-01-01T00:00:00", "2026-01-02T00:00:00"])
    monkeypatch.setattr("gns3trio.controller.registered_computes.now_text", lambda: next(times))
    created = await v3.request("POST", "/v3/computes", OTHER, 201)
    assert (created["created_at"], created["updated_at"]) == ("2026-01-01T00:00:00", "2026-01-01T00:00:00")
    changed = await v3.request("PUT", f"/v3/computes/{ID}", {"name": "far"}, 200)
    assert (changed["created_at"], changed["updated_at"]) == ("2026-01-01T00:00:00", "2026-01-02T00:00:00")
    assert await v3.request("GET", "/v3/computes", None, 200) == [changed]
