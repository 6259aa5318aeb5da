"""The page of templates and symbols."""

from typing import Any

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Host


def own_templates(host: Host) -> dict[str, Any]:
    return {each["name"]: each for each in host.request("GET", "/v2/templates") if not each["builtin"]}


def test_a_template_is_made_changed_copied_used_and_deleted(page: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    before = own_templates(host).keys()  # those of other tests at this server
    page.goto(f"{host.url}/templates")
    page.get_by_role("button", name="New template…").click()
    page.get_by_label("Type").select_option(label="Ethernet switch")
    page.get_by_role("button", name="Next").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_text("This must not be empty.")).to_be_visible()
    dialog.get_by_label("Name", exact=True).fill("Access switch")
    dialog.get_by_text("Several at once").click()
    dialog.get_by_label("Ports to set, such as 0-7 or 0, 2").fill("0-7")
    dialog.get_by_label("VLAN of several").fill("20")
    dialog.get_by_role("button", name="Set", exact=True).click()
    dialog.get_by_label("VLAN of port 1").fill("9999")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_text("port 1, VLAN: ")).to_be_visible()
    dialog.get_by_label("VLAN of port 1").fill("21")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_have_count(0)
    vlans = [port["vlan"] for port in own_templates(host)["Access switch"]["ports_mapping"]]
    assert vlans == [20, 21, 20, 20, 20, 20, 20, 20]

    page.get_by_role("button", name="Change… Access switch").click()
    dialog.get_by_label("Names of nodes").fill("ASW{0}")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert own_templates(host)["Access switch"]["default_name_format"] == "ASW{0}"
    page.get_by_role("button", name="Copy… Access switch").click()
    dialog.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#templates")).to_contain_text("Access switch copy")
    page.get_by_role("button", name="Delete Access switch", exact=True).click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Delete Access switch", exact=True)).to_have_count(0)
    assert own_templates(host).keys() - before == {"Access switch copy"}

    labs.append(host.request("POST", "/v2/projects", {"name": "of templates"}))
    page.get_by_role("button", name="Add Access switch copy to a lab").click()
    dialog.get_by_label("Project").select_option(label="of templates")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[aria-label^='ASW1,']")).to_be_visible()
    (node,) = host.request("GET", f"/v2/projects/{labs[-1]['project_id']}/nodes")
    assert [port["vlan"] for port in node["properties"]["ports_mapping"]] == vlans
    host.request("DELETE", f"/v2/templates/{own_templates(host)['Access switch copy']['template_id']}")


def test_a_built_in_template_is_copied_with_a_script_and_a_symbol_of_its_own(
    page: Page, host: Host, labs: list[dict[str, Any]]
) -> None:
    page.goto(f"{host.url}/templates")
    picture: FilePayload = {
        "name": "lamp.svg",
        "mimeType": "image/svg+xml",
        "buffer": b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"/>',
    }
    page.get_by_label("Picture to upload").set_input_files([picture])
    expect(page.locator(".uploaded")).to_contain_text("lamp")
    page.get_by_role("button", name="Copy… VPCS").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Quiet PC")
    dialog.get_by_label("Base script").fill("quiet.txt")
    dialog.get_by_label("Symbol").click()
    page.get_by_role("button", name="lamp", exact=True).click()
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_have_count(0)
    made = own_templates(host)["Quiet PC"]
    assert (made["symbol"], made["base_script_file"]) == ("lamp.svg", "quiet.txt")
    page.get_by_role("button", name="Script… Quiet PC").click()
    dialog.get_by_label("Text").fill("set pcname %h\n")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    told = host.request("GET", f"/v2/templates/{made['template_id']}/base-config/quiet.txt")
    assert told["content"] == "set pcname %h\n"
    page.get_by_role("button", name="Delete lamp").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".uploaded li")).to_have_count(0)
    host.request("DELETE", f"/v2/templates/{made['template_id']}")
