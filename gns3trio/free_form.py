"""Limits on the size and depth of JSON values without a fixed shape, which are stored as they came."""

import math
from typing import Any

from gns3trio.classes import frozen
from gns3trio.limits import MAX_DEPTH, MAX_FREE_TEXT, MAX_ITEMS, MAX_KEYS, MAX_LINKS, MAX_SVG, MAX_TEXT

# JSON here carries integers of 64 bits, with or without sign; larger ones would come back as floats.
_LEAST_INTEGER = -(2**63)
_MOST_INTEGER = 2**64 - 1

_MAX_SHOWN = 100  # characters of a key in an error message

# The path to a value: its key or index in its container, and the path to the container.
_Way = tuple["_Way | None", str | int]


class Misplaced(ValueError):
    """A value is invalid. ``path`` leads to it from the root of the check, such as ``.a[3].b``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


@frozen
class FreeForm:
    """Limits for a value: characters of texts, items of lists, keys of objects, and depth."""

    text: int = MAX_FREE_TEXT
    items: int = MAX_ITEMS
    keys: int = MAX_KEYS
    depth: int = MAX_DEPTH

    def check(self, value: Any) -> None:
        """Check a value; raises Misplaced. Takes linear time, and no stack however deep the value is."""
        self._check_one(value, None)
        waiting: list[tuple[Any, _Way | None, int]] = [(value, None, 1)] if isinstance(value, dict | list) else []
        while waiting:
            container, way, depth = waiting.pop()
            if depth > self.depth:
                raise Misplaced(_path(way), f"nested deeper than {self.depth}")
            pairs = container.items() if isinstance(container, dict) else enumerate(container)
            for key, inner in pairs:
                if isinstance(inner, dict | list):
                    self._check_one(inner, (way, key))
                    waiting.append((inner, (way, key), depth + 1))
                elif type(inner) is not bool and inner is not None:
                    self._check_one(inner, (way, key))

    def _check_one(self, value: Any, way: _Way | None) -> None:
        match value:
            case str() if len(value) > self.text:
                reason = f"has {len(value)} characters, and may have {self.text}"
            case list() if len(value) > self.items:
                reason = f"has {len(value)} items, and may have {self.items}"
            case dict() if len(value) > self.keys:
                reason = f"has {len(value)} keys, and may have {self.keys}"
            case dict() if any(len(key) > MAX_TEXT for key in value):
                reason = f"has a key of more than {MAX_TEXT} characters"
            case float() if not math.isfinite(value):
                reason = "is not a number that JSON has"
            case int() if not _LEAST_INTEGER <= value <= _MOST_INTEGER:
                reason = "is too large"
            case _:
                return
        raise Misplaced(_path(way), reason)


# The limits for a part without a fixed shape in a request or file, and for the whole, which is checked first.
PART = FreeForm()
DOCUMENT = FreeForm(text=MAX_SVG, items=MAX_LINKS, keys=MAX_LINKS)


def _path(way: _Way | None) -> str:
    parts: list[str] = []
    while way is not None:
        way, key = way
        parts.append(f"[{key}]" if isinstance(key, int) else f".{key[:_MAX_SHOWN]}")
    return "".join(reversed(parts))
