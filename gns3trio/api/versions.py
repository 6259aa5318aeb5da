"""What every version of the API tells and checks of versions."""

import attrs

from gns3trio.config import Config
from gns3trio.errors import Conflict


@attrs.define(kw_only=True)
class VersionCheck:
    """``POST /version``."""

    version: str


def check_version(config: Config, version: str) -> None:
    """Raises Conflict when a client's version is not the one that this server answers to."""
    if version != config.gns3_version:
        raise Conflict(f"version: client {version} and server {config.gns3_version} do not match")
