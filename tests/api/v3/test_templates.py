"""``/v3/templates``: templates as GNS3 3 has them, over those of GNS3 2.2."""

import re
from typing import Any
from uuid import NAMESPACE_X500, uuid4, uuid5

import pytest

from tests.support.server import Server
from tests.support.v3 import V3

BUILTIN_KEYS = {
    "builtin",
    "category",
    "compute_id",
    "default_name_format",
    "name",
    "symbol",
    "template_id",
    "template_type",
}
COMMON_KEYS = {*BUILTIN_KEYS, "created_at", "updated_at", "usage", "version"}
# The keys that gns3-server 3.0.6 has beside those, by type.
OWN_KEYS = {
    "vpcs": "base_script_file console_auto_start console_type",
    "ethernet_switch": "console_type ports_mapping",
    "ethernet_hub": "ports_mapping",
    "cloud": "ports_mapping remote_console_host remote_console_http_path remote_console_port remote_console_type",
    "docker": "adapters aux_type console_auto_start console_http_path console_http_port console_resolution console_type"
    " cpus custom_adapters environment extra_hosts extra_volumes image mac_address memory start_command",
    "qemu": "adapter_type adapters aux_type bios_image boot_priority cdrom_image console_auto_start console_type"
    " cpu_throttling cpus create_config_disk custom_adapters first_port_name hda_disk_image hda_disk_interface"
    " hdb_disk_image hdb_disk_interface hdc_disk_image hdc_disk_interface hdd_disk_image hdd_disk_interface initrd"
    " kernel_command_line kernel_image linked_clone mac_address maxcpus on_close options platform port_name_format"
    " port_segment_size process_priority qemu_path ram replicate_network_connection_state tpm uefi",
}
MINE = {"name": "mine", "template_type": "vpcs", "compute_id": "local"}
PATH = "/v3/templates"


async def create(v3: V3, **fields: Any) -> dict[str, Any]:
    template = await v3.request("POST", PATH, {**MINE, **fields}, 201)
    return dict(template)


def test_ids_of_built_in_templates() -> None:
    assert str(uuid5(NAMESPACE_X500, "vpcs")) == "52136454-1f50-590a-94e4-816bd02d1062"


async def test_built_in_templates_are_found_by_the_ids_of_both_versions(
    v3: V3, server: Server, project: dict[str, Any]
) -> None:
    templates = {each["template_type"]: each for each in await v3.request("GET", PATH, None, 200)}
    for kind in ("vpcs", "ethernet_switch", "ethernet_hub", "cloud", "nat", "frame_relay_switch", "atm_switch"):
        assert templates[kind]["template_id"] == str(uuid5(NAMESPACE_X500, kind))
        assert templates[kind].keys() >= BUILTIN_KEYS
    assert templates["vpcs"]["base_script_file"] == "vpcs_base_config.txt"
    assert "properties" not in templates["vpcs"]
    by_type = {each["template_type"]: each for each in await server.request("GET", "/v2/templates", None, 200)}
    old, new = by_type["vpcs"]["template_id"], templates["vpcs"]["template_id"]
    assert old != new
    for each in (old, new):
        assert await v3.request("GET", f"{PATH}/{each}", None, 200) == templates["vpcs"]
        assert await server.request("GET", f"/v2/templates/{each}", None, 200) == by_type["vpcs"]
        lab = f"projects/{project['project_id']}/templates/{each}"
        in_v3 = await v3.request("POST", f"/v3/{lab}", {"x": 1, "y": 2, "compute_id": "local"}, 201)
        in_v2 = await server.request("POST", f"/v2/{lab}", {"x": 1, "y": 2, "compute_id": "local"}, 201)
        assert in_v3["node_type"] == in_v2["node_type"] == "vpcs"
        assert (in_v3["template_id"], in_v2["template_id"]) == (new, old)
        node = f"/v3/projects/{project['project_id']}/nodes/{in_v3['node_id']}"
        assert (await v3.request("PUT", node, {**in_v3, "name": "X"}, 200))["template_id"] == new


