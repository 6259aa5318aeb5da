"""What a conversion of an older project file results in."""

from typing import Any

import attrs

from gns3trio.classes import frozen
from gns3trio.controller.gns3_format.node_properties import NodeFile


@frozen
class Move:
    """Files of the project that must be moved to another folder: those in ``folder`` whose names match ``pattern`` (see
    ``fnmatch``). A single file may get another ``name``. Folders are paths below the project's folder.
    """

    folder: str
    pattern: str
    target: str
    name: str | None = None


@frozen
class Conversion:
    """A document in the present revision, and the necessary changes to its files. ``is_repaired``: it had that revision
    already, but not in the form that GNS3 writes.
    """

    document: dict[str, Any]
    files: list[NodeFile]
    moves: list[Move] = attrs.field(factory=list)
    is_repaired: bool = False
