"""A whole lab, or what is selected of it, is laid out and put back."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab

STAR = {
    "nodes": {name: {"node_type": "ethernet_hub", "x": 0, "y": 0} for name in ("Hub", "A", "B", "C")},
    "links": [{"ends": ["Hub", name]} for name in ("A", "B", "C")],
}


def test_a_lab_is_arranged_and_put_back(page: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    labs.append(host.lab("star", STAR))
    path = f"/v2/projects/{labs[-1]['project_id']}/nodes"

    def places() -> dict[str, tuple[int, int]]:
        return {node["name"]: (node["x"], node["y"]) for node in host.request("GET", path)}

    open_lab(page, host, labs[-1])
    page.get_by_role("button", name="Arrange").click()
    dialog = page.get_by_role("dialog", name="Arrange the lab")
    dialog.get_by_role("radio", name="In circles").check()
    with page.expect_response("**/positions"):
        dialog.get_by_role("button", name="Arrange").click()
    arranged = places()
    assert len(set(arranged.values())) == 4
    expect(page.locator(".node[aria-label^='A,']")).to_be_visible()
    with page.expect_response("**/positions"):
        page.get_by_role("button", name="Undo").click()
    assert set(places().values()) == {(0, 0)}
    with page.expect_response("**/positions"):
        page.get_by_role("button", name="Redo").click()
    assert places() == arranged
