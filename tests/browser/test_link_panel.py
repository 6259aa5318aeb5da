"""The panel of a link on our page: filters, captures, the benchmark."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Host
from tests.browser.lab_page import choose_link, link_path, open_lab, ping, show_tab, start_all
from tests.pcap_reader import read_capture


def test_a_delay_shows_in_the_ping_plot(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    start_all(page)
    before = ping(page)
    choose_link(page, "Filters")
    slider = page.get_by_role("slider", name="Delay")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    expect(page.locator(".link .filters")).to_have_text("delay 20 ms")
    assert before < 20 < 39 < ping(page)
    choose_link(page)
    expect(page.locator("aside .plot").first).to_be_visible()
    show_tab(page, "Filters")
    page.get_by_role("button", name="Suspend").click()
    expect(page.locator(".link.suspended")).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".link .filters")).not_to_contain_text("20 ms")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".link.suspended")).to_have_count(0)
    (link,) = host.request("GET", f"/v2/projects/{pair['project_id']}/links")
    assert (link["filters"], link["suspend"]) == ({}, False)


def test_filters_of_our_own(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    page.get_by_label("Rate limit in kbit/s").fill("512")
    with page.expect_response(lambda reply: reply.request.method == "PUT" and reply.url.endswith("/impairments")):
        page.get_by_label("Rate limit in kbit/s").press("Tab")
    path = f"{link_path(host, pair)}/impairments"
    assert host.request("GET", path)["impairments"][0]["bits_per_second"] == 512_000


def own_filters(host: Host, pair: dict[str, Any], *wanted: dict[str, Any]) -> str:
    """Set our own filters of the only link; the path of them."""
    path = f"{link_path(host, pair)}/impairments"
    host.request("PUT", path, {"impairments": list(wanted)})
    return path


def test_what_is_set_in_one_direction_shows_on_the_wire_and_in_the_panel(
    page: Page, host: Host, pair: dict[str, Any]
) -> None:
    path = own_filters(host, pair, {"type": "duplicate", "percent": 5, "direction": "a_to_b"})
    open_lab(page, host, pair)
    texts, signs = page.locator(".link .filters"), page.locator(".link .sign")
    expect(texts).to_have_text("duplicate 5 % →")
    choose_link(page, "Filters")
    told = page.locator("aside .conditions li")
    expect(told).to_have_text(["duplicate 5 % PC1 → PC2"])
    expect(page.get_by_label("Direction").locator("option:checked")).to_have_text("PC1 → PC2: duplicate 5 %")
    expect(page.get_by_label("Duplicate in %")).to_have_value("5")
    page.get_by_label("Direction").select_option("PC2 → PC1")
    expect(page.get_by_label("Duplicate in %")).to_have_value("0")
    page.get_by_label("Loss in %").fill("2.5")
    page.get_by_label("Loss in %").press("Enter")
    expect(told).to_have_text(["duplicate 5 % PC1 → PC2", "loss 2.5 % PC2 → PC1"])
    expect(signs).to_have_count(2)
    found = [(each["type"], each["direction"]) for each in host.request("GET", path)["impairments"]]
    assert found == [("duplicate", "a_to_b"), ("loss", "b_to_a")]
    page.get_by_role("button", name="Undo").click()
    expect(told).to_have_text(["duplicate 5 % PC1 → PC2"])
    own_filters(host, pair, {"type": "loss", "percent": 100})  # another client
    expect(told).to_have_text(["loss 100 % both directions"])
    expect(page.locator(".link.blocked .cut")).to_have_count(1)
    expect(signs).to_have_count(0)
    own_filters(host, pair)
    expect(texts).to_have_text("")
    expect(page.locator(".link .cut")).to_have_count(0)


def test_own_filters_of_other_clients_are_shown_and_kept(page: Page, host: Host, pair: dict[str, Any]) -> None:
    path = own_filters(host, pair)
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    rate, duplicate = page.get_by_label("Rate limit in kbit/s"), page.get_by_label("Duplicate in %")
    reorder = {"type": "reorder", "percent": 5, "milliseconds": 77}
    own_filters(host, pair, {"type": "rate", "bits_per_second": 1_000_000, "queue_bytes": 8000}, reorder)
    expect(rate).to_have_value("1000")
    before = host.request("GET", path)["impairments"]
    duplicate.fill("2")
    with page.expect_response(lambda reply: reply.request.method == "PUT"):
        duplicate.press("Enter")
    assert host.request("GET", path)["impairments"][:2] == before
    rate.fill("500")
    with page.expect_response(lambda reply: reply.request.method == "PUT"):
        rate.press("Enter")
    changed, *others = host.request("GET", path)["impairments"]
    assert changed == {**before[0], "bits_per_second": 500_000}
    assert [each["type"] for each in others] == ["reorder", "duplicate"]


def test_a_number_that_is_typed_stays_when_others_change_the_link(page: Page, host: Host, pair: dict[str, Any]) -> None:
    path = link_path(host, pair)
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    delay, loss = page.get_by_label("Delay in ms"), page.get_by_label("Loss in %")
    delay.fill("30")
    host.request("PUT", path, {"filters": {"delay": [10, 0], "packet_loss": [3]}})
    expect(loss).to_have_value("3")
    expect(delay).to_have_value("30")
    with page.expect_response(f"**{path}"):
        delay.press("Tab")
    assert host.request("GET", path)["filters"] == {"delay": [30, 0], "packet_loss": [3]}


def test_a_field_that_nobody_types_into_follows_others(page: Page, host: Host, pair: dict[str, Any]) -> None:
    path = link_path(host, pair)
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    delay, every = page.get_by_label("Delay in ms"), page.get_by_label("Drop each n-th frame")
    every.click()
    host.request("PUT", path, {"filters": {"frequency_drop": [5]}})
    expect(every).to_have_value("5")
    loss = page.get_by_label("Loss in %")
    loss.fill("33")
    host.request("PUT", path, {"filters": {"frequency_drop": [6], "packet_loss": [20]}})
    expect(every).to_have_value("6")
    loss.fill("0")  # as it was when somebody began to type
    delay.fill("7")
    with page.expect_response(f"**{path}"):
        delay.press("Enter")
    assert host.request("GET", path)["filters"] == {"frequency_drop": [6], "packet_loss": [20], "delay": [7, 0]}


@pytest.mark.refused_requests
def test_what_is_refused_stays_to_be_mended_and_alone(page: Page, host: Host, pair: dict[str, Any]) -> None:
    path = link_path(host, pair)
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    delay, bpf = page.get_by_label("Delay in ms"), page.get_by_label("Drop what matches (BPF)")
    bpf.fill("icm")
    bpf.press("Enter")
    expect(bpf).to_have_attribute("aria-invalid", "true")
    delay.fill("6")
    delay.press("Enter")
    expect(page.locator(".link .filters")).to_have_text("delay 6 ms")
    expect(bpf).to_have_value("icm")
    bpf.fill("icmp")
    with page.expect_response(f"**{path}"):
        bpf.press("Enter")
    expect(bpf).to_have_attribute("aria-invalid", "false")
    assert host.request("GET", path)["filters"] == {"delay": [6, 0], "bpf": ["icmp"]}


@pytest.mark.refused_requests  # the browser logs them as errors
def test_what_the_server_says_against_it_is_shown(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    choose_link(page, "Filters")
    page.get_by_label("Drop what matches (BPF)").fill("no such thing")
    page.get_by_label("Drop what matches (BPF)").press("Tab")
    expect(page.locator(".message.error")).to_contain_text("filters.bpf")


def test_a_capture_is_shown_live_and_downloaded(page: Page, host: Host, pair: dict[str, Any], tmp_path: Path) -> None:
    open_lab(page, host, pair)
    start_all(page)
    choose_link(page, "Captures")
    page.get_by_role("button", name="Start capture").click()
    packets = page.locator(".packets")
    expect(packets.get_by_role("status")).to_contain_text(re.compile("Waiting for packets|Live"))
    ping(page)
    expect(packets.locator("tbody")).to_contain_text("echo reply 20")

    # It is filtered, and looked into by keys.
    search = packets.get_by_label("Filter packets")
    search.fill("port:x nofield:y")
    expect(packets.get_by_role("alert")).to_contain_text("There is no field nofield.")
    search.fill('arp "who has 10.0.0.2?" from:PC1')
    expect(packets.locator("tbody")).to_contain_text("who has 10.0.0.2? tell 10.0.0.1")
    expect(packets.locator("tbody")).not_to_contain_text("echo")
    expect(packets.get_by_role("status")).to_contain_text("shown")
    with page.expect_download() as shown:
        packets.get_by_role("button", name="Save these").click()
    shown.value.save_as(tmp_path / "shown.pcap")
    packets.get_by_role("grid").press("End")
    details = packets.get_by_role("region", name="Details of the packet")
    expect(details).to_contain_text("Operation1 (request)")
    expect(details.get_by_label("Bytes")).to_contain_text("ff ff ff ff ff ff")
    packets.get_by_role("button", name="Pause").click()
    expect(packets.get_by_role("status")).to_contain_text("Paused")
    packets.get_by_role("button", name="Clear").click()
    expect(details).to_be_hidden()
    choose_link(page, "Captures")
    page.get_by_role("button", name="Stop capture").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "capture.pcap")
    if shutil.which("tshark") is None:
        pytest.fail("what reads the capture is missing: apt-get install tshark")
    subprocess.run(["tshark", "-r", str(tmp_path / "capture.pcap")], check=True, capture_output=True)
    command = ["tshark", "-r", str(tmp_path / "shown.pcap")]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert told and all("ARP" in line and "Malformed" not in line for line in told)
    captured = read_capture((tmp_path / "capture.pcap").read_bytes()).packets
    assert len([packet for packet in captured if packet.data[12:14] == b"\x08\x00" and packet.data[23] == 1]) == 40


@pytest.mark.refused_requests
def test_captures_of_some_packets_run_beside_each_other(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    start_all(page)
    choose_link(page, "Captures")
    what = page.get_by_label("Only packets that match")
    what.fill("no such thing")
    what.press("Enter")
    expect(page.locator(".message.error")).to_contain_text("is not a word of pcap-filter(7)")
    expect(what).to_have_value("no such thing")
    what.fill("arp")
    page.get_by_text("More: name, direction, ring of files").click()
    page.get_by_label("Name of the file").fill("only arp.pcapng")
    page.get_by_label("Keep").select_option("newest")
    what.press("Enter")
    running = page.get_by_role("list", name="Captures that run").get_by_role("listitem")
    expect(running).to_have_count(1)
    expect(running).to_contain_text("only arp.pcapng")
    expect(running).to_contain_text("only arp")
    expect(what).to_have_value("")
    page.get_by_role("button", name="Start capture").click()
    expect(running).to_have_count(2)
    ping(page)
    packets = page.locator(".drawer [role=tabpanel]:has(.packets)")
    expect(packets.filter(has_text="echo reply 20")).to_have_count(1)
    choose_link(page, "Captures")
    expect(running.filter(has_text="only arp.pcapng")).to_contain_text(re.compile(r"[1-9]\d* packets?"))
    running.filter(has_text="only arp.pcapng").get_by_role("button", name="Stop capture").click()
    expect(running).to_have_count(1)
    ended = page.get_by_role("list", name="Files of ended captures")
    expect(ended.get_by_role("link", name="Download only arp_00001.pcapng")).to_be_visible()
    captures = host.request("GET", f"/v2/projects/{pair['project_id']}/captures")["captures"]
    assert [each["expression"] for each in captures if each["file_name"]] == [""]


def test_a_capture_that_begins_again_is_shown_live_again(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    start_all(page)
    choose_link(page, "Captures")
    page.get_by_role("button", name="Start capture").click()
    ping(page)
    choose_link(page, "Captures")
    page.get_by_role("button", name="Stop capture").click()
    page.get_by_role("button", name="Start capture").click()
    expect(page.get_by_role("button", name="Stop capture")).to_be_visible()
    expect(page.locator(".drawer").get_by_role("tab")).to_have_count(1)
    expect(page.locator(".packets tbody tr:not(.space)")).to_have_count(0)
    expect(page.locator(".packets").get_by_role("status")).to_contain_text("Waiting for packets")
    ping(page)
    expect(page.locator(".packets tbody")).to_contain_text("echo reply 20")


def test_a_benchmark_becomes_plots(page: Page, host: Host, pair: dict[str, Any]) -> None:
    open_lab(page, host, pair)
    choose_link(page, "Benchmark")
    page.get_by_label("Frame sizes").fill("64, 1518")
    page.get_by_label("Trial length (s)").fill("0.1")
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("aside tbody tr")).to_have_count(2)
    expect(page.get_by_role("img", name="Throughput")).to_be_visible()
    expect(page.get_by_role("img", name="Latency")).to_be_visible()
