"""The pictures in the documents, taken of real labs in a real browser.

``python -m tests.browser.picture`` writes the page of a lab to ``docs/page.png``, and that of the hosts to
``docs/hosts.png``; ``python -m tests.browser.picture hosts`` only the latter. It needs Chromium and VPCS, as the tests
here do.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host, chromium, served
from tests.browser.lab_page import open_lab

DOCS = Path(__file__).parent.parent.parent / "docs"


def note(text: str, x: int, y: int) -> dict[str, Any]:
    """A text on the map, as GNS3's clients write it."""
    style = 'font-family="Sans" font-size="11.0" font-weight="bold" fill="#5a6472" fill-opacity="1.0"'
    return {"x": x, "y": y, "z": 1, "svg": f'<svg height="24" width="140"><text {style}>{text}</text></svg>'}


def office(x: int, colour: str) -> dict[str, Any]:
    """A coloured area behind the nodes."""
    shape = f'<rect width="350" height="250" rx="12" fill="{colour}" fill-opacity="1.0" stroke="#9aa5b1"/>'
    return {"x": x, "y": -125, "z": 0, "svg": f'<svg width="350" height="250">{shape}</svg>'}


def computer(name: str, number: int, x: int, y: int) -> dict[str, Any]:
    script = f"set pcname {name}\nip 10.0.0.{number}/24\n"
    return {"node_type": "vpcs", "x": x, "y": y, "properties": {"startup_script": script}}


LAB: dict[str, Any] = {
    "nodes": {
        "PC1": computer("PC1", 1, -330, -70),
        "PC2": computer("PC2", 2, -330, 60),
        "SW1": {"node_type": "ethernet_switch", "x": -130, "y": 0},
        "SW2": {"node_type": "ethernet_switch", "x": 130, "y": 0},
        "PC3": computer("PC3", 3, 330, -70),
        "PC4": computer("PC4", 4, 330, 60),
    },
    "links": [
        {"ends": ["PC1", "SW1:0"]},
        {"ends": ["PC2", "SW1:1"]},
        {"ends": ["SW1:7", "SW2:7"], "filters": {"delay": [20, 5], "packet_loss": [2]}},
        {"ends": ["SW2:0", "PC3"]},
        {"ends": ["SW2:1", "PC4"]},
    ],
    "drawings": [
        office(-370, "#eef4fb"),
        office(85, "#f3f8ee"),
        note("Office", -358, -118),
        note("Warehouse", 97, -118),
    ],
}


def type_commands(page: Page, node: str, command: str, answer: str) -> None:
    """Open the console of a node, type a command into it and wait for its answer."""
    page.locator(f"[aria-label^='{node},']").dblclick()
    page.locator(".xterm-helper-textarea").last.press_sequentially(command + "\n")
    expect(page.locator(".terminal .xterm-accessibility")).to_contain_text(re.compile(answer))


def take_lab(host: Host) -> None:
    """Make the lab, use it for a moment and take the picture."""
    project = host.lab("branch office", LAB)
    path = f"/v2/projects/{project['project_id']}"
    host.request("POST", f"{path}/nodes/start", {})
    (wan,) = [each for each in host.request("GET", f"{path}/links") if each["filters"]]
    host.request("POST", f"{path}/links/{wan['link_id']}/start_capture", {})
    with chromium("--force-color-profile=srgb") as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 760}, color_scheme="light")
        page.emulate_media(reduced_motion="reduce")
        open_lab(page, host, project)
        expect(page.locator(".node.started")).to_have_count(6)
        type_commands(page, "PC1", "ping 10.0.0.3 -t", r"icmp_seq=12 ")
        page.locator("[aria-label*='SW1'][aria-label*='SW2']").first.click()
        expect(page.locator("aside h2")).to_contain_text("SW2")
        page.screenshot(path=DOCS / "page.png")


# Apart from the ports of the server of the page.
FAR_PORTS = [
    *("--console-start-port-range", "30000", "--console-end-port-range", "30499"),
    *("--udp-start-port-range", "30500", "--udp-end-port-range", "30999", "--trunk-port", "3079"),
]


def take_hosts(host: Host) -> None:
    """Make a lab on two hosts, ping across them for a while and take the picture; a third host is away."""
    with TemporaryDirectory() as folder, served(Path(folder), "gns3trio", 0, *FAR_PORTS) as far:
        port = int(far.url.rpartition(":")[2])
        # The name differs from the address of the server of the page, so that it is seen to be another host.
        attic = {"compute_id": "attic", "name": "attic", "protocol": "http", "host": "localhost", "port": port}
        shed = {"compute_id": "shed", "name": "shed", "protocol": "http", "host": "127.0.0.2", "port": 9}
        for address in (attic, shed):
            host.request("POST", "/v2/computes", address)
        nodes = {
            name: {**node, "compute": "attic"} for name, node in LAB["nodes"].items() if name in ("SW1", "PC1", "PC2")
        }
        project = host.lab("branch office", {"nodes": {**LAB["nodes"], **nodes}, "links": LAB["links"]})
        host.request("POST", f"/v2/projects/{project['project_id']}/nodes/start", {})
        with chromium("--force-color-profile=srgb") as browser:
            lab = browser.new_page()
            open_lab(lab, host, project)
            type_commands(lab, "PC3", "ping 10.0.0.1 -t", r"icmp_seq=4 ")
            page = browser.new_page(viewport={"width": 1280, "height": 830}, color_scheme="light")
            page.goto(f"{host.url}/hosts#attic")
            expect(page.get_by_role("region", name="Trunk to")).to_contain_text("frames up to")
            page.wait_for_timeout(1000 * LOAD_SECONDS)
            page.screenshot(path=DOCS / "hosts.png")


# For the plot of the load.
LOAD_SECONDS = 40
TAKEN = {"lab": take_lab, "hosts": take_hosts}


def main() -> None:
    for name in sys.argv[1:] or TAKEN:
        with TemporaryDirectory() as folder, served(Path(folder)) as host:
            TAKEN[name](host)


if __name__ == "__main__":
    main()
