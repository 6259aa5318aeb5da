"""Mends how trio-websocket answers pings, for all that opens websockets to other servers."""

from trio_websocket import WebSocketConnection
from wsproto.events import Ping

_answer_ping = WebSocketConnection._handle_ping_event


async def _answer_ping_unless_closing(self: WebSocketConnection, event: Ping) -> None:
    """Avoid a defect of trio-websocket (its issue 184): it answers a ping that arrives while it closes, which wsproto
    forbids, and its reader fails. Servers send the first ping at once, so short connections would often fail.
    """
    if self.closed is None:
        await _answer_ping(self, event)


def require_sound_pings() -> None:
    """Replace the method that has the defect. Does nothing the second time."""
    WebSocketConnection._handle_ping_event = _answer_ping_unless_closing  # type: ignore[method-assign]
