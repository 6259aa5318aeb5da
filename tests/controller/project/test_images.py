"""The images that a node needs where it moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import attrs
import orjson
import pytest

from gns3trio.compute.other_hosts import ComputeAddress, EmulatorReply, OtherCompute
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.project.images import require_images
from gns3trio.errors import Conflict

ADDRESS = ComputeAddress(compute_id="far", name="attic", protocol="http", host="192.0.2.1", port=3080)


@attrs.define
class Images:
    """A compute that lists images."""

    answer: bytes
    asked: list[str] = attrs.field(factory=list)
    address: ComputeAddress = ADDRESS

    @asynccontextmanager
    async def forward(self, method: str, path: str, content: None, length: None) -> AsyncIterator[EmulatorReply]:
        self.asked.append(f"{method} {path}")

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(self.answer), 7):
                yield self.answer[start : start + 7]

        yield EmulatorReply(200, "application/json", pieces())


async def check(answer: bytes, node_type: str, **properties: Any) -> list[str]:
    """What the compute was asked."""
    compute = Images(answer)
    record = NodeRecord(node_id=uuid4(), node_type=node_type, name="R1", compute_id="far", properties=properties)
    await require_images(cast(OtherCompute, compute), record)
    return compute.asked


LISTED = orjson.dumps([{"filename": "a.qcow2", "path": "lab/a.qcow2"}, {"filename": "c.iso"}, 7, {"filename": None}])


async def test_images_that_are_there() -> None:
    assert await check(LISTED, "qemu", hda_disk_image="a.qcow2", cdrom_image="") == ["GET qemu/images"]
    assert await check(LISTED, "qemu", hda_disk_image="/opt/images/a.qcow2", cdrom_image="c.iso")
    assert await check(LISTED, "dynamips", image="lab/a.qcow2") == ["GET dynamips/images"]


async def test_those_that_are_missing_are_named() -> None:
    with pytest.raises(Conflict, match=r"'attic' lacks b.qcow2 \(hdb_disk_image\), d.iso \(cdrom_image\): copy"):
        await check(LISTED, "qemu", hda_disk_image="a.qcow2", hdb_disk_image="b.qcow2", cdrom_image="d.iso")


async def test_nodes_that_need_none_are_not_asked_for() -> None:
    assert await check(b"", "vpcs", image="x") == []
    assert await check(b"", "docker", image="debian") == []
    assert await check(b"", "qemu", ram=512, hda_disk_image=7) == []


@pytest.mark.parametrize("answer", [b"{", b"[" * 200_000, b"{}", b"", b" " * 5_000_000])
async def test_answers_that_are_no_list(answer: bytes) -> None:
    with pytest.raises(Conflict, match="attic"):
        await check(answer, "qemu", hda_disk_image="a.qcow2")
