"""Encodes long lists for replies, in slices between which other tasks run."""

from collections.abc import Iterable

import orjson

from gns3trio.encoding import dumps_sorted
from gns3trio.slices import in_slices


async def encode_list(views: Iterable[object]) -> bytes:
    """A JSON array of the views, with the keys of each object sorted."""
    return b"[%b]" % b",".join(await in_slices(map(dumps_sorted, views)))


async def list_of(views: Iterable[object]) -> orjson.Fragment:
    """The same as a part of a larger reply."""
    return orjson.Fragment(await encode_list(views))
