"""The pictures in the documents, taken of real labs in a real browser.

``python -m tests.browser.picture`` writes all of them: the page of the hosts, and what the test of the campus
(``test_campus.py``) shows on its way, in light colours and in dark ones. The names ``hosts`` or ``campus`` after it are
for those alone. It needs Chromium and VPCS, as the tests here do.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Host, chromium, served
from tests.browser.lab_page import open_lab

DOCS = Path(__file__).parent.parent.parent / "docs"


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
}


def type_commands(page: Page, node: str, command: str, answer: str) -> None:
    """Open the console of a node, type a command into it and wait for its answer."""
    page.locator(f"[aria-label^='{node},']").dblclick()
    page.locator(".xterm-helper-textarea").last.press_sequentially(command + "\n")
    expect(page.locator(".terminal .xterm-accessibility")).to_contain_text(re.compile(answer))


def take_campus() -> None:
    """Run the test of the campus, which takes its pictures; in dark colours it takes those that are wanted in both."""
    command = [sys.executable, "-m", "pytest", "-n", "1", "-q", "tests/browser/test_campus.py"]
    for scheme in ("light", "dark"):
        wanted = {"GNS3TRIO_TEST_PICTURES": str(DOCS), "GNS3TRIO_TEST_SCHEME": scheme}
        subprocess.run(command, env={**os.environ, **wanted}, cwd=DOCS.parent, check=True)


# Apart from the ports of the server of the page.
FAR_PORTS = [
    *("--console-start-port-range", "30000", "--console-end-port-range", "30499"),
    *("--udp-start-port-range", "30500", "--udp-end-port-range", "30999", "--trunk-port", "3079"),
]


def take_hosts() -> None:
    """Make a lab on two hosts, ping across them for a while and take the picture; a third host is away."""
    with TemporaryDirectory() as folder, served(Path(folder)) as host:
        _take_hosts(host)


def _take_hosts(host: Host) -> None:
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
TAKEN = {"campus": take_campus, "hosts": take_hosts}


def main() -> None:
    for name in sys.argv[1:] or TAKEN:
        TAKEN[name]()


if __name__ == "__main__":
    main()
