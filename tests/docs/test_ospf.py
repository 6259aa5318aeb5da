"""docs/ospf.md is run with a Docker engine and QEMU: real routers, a real Linux."""

import shutil
from pathlib import Path

import pytest

from tests.docs.documents import OSPF, blocks
from tests.docs.running import check
from tests.support.docker_engine import open_docker_engine
from tests.support.machines import GUEST_PACKAGES, needs_guest, needs_qemu
from tests.support.router_image import make_debian, needs_router

pytestmark = [
    needs_qemu,
    needs_guest,
    needs_router,
    pytest.mark.skipif(shutil.which("docker") is None, reason="the command docker is not installed"),
]


def test_what_the_page_of_routers_shows_is_what_happens(folder: Path) -> None:
    (folder / "linux").mkdir()
    (folder / "linux" / "packages").symlink_to(GUEST_PACKAGES)
    with open_docker_engine() as engine:
        make_debian(engine)
        variables = {
            "DOCKER_HOST": f"unix://{engine.socket}",
            "GNS3TRIO_DOCKER_SOCKET": str(engine.socket),
            # A virtual machine in CI has none beneath it.
            "GNS3TRIO_ENABLE_HARDWARE_ACCELERATION": "false",
        }
        check(blocks(OSPF), folder, variables)
        assert engine.containers() == []
