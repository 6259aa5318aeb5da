"""Checks whether a node's folder may be given to a sandboxed program, and which privileges the program needs there."""

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from gns3trio.errors import Conflict

# From Linux's capability.h: to use files regardless of their owner and mode.
CAP_DAC_OVERRIDE = 1
# The parts of a node's path that come from a project's files: project-files, type, id.
_OWN_PARTS = 3
# A VPCS writes a handful of files. In larger folders, only this many are examined.
_MAX_LOOKED_AT = 1000


def require_own_folder(folder: Path) -> None:
    """Raise Conflict if a symbolic link makes the path lead out of the project.

    A program gets access to the folder to which the path leads, and imported project files may contain links.
    """
    project = folder.parents[_OWN_PARTS - 1]
    if folder.resolve() != project.resolve() / folder.relative_to(project):
        raise Conflict(f"{folder} is a symbolic link, or lies behind one: a node's folder is its own")


def capabilities_for(folder: Path) -> frozenset[int]:
    """The capabilities that a program must keep to use the folder, if the server runs as root. Blocks.

    Root without capabilities is an ordinary user, who cannot use the labs of others. The other limits of the sandbox
    still apply: the program can use this folder only.
    """
    if os.geteuid() != 0:
        return frozenset()
    owners = {folder.stat().st_uid}
    with os.scandir(folder) as entries:
        for entry in islice(entries, _MAX_LOOKED_AT):
            with suppress(FileNotFoundError):  # it is gone since the folder was read
                owners.add(entry.stat(follow_symlinks=False).st_uid)
    return frozenset({CAP_DAC_OVERRIDE} if owners != {0} else ())
