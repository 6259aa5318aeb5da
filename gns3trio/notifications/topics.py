"""Which events each kind of stream carries."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import attrs

from gns3trio.notifications.events import V1_ACTIONS, Event


@attrs.frozen
class Topic:
    """Which events a subscriber wants."""

    name: str
    wants: Callable[[Event], bool]


def _controller_only(event: Event) -> bool:
    return event.project_id is None and not event.of_compute


def _everything(event: Event) -> bool:
    return event.action not in V1_ACTIONS and not event.of_compute


def _of_compute(event: Event) -> bool:
    return event.of_compute


def _in_project(project_id: UUID, event: Event) -> bool:
    return event.project_id == project_id and event.action not in V1_ACTIONS and not event.of_compute


def _in_v1_project(project_id: UUID, event: Event) -> bool:
    return event.project_id == project_id and (event.action in V1_ACTIONS or event.action.startswith("log."))


# The stream of the GNS3 controller: projects, templates, computes; no events from inside a project.
CONTROLLER = Topic("controller", _controller_only)
# The stream of the compute API: events of the projects that another controller controls here.
COMPUTE = Topic("compute", _of_compute)
# /notifications of the GNS3 API documentation: all events of all projects.
EVERYTHING = Topic("everything", _everything)


def project_topic(project_id: UUID) -> Topic:
    """The stream of one project: its nodes, links, drawings and log messages."""
    return Topic(f"project {project_id}", partial(_in_project, project_id))


def _of_project(project_id: UUID, event: Event) -> bool:
    return event.about == project_id or _in_project(project_id, event)


def whole_project_topic(project_id: UUID) -> Topic:
    """``project_topic``, and the events of the project itself: ``project.updated``, ``project.closed``."""
    return Topic(f"whole project {project_id}", partial(_of_project, project_id))


def _in_compute_project(project_id: UUID, event: Event) -> bool:
    return event.project_id == project_id and event.of_compute


def compute_project_topic(project_id: UUID) -> Topic:
    """Events of one project that another controller controls through the compute API."""
    return Topic(f"compute project {project_id}", partial(_in_compute_project, project_id))


def v1_project_topic(project_id: UUID) -> Topic:
    """The stream of one project in API version 1: ``vm.started``, ``vm.stopped`` and log messages."""
    return Topic(f"v1 project {project_id}", partial(_in_v1_project, project_id))
