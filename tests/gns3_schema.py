"""What GNS3 takes for a project file: the rules by which it refuses a whole file, as JSON schemas (draft 4).

Written from what gns3-server 2.2.61 and 3.0.6 were seen to refuse. 2.2 checks the properties of routers too, and of no
other type. 3.0 takes unknown keys nearly everywhere; here they are refused, because it drops them.
"""

from typing import Any

import jsonschema_rs
import orjson

Schema = dict[str, Any]

ANYTHING: Schema = {}
BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
FULL_TEXT: Schema = {"type": "string", "minLength": 1}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
PERCENT: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 100}
ROTATION: Schema = {"type": "integer", "minimum": -359, "maximum": 360}
UUID: Schema = {
    "type": "string",
    "minLength": 36,
    "maxLength": 36,
    "pattern": "^[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$",
}
MAC: Schema = {"type": "string", "minLength": 1, "pattern": "^([0-9a-fA-F]{2}[:]){5}([0-9a-fA-F]{2})$"}
NODE_TYPES = (
    *("cloud", "nat", "ethernet_hub", "ethernet_switch", "frame_relay_switch", "atm_switch", "docker", "dynamips"),
    *("vpcs", "traceng", "virtualbox", "vmware", "iou", "qemu"),
)
CONSOLE_TYPES = ("vnc", "telnet", "http", "https", "spice", "spice+agent", "none", None)


