"""Which events of its version each kind of stream carries."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.notifications.events import Event


@frozen
class Topic:
    """Which events a subscriber wants."""

    name: str
    wants: Callable[[Event], bool]


def _any(event: Event) -> bool:
    return True


def _of_controller(event: Event) -> bool:
    return event.project_id is None


def _in_project(project_id: UUID, event: Event) -> bool:
    return event.project_id == project_id


def _of_project(project_id: UUID, event: Event) -> bool:
    return event.about == project_id or _in_project(project_id, event)


# All events of all projects.
EVERYTHING = Topic("everything", _any)
# The stream of the GNS3 controller: projects, templates, computes; no events from inside a project.
CONTROLLER = Topic("controller", _of_controller)


def project_topic(project_id: UUID) -> Topic:
    """The stream of one project: its nodes, links, drawings and log messages."""
    return Topic(f"project {project_id}", partial(_in_project, project_id))


def whole_project_topic(project_id: UUID) -> Topic:
    """``project_topic``, and the events of the project itself: ``project.updated``, ``project.closed``."""
    return Topic(f"whole project {project_id}", partial(_of_project, project_id))
