"""Users of the compute API may use all its routes, and no others."""

from gns3trio.api.access import Access
from gns3trio.api.app import TABLES

FOR_THEM = (Access.COMPUTE, Access.COMPUTE_CONSOLE)


def test_each_route_of_the_compute_api_is_for_its_users() -> None:
    """A route that forgets to say so is closed for controllers that are such users."""
    for route in (each for table in TABLES for each in table.routes):
        assert (route.rule.access in FOR_THEM) == route.path.startswith(("/v2/compute/", "/v3/compute/")), route.path
