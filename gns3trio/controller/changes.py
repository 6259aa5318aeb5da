"""What happens in the controller, as it is published to ``ProjectServices.changes``.

A change holds the thing that changed. How that looks to clients is made by each version of the API, at the moment at
which the change is published (``api/v1/events.py``, ``api/v2/events.py``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import attrs

if TYPE_CHECKING:
    from gns3trio.controller.archives.snapshots import Snapshot
    from gns3trio.controller.computes import ComputeState
    from gns3trio.controller.links.link import Link
    from gns3trio.controller.links.statistics import LinkStatistics
    from gns3trio.controller.nodes.node import Node
    from gns3trio.controller.project.drawings import Drawing
    from gns3trio.controller.project.project import Project

LogLevel = Literal["error", "warning", "info"]


@attrs.frozen
class LogMessage:
    """What users are told without having asked, such as a failure. Without a project it concerns the server."""

    level: LogLevel
    message: str
    project_id: UUID | None = None


# --- projects ---


@attrs.frozen
class ProjectCreated:
    """A project is there."""

    project: "Project"


@attrs.frozen
class ProjectOpened:
    """It is open, and all that it has was told."""

    project: "Project"


@attrs.frozen
class ProjectChanged:
    """Its settings changed."""

    project: "Project"


@attrs.frozen
class ProjectClosed:
    """Its nodes are gone, and its file is written."""

    project: "Project"


@attrs.frozen
class ProjectDeleted:
    """Its folder is gone."""

    project: "Project"


@attrs.frozen
class SnapshotRestored:
    """The project has the content of one of its snapshots."""

    snapshot: "Snapshot"


# --- nodes ---


@attrs.frozen
class NodeCreated:
    """A node is there: it was made, or its project was opened."""

    node: "Node"


@attrs.frozen
class NodeChanged:
    """Something of a node changed."""

    node: "Node"


@attrs.frozen
class NodeStatusChanged(NodeChanged):
    """A node was started or has stopped."""


@attrs.frozen
class NodeDeleted:
    """A node is gone."""

    node: "Node"


# --- links ---


@attrs.frozen
class LinkCreated:
    """A link is there: it was made, or its project was opened."""

    link: "Link"


@attrs.frozen
class LinkChanged:
    """Its ends, filters, suspension, style or capture changed."""

    link: "Link"


@attrs.frozen
class LinkDeleted:
    """A link is gone."""

    link: "Link"


@attrs.frozen
class LinkProblemChanged:
    """Why nothing crosses a link; ``problem`` is None when it works again."""

    link: "Link"
    problem: str | None


@attrs.frozen
class LinkTraffic:
    """What crossed a link."""

    link: "Link"
    statistics: "LinkStatistics"


@attrs.frozen
class LinkMeasured:
    """A measurement of a link has come so far."""

    link: "Link"
    trial: dict[str, Any]


# --- drawings ---


@attrs.frozen
class DrawingCreated:
    """A drawing is there: it was made, or its project was opened."""

    project_id: UUID
    drawing: "Drawing"


@attrs.frozen
class DrawingChanged:
    """Something of a drawing changed; ``redrawn``: its picture too."""

    project_id: UUID
    drawing: "Drawing"
    redrawn: bool


@attrs.frozen
class DrawingDeleted:
    """A drawing is gone."""

    project_id: UUID
    drawing: "Drawing"


# --- the server's own ---


@attrs.frozen
class ComputeCreated:
    """A compute is known."""

    compute: "ComputeState"


@attrs.frozen
class ComputeChanged:
    """How a compute is reached changed, or its load."""

    compute: "ComputeState"


@attrs.frozen
class ComputeDeleted:
    """A compute is forgotten."""

    compute: "ComputeState"


@attrs.frozen
class UdpMeasured:
    """A measurement between two UDP endpoints of a compute has come so far."""

    compute_id: str
    ends: Mapping[str, Any]
    trial: dict[str, Any]


@attrs.frozen
class TemplateCreated:
    """A template is there."""

    template: Mapping[str, Any]


@attrs.frozen
class TemplateChanged:
    """Something of a template changed."""

    template: Mapping[str, Any]


@attrs.frozen
class TemplateDeleted:
    """A template is gone."""

    template: Mapping[str, Any]


Change = (
    NodeCreated
    | NodeChanged
    | NodeDeleted
    | LinkCreated
    | LinkChanged
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
