"""A lab of many nodes for the page: switches in a tree, with twenty PCs around each."""

from typing import Any
from uuid import UUID, uuid5

PCS = 20  # at each switch
TREE = 8  # switches below each switch
PORTS = PCS + TREE + 1
# The size of the area of a switch and its PCs, and how many areas are beside each other.
WIDTH, HEIGHT = 720, 520
COLUMNS = 24
_IDS = UUID("6f1f5b1e-6f0b-4f0e-9c57-0a6f3ac4a6a5")

Json = dict[str, Any]


def large_lab(nodes: int) -> Json:
    """The body of ``POST .../batch`` that creates about this many nodes, and a link for each but the first."""
    made: list[Json] = []
    links: list[Json] = []
    for area in range(max(nodes // (PCS + 1), 1)):
        left, top = WIDTH * (area % COLUMNS), HEIGHT * (area // COLUMNS)
        switch = f"SW{area + 1}"
        made.append(_node(switch, "ethernet_switch", left + 260, top + 180, properties={"ports_mapping": _ports()}))
        if area:
            links.append(_link((f"SW{(area - 1) // TREE + 1}", PCS + (area - 1) % TREE), (switch, PORTS - 1)))
        for pc in range(PCS):
            name = f"PC{area * PCS + pc + 1}"
            column, row = pc % 5, pc // 5
            made.append(_node(name, "vpcs", left + 130 * column, top + (110 * row if row < 2 else 110 * row + 60)))
            links.append(_link((switch, pc), (name, 0)))
    return {"nodes": made, "links": links}


def _node(name: str, node_type: str, x: int, y: int, **fields: Any) -> Json:
    return {
        "name": name,
        "node_type": node_type,
        "node_id": _id(name),
        "compute_id": "local",
        "x": x,
        "y": y,
        **fields,
    }


def _link(*ends: tuple[str, int]) -> Json:
    return {"nodes": [{"node_id": _id(name), "adapter_number": 0, "port_number": port} for name, port in ends]}


def _ports() -> list[Json]:
    return [{"name": f"e{n}", "port_number": n, "type": "access", "vlan": 1} for n in range(PORTS)]


def _id(name: str) -> str:
    return str(uuid5(_IDS, name))
