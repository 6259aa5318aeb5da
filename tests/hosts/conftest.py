"""Two hosts: a controller, and a compute that it uses. A lab on both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.hosts import Host, Network, open_network, serve_impatiently
from tests.support.hosts_lab import HostsLab, make_lab

USER, PASSWORD = "lab", "far secret"


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    async with open_network(tmp_path) as opened:
        yield opened


@pytest.fixture
async def near(network: Network) -> Host:
    """The controller."""
    return await network.add("near", serve_impatiently, vpcs_engine="builtin")


@pytest.fixture
async def far(network: Network, near: Host) -> Host:
    """A compute of it."""
    host = await network.add("far", user=USER, password=PASSWORD, vpcs_engine="builtin")
    compute = await near.server.request("POST", "/v2/computes", host.as_compute, 201)
    assert compute["connected"], compute
    return host


@pytest.fixture
async def lab(near: Host, far: Host) -> HostsLab:
    return await make_lab(near, far)
