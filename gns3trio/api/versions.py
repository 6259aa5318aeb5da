"""Version checks that all API versions share."""

from gns3trio.classes import define
from gns3trio.errors import Conflict


@define(kw_only=True)
class VersionCheck:
    """The body of ``POST /version``."""

    version: str


def check_version(client: str, server: str) -> None:
    """Raises Conflict if a client's version differs from the GNS3 version that the server tells."""
    if client != server:
        raise Conflict(f"version: client {client} and server {server} do not match")
