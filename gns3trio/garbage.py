"""Keeps the objects of large labs out of Python's garbage collection.

A collection looks for circles among all objects, and stops every thread meanwhile: for half a second where a lab has
ten thousand nodes. Their objects live until the project closes. So they are set aside (``gc.freeze``) after every
thousand nodes or links, once for each: a lab whose nodes come and go does not set aside more and more.

The garbage that happens to be there, and what the lab leaves, is found after the project has closed. Until then nothing
more is set aside, or a lab that is opened again and again would keep what was left of it each time.
"""

import gc
from typing import Literal
from uuid import UUID

# So many nodes or links have some 50,000 objects, which a collection examines in 10 ms.
PIECE = 1000

Kind = Literal["nodes", "links", "acts"]

# Of open projects: the highest numbers that were told.
_settled: dict[UUID, dict[str, int]] = {}
# A large lab has closed, and no collection has found yet what it left.
_is_due = False


def grown(project_id: UUID, kind: Kind, count: int) -> None:
    """Tell that the project has so many nodes or links now, or has acted on so many nodes. Sets the present objects
    aside at every thousandth, the first time.
    """
    if count and count % PIECE == 0:
        highest = _settled.setdefault(project_id, {})
        if count > highest.get(kind, 0):
            highest[kind] = count
            if not _is_due:
                gc.freeze()


def closed(project_id: UUID) -> None:
    """Tell that the contents of the project are gone."""
    global _is_due
    if _settled.pop(project_id, None) is not None:
        _is_due = True
        gc.unfreeze()


def is_due() -> bool:
    """Whether a large lab has closed, and what it left is to be collected."""
    return _is_due


def collect() -> None:
    """Collect all garbage. After a large lab has closed, the objects of others are set aside again."""
    global _is_due
    gc.collect()
    if _is_due:
        _is_due = False
        if _settled:
            gc.freeze()
