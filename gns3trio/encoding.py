"""JSON that is kept: ``orjson.dumps`` for what stays in memory."""

from typing import Any

import orjson


def dumps_to_keep(document: Any, option: int | None = None) -> bytes:
    """As ``orjson.dumps``, in memory of its own size: what orjson gives keeps its buffer, up to ten times as large."""
    return memoryview(orjson.dumps(document, option=option)).tobytes()
