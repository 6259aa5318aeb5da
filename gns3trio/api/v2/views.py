"""Formats projects and their contents for version 2 of the API, for replies and events.

Keys and types are those of GNS3 2.2. Some clients reject a node or link with an unknown key, so nothing may be added to
these two.
"""

from typing import Any
from uuid import UUID

import orjson

from gns3trio.api.node_views import NodeViews
from gns3trio.api.replies import Capabilities, shown_as
from gns3trio.api.v2 import replies
from gns3trio.api.v2.shapes import Label, LinkEnd, ProjectSettings
from gns3trio.conditions.impairments import describe
from gns3trio.controller.archives.snapshots import Snapshot
from gns3trio.controller.computes import ComputeState
from gns3trio.controller.gns3_format.records import LinkRecord, NodeRecord
from gns3trio.controller.links.link import Link, LinkCapture
from gns3trio.controller.links.statistics import LinkStatistics, PortStatistics
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.port_list import Port
from gns3trio.controller.project.drawings import Drawing
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.files import printable

# The capture formats of each kind of port, by the names that GNS3's clients show.
_ETHERNET = {"Ethernet": "DLT_EN10MB"}
_DATA_LINK_TYPES: dict[str, dict[str, str]] = {
    "FrameRelay": {"Frame Relay": "DLT_FRELAY"},
    "ATM": {"ATM": "DLT_ATM_RFC1483"},
    "POS": {},
    "Serial": {"Cisco HDLC": "DLT_C_HDLC", "Cisco PPP": "DLT_PPP_SERIAL", "Frame Relay": "DLT_FRELAY"},
}


def project_view(project: Project) -> dict[str, Any]:
    """A project. ``temporary`` is for the API before 2.0; ``error`` is present only if its file is unreadable."""
    view = {
        **shown_as(ProjectSettings, project.settings),
        "filename": printable(project.file.path.name),
        "path": printable(project.folder),
        "project_id": str(project.project_id),
        "status": project.status,
        "temporary": project.temporary,
    }
    if project.error is not None:
        view["error"] = project.error
    return view


def record_view(record: NodeRecord) -> dict[str, Any]:
    """A node of a closed project, from its file. Encode it at once, because it shares parts of the record."""
    view = shown_as(replies.SavedNode, record)
    view["label"] = shown_as(Label, record.label)
    view["node_id"] = str(record.node_id)
    view["template_id"] = str(record.template_id) if record.template_id else None
    return view


def node_fields(node: Node) -> dict[str, Any]:
    """A node of an opened project."""
    instance = node.instance
    directory = instance.directory if instance else None
    return {
        **record_view(node.record),
        "command_line": instance.command_line if instance else None,
        "console": instance.console if instance else node.record.console,
        "console_host": node.console_host,
        "node_directory": str(directory) if directory else None,
        "ports": list(map(port_view, node.ports())),
        "project_id": str(node.project_id),
        "status": node.status,
    }


_views = NodeViews(node_fields)


def node_view(node: Node) -> orjson.Fragment:
    """A node of an opened project as JSON."""
    return _views.of(node)


async def node_list_view(project: Project) -> orjson.Fragment:
    """The nodes of an opened project as JSON."""
    return await _views.of_all(project)


def port_view(port: Port) -> dict[str, Any]:
    """A port of a node of an opened project."""
    view: dict[str, Any] = {
        "adapter_number": port.adapter_number,
        "port_number": port.port_number,
        "name": port.name,
        "short_name": port.short_name,
        "data_link_types": _DATA_LINK_TYPES.get(port.kind, _ETHERNET),
        "link_type": "serial" if port.is_serial else "ethernet",
    }
    if port.adapter_type is not None:
        view["adapter_type"] = port.adapter_type
    if port.mac_address is not None:
        view["mac_address"] = port.mac_address
    return view


def saved_link_view(record: LinkRecord) -> dict[str, Any]:
    """A link of a closed project, from its file."""
    return {
        **shown_as(replies.SavedLink, record),
        "link_id": str(record.link_id),
        "nodes": [{**shown_as(LinkEnd, end), "node_id": str(end.node_id)} for end in record.nodes],
    }