@pytest.mark.parametrize("kind", OWN_KEYS)
async def test_a_template_has_the_keys_of_gns3_3_and_in_version_2_those_of_2_2(
    v3: V3, server: Server, kind: str
) -> None:
    needed = {"image": "alpine"} if kind == "docker" else {}
    created = await create(v3, name="T", template_type=kind, **needed)
    assert created.keys() == COMMON_KEYS | set(OWN_KEYS[kind].split())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", created["created_at"])
    path = f"templates/{created['template_id']}"
    assert await v3.request("GET", f"/v3/{path}", None, 200) == created
    body = {"name": "U", "template_type": kind, "compute_id": "local", **needed}
    old = await server.request("POST", "/v2/templates", body, 201)
    assert (await server.request("GET", f"/v2/{path}", None, 200)).keys() == old.keys()
    in_v3 = await v3.request("GET", f"/v3/templates/{old['template_id']}", None, 200)
    assert in_v3.keys() == created.keys()


async def test_the_default_of_a_port_of_a_switch(v3: V3) -> None:
    ports = (await create(v3, template_type="ethernet_switch"))["ports_mapping"]
    first = {"name": "Ethernet0", "port_number": 0, "type": "access", "vlan": 1, "ethertype": "0x8100"}
    assert ports[0] == first
    assert len(ports) == 8


async def test_a_whole_template_comes_back_unchanged(v3: V3) -> None:
    created = await create(
        v3, template_type="qemu", version="1.2", usage="Start it.", maxcpus="4", ram="512", tpm="yes"
    )
    assert (created["version"], created["usage"]) == ("1.2", "Start it.")
    assert (created["maxcpus"], created["ram"], created["tpm"]) == (4, 512, True)
    path = f"{PATH}/{created['template_id']}"
    again = await v3.request("PUT", path, {**created, "image_type": "x"}, 200)
    assert {**again, "updated_at": None} == {**created, "updated_at": None}
    changed = await v3.request("PUT", path, {"usage": "Wait.", "aux_type": "telnet", "name": None}, 200)
    expected = {**created, "usage": "Wait.", "aux_type": "telnet"}
    assert {**changed, "updated_at": None} == {**expected, "updated_at": None}
    # A change by a client of version 2 keeps what that does not know.
    await v3.request("PUT", path.replace("v3", "v2"), {"ram": 1024}, 200)
    assert (await v3.request("GET", path, None, 200))["aux_type"] == "telnet"
    twin = await v3.request("POST", f"{path}/duplicate", {}, 201)
    assert (twin["name"], twin["version"], twin["maxcpus"]) == ("mine", "1.2", 4)
    assert twin["template_id"] != created["template_id"]


async def test_a_template_of_a_type_that_is_only_stored(v3: V3) -> None:
    router = {"name": "R", "template_type": "dynamips", "platform": "c7200", "image": "x.bin", "ram": 512}
    router["version"] = "15"
    created = await v3.request("POST", PATH, router, 201)
    assert router.items() <= created.items()
    again = await v3.request("PUT", f"{PATH}/{created['template_id']}", {**created, "ram": 256}, 200)
    assert (again["ram"], again["version"]) == (256, "15")


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"template_type": "vpcs"}, 422, "name"),
        ({"name": "x"}, 422, "template_type"),
        ({"name": "x", "template_type": "toy"}, 422, "template_type"),
        ({"name": "x", "template_type": "traceng"}, 422, "template_type"),
        ({"name": "x", "template_type": "nat"}, 422, "nat"),
        ({**MINE, "category": "toy"}, 422, "category"),
        ({**MINE, "name": 5}, 422, "name"),
        ({**MINE, "template_id": "x"}, 422, "template_id"),
        ({**MINE, "symbol": 5}, 422, "symbol"),
        ({**MINE, "console_type": "fax"}, 400, "console_type"),
        ({"name": "x", "template_type": "docker"}, 400, "image"),
        ({"name": "x", "template_type": "iou"}, 400, "path"),
        ({"name": "x", "template_type": "dynamips", "platform": "c7200"}, 400, "image"),
        ({"name": "x", "template_type": "qemu", "ram": 0}, 400, "ram"),
        ({"name": "x", "template_type": "qemu", "maxcpus": "many"}, 400, "maxcpus"),
        ([], 422, ""),
    ],
)
async def test_wrong_templates_are_refused(v3: V3, body: Any, status: int, word: str) -> None:
    before = await v3.request("GET", PATH, None, 200)
    await v3.refused("POST", PATH, body, status, word)
    assert await v3.request("GET", PATH, None, 200) == before


