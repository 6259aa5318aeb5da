"""What the commands tell of hosts."""

from typing import Any

import pytest

from gns3trio.commands import host_facts

Json = dict[str, Any]

COMPUTE: Json = {
    "compute_id": "attic",
    "name": "attic",
    "protocol": "http",
    "host": "192.0.2.20",
    "port": 3080,
    "user": None,
    "connected": True,
    "last_error": None,
    "cpu_usage_percent": 12.6,
    "memory_usage_percent": 40.0,
    "capabilities": {"node_types": ["vpcs"], "version": "2.2.61"},
}
USAGE: Json = {
    "compute_id": "attic",
    "confirmed": True,
    "own_version": "0.1.0",
    "has_certificate": False,
    "nodes": {"started": 1, "total": 3},
    "node_types": [{"node_type": "vpcs", "started": 1, "total": 3}],
    "projects": [{"name": "lab", "project_id": "p", "started": 1, "total": 3}],
    "links": [{"compute_id": "local", "links": 2}, {"compute_id": "gone", "links": 1}],
}
PEER: Json = {
    "compute_id": "attic",
    "host": "192.0.2.20",
    "state": "up",
    "reason": None,
    "round_trip_ms": 0.31234,
    "loss_percent": 1.5,
    "mtu": 1500,
    "largest_frame": 1464,
    "links": 7,
    "sent_bytes": 1_234_567,
    "received_bytes": 0,
}


@pytest.mark.parametrize(
    ("connected", "usage", "state", "version"),
    [
        (True, USAGE, "connected", "gns3trio 0.1.0 (as GNS3 2.2.61)"),
        (True, {**USAGE, "own_version": None}, "connected", "gns3-server 2.2.61"),
        (False, {**USAGE, "confirmed": False}, "to be confirmed", "gns3trio 0.1.0 (as GNS3 2.2.61)"),
        (False, None, "away", "2.2.61"),  # GNS3's controller does not tell more
    ],
)
def test_states_and_versions(connected: bool, usage: Json | None, state: str, version: str) -> None:
    compute = {**COMPUTE, "connected": connected, "usage": usage}
    assert (host_facts.state(compute), host_facts.version(compute)) == (state, version)


def test_facts_of_a_host() -> None:
    facts = host_facts.facts({**COMPUTE, "usage": USAGE}, {"attic": "attic", "local": "vm"})
    assert facts["nodes"] == "1 of 3 started" and facts["  vpcs"] == "1 of 3 started"
    assert (facts["links to vm"], facts["links to gone"]) == (2, 1)
    assert facts["load"] == "13 % CPU, 40 % memory"
    unknown = {**COMPUTE, "cpu_usage_percent": None, "host": "2001:db8::7"}
    assert host_facts.facts(unknown, {})["load"] == ""
    assert host_facts.address(unknown) == "http://[2001:db8::7]:3080"


def test_trunks_in_a_few_words() -> None:
    assert host_facts.trunk_line(None) == ""
    assert host_facts.trunk_line(PEER) == "0.312 ms, 1.5 % lost"
    assert host_facts.trunk_line({**PEER, "state": "down"}) == "down"
    assert host_facts.trunk_line({**PEER, "round_trip_ms": None}) == "1.5 % lost"
    row = dict(zip(host_facts.TRUNK_HEAD, host_facts.trunk_row(PEER, {"attic": "Attic"}), strict=True))
    assert (row["to"], row["sent"], row["received"], row["largest frame"]) == ("Attic", "1.23 MB", "0 B", 1464)
    assert host_facts.trunk_row({**PEER, "compute_id": None}, {})[0] == "192.0.2.20"  # a host of another controller


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (999.6, "1 kB"), (12_345, "12.3 kB"), (5e15, "5e+03 TB")]
)
def test_amounts(number: float, text: str) -> None:
    assert host_facts.amount(number) == text


def test_what_is_lost_with_a_host() -> None:
    assert host_facts.loss({**USAGE, "projects": []}) == "no open project has nodes there"
    assert host_facts.loss(USAGE).endswith("all of their nodes stop: lab (1 of 3 nodes started)")
