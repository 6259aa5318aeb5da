"""Version checks that all API versions share."""

from gns3trio.classes import define
from gns3trio.config import Config
from gns3trio.errors import Conflict


@define(kw_only=True)
class VersionCheck:
    """The body of ``POST /version``."""

    version: str


def check_version(config: Config, version: str) -> None:
    """Raises Conflict if a client's version differs from the server's GNS3 version."""
    if version != config.gns3_version:
        raise Conflict(f"version: client {version} and server {config.gns3_version} do not match")
