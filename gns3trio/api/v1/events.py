"""What happens in the controller, as version 1 of the API tells it: VMs that start and stop, and log messages."""

import attrs
import trio

from gns3trio.api.v1.views import read_script, vm_state, with_script
from gns3trio.controller.changes import LogMessage, NodeStatusChanged
from gns3trio.controller.nodes.node import Node
from gns3trio.errors import LabError
from gns3trio.notifications.events import Event, log_event
from gns3trio.notifications.hub import MAX_QUEUED_BYTES, MAX_QUEUED_EVENTS, NotificationHub
from gns3trio.notifications.journal import Journal


@attrs.frozen
class _Vm:
    """A VM as it was when its status changed, but for its script."""

    node: Node
    state: dict[str, object]


class V1Events:
    """The streams of version 1. Without one, nothing is made.

    A VM is told with its start-up script, which is a file: ``run`` reads it in a thread, and what happens meanwhile
    waits, in order. When too much waits, the streams end.
    """

    def __init__(self) -> None:
        self.hub = NotificationHub(journal=Journal(MAX_QUEUED_EVENTS, MAX_QUEUED_BYTES))
        self._send, self._receive = trio.open_memory_channel[_Vm | LogMessage](MAX_QUEUED_EVENTS)

    def count(self) -> int:
        """How many streams there are."""
        return self.hub.count()

    def tell(self, change: object) -> None:
        """Take note of a change; never blocks."""
        if not self.hub.count() or not isinstance(change, LogMessage | NodeStatusChanged):
            return
        try:
            self._send.send_nowait(
                change if isinstance(change, LogMessage) else _Vm(change.node, vm_state(change.node))
            )
        except trio.WouldBlock:
            self.hub.lose_events()

    async def run(self) -> None:
        """Tell the streams of the changes, until cancelled."""
        async for change in self._receive:
            self.hub.publish(await _event(change))


async def _event(change: _Vm | LogMessage) -> Event:
    if isinstance(change, LogMessage):
        return log_event(change.level, change.message, change.project_id)
    try:
        script = await read_script(change.node)
    except LabError:  # no thread is free: better told without it than not at all
        script = None
    action = "vm.started" if change.state["status"] == "started" else "vm.stopped"
    return Event(action, with_script(change.state, script), change.node.project_id)
