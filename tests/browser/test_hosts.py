"""The page of the hosts, and what a lab shows of them."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Host, served
from tests.browser.lab_page import open_lab

Json = dict[str, Any]
# The name differs from the address of that server, so that it is seen to be another host.
FAR_ADDRESS = "localhost"
# Away from the ports of the server that the page is of.
RANGES = [
    *("--trunk-port", "3079"),
    *("--console-start-port-range", "56000", "--console-end-port-range", "56999"),
    *("--udp-start-port-range", "57000", "--udp-end-port-range", "57999"),
]


class FarHost:
    """Another server of ours, which can be stopped and started again at its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._running = ExitStack()

    def start(self) -> None:
        options = ["--user", "lab", "--password", "far secret", *RANGES]
        opened = self._running.enter_context(served(self.folder, "gns3trio", self.port, *options))
        self.port = int(opened.url.rpartition(":")[2])

    def stop(self) -> None:
        self._running.close()

    def address(self, **fields: Any) -> Json:
        body = {"compute_id": "attic", "name": "attic", "protocol": "http", "host": FAR_ADDRESS, "port": self.port}
        return {**body, "user": "lab", "password": "far secret", **fields}


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarHost]:
    far = FarHost(tmp_path / "far")
    far.start()
    yield far
    far.stop()


@pytest.fixture(autouse=True)
def hosts_are_removed(host: Host) -> Iterator[None]:
    yield
    for compute in host.request("GET", "/v2/computes")[1:]:
        host.request("DELETE", f"/v2/computes/{quote(compute['compute_id'], safe='')}")


def lab_on_two_hosts(host: Host, labs: list[Json], far: FarHost) -> Json:
    """PC1 here, linked to PC2 on the attic."""
    assert host.request("POST", "/v2/computes", far.address())["connected"]
    project = host.request("POST", "/v2/projects", {"name": "office"})
    labs.append(project)
    path = f"/v2/projects/{project['project_id']}"
    nodes = [
        host.request("POST", f"{path}/nodes", {"name": name, "node_type": "vpcs", "compute_id": where, "x": x})
        for name, where, x in (("PC1", "local", -200), ("PC2", "attic", 200))
    ]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    host.request("POST", f"{path}/links", {"nodes": ends})
    return dict(project)


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr", has=page.get_by_role("link", name=name, exact=True))


@contextmanager
def dialog(page: Page, button: str) -> Iterator[Locator]:
    """The dialog that a button opens; it is closed at the end."""
    page.get_by_role("button", name=button).click()
    opened = page.locator("dialog")
    expect(opened).to_be_visible()
    yield opened
    expect(opened).to_have_count(0)


def test_a_host_is_added_mended_and_removed(page: Page, host: Host, labs: list[Json], far: FarHost) -> None:
    page.goto(f"{host.url}/hosts")
    expect(page.get_by_text("Only this server runs nodes.")).to_be_visible()
    expect(page.locator("aside h2")).to_contain_text("(this server)")
    expect(page.get_by_role("button", name="Remove…")).to_have_count(0)
    with dialog(page, "Add host…") as form:
        form.get_by_label("Host", exact=True).fill(f"http://{FAR_ADDRESS}:{far.port}/")  # a whole address is split
        form.get_by_label("Name").fill("attic")
        form.get_by_label("User").fill("lab")
        form.get_by_label("Password").fill("wrong")
        form.get_by_role("button", name="Add").click()
    expect(row(page, "attic")).to_contain_text("away")
    expect(page.locator("aside h2")).to_have_text("attic")
    expect(page.locator("aside .problem")).to_contain_text("password is wrong")
    with dialog(page, "Change…") as form:
        expect(form.get_by_label("Port")).to_have_value(str(far.port))
        form.get_by_label("Password").fill("far secret")
        form.get_by_role("button", name="Change").click()
    expect(row(page, "attic")).to_contain_text("connected")
    expect(row(page, "attic")).to_contain_text("gns3trio")
    expect(row(page, "attic").locator(".load").first).to_have_text(re.compile(r"\d+ %"))
    (compute,) = [each for each in host.request("GET", "/v2/computes") if each["name"] == "attic"]

    project = host.request("POST", "/v2/projects", {"name": "office"})
    labs.append(project)
    body = {"name": "SW1", "node_type": "ethernet_switch", "compute_id": compute["compute_id"]}
    host.request("POST", f"/v2/projects/{project['project_id']}/nodes", body)
    expect(row(page, "attic")).to_contain_text("1 of 1")
    expect(page.locator("aside")).to_contain_text("Ethernet switch")
    expect(page.locator("aside").get_by_role("link", name="office")).to_be_visible()
    page.locator("aside").get_by_role("link", name="office").focus()
    host.request("POST", f"/v2/projects/{project['project_id']}/nodes", body)
    expect(row(page, "attic")).to_contain_text("2 of 2")
    expect(page.locator("aside").get_by_role("link", name="office")).to_be_focused()  # though it was drawn anew
    with dialog(page, "Remove…") as question:
        expect(question).to_contain_text("office (2 nodes). This project is closed, and all of its nodes stop.")
        question.get_by_role("button", name="Remove").click()
    expect(row(page, "attic")).to_have_count(0)
    assert host.request("GET", f"/v2/projects/{project['project_id']}")["status"] == "closed"