def link_view(link: Link) -> dict[str, Any]:
    """A link of an opened project."""
    shown = link.gns3_capture
    return {
        **saved_link_view(link.record),
        "capture_compute_id": shown.compute_id if shown else None,
        "capture_file_name": link.last_capture_file,
        "capture_file_path": str(shown.capture.path) if shown else None,
        "capturing": shown is not None,
        "link_type": link.link_type,
        "project_id": str(link.project_id),
    }


def impairments_view(link: Link) -> dict[str, Any]:
    """The impairments of a link, which have no place in GNS3's shape of a link."""
    return {"impairments": [describe(each) for each in link.impairments.filters], "seed": link.impairments.seed}


def capture_view(link_capture: LinkCapture) -> dict[str, Any]:
    """A capture, as in our extension."""
    capture = link_capture.capture
    counters, ring = capture.counters(), capture.spec.ring
    return {
        "capture_id": str(link_capture.capture_id),
        "file_name": link_capture.file_name,
        "file_path": str(capture.path) if capture.path else None,
        "format": "pcapng" if capture.spec.pcapng else "pcap",
        "snaplen": capture.spec.snaplen,
        "direction": link_capture.direction,
        "expression": capture.spec.expression,
        "ring_files": ring.files if ring else None,
        "ring_bytes": ring.max_bytes if ring else None,
        "ring_seconds": ring.max_seconds if ring else None,
        "started_at": link_capture.started_at,
        "running": capture.running,
        "error": capture.error,
        "frames": counters.frames,
        "bytes": counters.bytes,
        "dropped": counters.dropped,
        "stream_dropped_bytes": capture.stream_dropped_bytes,
    }


def vm_view(node: Node) -> dict[str, Any]:
    """A node in the shape of the ``vms`` routes, which ``nodes`` replaced in 2.0."""
    view = node_fields(node)
    view["vm_id"] = view.pop("node_id")
    view["vm_type"] = view.pop("node_type")
    return view


def drawing_view(project_id: UUID, drawing: Drawing) -> dict[str, Any]:
    """A drawing of an opened project."""
    return {"drawing_id": str(drawing.drawing_id), "project_id": str(project_id), **drawing.shown()}


def snapshot_view(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot in the list of a project."""
    ids = {"snapshot_id": str(snapshot.snapshot_id), "project_id": str(snapshot.project_id)}
    return {**shown_as(replies.Snapshot, snapshot), **ids}


def problems_view(project: Project) -> dict[str, Any]:
    """The problems of an open project, with reasons: nodes that cannot run here, links that pass no frames, and errors
    in its file. Raises Forbidden if the project is closed.
    """
    project.require_open()
    links = ((link, project.links.problem_of(link)) for link in project.links.values())
    return {
        "file": project.file_problems,
        "links": [{"link_id": str(link.link_id), "message": problem} for link, problem in links if problem is not None],
        "nodes": [
            {"message": node.problem, "name": node.name, "node_id": str(node.node_id)}
            for node in project.nodes.not_run()
        ],
    }


def compute_view(compute: ComputeState) -> dict[str, Any]:
    """A compute. One that is not driven here has no load."""
    can, load = compute.capabilities, compute.load
    return {
        "capabilities": {"node_types": [], "version": None} if can is None else shown_as(Capabilities, can),
        "compute_id": compute.compute_id,
        "connected": compute.capabilities is not None,
        "cpu_usage_percent": load.cpu_usage_percent if load is not None else None,
        "memory_usage_percent": load.memory_usage_percent if load is not None else None,
        "host": compute.host,
        "last_error": compute.error,
        "name": compute.name,
        "port": compute.port,
        "protocol": compute.protocol,
        "user": compute.user,
    }


def link_statistics_view(statistics: LinkStatistics) -> dict[str, Any]:
    """The statistics of a link."""
    return {
        "link_id": str(statistics.link_id),
        "project_id": str(statistics.project_id),
        "interval": statistics.interval,
        "a_to_b": shown_as(replies.Direction, statistics.a_to_b),
        "b_to_a": shown_as(replies.Direction, statistics.b_to_a),
    }


def port_statistics_view(statistics: PortStatistics) -> dict[str, Any]:
    """The statistics of a linked port of a node."""
    return {
        **shown_as(replies.NodePort, statistics.port),
        **{way: shown_as(replies.PortTraffic, traffic) for way, traffic in statistics.directions().items()},
    }
