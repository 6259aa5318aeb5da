"""Containers in the GNS3 web UI 2.2, unmodified, in a real browser at our server."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.peers.web_ui import drag, lab, open_web_console, page, served_with_web_ui, start, suspend_all, watching
from tests.support.docker_engine import BUSYBOX, DockerEngine

__all__ = ["lab", "page"]  # fixtures


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, docker_engine: DockerEngine) -> Iterator[Host]:
    options = ("--docker-socket", str(docker_engine.socket))
    with served_with_web_ui(tmp_path_factory.mktemp("projects"), *options) as host:
        yield host


def test_a_container_is_made_started_and_opened(page: Page, host: Host, lab: dict[str, Any]) -> None:
    make_template(page, host, "Alpine")
    with watching(page, lab):
        page.goto(f"{host.url}/static/web-ui/server/1/project/{lab['project_id']}")
    expect(page.locator("g.node")).to_have_count(2)
    drag(page, "Alpine")
    container = start(page, "Alpine-1")
    open_web_console(page, container, b"MAC 02:42:", "echo MA''C $(cat /sys/class/net/eth1/address)\n")
    suspend_all(page, "Alpine-1")


def make_template(page: Page, host: Host, name: str) -> None:
    """Go through the wizard. A part of it can be chosen when the one before is filled in."""
    page.goto(f"{host.url}/static/web-ui/server/1/preferences/docker/addtemplate")
    wizard = page.locator("app-add-docker-template")

    def go_to(part: str) -> None:
        wizard.get_by_role("tab", name=part).click(force=True)

    wizard.get_by_text("Run this Docker container locally").click()
    go_to("Docker Virtual Machine")
    wizard.get_by_text("Existing image").click()
    wizard.locator("mat-select").first.click()
    page.locator("mat-option", has_text=BUSYBOX).first.click()
    go_to("Container name")
    wizard.locator("input[formcontrolname=templateName]").fill(name)
    go_to("Network adapters")
    wizard.locator("input[formcontrolname=adapters]").fill("2")
    go_to("Environment")
    wizard.get_by_role("button", name="Add template").click()
    expect(page.locator("app-docker-templates").get_by_text(name)).to_be_visible()
