"""A compute that comes back as something else under a running lab: with another password or version, or deaf."""

import sys
from collections.abc import Sequence

import pytest

from tests.hosts.conftest import USER
from tests.support.hosts import PORT, Host, Network
from tests.support.hosts_lab import HostsLab
from tests.support.pings import until


def program(name: str, *arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", f"tests.support.{name}", str(PORT), *arguments]


async def shows(lab: HostsLab, reason: str) -> None:
    """The compute is away for this reason, and what needs it says so at once; what does not works."""
    compute = await until(lab.server, "/v2/computes/far", lambda shown: reason in (shown["last_error"] or ""))
    assert compute["last_error"].startswith("compute 'far' cannot be reached: ")
    for action in ("stop", "reload"):
        assert await lab.act(lab.far[0], action, 409) == compute["last_error"]
    error = await lab.server.request(
        "POST", f"{lab.path}/nodes", {"name": "X", "node_type": "vpcs", "compute_id": "far"}, 409
    )
    assert error["message"] == compute["last_error"]
    assert {each["name"] for each in (await lab.problems())["nodes"]} == {"FAR2", "FAR3", "SW"}
    await lab.act(lab.near, "reload", 200)


async def test_another_password(lab: HostsLab, far: Host) -> None:
    await far.kill()
    right = far.environment["GNS3TRIO_PASSWORD"]
    far.environment["GNS3TRIO_PASSWORD"] = "another"
    await far.start()
    await shows(lab, "the user or the password is wrong")
    change = {"user": USER, "password": "another"}
    compute = await lab.server.request("PUT", "/v2/computes/far", change, 200)
    assert compute["connected"] and right not in str(compute)
    await lab.until_back()
    await lab.until_started(lab.far[0])
    await lab.ping(lab.far[0], "10.0.0.1")


@pytest.mark.parametrize(
    ("place_taker", "reason"),
    [
        (program("newer_server", "3.0.5"), "it has GNS3 3.0.5, and this server uses computes of GNS3 2.2"),
        (program("newer_server", "2.1.21"), "it has GNS3 2.1.21, and this server uses computes of GNS3 2.2"),
        (program("deaf_server"), "did not answer within 10 s"),
    ],
    ids=["a newer version", "an older version", "it accepts and never answers"],
)
async def test_another_program(lab: HostsLab, far: Host, place_taker: Sequence[str], reason: str) -> None:
    await far.kill()
    ours, far.command = far.command, lambda host: place_taker
    await far.start()
    await shows(lab, reason)
    await far.kill()
    far.command = ours
    await far.start()
    await lab.until_back()
    await lab.until_started(lab.far[0])
    await lab.ping(lab.far[0], "10.0.0.1")


async def test_a_deaf_host_is_registered_with_the_reason(network: Network, near: Host) -> None:
    deaf = await network.add("far", lambda host: program("deaf_server"))
    compute = await near.server.request("POST", "/v2/computes", deaf.as_compute, 201)
    assert not compute["connected"] and "it has not answered yet" in compute["last_error"], compute
    await until(near.server, "/v2/computes/far", lambda shown: "did not answer within 10 s" in shown["last_error"])
    await near.server.request("DELETE", "/v2/computes/far", None, 204)


async def test_a_host_that_is_not_there(network: Network, near: Host) -> None:
    absent = await network.add("far", start=False)
    for cut, reasons in ((False, ("connection refused",)), (True, ("no answer within 5 s",))):
        if cut:
            absent.cut()
        compute = await near.server.request("POST", "/v2/computes", absent.as_compute, 201)
        assert not compute["connected"] and any(each in compute["last_error"] for each in reasons), compute
        await near.server.request("DELETE", "/v2/computes/far", None, 204)