async def test_what_is_taken_or_built_in_is_refused(v3: V3) -> None:
    created = await create(v3)
    path = f"{PATH}/{created['template_id']}"
    await v3.refused("POST", PATH, MINE, 409, "name")
    await v3.refused("POST", PATH, {**MINE, "name": "x", "template_id": created["template_id"]}, 409, "template_id")
    await v3.refused("PUT", path, {"template_type": "qemu"}, 409, "template_type")
    await v3.refused("PUT", path, {"console_type": "fax"}, 400, "console_type")
    await v3.refused("PUT", path, {"category": "toy"}, 422, "category")
    builtin = f"{PATH}/{uuid5(NAMESPACE_X500, 'vpcs')}"
    await v3.refused("PUT", builtin, {"name": "x"}, 403, "built in")
    await v3.refused("DELETE", builtin, None, 403, "built in")
    await v3.refused("POST", f"{builtin}/duplicate", {}, 403, "built in")
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        await v3.refused(method, f"{PATH}/{uuid4()}", body, 404)
        await v3.refused(method, f"{PATH}/nonsense", body, 422, "template_id")
    assert await v3.request("GET", path, None, 200) == created
    await v3.request("DELETE", path, None, 204)
    await v3.refused("DELETE", path, None, 404)


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("vpcs_guest", ":/symbols/vpcs_guest.svg"),
        ("ethernet_hub", ":/symbols/hub.svg"),
        ("mine.png", "mine.png"),
        (":/symbols/affinity/square/red/client.svg", ":/symbols/affinity/square/red/client.svg"),
        (None, ":/symbols/vpcs_guest.svg"),
        ("", ":/symbols/vpcs_guest.svg"),
    ],
)
async def test_a_symbol_may_be_written_by_its_name(v3: V3, written: str | None, symbol: str) -> None:
    assert (await create(v3, symbol=written))["symbol"] == symbol


async def test_an_entity_tag(v3: V3) -> None:
    path = f"{PATH}/{(await create(v3))['template_id']}"
    reply = await v3.send("GET", path)
    assert (await v3.send("GET", path, headers={"if-none-match": reply.headers["etag"]})).status_code == 304


async def test_the_list_tells_each_change(server: Server, v3: V3) -> None:
    """What is kept of a template ends with its change, also if only GNS3 3 has what has changed."""

    async def listed() -> list[dict[str, Any]]:
        return [each for each in await v3.request("GET", PATH, None, 200) if not each["builtin"]]

    created = await create(v3)
    other = await create(v3, name="other")
    path = f"{PATH}/{created['template_id']}"
    assert await listed() == [created, other]
    for changes in ({"name": "changed"}, {"usage": "press a key"}):
        changed = await v3.request("PUT", path, changes, 200)
        assert changed.items() >= changes.items()
        assert await listed() == [changed, other]
    in_v2 = f"/v2/templates/{created['template_id']}"
    await server.request("PUT", in_v2, {"category": "router"}, 200)
    assert await listed() == [await v3.request("GET", path, None, 200), other]
    await v3.request("DELETE", path, None, 204)
    assert await listed() == [other]
    again = await v3.request("POST", PATH, {**MINE, "template_id": created["template_id"], "name": "again"}, 201)
    assert await listed() == [other, again]


async def test_nodes_from_templates(v3: V3, path: str) -> None:
    template = await create(v3, default_name_format="X{0}")
    use = f"{path}/templates/{template['template_id']}"
    node = await v3.request("POST", use, {"x": 10, "y": "20", "compute_id": "local"}, 201)
    assert (node["name"], node["x"], node["y"], node["compute_id"]) == ("X1", 10, 20, "local")
    named = await v3.request("POST", use, {"x": 0, "y": 0, "name": "core"}, 201)
    assert named["name"] == "core"
    await v3.refused("POST", use, {"x": 1}, 422, "y")
    await v3.refused("POST", use, {"x": 1, "y": 2, "compute_id": str(uuid4())}, 404)
    await v3.refused("POST", f"{path}/templates/{uuid4()}", {"x": 1, "y": 2}, 404)
    await v3.refused("POST", f"/v3/projects/{uuid4()}/templates/{template['template_id']}", {"x": 1, "y": 2}, 404)
