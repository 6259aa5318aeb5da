"""Templates, base configurations, nodes made from them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio
from trio_websocket import open_websocket_url

from gns3trio.config import Config
from gns3trio.controller.storage.server_state import open_state
from tests.support.server import Server, node_path

BUILTIN = {
    "cloud": "39e257dc-8412-3174-b6b3-0ee3ed6a43e9",
    "nat": "df8f4ea9-33b7-3e96-86a2-c39bc9bb649c",
    "vpcs": "19021f99-e36f-394d-b4a1-8aaa902ab9cc",
    "ethernet_switch": "1966b864-93e7-32d5-965f-001384eec461",
    "ethernet_hub": "b4503ea9-d6b6-3695-9fe4-1db3b39290b0",
    "frame_relay_switch": "dd0f6f3a-ba58-3249-81cb-a1dd88407a47",
    "atm_switch": "aaa764e2-b383-300f-8a0e-3493bbfdb7d2",
}
OWN = {"name": "My PC", "template_type": "vpcs", "compute_id": "local"}


async def test_built_in_templates_have_their_fixed_ids(server: Server) -> None:
    templates = await server.request("GET", "/v2/templates", None, 200)
    assert {template["template_type"]: template["template_id"] for template in templates} == BUILTIN
    vpcs = await server.request("GET", f"/v2/templates/{BUILTIN['vpcs']}", None, 200)
    assert vpcs == {
        "builtin": True,
        "category": "guest",
        "compute_id": None,
        "default_name_format": "PC{0}",
        "name": "VPCS",
        "properties": {"base_script_file": "vpcs_base_config.txt"},
        "symbol": ":/symbols/vpcs_guest.svg",
        "template_id": BUILTIN["vpcs"],
        "template_type": "vpcs",
    }
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/duplicate")):
        await server.request(method, f"/v2/templates/{BUILTIN['vpcs']}{path}", {"name": "x"}, 409)


async def test_the_life_of_a_template(server: Server, config: Config) -> None:
    with trio.fail_after(30):
        async with open_websocket_url(server.url.replace("http", "ws") + "/v2/notifications/ws") as events:
            template = await server.request("POST", "/v2/templates", OWN, 201)
            assert template == {
                **OWN,
                "base_script_file": "vpcs_base_config.txt",
                "builtin": False,
                "category": "guest",
                "console_auto_start": False,
                "console_type": "telnet",
                "default_name_format": "PC{0}",
                "symbol": ":/symbols/vpcs_guest.svg",
                "template_id": template["template_id"],
            }
            path = f"/v2/templates/{template['template_id']}"
            changed = await server.request("PUT", path, {**template, "name": "Other", "category": 1}, 200)
            assert changed == {**template, "name": "Other", "category": "switch"}
            copy = await server.request("POST", f"{path}/duplicate", None, 201)
            assert copy == {**changed, "template_id": copy["template_id"]}
            await server.request("POST", "/v2/templates", {**OWN, "template_id": template["template_id"]}, 409)
            stored = (await open_state(config.state_folder)).get("templates", [])
            assert [{name: each[name] for name in changed} for each in stored] == [changed, copy]
            await server.request("DELETE", path, None, 204)
            await server.request("GET", path, None, 404)
            seen: list[str] = []
            while len(seen) < 4:
                message = await events.get_message()
                if '"action":"template.' in message:
                    seen.append(message.split('"')[3])
            assert seen == ["template.created", "template.updated", "template.created", "template.deleted"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"template_type": "nat"}, "template_type"),
        ({"template_type": "toaster"}, "template_type"),
        ({"template_type": None}, "template_type"),
        ({"console_type": "vnc"}, "console_type"),
        ({"category": "toys"}, "category"),
        ({"colour": "red"}, "colour"),
        ({"template_id": "x"}, "template_id"),
        ({"base_script_file": ""}, "base_script_file"),
        ({"base_script_file": "../../../etc/passwd"}, "base_script_file"),
        ({"base_script_file": "/etc/passwd"}, "base_script_file"),
        ({"base_script_file": ".hidden"}, "base_script_file"),
        ({"base_script_file": "a\0b"}, "base_script_file"),
        ({"template_type": "ethernet_switch", "ports_mapping": [{"name": "a", "port_number": 0, "type": "b"}]}, "type"),
    ],
)
async def test_a_wrong_template_is_refused(server: Server, change: dict[str, Any], complaint: str) -> None:
    error = await server.request("POST", "/v2/templates", {**OWN, **change}, 400)
    assert complaint in error["message"]
    template = await server.request("POST", "/v2/templates", OWN, 201)
    if "template_type" not in change and "template_id" not in change:
        await server.request("PUT", f"/v2/templates/{template['template_id']}", change, 400)
    assert await server.request("GET", f"/v2/templates/{template['template_id']}", None, 200) == template
    assert len(await server.request("GET", "/v2/templates", None, 200)) == len(BUILTIN) + 1


async def test_entity_tags(server: Server) -> None:
    for path in ("/v2/templates", f"/v2/templates/{BUILTIN['vpcs']}", "/v2/symbols/:/symbols/hub.svg/raw"):
        first = await server.http.get(path)
        again = await server.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    await server.request("POST", "/v2/templates", OWN, 201)
    first = await server.http.get("/v2/templates", headers={"If-None-Match": first.headers["etag"]})
    assert first.status_code == 200


async def test_a_node_from_the_built_in_template(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/templates"
    body = {"x": 10, "y": 20, "compute_id": "local"}
    node = await server.request("POST", f"{path}/{BUILTIN['vpcs']}", body, 201)
    assert (node["name"], node["x"], node["y"], node["template_id"]) == ("PC1", 10, 20, BUILTIN["vpcs"])
    assert (node["symbol"], node["width"], node["height"]) == (":/symbols/vpcs_guest.svg", 65, 59)
    assert node["properties"] == {}
    assert "set pcname PC1\n" in (Path(node["node_directory"]) / "startup.vpc").read_text()
    await server.request("PUT", node_path(project, node), {"name": "Web"}, 200)
    assert "set pcname Web\n" in (Path(node["node_directory"]) / "startup.vpc").read_text()
    switch = await server.request("POST", f"{path}/{BUILTIN['ethernet_switch']}", {**body, "name": "Core"}, 201)
    assert (switch["name"], len(switch["ports"]), switch["console_type"]) == ("Core", 8, "none")
    for choice in ({}, {"compute_id": "auto"}):  # without other computes it is this server
        node = await server.request("POST", f"{path}/{BUILTIN['vpcs']}", {"x": 1, "y": 2, **choice}, 201)
        assert node["compute_id"] == "local"
    await server.request("POST", f"{path}/{BUILTIN['vpcs']}", {**body, "compute_id": "nowhere"}, 404)
    await server.request("POST", f"{path}/{uuid4()}", body, 404)
    await server.request("POST", f"{path}/{BUILTIN['vpcs']}", {"x": 1}, 400)
    error = await server.request("POST", f"{path}/{BUILTIN['atm_switch']}", body, 409)
    assert "atm_switch" in error["message"]


async def test_a_node_from_an_own_template(server: Server, project: dict[str, Any]) -> None:
    ports = [{"name": f"P{n}", "port_number": n, "type": "dot1q", "vlan": 5} for n in range(3)]
    body = {
        "name": "Trunks",
        "template_type": "ethernet_switch",
        "compute_id": "local",
        "ports_mapping": ports,
        "console_type": "telnet",
        "default_name_format": "{name}-{0}",
    }
    template = await server.request("POST", "/v2/templates", body, 201)
    path = f"/v2/projects/{project['project_id']}/templates/{template['template_id']}"
    node = await server.request("POST", path, {"x": 0, "y": 0}, 201)
    assert (node["name"], node["console_type"]) == ("Trunks-1", "telnet")
    assert [(port["type"], port["vlan"]) for port in node["properties"]["ports_mapping"]] == [("dot1q", 5)] * 3


async def test_types_that_do_not_run_here_are_kept_as_templates(server: Server, project: dict[str, Any]) -> None:
    body = {"name": "IOSv", "template_type": "virtualbox", "compute_id": "local", "ram": 512, "vmname": "x"}
    template = await server.request("POST", "/v2/templates", body, 201)
    assert {**template, **body} == template
    assert template["symbol"] == ":/symbols/vbox_guest.svg"
    path = f"/v2/projects/{project['project_id']}/templates/{template['template_id']}"
    error = await server.request("POST", path, {"x": 0, "y": 0}, 409)
    assert "virtualbox" in error["message"]
    assert await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200) == []


async def test_base_configurations(server: Server, project: dict[str, Any]) -> None:
    assert await server.request("GET", "/v2/templates/base-configs", None, 200) == [
        {"filename": "vpcs_base_config.txt"}
    ]
    path = f"/v2/templates/{BUILTIN['vpcs']}/base-config"
    assert "set pcname %h" in (await server.request("GET", f"{path}/vpcs_base_config.txt", None, 200))["content"]
    await server.request("PUT", f"{path}/mine.txt", {"content": "ip 10.0.0.1 24\n"}, 200)
    text = await server.request("GET", f"{path}/mine.txt", None, 200)
    assert text == {"content": "ip 10.0.0.1 24\n", "filename": "mine.txt", "template_id": BUILTIN["vpcs"]}
    template = await server.request("POST", "/v2/templates", {**OWN, "base_script_file": "mine.txt"}, 201)
    use = f"/v2/projects/{project['project_id']}/templates/{template['template_id']}"
    node = await server.request("POST", use, {"x": 0, "y": 0}, 201)
    assert (Path(node["node_directory"]) / "startup.vpc").read_text() == "ip 10.0.0.1 24\n"
    error = await server.request("GET", f"{path}/absent.txt", None, 404)
    assert error["status"] == 404
    for name in ("..%2Fx", ".hidden", "a%00b", "x" * 300):
        assert (await server.http.get(f"{path}/{name}")).status_code in (403, 404)
        assert (await server.http.put(f"{path}/{name}", json={"content": ""})).status_code in (403, 404, 405)


async def test_appliances_are_none(server: Server) -> None:
    assert await server.request("GET", "/v2/appliances?update=yes&symbol_theme=Classic", None, 200) == []
