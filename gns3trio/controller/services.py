"""What the controller's parts need from the server."""

from pathlib import Path

import attrs
import trio

from gns3trio.compute.local.compute import Compute
from gns3trio.controller.computes import Computes
from gns3trio.forwarder.captures import CaptureService
from gns3trio.notifications.feed import ChangeFeed


@attrs.frozen(kw_only=True)
class ProjectServices:
    """What every project needs from the server."""

    compute: Compute
    computes: Computes
    changes: ChangeFeed
    nursery: trio.Nursery
    projects_path: Path
    gns3_version: str
    console_host: str
    captures: CaptureService