@pytest.mark.refused_requests  # the browser logs them as errors
def test_an_error_is_at_its_field_and_what_was_typed_stays(page: Page, host: Host) -> None:
    taken = {"name": "attic", "protocol": "http", "host": "127.0.0.1", "port": 9}
    host.request("POST", "/v2/computes", taken)
    page.goto(f"{host.url}/hosts")
    with dialog(page, "Add host…") as form:
        where, name = form.get_by_label("Host", exact=True), form.get_by_label("Name")
        form.get_by_role("button", name="Add").click()
        expect(where).to_have_attribute("aria-invalid", "true")
        expect(where).to_be_focused()
        where.fill("127.0.0.1")
        name.fill("attic")
        form.get_by_role("button", name="Add").click()
        expect(name).to_have_attribute("aria-invalid", "true")
        expect(where).not_to_have_attribute("aria-invalid", "true")
        expect(form.get_by_text("there is a compute named 'attic' already")).to_be_visible()
        expect(where).to_have_value("127.0.0.1")
        form.get_by_label("Protocol").select_option("https")
        name.fill("cellar")
        form.get_by_label("Certificate").fill("no certificate")
        form.get_by_role("button", name="Add").click()
        expect(form.get_by_label("Certificate")).to_have_attribute("aria-invalid", "true")
        form.get_by_role("button", name="Cancel").click()
    assert [each["name"] for each in host.request("GET", "/v2/computes")[1:]] == ["attic"]


def test_a_host_that_a_file_names_is_confirmed(page: Page, host: Host, labs: list[Json], far: FarHost) -> None:
    project = lab_on_two_hosts(host, labs, far)
    host.request("DELETE", "/v2/computes/attic")
    host.request("POST", f"/v2/projects/{project['project_id']}/open")
    page.goto(f"{host.url}/hosts#attic")
    expect(row(page, "attic")).to_contain_text("to be confirmed")
    expect(page.locator("aside .problem")).to_contain_text("It is not contacted before you confirm it.")
    with dialog(page, "Confirm…") as question:
        expect(question).to_contain_text(f"http://{FAR_ADDRESS}:{far.port}")
        question.get_by_role("button", name="Connect").click()
    expect(page.locator("aside .problem")).to_contain_text("password")  # a file has none
    expect(page.get_by_role("button", name="Confirm…")).to_be_hidden()


def test_a_lab_shows_where_its_nodes_are_and_that_a_host_is_away(
    page: Page, host: Host, labs: list[Json], far: FarHost
) -> None:
    project = lab_on_two_hosts(host, labs, far)
    open_lab(page, host, project)
    away = page.locator(".node.elsewhere")
    expect(away).to_have_attribute("aria-label", "PC2, vpcs, stopped, on attic")
    expect(away.locator(".host")).to_have_text("attic")
    expect(page.locator(".link.between")).to_have_attribute("aria-label", re.compile("between hosts$"))
    page.locator(".link").focus()
    page.keyboard.press("Space")
    expect(page.locator("aside")).to_contain_text(re.compile(r"Between the hosts .* \(this server\) and attic\."))
    page.get_by_label("Host on the map").select_option("attic")
    expect(page.locator(".node.dimmed")).to_have_attribute("aria-label", "PC1, vpcs, stopped")
    page.get_by_label("Host on the map").select_option("")
    expect(page.locator(".dimmed")).to_have_count(0)
    away.click()
    expect(page.locator("aside").get_by_role("link", name="attic")).to_have_attribute(
        "href", re.compile("/hosts#attic$")
    )

    far.stop()
    expect(away).to_have_attribute("aria-label", "PC2, vpcs, away, last seen stopped, on attic")
    expect(page.locator("aside .problem")).to_contain_text("Its host attic is away")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_hidden()
    expect(page.locator(".link.broken")).to_have_count(1)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("searchbox").fill("attic away")
    expect(page.locator(".rows li")).to_have_count(1)
    far.start()
    expect(away).to_have_attribute("aria-label", "PC2, vpcs, stopped, on attic")
    expect(page.locator(".broken, .away")).to_have_count(0)


