"""``/v3``: the routes of the server itself."""

from tests.support.v3 import V3


async def test_the_version_has_the_three_keys_that_clients_insist_on(v3: V3) -> None:
    version = await v3.request("GET", "/v3/version", None, 200)
    assert version.keys() == {"controller_host", "local", "version"}
    assert version["local"] is False
    assert await v3.request("POST", "/v3/version", {"version": version["version"]}, 200)
