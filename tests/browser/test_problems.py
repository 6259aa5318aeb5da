"""The page says what of a lab does not work, and why."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab


def with_broken_parts(host: Host, pair: dict[str, Any]) -> str:
    """The pair and, made elsewhere, a router, and a cloud whose interface is missing; returns its path."""
    path = f"/v2/projects/{pair['project_id']}"
    host.request("POST", f"{path}/close")
    file = Path(pair["path"]) / pair["filename"]
    document = json.loads(file.read_bytes())
    topology = document["topology"]
    (joined,) = topology["links"]
    port = {"name": "nowhere0", "port_number": 0, "type": "ethernet", "interface": "nowhere0"}
    added = {
        "Router1": {"node_type": "dynamips", "x": 200, "y": 200},
        "Cloud1": {"node_type": "cloud", "properties": {"ports_mapping": [port]}, "x": -200, "y": 200},
    }
    ids = {name: str(uuid4()) for name in added}
    topology["nodes"] += [
        {"node_id": ids[name], "name": name, "compute_id": "local", **fields} for name, fields in added.items()
    ]
    (first, _) = joined["nodes"]
    end = {"node_id": ids["Cloud1"], "adapter_number": 0, "port_number": 0}
    joined["nodes"] = [first, end]
    file.write_text(json.dumps(document))
    host.request("POST", f"{path}/open")
    return path


def test_a_link_that_nothing_crosses_is_broken_and_not_idle(page: Page, host: Host, pair: dict[str, Any]) -> None:
    with_broken_parts(host, pair)
    open_lab(page, host, pair)
    expect(page.locator(".link.broken")).to_have_count(1)
    expect(page.locator(".link.broken")).to_have_attribute("aria-label", re.compile("Cloud1 nowhere0, broken$"))
    expect(page.locator("aside .list").get_by_text("broken")).to_have_count(1)
    page.locator(".link").focus()
    page.keyboard.press("Space")
    expect(page.locator("aside .problem")).to_contain_text("Interface 'nowhere0' doesn't exist")


def test_a_node_that_does_not_run_here_says_so(page: Page, host: Host, pair: dict[str, Any]) -> None:
    with_broken_parts(host, pair)
    open_lab(page, host, pair)
    router = page.locator(".node.kept")
    expect(router).to_have_count(1)
    expect(router).to_have_attribute("aria-label", "Router1, dynamips, does not run here")
    page.get_by_role("button", name="Start all").click()
    expect(page.get_by_text("not started: Router1: this server does not run nodes of type dynamips")).to_be_visible()
    router.click()
    expect(page.locator("aside .problem")).to_contain_text("does not run nodes of type dynamips")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_hidden()
