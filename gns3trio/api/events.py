"""The event streams of all API versions. Each version formats the changes that the server's parts publish."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import trio

from gns3trio.api.v1.events import V1Events
from gns3trio.api.v2.compute_views import compute_event_of
from gns3trio.api.v2.events import event_of
from gns3trio.api.v3.compute_api_views import event_of as compute_event_of_v3
from gns3trio.api.v3.events import event_of as event_of_v3
from gns3trio.classes import frozen
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.notifications.hub import MAX_QUEUED_BYTES, MAX_QUEUED_EVENTS, NotificationHub
from gns3trio.notifications.journal import Journal


@frozen
class ApiEvents:
    """The event hubs of each version and of its compute API. The server's parts publish to ``changes``."""

    v1: V1Events
    v2: NotificationHub
    v3: NotificationHub
    compute: NotificationHub
    compute_v3: NotificationHub
    changes: ChangeFeed

    def hubs(self) -> Mapping[str, NotificationHub]:
        """All hubs, by the names of their API."""
        return {
            "v1": self.v1.hub,
            "v2": self.v2,
            "v3": self.v3,
            "v2_compute": self.compute,
            "v3_compute": self.compute_v3,
        }


@asynccontextmanager
async def open_events() -> AsyncIterator[ApiEvents]:
    """Run the event streams of a server for as long as the ``async with`` lasts."""
    v1, v2 = V1Events(), NotificationHub(event_of)
    v3 = NotificationHub(event_of_v3, Journal(MAX_QUEUED_EVENTS, MAX_QUEUED_BYTES), on_demand=True)
    compute = NotificationHub(compute_event_of, Journal(MAX_QUEUED_EVENTS, MAX_QUEUED_BYTES), on_demand=True)
    compute_v3 = NotificationHub(compute_event_of_v3, Journal(MAX_QUEUED_EVENTS, MAX_QUEUED_BYTES), on_demand=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(v1.run)
        yield ApiEvents(v1, v2, v3, compute, compute_v3, ChangeFeed(v2, v3, compute, compute_v3, v1))
        nursery.cancel_scope.cancel()
