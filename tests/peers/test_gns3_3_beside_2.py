"""The web UI of GNS3 3 and gns3fy, a client of GNS3 2.2, with one project: each sees the other's changes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
from playwright.sync_api import Browser, expect

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from gns3fy import Gns3Connector, Project

from tests.e2e.conftest import StartServer
from tests.peers.gns3_3 import web_ui_of_gns3_3
from tests.peers.web_ui_3 import PASSWORD, USER, create_project, drag, log_in, new_page


@contextmanager
def within_a_second(what: str) -> Iterator[None]:
    """What is awaited in the block comes within a second. It prints how soon."""
    began = monotonic()
    yield
    took = monotonic() - began
    print(f"{what}: {took * 1000:.0f} ms")
    if took > 1:
        pytest.fail(f"{what} took {took:.1f} s")


def test_each_sees_the_changes_of_the_other(browser: Browser, start_server: StartServer) -> None:
    server = start_server("--web-ui-path", str(web_ui_of_gns3_3()), "--user", USER, "--password", PASSWORD)
    old = Gns3Connector(url=server.url, user=USER, cred=PASSWORD)
    wrong: list[str] = []
    with new_page(browser, server.url, wrong) as page:
        log_in(page, server.url)
        lab = Project(project_id=create_project(page, "shared"), connector=old)
        lab.get()
        drag(page, "VPCS", 500, 300)
        lab.get_nodes()
        assert [node.name for node in lab.nodes] == ["PC1"]
        lab.create_node(name="PC9", template="VPCS", x=200, y=100)
        with within_a_second("a node of the old client in the new one"):
            expect(page.locator("g.node")).to_have_count(2)
        lab.create_link("PC1", "Ethernet0", "PC9", "Ethernet0")
        with within_a_second("its link"):
            expect(page.locator("g.link path.ethernet_link")).to_have_count(1)
        lab.start_nodes(poll_wait_time=0)
        with within_a_second("its start"):
            expect(page.locator(".nodeRow svg rect[fill=green]")).to_have_count(2)
        lab.get_node("PC9").delete()
        with within_a_second("its deletion"):
            expect(page.locator("g.node")).to_have_count(1)
