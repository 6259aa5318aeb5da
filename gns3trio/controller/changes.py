"""The changes in the controller that are published to ``ProjectServices.changes``.

A change contains the object that changed. Each version of the API formats it for its clients at the moment of
publication (``api/v1/events.py``, ``api/v2/events.py``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from gns3trio.classes import frozen

if TYPE_CHECKING:
    from gns3trio.compute.nio import UdpNio
    from gns3trio.controller.archives.snapshots import Snapshot
    from gns3trio.controller.computes import ComputeState
    from gns3trio.controller.links.link import Link
    from gns3trio.controller.links.statistics import LinkStatistics
    from gns3trio.controller.nodes.mesh import MeshProgress
    from gns3trio.controller.nodes.node import Node
    from gns3trio.controller.nodes.traffic import TrafficReport
    from gns3trio.controller.project.drawings import Drawing
    from gns3trio.controller.project.project import Project
    from gns3trio.measure.results import TrialReport

LogLevel = Literal["error", "warning", "info"]


@frozen
class LogMessage:
    """A message to users that does not belong to a request, such as a failure. Without a project it concerns the
    server.
    """

    level: LogLevel
    message: str
    project_id: UUID | None = None


# --- projects ---


@frozen
class ProjectCreated:
    """A project was created."""

    project: "Project"


@frozen
class ProjectOpened:
    """A project was opened, and all its contents were announced."""

    project: "Project"


@frozen
class ProjectChanged:
    """The settings of a project changed."""

    project: "Project"


@frozen
class ProjectClosed:
    """A project was closed: its nodes are stopped and its file is written."""

    project: "Project"


@frozen
class ProjectDeleted:
    """A project was deleted with its folder."""

    project: "Project"


@frozen
class SnapshotRestored:
    """A snapshot of the project was restored."""

    snapshot: "Snapshot"


# --- nodes ---


@frozen
class NodeCreated:
    """A node was created, or its project was opened."""

    node: "Node"


@frozen
class NodeChanged:
    """An attribute of a node changed."""

    node: "Node"


@frozen
class NodeStatusChanged(NodeChanged):
    """A node was started or has stopped."""


@frozen
class NodeDeleted:
    """A node was deleted."""

    node: "Node"


# --- links ---


@frozen
class NodeTraffic:
    """The progress of generated traffic that a node sends."""

    report: "TrafficReport"


@frozen
class MeshTraffic:
    """The progress of a mesh of generated traffic."""

    progress: "MeshProgress"


@frozen
class LinkCreated:
    """A link was created, or its project was opened."""

    link: "Link"


@frozen
class LinkChanged:
    """The ends, filters, suspension, style or capture of a link changed."""

    link: "Link"


@frozen
class LinkImpairmentsChanged:
    """The impairments of a link changed, or a link was created that has some."""

    link: "Link"


@frozen
class LinkDeleted:
    """A link was deleted."""

    link: "Link"


@frozen
class LinkProblemChanged:
    """The problem of a link changed; ``problem`` is None if the link works again."""

    link: "Link"
    problem: str | None


@frozen
class LinkTraffic:
    """The counters of a link changed."""

    link: "Link"
    statistics: "LinkStatistics"


@frozen
class LinkMeasured:
    """The progress of a measurement of a link."""

    link: "Link"
    trial: "TrialReport"


# --- drawings ---


@frozen
class DrawingCreated:
    """A drawing was created, or its project was opened."""

    project_id: UUID
    drawing: "Drawing"


@frozen
class DrawingChanged:
    """A drawing changed; ``redrawn``: its picture too."""

    project_id: UUID
    drawing: "Drawing"
    redrawn: bool


@frozen
class DrawingDeleted:
    """A drawing was deleted."""

    project_id: UUID
    drawing: "Drawing"


# --- the server's own ---


@frozen
class ComputeCreated:
    """A compute was registered."""

    compute: "ComputeState"


@frozen
class ComputeChanged:
    """The address or the load of a compute changed."""

    compute: "ComputeState"


@frozen
class ComputeDeleted:
    """A compute was removed."""

    compute: "ComputeState"


@frozen
class UdpMeasured:
    """The progress of a measurement between two UDP endpoints of a compute."""

    compute_id: str
    a: "UdpNio"
    b: "UdpNio"
    trial: "TrialReport"


@frozen
class TemplateCreated:
    """A template was created. ``extras`` are the fields that only GNS3 3 has."""

    template: Mapping[str, Any]
    extras: Mapping[str, Any]


@frozen
class TemplateChanged:
    """A template changed. ``extras`` are the fields that only GNS3 3 has."""

    template: Mapping[str, Any]
    extras: Mapping[str, Any]


@frozen
class TemplateDeleted:
    """A template was deleted."""

    template: Mapping[str, Any]


Change = (
    NodeCreated
    | NodeChanged
    | NodeDeleted
    | NodeTraffic
    | MeshTraffic
    | LinkCreated
    | LinkChanged
    | LinkImpairmentsChanged
    | LinkDeleted
    | LinkProblemChanged
    | LinkTraffic
    | LinkMeasured
    | DrawingCreated
    | DrawingChanged
    | DrawingDeleted
    | LogMessage
    | ProjectCreated
    | ProjectOpened
    | ProjectChanged
    | ProjectClosed
    | ProjectDeleted
    | SnapshotRestored
    | ComputeCreated
    | ComputeChanged
    | ComputeDeleted
    | UdpMeasured
    | TemplateCreated
    | TemplateChanged
    | TemplateDeleted
)
