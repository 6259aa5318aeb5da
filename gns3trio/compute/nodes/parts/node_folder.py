"""A node's folder, as a sandbox sees it: whether it may be given to a program, and what the program needs there."""

import os
from itertools import islice
from pathlib import Path

from gns3trio.errors import Conflict

# From capability.h of Linux: to use files whatever their owner and mode say.
CAP_DAC_OVERRIDE = 1
# The part of a node's path that comes from a project's files: project-files, type, id.
_OWN_PARTS = 3
# A VPCS writes a handful of files; a folder with more is looked at no further.
_MAX_LOOKED_AT = 1000


def require_own_folder(folder: Path) -> None:
    """Raise Conflict when the folder is not there where it seems to be, because a link leads out of the project.

    A program gets the folder that its path leads to, and paths come with the files of a project.
    """
    project = folder.parents[_OWN_PARTS - 1]
    if folder.resolve() != project.resolve() / folder.relative_to(project):
        raise Conflict(f"{folder} is a symbolic link, or lies behind one: a node's folder is its own")


def capabilities_for(folder: Path) -> frozenset[int]:
    """What a program of a server that runs as root must keep in order to use the folder. Blocks.

    Root without capabilities is a user like others: a lab of somebody else would be closed to it. The program's other
    limits hold all the same: it reaches this folder only.
    """
    if os.geteuid() != 0:
        return frozenset()
    with os.scandir(folder) as entries:
        owners = {entry.stat(follow_symlinks=False).st_uid for entry in islice(entries, _MAX_LOOKED_AT)}
    owners.add(folder.stat().st_uid)
    return frozenset({CAP_DAC_OVERRIDE} if owners != {0} else ())