def closed(properties: dict[str, Schema], *required: str) -> Schema:
    """An object that has no other keys."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


LABEL = closed(
    {"text": TEXT, "style": TEXT_OR_NULL, "x": {"type": ["integer", "null"]}, "y": INTEGER, "rotation": ROTATION},
    "text",
)
COMPUTE = closed(
    {
        "compute_id": TEXT,
        "name": TEXT,
        "protocol": {"enum": ["http", "https"]},
        "host": TEXT,
        "port": INTEGER,
        "user": TEXT_OR_NULL,
        "connected": BOOLEAN,
        "cpu_usage_percent": PERCENT,
        "memory_usage_percent": PERCENT,
        "last_error": TEXT_OR_NULL,
        "capabilities": {"type": "object"},
    },
    *("compute_id", "protocol", "host", "port", "name"),
)
DRAWING = closed(
    {
        **{"drawing_id": UUID, "project_id": UUID, "x": INTEGER, "y": INTEGER, "z": INTEGER},
        **{"locked": BOOLEAN, "rotation": ROTATION, "svg": TEXT},
    }
)
LINK = closed(
    {
        "link_id": UUID,
        "project_id": UUID,
        "nodes": list_of(
            closed(
                {"node_id": UUID, "adapter_number": INTEGER, "port_number": INTEGER, "label": LABEL},
                *("node_id", "adapter_number", "port_number"),
            )
        ),
        "suspend": BOOLEAN,
        "link_style": {"type": "object"},
        "filters": {"type": "object"},
        "capturing": BOOLEAN,
        "capture_file_name": TEXT_OR_NULL,
        "capture_file_path": TEXT_OR_NULL,
        "capture_compute_id": TEXT_OR_NULL,
        "link_type": {"enum": ["ethernet", "serial"]},
    }
)
ADAPTER = closed(
    {"adapter_number": INTEGER, "port_name": FULL_TEXT, "adapter_type": FULL_TEXT, "mac_address": MAC}, "adapter_number"
)
NODE = closed(
    {
        "compute_id": TEXT,
        "project_id": UUID,
        "node_id": UUID,
        "template_id": {**UUID, "type": ["null", "string"]},
        "node_type": {"enum": list(NODE_TYPES)},
        "node_directory": TEXT_OR_NULL,
        "command_line": TEXT_OR_NULL,
        "name": FULL_TEXT,
        "console": {"type": ["integer", "null"], "minimum": 1, "maximum": 65535},
        "console_host": FULL_TEXT,
        "console_type": {"enum": list(CONSOLE_TYPES)},
        "console_auto_start": BOOLEAN,
        "properties": {"type": "object"},
        "status": {"enum": ["stopped", "started", "suspended"]},
        "label": LABEL,
        "symbol": {"type": ["string", "null"], "minLength": 1},
        **dict.fromkeys(("width", "height", "x", "y", "z"), INTEGER),
        "locked": BOOLEAN,
        "port_name_format": TEXT,
        "port_segment_size": {"type": "integer", "minimum": 0},
        "first_port_name": TEXT_OR_NULL,
        "custom_adapters": list_of(ADAPTER),
        "ports": {"type": "array"},
    },
    *("name", "node_type", "compute_id"),
)
PROJECT = closed(
    {
        "project_id": UUID,
        "type": {"enum": ["topology"]},
        "revision": {"enum": [9]},
        "version": TEXT,
        "name": TEXT,
        **dict.fromkeys(("auto_start", "auto_close", "auto_open", "show_layers", "snap_to_grid", "show_grid"), BOOLEAN),
        **dict.fromkeys(("scene_height", "scene_width", "zoom", "grid_size", "drawing_grid_size"), INTEGER),
        "show_interface_labels": BOOLEAN,
        "supplier": {"type": ["object", "null"], "properties": {"logo": TEXT, "url": TEXT}},
        "variables": {
            "type": ["array", "null"],
            "items": {"properties": {"name": FULL_TEXT, "value": TEXT}, "required": ["name"]},
        },
        "topology": closed(
            {
                "computes": list_of(COMPUTE),
                "drawings": list_of(DRAWING),
                "links": list_of(LINK),
                "nodes": list_of(NODE),
            },
            *("nodes", "links", "drawings", "computes"),
        ),
    },
    *("project_id", "type", "revision", "version", "name", "topology"),
)
TYPES_OF_3 = [name for name in NODE_TYPES if name != "traceng"]
PORT = {"type": ["integer", "null"], "minimum": 1, "maximum": 65535}
NODE_OF_3 = closed(
    {
        **NODE["properties"],
        "node_type": {"enum": TYPES_OF_3},
        "aux": PORT,
        "aux_type": {"enum": list(CONSOLE_TYPES)},
    },
    *("name", "node_type", "compute_id"),
)
PROJECT_OF_3 = {
    **PROJECT,
    "properties": {
        **PROJECT["properties"],
        "revision": {"enum": [10]},
        "topology": closed(
            {**PROJECT["properties"]["topology"]["properties"], "nodes": list_of(NODE_OF_3)},
            *("nodes", "links", "drawings", "computes"),
        ),
    },
}
_ROUTER_PROPERTIES = (
    *("auto_delete_disks", "aux", "chassis", "clock_divisor", "disk0", "disk1", "dynamips_id", "exec_area"),
    *("idlemax", "idlepc", "idlesleep", "image_md5sum", "iomem", "mac_addr", "midplane", "mmap", "npe"),
    *("nvram", "power_supplies", "sensors", "sparsemem", "system_id", "usage"),
    *("startup_config_content", "private_config_content"),
    *(f"slot{number}" for number in range(7)),
    *(f"wic{number}" for number in range(3)),
)
ROUTER = closed(
    {
        **dict.fromkeys(_ROUTER_PROPERTIES, ANYTHING),
        "platform": FULL_TEXT,
        "image": FULL_TEXT,
        "ram": INTEGER,
    },
    *("platform", "image", "ram"),
)

_project, _router = jsonschema_rs.Draft4Validator(PROJECT), jsonschema_rs.Draft4Validator(ROUTER)
_project_of_3 = jsonschema_rs.Draft4Validator(PROJECT_OF_3)


def faults(document: Any) -> list[str]:
    """Why the GNS3 of its revision refuses a project file, 2.2 or 3.0: where, and what."""
    if document.get("revision") == 10:
        errors = _project_of_3.iter_errors(document)
        return [f"{'.'.join(map(str, error.instance_path))}: {error.message[:200]}" for error in errors]
    found = [(list(error.instance_path), error.message) for error in _project.iter_errors(document)]
    for index, node in enumerate(document["topology"]["nodes"]):
        if node["node_type"] == "dynamips":
            found += [(["nodes", index], error.message) for error in _router.iter_errors(node["properties"])]
    return [f"{'.'.join(map(str, path))}: {message[:200]}" for path, message in found]


def require_gns3_reads(data: bytes) -> None:
    """Fails unless the GNS3 of its revision takes the text of a project file."""
    assert faults(orjson.loads(data)) == []
