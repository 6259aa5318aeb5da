"""Who sends a request to the compute API."""

from starlette.types import Scope

from gns3trio.addresses import parse_address
from gns3trio.compute.clients import OWN_USER, ComputeClient

_USER = "gns3trio.compute_user"


def tell_user(scope: Scope, user: str) -> None:
    """Record the user of the compute API whose password came with a request."""
    scope[_USER] = user


def client_of(scope: Scope) -> ComputeClient:
    """The client of a request or websocket."""
    host = str((scope.get("client") or ("",))[0])
    return ComputeClient(scope.get(_USER, OWN_USER), str(parse_address(host) or host))
