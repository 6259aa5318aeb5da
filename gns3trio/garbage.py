"""Keeps the objects of large labs out of Python's garbage collection.

A collection looks for circles among all objects, and stops every thread meanwhile: for half a second where a lab has
ten thousand nodes. Their objects live until the project closes. So they are set aside (``gc.freeze``) after every
thousand nodes or links. The garbage that happens to be there then waits until the last large lab closes.
"""

import gc
from uuid import UUID

# So many nodes or links have some 50,000 objects, which a collection examines in 10 ms.
PIECE = 1000

_settled: set[UUID] = set()


def grown(project_id: UUID, count: int) -> None:
    """Tell that the project has so many nodes, or links, now. Sets the present objects aside at every thousandth."""
    if count and count % PIECE == 0:
        _settled.add(project_id)
        gc.freeze()


def closed(project_id: UUID) -> None:
    """Tell that the contents of the project are gone."""
    if project_id in _settled:
        _settled.discard(project_id)
        if not _settled:
            gc.unfreeze()
