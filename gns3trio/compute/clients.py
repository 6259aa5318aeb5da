"""The clients of the compute API, and which of them are controllers.

GNS3's compute API has no notion of a controller. Two of them differ only in the user whose password they send, and in
their address. A controller keeps a notification stream open, which scripts and other tools do not. So here:

- What another user has is out of reach: each user has projects and files of its own.
- Of one user, two addresses with a notification stream each are two controllers, which do not see each other's
  projects. This avoids accidents, and is no protection: such a client could do without the stream.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from gns3trio.classes import frozen

# The user of the server itself, who may see all its labs. Without a password, everybody is.
OWN_USER = ""
# Who sent no password, and is there only because the setting console_websocket_auth opens the consoles.
NOBODY = "?"
# A controller opens its stream again a second after it was interrupted. One that was restarted, or has another address
# now, gets its projects after this time.
GONE_AFTER_SECONDS = 60.0
# The latest controllers that have left. Those before them count as gone.
_MOST_LEFT = 4096


@frozen(eq=True)
class ComputeClient:
    """Who sends a request to the compute API: one of its users, from the address of a host."""

    user: str
    host: str

    def __str__(self) -> str:
        return f"{self.user} at {self.host}" if self.user else self.host


class Controllers:
    """The clients with a notification stream."""

    def __init__(self) -> None:
        self._streams: Counter[ComputeClient] = Counter()
        self._left: OrderedDict[ComputeClient, float] = OrderedDict()

    @contextmanager
    def listening(self, client: ComputeClient) -> Iterator[None]:
        """The client has a notification stream for as long as the ``with`` lasts."""
        self._streams[client] += 1
        try:
            yield
        finally:
            self._streams[client] -= 1
            if not self._streams[client]:
                del self._streams[client]
                self._left[client] = trio.current_time()
                self._left.move_to_end(client)
                if len(self._left) > _MOST_LEFT:
                    self._left.popitem(last=False)

    def is_listening(self, client: ComputeClient) -> bool:
        """Whether the client has a stream now."""
        return client in self._streams

    def is_there(self, client: ComputeClient) -> bool:
        """Whether the client is a controller that has a stream, or had one a moment ago."""
        away = self.away_for(client)
        return away is not None and away < GONE_AFTER_SECONDS

    def away_for(self, client: ComputeClient) -> float | None:
        """The seconds since a controller had a stream, 0 if it has one now; None for a client that is none."""
        if client in self._streams:
            return 0.0
        left = self._left.get(client)
        return trio.current_time() - left if left is not None else None
