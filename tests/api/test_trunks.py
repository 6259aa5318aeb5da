"""Trunks between hosts with servers of ours, as the API shows them."""

from gns3trio import __version__
from tests.support.server import Server


async def test_without_links_to_other_hosts(server: Server) -> None:
    nothing = {"port": None, "trouble": None, "peers": [], "dropped": {}}
    assert await server.request("GET", "/v2/compute/trunks", None, 200) == nothing
    assert await server.request("GET", "/v2/computes/local/trunks", None, 200) == nothing
    await server.request("GET", "/v2/computes/nowhere/trunks", None, 404)
    extensions = await server.request("GET", "/v2/compute/extensions", None, 200)
    assert "trunk" in extensions["extensions"] and extensions["version"] == __version__
