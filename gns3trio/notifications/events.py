"""Events and their encoding. Sans-IO.

An event on the wire is one line of JSON, ``{"action": ..., "event": {...}}``, as GNS3 sends it (keys sorted).
"""

from typing import Any, Self
from uuid import UUID

import attrs
import orjson

from gns3trio.acting import acting_user
from gns3trio.classes import frozen
from gns3trio.encoding import dumps_sorted, dumps_to_keep

# All events, with a description of their payload.
ACTIONS = {
    "ping": "load of this host in percent: `cpu_usage_percent`, `memory_usage_percent`, in version 3 also "
    "`disk_usage_percent`",
    "events.begin": "first on `/v2/events`: `resumed` is true if no event was missed; not in GNS3",
    "compute.created": "the compute",
    "compute.updated": "the compute, with its load",
    "compute.deleted": "the compute",
    "project.created": "the project",
    "project.opened": "the project",
    "project.updated": "the project",
    "project.closed": "the project",
    "project.deleted": "the project",
    "node.created": "the node",
    "node.updated": "the node: its status, name, position, ...",
    "node.deleted": "the node",
    "node.traffic": "progress of traffic that a node sends: `progress` from 0 to 1, `sent`, `lost`; not in GNS3",
    "project.mesh": "progress of a mesh of traffic: `progress` from 0 to 1, `pairs`, `sent`, `lost`; not in GNS3",
    "link.created": "the link",
    "link.updated": "the link: its filters, captures, label, ...",
    "link.deleted": "the link",
    "link.impairments": "all impairments of a link and their `seed`: see `GET .../impairments`; not in GNS3",
    "link.stats": "counters of a link since it was created: see `GET .../statistics`; not in GNS3",
    "link.problem": "`message`: why no frame crosses the link; null when it works again; not in GNS3",
    "link.benchmark": "progress of a measurement: `progress` from 0 to 1, and the last trial; not in GNS3",
    "udp.benchmark": "the same for a measurement between two UDP endpoints, `a` and `b`; not in GNS3",
    "drawing.created": "the drawing",
    "drawing.updated": "the drawing; with `svg` only if it changed",
    "drawing.deleted": "the drawing",
    "snapshot.restored": "the snapshot",
    "template.created": "the template",
    "template.updated": "the template",
    "template.deleted": "the template; in version 3 its id alone",
    "log.error": "`message`: an error that does not belong to a request",
    "log.warning": "`message`",
    "log.info": "`message`",
    "vm.started": "the VM of version 1; only on its stream",
    "vm.stopped": "the VM of version 1; only on its stream",
}

# A slow client may lose these, because the next event of the same kind contains the same information.
COALESCIBLE_ACTIONS = frozenset({"ping", "link.stats"})

# The most of them that wait for one subscriber, so that they do not displace other events.
MAX_QUEUED_COALESCIBLE = 64
# Waiting lines of one subscriber are sent in one write of about this size.
BATCH_BYTES = 64 * 1024


@frozen(init=False)
class Event:
    """Something that happened, in the words of one version of the API. ``line`` is encoded once for all subscribers,
    and the event does not keep its payload.
    """

    action: str
    project_id: UUID | None
    about: UUID | None  # the project that an event of the controller's stream is about
    user: str | None  # whose request has caused it
    line: bytes = attrs.field(repr=False)

    def __init__(
        self,
        action: str,
        payload: Any,
        project_id: UUID | None = None,
        *,
        about: UUID | None = None,
        names_project: bool = False,
    ) -> None:
        """``names_project``: the line has the id of the project beside the payload."""
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is not among ACTIONS")
        document = {"action": action, "event": payload}
        if names_project:
            document["project_id"] = project_id
        line = dumps_to_keep(document, orjson.OPT_SORT_KEYS)
        self.__attrs_init__(action, project_id, about, acting_user(), line)

    @classmethod
    def of_line(cls, action: str, project_id: UUID | None, about: UUID | None, user: str | None, line: bytes) -> Self:
        """An event that was encoded before."""
        event = cls.__new__(cls)
        event.__attrs_init__(action, project_id, about, user, line)
        return event

    @property
    def line_with_user(self) -> bytes:
        """The line, with the name of the user beside the payload if there is one."""
        return self.line if self.user is None else b'{"user":%b,%b' % (dumps_sorted(self.user), self.line[1:])

    @property
    def coalescible(self) -> bool:
        """Whether a slow subscriber may lose this event."""
        return self.action in COALESCIBLE_ACTIONS


def log_event(level: str, message: str, project_id: UUID | None = None) -> Event:
    """A ``log.error``, ``log.warning`` or ``log.info`` event; ``level`` is the part after the dot."""
    return Event(f"log.{level}", {"message": message}, project_id)
