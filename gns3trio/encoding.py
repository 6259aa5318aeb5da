"""JSON that is sent, and JSON that is kept in memory."""

from typing import Any

import orjson


def dumps_sorted(document: Any) -> bytes:
    """JSON for a client: the keys of every object sorted, as GNS3 sends them. There are clients that take the text
    apart and know where an object ends by its last key; what we add to GNS3's keys must not come after it.
    """
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def dumps_to_keep(document: Any, option: int | None = None) -> bytes:
    """As ``orjson.dumps``, in memory of its own size: what orjson gives keeps its buffer, up to ten times as large."""
    return memoryview(orjson.dumps(document, option=option)).tobytes()
