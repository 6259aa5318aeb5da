"""Formats projects and nodes for ``/v3/compute``.

A node of GNS3 3 has all fields of its type, whatever its compute knows; and of a request, a compute of GNS3 3 takes
these fields only. Both follow from ``FIELDS``, which has them as gns3-server 3.0.6 tells them, with the values of a
node that was sent none.
"""

from collections.abc import Mapping
from typing import Any

from gns3trio.api.replies import keys_of
from gns3trio.api.v2.compute_views import compute_event_of, driven_node_view, hosted_project_view, own_project_view
from gns3trio.api.v3 import compute_api_replies as replies
from gns3trio.compute.hosted_project import HostedNodeChanged, HostedNodeDeleted, HostedProject
from gns3trio.controller.project.project import Project
from gns3trio.notifications.events import Event

_DISKS = {
    f"hd{letter}_disk_{what}": value
    for letter in "abcd"
    for what, value in (("image", ""), ("image_backed", None), ("image_md5sum", None), ("interface", "none"))
}
_CONTAINER_OR_MACHINE = {"console": None, "console_type": "telnet", "aux": None, "aux_type": "none", "usage": ""}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "vpcs": {"usage": None, "console": None, "console_type": "telnet", "startup_script": None},
    "ethernet_switch": {"usage": "", "ports_mapping": (), "console": None, "console_type": "none"},
    "ethernet_hub": {"usage": "", "ports_mapping": ()},
    "cloud": {
        "usage": "",
        "remote_console_host": "",
        "remote_console_port": 23,
        "remote_console_type": "none",
        "remote_console_http_path": "/",
        "ports_mapping": (),
        "interfaces": (),
    },
    "nat": {"usage": "", "ports_mapping": ()},
    "docker": {
        **_CONTAINER_OR_MACHINE,
        "aux_type": "telnet",
        "image": "",
        "container_id": "",
        "console_resolution": "1024x768",
        "console_http_port": 80,
        "console_http_path": "/",
        "start_command": None,
        "adapters": 1,
        "mac_address": "",
        "environment": None,
        "extra_hosts": None,
        "extra_volumes": (),
        "memory": 0,
        "cpus": 0,
        "custom_adapters": (),
    },
    "qemu": {
        **_CONTAINER_OR_MACHINE,
        **_DISKS,
        "linked_clone": True,
        "qemu_path": "",
        "platform": None,
        "cdrom_image": "",
        "cdrom_image_md5sum": None,
        "bios_image": "",
        "bios_image_md5sum": None,
        "initrd": "",
        "initrd_md5sum": None,
        "kernel_image": "",
        "kernel_image_md5sum": None,
        "kernel_command_line": "",
        "boot_priority": "c",
        "ram": 256,
        "cpus": 1,
        "maxcpus": 1,
        "adapters": 1,
        "adapter_type": "e1000",
        "mac_address": "",
        "replicate_network_connection_state": True,
        "create_config_disk": False,
        "tpm": False,
        "uefi": False,
        "on_close": "power_off",
        "cpu_throttling": 0,
        "process_priority": "low",
        "options": "",
        "custom_adapters": (),
    },
}
# Of these, a node of this server has nothing. What only describes the node is told again as it was sent; the others
# would tell of something that is not there.
DESCRIPTIONS = frozenset({"usage", "maxcpus"})
_NOT_HERE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("vpcs", "ethernet_switch", "ethernet_hub", "cloud", "nat"), frozenset({"usage"})),
    "docker": frozenset({"aux_type", "container_id"}),
    "qemu": frozenset({"aux", "aux_type", "maxcpus", *(f"hd{letter}_disk_image_backed" for letter in "abcd")}),
}
_WITH_A_FOLDER = frozenset({"vpcs", "docker", "qemu"})
_WITH_A_COMMAND = frozenset({"vpcs", "qemu"})


def known_properties(node_type: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The properties in a body that nodes of a type have here. Null stands for a property that was not sent."""
    known = FIELDS.get(node_type, {}).keys() - _NOT_HERE.get(node_type, frozenset())
    return {name: body[name] for name in known if body.get(name) is not None}


def descriptions(node_type: str) -> frozenset[str]:
    """The properties that nodes of a type do not have here, and that are told as they were sent."""
    return _NOT_HERE.get(node_type, frozenset()) & DESCRIPTIONS


def project_view(project: HostedProject | Project) -> dict[str, Any]:
    """A project."""
    known = own_project_view(project) if isinstance(project, Project) else hosted_project_view(project)
    return dict.fromkeys(keys_of(replies.Project)) | known


def event_of(change: object) -> Event | None:
    """A change as an event for a controller of GNS3 3; None if it does not concern that controller."""
    event = compute_event_of(change)
    if event is None or not isinstance(change, HostedNodeChanged | HostedNodeDeleted):
        return event
    node = change.node
    view = node_view(node.instance.node_type, {**driven_node_view(node), **node.of_gns3_3})
    return Event(event.action, view, event.project_id, about=event.about, names_project=True)


def node_view(node_type: str, view: Mapping[str, Any]) -> dict[str, Any]:
    """A node, from its view of version 2."""
    fields = FIELDS.get(node_type, {})
    shown: dict[str, Any] = {name: view[name] for name in ("name", "node_id", "project_id", "status")}
    shown |= {name: view.get(name, default) for name, default in fields.items()}
    if node_type == "ethernet_switch":
        shown["ports_mapping"] = [
            {**port, "ethertype": port.get("ethertype") or "0x8100"} for port in view["ports_mapping"]
        ]
    if node_type in _WITH_A_FOLDER:
        shown["node_directory"] = view.get("node_directory")
    if node_type in _WITH_A_COMMAND:
        shown["command_line"] = view.get("command_line") or ""
    return shown
