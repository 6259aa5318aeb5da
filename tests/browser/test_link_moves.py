"""A link that somebody gives other ends, as Terraform's provider does, while a page shows it."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import open_lab

TOPOLOGY = {
    "nodes": {
        "A": {"node_type": "ethernet_switch", "x": -300},
        "B": {"node_type": "ethernet_switch", "x": 300},
        "C": {"node_type": "ethernet_switch", "x": 0, "y": 300},
    },
    "links": [{"ends": ["A:0/0", "B:0/0"]}, {"ends": ["A:0/1", "B:0/1"]}],
}


def places(page: Page) -> list[tuple[float, float, float, float]]:
    """Where the wires are, from upper to lower."""
    names = ("x1", "y1", "x2", "y2")
    wires = page.locator(".link .wire").evaluate_all(
        f"(wires) => wires.map((wire) => {list(names)}.map((name) => Number(wire.getAttribute(name))))"
    )
    return sorted((x1, y1, x2, y2) for x1, y1, x2, y2 in wires)


def test_a_link_that_moves_leaves_its_place_to_the_other(page: Page, host: Host) -> None:
    project: dict[str, Any] = host.lab("moving", TOPOLOGY)
    path = f"/v2/projects/{project['project_id']}"
    open_lab(page, host, project)
    (_, y, *_), (_, below, *_) = places(page)
    assert below - y > 5  # beside each other
    link = host.request("GET", f"{path}/links")[1]
    nodes = {node["name"]: node["node_id"] for node in host.request("GET", f"{path}/nodes")}
    ends = [{"node_id": nodes[name], "adapter_number": 0, "port_number": 5} for name in ("A", "C")]
    host.request("PUT", f"{path}/links/{link['link_id']}", {"nodes": ends})
    expect(page.locator(f"[data-id='{link['link_id']}']")).to_have_attribute(
        "aria-label", re.compile("^Link A e5 . C e5$")
    )
    (_, y1, _, y2), _ = sorted(places(page), key=lambda place: place[3])
    assert y1 == y2 == (y + below) / 2  # the other one has the middle for itself
    page.goto("about:blank")
    host.request("DELETE", path)
