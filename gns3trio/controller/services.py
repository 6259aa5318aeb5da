"""The services of the server for the parts of the controller."""

from pathlib import Path

import trio

from gns3trio.classes import frozen
from gns3trio.compute.actions import StartCounts
from gns3trio.controller.computes import Computes
from gns3trio.controller.gns3_format.revisions import FileVersions
from gns3trio.controller.placement.placement import Placement
from gns3trio.controller.storage.move_journal import MoveJournal
from gns3trio.notifications.feed import ChangeFeed


@frozen(kw_only=True)
class ProjectServices:
    """The services that every project uses."""

    computes: Computes
    placement: Placement
    moves: MoveJournal
    changes: ChangeFeed
    nursery: trio.Nursery
    projects_path: Path
    file_versions: FileVersions
    console_host: str
    starts: StartCounts
