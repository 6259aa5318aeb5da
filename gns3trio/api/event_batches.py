"""Events in batches, for clients that ask for them with ``?batch=``; an extension. Sans-IO.

With ``batch``, a line of a stream, or a message of a websocket, is a JSON array of the events that came in a while. A
burst of ten thousand events then costs its client, and the server, some hundred writes.
"""

from collections.abc import Mapping, Sequence

from gns3trio.errors import Invalid

# Shorter than the time after which a quiet stream pings.
MAX_BATCH_MS = 2_000

BATCH_QUERY = {
    "batch": f"1 to {MAX_BATCH_MS}: send events as JSON arrays, gathered for so many milliseconds after the first; an "
    "extension"
}


def batch_seconds(query: Mapping[str, str]) -> float:
    """How long events are gathered for a client, in seconds; 0 if it wants each by itself. Raises Invalid."""
    text = query.get("batch")
    if text is None:
        return 0.0
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_BATCH_MS))
    if not is_number or not 1 <= int(text) <= MAX_BATCH_MS:
        raise Invalid(f"batch: {text!r} is not a number of milliseconds from 1 to {MAX_BATCH_MS}")
    return int(text) / 1000


def join(lines: Sequence[bytes]) -> bytes:
    """Events as one JSON array."""
    return b"[%b]" % b",".join(lines)
