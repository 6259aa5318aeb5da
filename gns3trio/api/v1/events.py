"""Formats changes in the controller as events of API version 1: VMs that start and stop, and log messages."""

import trio

from gns3trio.api.v1.views import read_script, vm_state, with_script
from gns3trio.classes import frozen
from gns3trio.controller.changes import LogMessage, NodeStatusChanged
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError
from gns3trio.notifications.events import Event, log_event
from gns3trio.notifications.hub import MAX_QUEUED_BYTES, MAX_QUEUED_EVENTS, NotificationHub
from gns3trio.notifications.journal import Journal

ACTIONS = frozenset({"vm.started", "vm.stopped"})  # those that other versions do not have


@frozen
class _Vm:
    """A VM at the time when its status changed, without its script."""

    node: Node
    state: dict[str, object]


class V1Events:
    """The streams of version 1. Without a stream, no events are formatted.

    The event of a VM contains its start-up script, which is a file. ``run`` reads it in a thread; later changes wait in
    order. If too many wait, the streams end.
    """

    def __init__(self) -> None:
        self.hub = NotificationHub(journal=Journal(MAX_QUEUED_EVENTS, MAX_QUEUED_BYTES))
        self._send, self._receive = trio.open_memory_channel[_Vm | LogMessage](MAX_QUEUED_EVENTS)

    def count(self) -> int:
        """The number of streams."""
        return self.hub.count()

    def tell(self, change: object) -> None:
        """Queue a change; never blocks."""
        if not self.hub.count() or not isinstance(change, LogMessage | NodeStatusChanged):
            return
        try:
            self._send.send_nowait(
                change if isinstance(change, LogMessage) else _Vm(change.node, vm_state(change.node))
            )
        except trio.WouldBlock:
            self.hub.lose_events()

    async def run(self) -> None:
        """Send the queued changes to the streams until cancelled."""
        async for change in self._receive:
            self.hub.publish(await _event(change))


async def _event(change: _Vm | LogMessage) -> Event:
    if isinstance(change, LogMessage):
        return log_event(change.level, change.message, change.project_id)
    try:
        script = await read_script(change.node)
    except LabError:  # no thread is free: send the event without the script
        script = None
    action = "vm.started" if change.state["status"] == "started" else "vm.stopped"
    return Event(action, with_script(change.state, script), change.node.project_id)
