"""The lab to measure: PCs on switches, which are all linked to one switch in the middle, in one request."""

from ipaddress import IPv4Address
from typing import Any
from uuid import uuid4

PER_SWITCH = 250
_FIRST_ADDRESS = IPv4Address("10.0.0.1")
PREFIX = 16


def address_of(number: int) -> IPv4Address:
    """The address of a PC, by its number from 0."""
    return _FIRST_ADDRESS + number


def make_batch(count: int) -> dict[str, Any]:
    """The request that creates, links and starts the lab. The first ``count`` nodes are the PCs."""
    switches = -(-count // PER_SWITCH)
    pcs = [_node("PC1", "vpcs", number, engine="builtin") for number in range(count)]
    access = [_switch(f"SW{number + 1}", count + number, PER_SWITCH + 1) for number in range(switches)]
    core = _switch("CORE", count + switches, max(switches, 1))
    links = [_link((pc, 0), (access[number // PER_SWITCH], number % PER_SWITCH)) for number, pc in enumerate(pcs)]
    links += [_link((switch, PER_SWITCH), (core, number)) for number, switch in enumerate(access)]
    return {"nodes": [*pcs, *access, core], "links": links, "start": True}


def _node(name: str, node_type: str, place: int, **fields: Any) -> dict[str, Any]:
    where = {"x": place % 100 * 80, "y": place // 100 * 80}
    return {"name": name, "node_type": node_type, "compute_id": "local", "node_id": str(uuid4()), **where, **fields}


def _switch(name: str, place: int, ports: int) -> dict[str, Any]:
    mapping = [{"name": f"Ethernet{n}", "port_number": n, "type": "access", "vlan": 1} for n in range(ports)]
    return _node(name, "ethernet_switch", place, properties={"ports_mapping": mapping})


def _link(*ends: tuple[dict[str, Any], int]) -> dict[str, Any]:
    return {"nodes": [{"node_id": node["node_id"], "adapter_number": 0, "port_number": port} for node, port in ends]}
