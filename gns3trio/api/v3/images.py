"""``/v3/images``: the images of this host, of all emulators together."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

from gns3trio.api.disk_images import create_disk_image
from gns3trio.api.replies import Whole, reply_shape
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.bodies import DiskImageCreate, ImagesQuery, UploadQuery, named_format
from gns3trio.compute.images import Image
from gns3trio.controller.library.image_kinds import HEAD_BYTES, emulator_of
from gns3trio.controller.unused_images import prune_images
from gns3trio.dates import date_text
from gns3trio.errors import Conflict, NotFound, Refused

routes = RouteTable("/v3/images")

# The type of image of each emulator.
_TYPES: dict[str, str] = {"qemu": "qemu", "dynamips": "ios", "iou": "iou"}
_UPLOAD_QUERY = {"install_appliances": "whether to make the templates of appliances whose images are all here now"}


@reply_shape
class StoredImage(Whole):
    """An image. ``checksum`` is empty as long as it has not been computed, which happens when the image is used."""

    filename: str
    path: str
    image_type: Literal["qemu", "ios", "iou"]
    image_size: int
    checksum: str
    checksum_algorithm: Literal["md5"]
    created_at: str
    updated_at: str


@routes.route(
    "GET",
    "",
    reply=list[StoredImage],
    query={"image_type": f"only images of this type: {', '.join(_TYPES.values())}"},
    privilege="Image.Audit",
)
async def list_images(api: ApiRequest) -> list[dict[str, Any]]:
    """All images, or those of a type."""
    wanted = api.query(ImagesQuery).image_type
    return [
        _view(api, emulator, image)
        for emulator, images in api.controller.images.all().items()
        if wanted in (None, _TYPES[emulator])
        for image in await images.list()
    ]


@routes.route("POST", "/qemu/{image_path:path}", status=201, reply=StoredImage, privilege="Image.Allocate")
async def create_disk(api: ApiRequest, image_path: str, body: DiskImageCreate) -> dict[str, Any]:
    """Make an empty disk for QEMU."""
    images = api.controller.images.of("qemu")
    name = images.folder.new_name(image_path, "image_path")
    if any(image.path == name for image in await images.list()):
        raise Refused(f"image_path: the image {name!r} exists already")
    await create_disk_image(api, name, named_format(body.format), body.size, body)
    return _view(api, "qemu", await images.get(name))


@routes.route(
    "POST",
    "/upload/{image_path:path}",
    status=201,
    raw_body=True,
    reply=StoredImage,
    query=_UPLOAD_QUERY,
    privilege="Image.Allocate",
)
async def upload_image(api: ApiRequest, image_path: str) -> dict[str, Any]:
    """Store an image; the body is its content, which tells its type. An image of that name is never replaced: 409 if it
    has another content.
    """
    installs = api.query(UploadQuery).install_appliances
    name = api.controller.images.of("qemu").folder.new_name(image_path, "image_path")
    async with aclosing(api.http.stream()) as body:
        head = bytearray()
        async for piece in body:
            head += piece
            if len(head) >= HEAD_BYTES:
                break
        emulator = emulator_of(bytes(head))
        if emulator is None:
            raise Conflict(f"body: {len(head)} bytes are no image")
        async with aclosing(_whole(head, body)) as content:
            image = await api.controller.images.of(emulator).add(name, content)
    if installs:
        await api.controller.appliances.install_all(emulator, image.md5sum)
    return _view(api, emulator, image)


async def _whole(head: bytearray, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    yield bytes(head)
    async for piece in rest:
        yield piece


@routes.route("DELETE", "/prune", status=204, privilege="Image.Allocate")
async def prune(api: ApiRequest) -> None:
    """Delete the images that no template and no node uses, also not in closed projects."""
    await prune_images(api.controller)


@routes.route("POST", "/install", status=204, privilege="Image.Allocate")
async def install_appliances(api: ApiRequest) -> None:
    """Make the templates of all appliances whose images are here."""
    await api.controller.appliances.install_all()


@routes.route("GET", "/{image_path:path}", reply=StoredImage, privilege="Image.Audit")
async def get_image(api: ApiRequest, image_path: str) -> dict[str, Any]:
    """An image, by its path or, if it is in a folder, by its name."""
    emulator, image = await _find(api, image_path)
    return _view(api, emulator, await api.controller.images.of(emulator).get(image.path))


@routes.route("DELETE", "/{image_path:path}", status=204, privilege="Image.Allocate")
async def delete_image(api: ApiRequest, image_path: str) -> None:
    """Delete an image, unless a node of an open project uses it."""
    emulator, image = await _find(api, image_path)
    await api.controller.images.of(emulator).delete(image.path)


async def _find(api: ApiRequest, image_path: str) -> tuple[str, Image]:
    all_images = api.controller.images.all().items()
    known = [(emulator, image) for emulator, images in all_images for image in await images.list()]
    found = [each for each in known if each[1].path == image_path] or [
        each for each in known if each[1].name == image_path
    ]
    if not found:
        raise NotFound(f"image_path: there is no image {image_path!r}")
    return found[0]


def _view(api: ApiRequest, emulator: str, image: Image) -> dict[str, Any]:
    date = date_text(image.modified)
    return {
        "filename": image.name,
        "path": str(api.controller.images.of(emulator).folder.folder / image.path),
        "image_type": _TYPES[emulator],
        "image_size": image.size,
        "checksum": image.md5sum or "",
        "checksum_algorithm": "md5",
        "created_at": date,
        "updated_at": date,
    }
