"""Hosts whose clocks do not agree."""

import time
from pathlib import Path
from typing import Any

from tests.hosts.conftest import PASSWORD, USER
from tests.pcap_reader import read_capture
from tests.support.hosts import Host, Network, serve_impatiently, shifted_clock
from tests.support.hosts_lab import make_lab
from tests.support.pings import until
from tests.support.websockets import ws_events

DAY = 86400
TLS = Path(__file__).parents[1] / "http" / "tls"
HUNDRED_YEARS = 36525 * DAY  # the certificate of the tests is valid for some days less


async def test_a_clock_that_is_days_off_is_told_and_harms_nothing(network: Network, near: Host, tmp_path: Path) -> None:
    far = await network.add(
        "far", user=USER, password=PASSWORD, vpcs_engine="builtin", environment=shifted_clock(tmp_path, 3 * DAY)
    )
    async with ws_events(near.server, "/v2/notifications/ws") as events:
        await near.server.request("POST", "/v2/computes", far.as_compute, 201)
        told = await events.until("log.warning")
    assert told["message"].startswith("compute 'far': its clock is 3 days ahead of this server's: ")
    lab = await make_lab(near, far)
    path = f"{lab.path}/links/{lab.there['link_id']}"
    started = await lab.server.request("POST", f"{path}/start_capture", {}, 201)
    await lab.ping(lab.far[0], "10.0.0.1")
    await lab.server.request("POST", f"{path}/stop_capture", None, 201)
    packets = read_capture(Path(started["capture_file_path"]).read_bytes()).packets
    assert packets and all(abs(packet.time_ns / 1e9 - time.time() - 3 * DAY) < DAY for packet in packets)


async def register_with_certificate(near: Host, far: Host) -> dict[str, Any]:
    body = {**far.as_compute, "certificate": (TLS / "cert.pem").read_text()}
    compute: dict[str, Any] = await near.server.request("POST", "/v2/computes", body, 201)
    return compute


async def test_a_certificate_that_is_not_valid_at_this_time_is_told_with_the_time(
    network: Network, tmp_path: Path
) -> None:
    far = await network.add(
        "far", user=USER, password=PASSWORD, ssl=True, certfile=TLS / "cert.pem", certkey=TLS / "key.pem"
    )
    near = await network.add("near", serve_impatiently, environment=shifted_clock(tmp_path, -60 * DAY), start=False)
    for shift, reason in ((-60 * DAY, "is not valid yet"), (HUNDRED_YEARS, "has expired")):
        near.environment["SHIFTED_CLOCK_SECONDS"] = str(shift)
        await near.start()
        compute = await register_with_certificate(near, far)
        wanted = f"its certificate {reason}, by the clock of this host, on which it is "
        assert not compute["connected"] and wanted in compute["last_error"], compute
        year = time.gmtime(time.time() + shift).tm_year
        assert f"{wanted}{year}" in compute["last_error"]
        await near.end()
    near.environment["SHIFTED_CLOCK_SECONDS"] = "0"
    await near.start()
    await until(near.server, "/v2/computes/far", lambda shown: shown["connected"])
