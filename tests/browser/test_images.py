"""The page of images and appliances: from a file to a template."""

import hashlib
import json
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.support.appliances import ROUTER

CONTENT = bytes(range(256)) * 40_000  # more than one part


def test_an_appliance_is_installed_in_the_page(page: Page, host: Host, tmp_path: Path) -> None:
    md5sum = hashlib.md5(CONTENT).hexdigest()
    image = {"filename": "disk.img", "version": "1.0", "md5sum": md5sum, "filesize": len(CONTENT)}
    image |= {"direct_download_url": "javascript:alert(1)", "download_url": "https://example.org/disk"}
    versions = [{"name": "1.0", "images": {"hda_disk_image": "disk.img"}}]
    file = tmp_path / "router.gns3a"
    file.write_text(json.dumps({**ROUTER, "name": "<b>Router</b>", "images": [image], "versions": versions}))
    (tmp_path / "downloaded.img").write_bytes(CONTENT)
    (tmp_path / "other.img").write_bytes(b"another image")

    page.goto(host.url)
    page.get_by_role("link", name="Images and appliances").click()
    expect(page.get_by_text("There is no image yet")).to_be_visible()
    page.locator("#appliance-file").set_input_files(file)
    row = page.locator("#appliances tbody tr")
    expect(row).to_contain_text("<b>Router</b>")
    row.get_by_role("button", name="Install").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("missing")
    expect(dialog.get_by_role("button", name="Install")).to_be_disabled()
    expect(dialog.get_by_role("link", name="Where to get it")).to_have_attribute("href", "https://example.org/disk")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "downloaded.img")
    expect(dialog).to_contain_text("Nothing is missing")
    dialog.get_by_role("button", name="Install").click()
    expect(page.locator("#messages")).to_contain_text("The template <b>Router</b> 1.0 was made.")
    assert "<b>Router</b> 1.0" in {each["name"] for each in host.request("GET", "/v2/templates")}

    page.locator("#image-file").set_input_files(tmp_path / "other.img")
    expect(page.locator("#images tbody tr")).to_have_count(2)
    expect(page.locator("#images")).to_contain_text(hashlib.md5(b"another image").hexdigest())
    page.locator("#images tr", has_text="other.img").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#images tbody tr")).to_have_count(1)
    assert [each["path"] for each in host.request("GET", "/v2/compute/qemu/images")] == ["disk.img"]
    host.request("DELETE", "/v2/compute/qemu/images/disk.img")  # other tests use the server too


def test_a_node_is_made_from_a_template_in_the_page(page: Page, host: Host) -> None:
    fields = {"name": "<b>Desk</b>", "template_type": "vpcs", "default_name_format": "Desk{0}", "compute_id": "local"}
    template = host.request("POST", "/v2/templates", {**fields, "symbol": ":/symbols/classic/computer.svg"})
    project = host.lab("templates", {"nodes": {"PC1": {"node_type": "vpcs"}}})
    page.goto(f"{host.url}/projects/{project['project_id']}")
    expect(page.locator(".node")).to_have_count(1)
    page.get_by_label("Type of the new node").select_option("<b>Desk</b>")
    page.get_by_role("button", name="Add node").click()
    expect(page.locator("aside h2")).to_contain_text("Desk1")
    nodes = host.request("GET", f"/v2/projects/{project['project_id']}/nodes")
    assert {each["name"]: each["template_id"] for each in nodes}["Desk1"] == template["template_id"]
    page.get_by_label("Type of the new node").select_option("Ethernet switch")
    page.get_by_role("button", name="Add node").click()
    expect(page.locator(".node")).to_have_count(3)
    host.request("DELETE", f"/v2/templates/{template['template_id']}")


@pytest.mark.refused_requests
def test_the_image_of_a_new_machine_is_asked_for(page: Page, host: Host) -> None:
    blank = urllib.request.Request(f"{host.url}/v2/compute/qemu/images/blank.img", method="POST", data=bytes(2**20))
    urllib.request.urlopen(blank).close()
    project = host.lab("machines", {"nodes": {"PC1": {"node_type": "vpcs"}}})
    page.goto(f"{host.url}/projects/{project['project_id']}")
    expect(page.locator(".node")).to_have_count(1)
    page.get_by_label("Type of the new node").select_option("QEMU")
    page.get_by_role("button", name="Add node").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("datalist option")).to_have_attribute("value", "blank.img")
    dialog.get_by_label("Image").fill("absent.img")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.locator(".field .error")).to_contain_text("absent.img")
    dialog.get_by_label("Image").fill("blank.img")
    dialog.get_by_role("button", name="Add").click()
    expect(page.locator("aside h2")).to_contain_text("QEMU")
    nodes = host.request("GET", f"/v2/projects/{project['project_id']}/nodes")
    (machine,) = (each for each in nodes if each["node_type"] == "qemu")
    assert machine["properties"]["hda_disk_image"] == "blank.img"
    host.request("DELETE", f"/v2/projects/{project['project_id']}/nodes/{machine['node_id']}")
    host.request("DELETE", "/v2/compute/qemu/images/blank.img")  # other tests use the server too
