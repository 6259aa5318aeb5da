"""The page of a server that has one more type of node, which only tests have."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Host, served


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with served(tmp_path_factory.mktemp("projects"), "tests.support.black_hole") as host:
        yield host


def test_a_node_of_it_is_made_started_and_stopped(page: Page, host: Host, labs: list[dict[str, Any]]) -> None:
    labs.append(host.request("POST", "/v2/projects", {"name": "holes"}))
    page.goto(f"{host.url}/projects/{labs[-1]['project_id']}")
    page.get_by_label("Type of the new node").select_option(label="Black hole")
    page.get_by_role("button", name="Add node").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(1)
    expect(page.locator("aside")).to_contain_text("Black hole")
    expect(page.get_by_role("button", name="Ping")).to_have_count(0)
    page.get_by_role("tab", name="Settings").click()
    page.get_by_label("Mass").fill("80")
    page.get_by_label("Startup script").fill("spin fast\n")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("aside .save")).to_contain_text("Mass, Startup script take effect when Hole1 starts")
    (node,) = host.request("GET", f"/v2/projects/{labs[-1]['project_id']}/nodes")
    assert node["properties"]["mass"] == 80
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".node.started")).to_have_count(0)
