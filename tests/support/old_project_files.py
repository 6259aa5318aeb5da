"""A project file of GNS3 1.5, and changes of such documents."""

from typing import Any

PROJECT = "11111111-2222-3333-4444-555555555555"

PC = "aaaaaaaa-2222-3333-4444-555555555555"

# As GNS3 1.5 wrote it: nodes, ports and links have numbers, lengths are fractions.
GENERATION_1: dict[str, Any] = {
    "auto_start": False,
    "name": "old lab",
    "project_id": PROJECT,
    "revision": 4,
    "type": "topology",
    "version": "1.5.2",
    "topology": {
        "servers": [{"host": "127.0.0.1", "id": 1, "local": True, "port": 3080, "protocol": "http", "vm": False}],
        "nodes": [
            {
                "id": 1,
                "type": "VPCSDevice",
                "vm_id": PC,
                "default_symbol": ":/symbols/vpcs_guest.svg",
                "label": {"text": "PC1", "x": 12.5, "y": -25.0, "font": "TypeWriter,10", "color": "#000000"},
                "ports": [{"adapter_number": 0, "id": 1, "link_id": 1, "name": "Ethernet0", "port_number": 0}],
                "properties": {"console": 4501, "name": "PC1", "startup_script_path": "startup.vpc"},
                "server_id": 1,
                "x": -200.5,
                "y": 10.0,
            },
            {
                "id": 2,
                "type": "EthernetSwitch",
                "label": {"text": "SW1", "x": 0.0, "y": -25.0},
                "ports": [
                    {"id": 7, "link_id": 1, "name": "1", "port_number": 1, "type": "access", "vlan": 1},
                    {"id": 8, "name": "2", "port_number": 2, "type": "dot1q", "vlan": 5},
                ],
                "properties": {"name": "SW1"},
                "server_id": 1,
                "x": 0.0,
                "y": 0.0,
            },
            {
                "id": 3,
                "type": "C3725",
                "vm_id": "bbbbbbbb-2222-3333-4444-555555555555",
                "label": {"text": "R1", "x": 0.0, "y": 0.0},
                "ports": [{"adapter_number": 0, "id": 9, "name": "f0/0", "port_number": 0}],
                "properties": {"name": "R1", "image": "c3725.image", "ram": 128},
                "x": 100.0,
                "y": 0.0,
            },
        ],
        "links": [
            {
                "id": 1,
                "source_node_id": 1,
                "source_port_id": 1,
                "destination_node_id": 2,
                "destination_port_id": 7,
                "description": "Link from PC1 to SW1",
            }
        ],
        "notes": [{"text": "R&D\nlab", "x": 5.0, "y": 6.0, "color": "#112233"}],
        "rectangles": [{"x": 1.0, "y": 2.0, "width": 30.0, "height": 40.0, "color": "#ffffff", "border_width": 2}],
        "ellipses": [{"x": 1.0, "y": 2.0, "width": 30.0, "height": 40.0, "z": -1.0}],
    },
}


def break_(document: Any, *path: str | int, by: Any) -> None:
    """Put a value at a place of a document; ``...`` takes out what is there."""
    *parents, last = path
    for part in parents:
        document = document[part]
    if by is ...:
        del document[last]
    else:
        document[last] = by
