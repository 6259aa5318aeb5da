"""The images that a node needs at its compute. Docker fetches what is missing itself."""

from pathlib import PurePosixPath
from typing import Any

from gns3trio.compute.images import IMAGE_PROPERTIES
from gns3trio.compute.node_types import node_types
from gns3trio.compute.other_hosts import OtherCompute
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.errors import Conflict, LabError
from gns3trio.json_text import read_json

# A list of thousands of images.
_MAX_LIST_BYTES = 4 * 1024 * 1024


async def require_images(compute: OtherCompute, record: NodeRecord) -> None:
    """Raises Conflict with the images of a node that a compute lacks, and Unavailable if it cannot be reached."""
    wanted = {
        name: value
        for name in IMAGE_PROPERTIES.get(record.node_type, ())
        if isinstance(value := record.properties.get(name), str) and value
    }
    if not wanted or not node_types[record.node_type].has_images:
        return
    there = await _images(compute, record.node_type)
    missing = [f"{value} ({name})" for name, value in wanted.items() if not {value, _file_name(value)} & there]
    if missing:
        raise Conflict(f"compute_id: compute '{compute.address.name}' lacks {', '.join(missing)}: copy it there first")


async def _images(compute: OtherCompute, emulator: str) -> set[str]:
    text = bytearray()
    async with compute.forward("GET", f"{emulator}/images", None, None) as reply:
        async for piece in reply.content:
            text += piece
            if len(text) > _MAX_LIST_BYTES:
                raise Conflict(f"compute '{compute.address.name}': its list of images is too long")
    try:
        listed = read_json(bytes(text))
    except LabError as error:
        raise Conflict(f"compute '{compute.address.name}': its list of images {error}") from None
    images: list[Any] = listed if isinstance(listed, list) else []
    names = [each.get(key) for each in images if isinstance(each, dict) for key in ("filename", "path")]
    return {name for name in names if isinstance(name, str)}


def _file_name(value: str) -> str:
    return PurePosixPath(value).name
