"""Snapshots, settings and notes of a lab in the page."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from gns3trio.topology_yaml import parse_yaml
from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab, start_all


@pytest.mark.refused_requests
def test_a_snapshot_is_taken_compared_and_restored(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    path = f"/v2/projects/{pair['project_id']}"
    start_all(page)
    page.get_by_role("button", name="Snapshots").click()
    dialog = page.get_by_role("dialog", name="Snapshots")
    expect(dialog).to_contain_text("2 nodes run and are stopped first")
    dialog.get_by_label("Name of the new snapshot").fill("a/b")
    dialog.get_by_label("Name of the new snapshot").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be the name of a file")
    expect(dialog.get_by_label("Name of the new snapshot")).to_have_value("a/b")
    dialog.get_by_label("Name of the new snapshot").fill("works")
    dialog.get_by_role("button", name="Take snapshot").click()
    row = dialog.get_by_role("row", name="works")
    expect(row).to_be_visible()
    expect(page.locator(".node.started")).to_have_count(2)  # as before

    nodes = sorted(host.request("GET", f"{path}/nodes"), key=lambda node: str(node["name"]))
    host.request("PUT", f"{path}/nodes/{nodes[0]['node_id']}", {"name": "renamed", "x": -300})
    host.request("DELETE", f"{path}/nodes/{nodes[1]['node_id']}")
    host.request("POST", f"{path}/drawings", {"svg": "<svg><text>new</text></svg>"})
    row.get_by_role("button", name="Compare").click()
    expect(dialog.locator("#comparison-summary")).to_have_text("1 object added, 3 objects removed, 1 object changed.")
    for told in ("renamed changed", "moved", "PC2 removed", "note “new” added"):
        expect(dialog.locator(".comparison")).to_contain_text(told)

    row.get_by_role("button", name="Restore…").click()
    question = page.get_by_role("dialog", name="Restore “works”?")
    expect(question).to_contain_text("1 node removed since then: will be back (PC2)")
    expect(question).to_contain_text("1 drawing added since then: will be deleted (note “new”)")
    question.get_by_role("button", name="Restore", exact=True).click()
    expect(page.locator(".node")).to_have_count(2)
    expect(page.locator("[aria-label^='PC1,']")).to_be_visible()
    expect(page.locator(".drawing")).to_have_count(0)
    kept, taken = sorted(str(each["name"]) for each in host.request("GET", f"{path}/snapshots"))
    assert (kept.startswith("before restoring works, "), taken) == (True, "works")

    page.get_by_role("button", name="Snapshots").click()
    rows = dialog.get_by_role("row", name="works")
    expect(rows).to_have_count(2)  # the one that was kept before the restore has its name, too
    row.filter(has_not_text="before").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete the snapshot “works”?").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(1)
    assert len(host.request("GET", f"{path}/snapshots")) == 1


@pytest.mark.refused_requests
def test_a_lab_is_exported_as_a_text_and_as_a_whole(
    page: Page, host: Host, pair: dict[str, Any], tmp_path: Path
) -> None:
    open_lab(page, host, pair)
    start_all(page)
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export “pair”")
    stop = dialog.get_by_label("Stop the 2 nodes first that run: PC1, PC2")
    save = dialog.get_by_role("button", name="Export")
    save.click()
    expect(dialog).to_contain_text("Choose this, or stop them yourself")
    dialog.get_by_label("Description (.yaml)").check()
    expect(stop).to_be_hidden()
    with page.expect_download() as text:
        save.click()
    text.value.save_as(tmp_path / text.value.suggested_filename)
    assert sorted(parse_yaml((tmp_path / "pair.yaml").read_bytes())["nodes"]) == ["PC1", "PC2"]
    expect(page.locator(".node.started")).to_have_count(2)

    page.get_by_role("button", name="Export", exact=True).click()
    stop.check()
    with page.expect_download() as whole:
        save.click()
    whole.value.save_as(tmp_path / whole.value.suggested_filename)
    with ZipFile(tmp_path / "pair.gns3project") as archive:
        assert "project.gns3" in archive.namelist()
    expect(page.locator(".node.started")).to_have_count(0)


def test_settings_and_notes_are_edited(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    path = f"/v2/projects/{pair['project_id']}"
    page.get_by_role("button", name="Settings").click()
    form = page.get_by_role("dialog", name="Settings of the project")
    expect(form).to_contain_text("Five seconds after the last GNS3 client that shows this lab has gone")
    form.get_by_label("Grid of nodes").fill("1")
    form.get_by_label("Close it when the last GNS3 client leaves").uncheck()
    form.get_by_role("button", name="Add a variable").click()
    form.get_by_label("Name of the variable").fill("SITE")
    form.get_by_label("Value of the variable").fill("Bern")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Grid of nodes")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Grid of nodes").fill("50")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    project = host.request("GET", path)
    assert (project["grid_size"], project["auto_close"]) == (50, False)
    assert project["variables"] == [{"name": "SITE", "value": "Bern"}]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")
    assert host.request("GET", path)["auto_close"]

    page.get_by_role("button", name="Notes", exact=True).click()
    page.get_by_label("Text").fill("Two offices\n<b>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert host.request("GET", f"{path}/notes") == {"text": "Two offices\n<b>"}
    page.get_by_role("button", name="Notes", exact=True).click()
    expect(page.get_by_label("Text")).to_have_value("Two offices\n<b>")