def test_the_trunk_between_two_hosts_is_shown(page: Page, host: Host, labs: list[Json], far: FarHost) -> None:
    project = lab_on_two_hosts(host, labs, far)
    page.goto(f"{host.url}/hosts#attic")
    trunk = page.locator("aside").get_by_role("region", name="(this server)")
    expect(trunk).to_contain_text("up")
    expect(trunk).to_contain_text(re.compile(r"Round trip[\d.]+ [mµ]s"))
    expect(trunk).to_contain_text(re.compile(r"MTU[\d,]+ bytes: frames up to"))
    expect(trunk).to_contain_text(re.compile(r"Links1.*bit/s sent"))
    expect(row(page, "attic")).to_contain_text(re.compile(r"[mµ]s, 0 % lost"))
    open_lab(page, host, project)
    page.locator(".link.between").focus()
    page.keyboard.press("Space")
    expect(page.locator("aside")).to_contain_text(re.compile(r"Their trunk is up\. Round trip .*; Loss 0 %; MTU "))


def test_a_new_node_goes_to_the_chosen_host(page: Page, host: Host, labs: list[Json], far: FarHost) -> None:
    project = lab_on_two_hosts(host, labs, far)
    open_lab(page, host, project)
    page.get_by_label("Type of the new node").select_option("ethernet_hub")
    page.get_by_label("Host of the new node").select_option("attic")
    page.get_by_role("button", name="Add node").click()
    expect(page.locator(".node.elsewhere")).to_have_count(2)
    nodes = host.request("GET", f"/v2/projects/{project['project_id']}/nodes?compute_id=attic")
    assert [each["node_type"] for each in nodes] == ["vpcs", "ethernet_hub"]
    far.stop()
    option = page.locator("#node-host option", has_text="attic")
    expect(option).to_have_text("attic (away)")
    expect(option).to_be_disabled()


def test_a_stopped_node_is_moved(page: Page, host: Host, labs: list[Json], far: FarHost) -> None:
    project = lab_on_two_hosts(host, labs, far)
    open_lab(page, host, project)
    page.locator("[aria-label^='PC1,']").click()
    expect(page.get_by_label("Engine")).to_be_visible()
    with dialog(page, "Move to host…") as form:
        expect(form.get_by_label("Host").locator("option")).to_have_text(["attic"])
        form.get_by_role("button", name="Move").click()
    expect(page.locator("[aria-label^='PC1,']")).to_have_attribute("aria-label", "PC1, vpcs, stopped, on attic")
    expect(page.locator("aside").get_by_role("link", name="attic")).to_be_visible()
    expect(page.get_by_label("Engine").locator("option").first).to_contain_text("the host's default")
    expect(page.locator(".link.between")).to_have_count(0)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("button", name="Move to host…")).to_be_hidden()


def test_what_another_controller_has_open_here_is_shown_and_closed(page: Page, host: Host) -> None:
    project = {"name": "foreign", "project_id": "00000000-0000-4000-8000-000000000019"}
    host.request("POST", "/v2/compute/projects", project)  # as a controller does
    path = f"/v2/compute/projects/{project['project_id']}/ethernet_switch/nodes"
    host.request("POST", path, {"name": "SW1"})
    page.goto(f"{host.url}/hosts")
    expect(page.locator("aside")).to_contain_text("Projects of other controllers")
    with dialog(page, "Close foreign") as question:
        question.get_by_role("button", name="Close").click()
    expect(page.locator("aside")).not_to_contain_text("Projects of other controllers")
    assert host.request("GET", "/v2/hosted_projects") == []


def test_a_hundred_hosts(page: Page, host: Host) -> None:
    for number in range(100):
        body = {
            "compute_id": f"far{number}",
            "name": f"far{number}",
            "protocol": "http",
            "host": "127.0.0.1",
            "port": 9,
        }
        host.request("POST", "/v2/computes", body)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{host.url}/hosts")
    expect(page.locator(".list-of-hosts tbody tr")).to_have_count(101)
    names = page.locator(".list-of-hosts tbody th a").all_inner_texts()
    assert names[1:] == [f"far{number}" for number in range(100)]  # in the order that people expect
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("searchbox").fill("far77 away")
    expect(page.locator(".list-of-hosts tbody tr")).to_have_count(1)
    page.get_by_role("link", name="far77").focus()
    page.keyboard.press("Enter")
    expect(page.locator("aside h2")).to_have_text("far77")
    expect(page.locator("aside h2")).to_be_in_viewport()
    page.get_by_role("searchbox").fill("nothing")
    expect(page.get_by_text("No host has these words")).to_be_visible()


def test_a_name_is_text(page: Page, host: Host) -> None:
    name = "<img src=x onerror=alert(1)>"
    body = {"compute_id": "a b?#%2F", "name": name, "protocol": "http", "host": "127.0.0.1", "port": 9}
    host.request("POST", "/v2/computes", body)
    page.goto(f"{host.url}/hosts#%")  # no host has this
    page.get_by_role("link", name=name).click()
    expect(page.locator("aside h2")).to_have_text(name)
    expect(page.locator("main img")).to_have_count(0)
    with dialog(page, "Remove…") as question:
        question.get_by_role("button", name="Remove").click()
    expect(page.locator(".list-of-hosts tbody tr")).to_have_count(1)
