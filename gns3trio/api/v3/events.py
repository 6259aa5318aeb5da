"""Formats changes in the controller as events of API version 3. Changes that GNS3 3 does not know have none."""

from gns3trio.api.shared_events import SharedChange, Views, shared_event
from gns3trio.api.v3.compute_views import state_view
from gns3trio.api.v3.template_views import template_view
from gns3trio.api.v3.views import drawing_view, link_view, node_view, project_view, snapshot_view
from gns3trio.controller import changes as c
from gns3trio.controller.computes import ComputeState
from gns3trio.machine import machine_load
from gns3trio.notifications.events import Event

_VIEWS = Views(node=node_view, link=link_view, drawing=drawing_view, project=project_view, snapshot=snapshot_view)


def event_of(change: object) -> Event | None:
    """A change in the controller as an event; None if version 3 has no event for it."""
    if isinstance(change, SharedChange):
        return shared_event(change, _VIEWS)
    match change:
        case c.ComputeCreated(compute):
            return Event("compute.created", state_view(compute))
        case c.ComputeChanged(compute):
            return compute_event(compute)
        case c.ComputeDeleted(compute):
            return Event("compute.deleted", state_view(compute))
        case c.TemplateCreated(template, extras):
            return Event("template.created", template_view(template, extras))
        case c.TemplateChanged(template, extras):
            return Event("template.updated", template_view(template, extras))
        case c.TemplateDeleted(template):
            return Event("template.deleted", {"template_id": template["template_id"]})
        case _:
            return None


def compute_event(compute: ComputeState) -> Event:
    """The state of a compute."""
    return Event("compute.updated", state_view(compute))


def ping() -> Event:
    """The load of this host."""
    load = machine_load()
    shown = {
        "cpu_usage_percent": load.cpu_usage_percent,
        "memory_usage_percent": load.memory_usage_percent,
        "disk_usage_percent": load.disk_usage_percent,
    }
    return Event("ping", shown)
