"""Generated traffic between built-in PCs through the API."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
import trio

from gns3trio.config import Config
from tests.support.lab import Lab, create, read_match
from tests.support.server import Server, node_path
from tests.support.websockets import ws_events

QUICK = {"packets_per_second": 2000, "packets": 400}


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, vpcs_engine="builtin")


def traffic_of(lab: Lab, number: int) -> str:
    return f"{lab.path}/nodes/{lab.nodes[number]['node_id']}/traffic"


async def test_a_link_with_loss_and_delay(lab: Lab) -> None:
    link = await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0), filters={"delay": [5]})
    impairments = {"impairments": [{"type": "loss", "percent": 30.0, "direction": "a_to_b"}], "seed": 1}
    await lab.server.request("PUT", f"{lab.path}/links/{link['link_id']}/impairments", impairments, 200)
    body = {**QUICK, "to_node_id": lab.nodes[1]["node_id"], "round_trip": True, "data_bytes": 300, "seconds": 20}
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream:
        report = await lab.server.request("POST", traffic_of(lab, 0), body, 201)
        event = await stream.until("node.traffic")
    assert event.keys() == {"project_id", "node_id", "to_node_id", "address", "sent", "lost", "progress"}
    assert event["node_id"] == report["node_id"] == lab.nodes[0]["node_id"] and 0 <= event["progress"] <= 1
    assert (report["to_node_id"], report["address"]) == (lab.nodes[1]["node_id"], "10.0.0.2")
    assert (report["sent"], report["unsent"], report["ended"], report["data_bytes"]) == (400, 0, "done", 300)
    arrived, returned = report["arrived"], report["returned"]
    assert 15 < report["loss_percent"] < 45 and report["lost"] == 400 - arrived["packets"]
    assert arrived["latency"]["min_us"] >= 5000 and arrived["latency"]["p50_us"] <= arrived["latency"]["p99.9_us"]
    assert returned["latency"]["min_us"] >= 10_000 and returned["packets"] == arrived["packets"]
    assert arrived["bits_per_second"] > 0 and report["sent_bits_per_second"] > 0


async def test_rates_in_bits_and_an_address_that_echoes(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    body = {"address": "10.0.0.2", "bits_per_second": 400_000, "data_bytes": 100, "packets": 50}
    report = await lab.server.request("POST", traffic_of(lab, 0), body, 201)
    assert (report["packets_per_second"], report["sent"]) == (500, 50)
    assert (report["arrived"], report["lost"], report["loss_percent"], report["to_node_id"]) == (None, None, None, None)
    assert report["returned"]["packets"] == 50  # nobody counts there, but any UDP is echoed


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "give one of them"),
        ({"to_node_id": "NODE", "address": "10.0.0.2"}, "give one of them"),
        ({"address": "PC2"}, "'PC2' is not an IP address"),
        ({"address": "10.0.0.2", "ip_version": 4}, "ip_version"),
        ({"address": "224.0.0.1"}, "not the address of one host"),
        ({"to_node_id": "NODE", "packets_per_second": 0}, "packets_per_second"),
        ({"to_node_id": "NODE", "packets_per_second": 10, "bits_per_second": 1000}, "give one of them"),
        ({"to_node_id": "NODE", "bits_per_second": 1e12, "data_bytes": 100}, "bits_per_second"),
        ({"to_node_id": "NODE", "data_bytes": 10}, "data_bytes"),
        ({"to_node_id": "NODE", "seconds": 1e9}, "seconds"),
        ({"to_node_id": "NODE", "burst": 100_000}, "burst"),
        ({"to_node_id": "NODE", "ip_version": 5}, "ip_version"),
        ({"to_node_id": "NODE", "rate": 5}, "rate"),
    ],
)
async def test_wrong_requests(pcs: Lab, body: dict[str, Any], complaint: str) -> None:
    text = json.dumps(body).replace("NODE", pcs.nodes[1]["node_id"])
    reply = await pcs.server.request("POST", traffic_of(pcs, 0), json.loads(text), 400)
    assert complaint in reply["message"]


@pytest.fixture
async def pcs(server: Server, project: dict[str, Any]) -> AsyncIterator[Lab]:
    """Two PCs that have addresses by their scripts, which nobody is asked for."""
    lab = Lab(server, project, [])
    for number in (1, 2):
        script = {"startup_script": f"ip 10.0.0.{number}/24\n"}
        node = await create(server, project, name=f"PC{number}", properties=script)
        await server.request("POST", f"{node_path(project, node)}/start", None, 200)
        lab.nodes.append(node)
    yield lab


async def test_refusals(pcs: Lab) -> None:
    """Of what has no traffic, and of a node that does not run."""
    switch = await pcs.node("ethernet_switch")
    away = {**QUICK, "to_node_id": pcs.nodes[1]["node_id"]}
    for sender, receiver, complaint in (
        (switch, pcs.nodes[0], "switch 'ethernet_switch' cannot send or receive generated traffic"),
        (pcs.nodes[0], switch, "switch 'ethernet_switch' cannot send or receive generated traffic"),
    ):
        path, body = f"{pcs.path}/nodes/{sender['node_id']}/traffic", {**away, "to_node_id": receiver["node_id"]}
        assert complaint in (await pcs.server.request("POST", path, body, 409))["message"]
    vpcs = await pcs.node("vpcs", name="PC9")
    await pcs.server.request("PUT", f"{pcs.path}/nodes/{vpcs['node_id']}/engine", {"engine": "process"}, 200)
    path = f"{pcs.path}/nodes/{vpcs['node_id']}/traffic"
    assert "'PC9' runs VPCS, which cannot send" in (await pcs.server.request("POST", path, away, 409))["message"]
    unknown = {**away, "to_node_id": "00000000-0000-0000-0000-000000000001"}
    await pcs.server.request("POST", traffic_of(pcs, 0), unknown, 404)
    await pcs.server.request("POST", f"{pcs.path}/nodes/{pcs.nodes[1]['node_id']}/stop", None, 200)
    assert "'PC2' is not started" in (await pcs.server.request("POST", traffic_of(pcs, 0), away, 409))["message"]


async def test_a_target_that_nobody_has(lab: Lab) -> None:
    """Of the other PC, which is not linked; of a broadcast."""
    body = {**QUICK, "to_node_id": lab.nodes[1]["node_id"]}
    reply = await lab.server.request("POST", traffic_of(lab, 0), body, 409)
    assert reply["message"] == "'PC1' cannot send to 10.0.0.2: nobody there answers ARP or neighbour discovery"
    reply = await lab.server.request("POST", traffic_of(lab, 0), {**QUICK, "address": "10.0.0.255"}, 400)
    assert reply["message"] == "traffic cannot go to 10.0.0.255: it is not the address of one host"


async def test_the_version_of_ip_is_chosen(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    body = {**QUICK, "packets": 20, "to_node_id": lab.nodes[1]["node_id"], "ip_version": 6}
    reply = await lab.server.request("POST", traffic_of(lab, 0), body, 409)
    assert reply["message"] == "'PC2' has no IPv6 address" or reply["message"] == "'PC1' has no IPv6 address"
    for number, console in enumerate(lab.consoles, 1):
        await console.send_message(f"ip 2001:db8::{number}/64\r".encode())
        await read_match(console, rb"2001:db8::%d/64\s+PC%d> " % (number, number))
    for version, address in ((6, "2001:db8::2"), (4, "10.0.0.2")):
        report = await lab.server.request("POST", traffic_of(lab, 0), {**body, "ip_version": version}, 201)
        assert (report["address"], report["arrived"]["packets"]) == (address, 20)


async def test_the_console_sends_and_counts(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    sender, receiver = lab.consoles
    await receiver.send_message(b"traffic sink\r")
    await read_match(receiver, rb"Counting the traffic that comes")
    await sender.send_message(b"traffic 10.0.0.2 -r 500 -c 100 -e\r")
    said = await read_match(sender, rb"PC1> ")
    assert re.search(rb"sent +100 packets in .*arrived +100 packets, 0 lost .*returned +100 packets", said, re.DOTALL)
    assert len(re.findall(rb"min/mean/p50/p90/p99/p99.9/max = [0-9./]+ ms", said)) == 2
    assert b"0 lost (0.00%)" in await read_match(receiver, rb"10\.0\.0\.1 has sent all\s+arrived +100 packets.*\n")
    await receiver.send_message(b"\x03")
    await read_match(receiver, rb"\^C\s+PC2> ")


async def test_ctrl_c_ends_what_the_console_sends(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    sender = lab.consoles[0]
    await sender.send_message(b"traffic 10.0.0.2 -t 3600\r")
    await read_match(sender, rb" 1 s +[1-9]\d* sent")
    await sender.send_message(b"\x03")
    await read_match(sender, rb"\^C\s+PC1> ")
    await sender.send_message(b"traffic 10.0.0.9 -c 10\r")
    await read_match(sender, rb"host \(10.0.0.9\) not reachable\s+PC1> ")
    await assert_silent(lab)


async def assert_silent(lab: Lab) -> None:
    """Wait until the first PC sends nothing."""
    statistics = f"{lab.path}/nodes/{lab.nodes[0]['node_id']}/statistics"

    async def sent() -> int:
        (port,) = await lab.server.request("GET", statistics, None, 200)
        return int(port["out"]["frames"])

    with trio.fail_after(30):
        last, now = -1, await sent()
        while now != last:
            await trio.sleep(0.2)
            last, now = now, await sent()


async def test_a_client_that_leaves_ends_it(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    body = {"to_node_id": lab.nodes[1]["node_id"], "seconds": 3600}
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: lab.server.http.post(traffic_of(lab, 0), json=body))
        while (event := await stream.until("node.traffic"))["sent"] == 0:
            pass
        assert event["progress"] < 0.1
        nursery.cancel_scope.cancel()
    await assert_silent(lab)
