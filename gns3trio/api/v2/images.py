"""The images of this host, by emulator: GNS3's routes, and uploads in parts. ``/v2/compute/EMULATOR`` is for
controllers on other hosts, ``/v2/computes/local/EMULATOR`` for clients of this server.

The images are those of this host: all controllers and clients share them. They are kept for emulators too that do not
run here: labs with them can be made, and move to another host.
"""

import re
from typing import Annotated, Any
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.downloads import Download, uploaded_file
from gns3trio.api.library_views import image_view
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import library_replies
from gns3trio.classes import define
from gns3trio.compute.images import FOLDERS
from gns3trio.controller.library.image_uploads import ImageUpload
from gns3trio.errors import Invalid
from gns3trio.limits import Bound

routes = RouteTable("/v2")

_MD5 = re.compile("[0-9a-f]{32}")
_MAX_SIZE = 2**50


def _check_md5(text: str) -> None:
    if not _MD5.fullmatch(text):
        raise ValueError(f"{text!r} is not an MD5 checksum: 32 digits, in lower case")


Md5 = Annotated[str, Bound(32, 32, check=_check_md5)]


@define(kw_only=True)
class UploadBegin:
    """The body of ``POST .../uploads``. ``filename`` is a path in the folder of images, ``size`` is in bytes."""

    filename: str = field(validator=v.min_len(1))
    size: int = field(validator=v.and_(v.ge(0), v.le(_MAX_SIZE)))
    md5sum: Md5 | None = None


def _upload_view(upload: ImageUpload) -> dict[str, Any]:
    return {
        "upload_id": str(upload.upload_id) if upload.upload_id is not None else None,
        "filename": upload.filename,
        "size": upload.size,
        "md5sum": upload.md5sum,
        "offset": upload.offset,
        "complete": upload.is_complete,
    }


_OFFSET_QUERY = {"offset": "the number of bytes that have arrived before"}


def _offset(api: ApiRequest) -> int:
    text = api.http.query_params.get("offset", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise Invalid(f"offset: {text[:100]!r} is not a number of bytes")
    return int(text)


def _add_routes(emulator: str) -> None:
    """The routes for the images of an emulator."""
    compute, local = f"/compute/{emulator}", f"/computes/local/{emulator}"
    image, upload = "images/{filename:path}", "uploads/{upload_id}"

    @routes.route("GET", f"{compute}/images", reply=list[library_views.ImageFile], access=Access.COMPUTE)
    @routes.route("GET", f"{local}/images", reply=list[library_views.ImageFile], privilege="Image.Audit", at="/images")
    async def list_images(api: ApiRequest) -> list[dict[str, Any]]:
        """The images of an emulator. ``md5sum`` is null while it has not been computed, which happens with the first
        node that uses the image.
        """
        return list(map(image_view, await api.controller.images.of(emulator).list()))

    @routes.route("POST", f"{compute}/{image}", status=204, raw_body=True, access=Access.COMPUTE)
    @routes.route(
        "POST",
        f"{local}/{image}",
        status=204,
        raw_body=True,
        privilege="Image.Allocate",
        at="/images/upload/{filename}",
    )
    async def upload_image(api: ApiRequest, filename: str) -> None:
        """Store an image; the body is its content. An image of that name is replaced when all of it has arrived."""
        await api.controller.images.of(emulator).receive(filename, api.http.stream())

    @routes.route("GET", f"{compute}/{image}", access=Access.COMPUTE)
    @routes.route("GET", f"{local}/{image}", privilege="Image.Audit", at="/images/{filename}")
    async def download_image(api: ApiRequest, filename: str) -> Download:
        """The content of an image."""
        return uploaded_file(await api.controller.images.of(emulator).open(filename), filename)

    @routes.route("DELETE", f"{compute}/{image}", status=204, access=Access.COMPUTE)
    @routes.route("DELETE", f"{local}/{image}", status=204, privilege="Image.Allocate", at="/images/{filename}")
    async def delete_image(api: ApiRequest, filename: str) -> None:
        """Delete an image, unless a node of an open project uses it; an extension."""
        await api.controller.images.of(emulator).delete(filename)

    @routes.route("GET", f"{compute}/uploads", reply=list[library_replies.ImageUpload], access=Access.COMPUTE)
    @routes.route(
        "GET",
        f"{local}/uploads",
        reply=list[library_replies.ImageUpload],
        privilege="Image.Allocate",
        at="/images/upload",
    )
    async def list_uploads(api: ApiRequest) -> list[dict[str, Any]]:
        """The unfinished uploads of images; an extension."""
        return list(map(_upload_view, await api.controller.images.of(emulator).uploads.all()))

    @routes.route("POST", f"{compute}/uploads", status=201, reply=library_replies.ImageUpload, access=Access.COMPUTE)
    @routes.route(
        "POST",
        f"{local}/uploads",
        status=201,
        reply=library_replies.ImageUpload,
        privilege="Image.Allocate",
        at="/images/upload",
    )
    async def begin_upload(api: ApiRequest, body: UploadBegin) -> dict[str, Any]:
        """Begin an upload in parts, or find the unfinished one of the same file; an extension. Unfinished uploads are
        kept for a week.
        """
        uploads = api.controller.images.of(emulator).uploads
        return _upload_view(await uploads.begin(body.filename, body.size, body.md5sum))

    @routes.route("GET", f"{compute}/{upload}", reply=library_replies.ImageUpload, access=Access.COMPUTE)
    @routes.route(
        "GET", f"{local}/{upload}", reply=library_replies.ImageUpload, privilege="Image.Allocate", at="/images/upload"
    )
    async def get_upload(api: ApiRequest, upload_id: UUID) -> dict[str, Any]:
        """An unfinished upload: how much of it has arrived; an extension."""
        return _upload_view(await api.controller.images.of(emulator).uploads.get(upload_id))

    @routes.route(
        "PUT",
        f"{compute}/{upload}",
        raw_body=True,
        reply=library_replies.ImageUpload,
        query=_OFFSET_QUERY,
        access=Access.COMPUTE,
    )
    @routes.route(
        "PUT",
        f"{local}/{upload}",
        raw_body=True,
        reply=library_replies.ImageUpload,
        query=_OFFSET_QUERY,
        privilege="Image.Allocate",
        at="/images/upload",
    )
    async def append_to_upload(api: ApiRequest, upload_id: UUID) -> dict[str, Any]:
        """Send the next bytes of an image. What has arrived stays if the connection breaks. The image appears with its
        last byte, if its checksum is right; an extension.
        """
        uploads = api.controller.images.of(emulator).uploads
        text = api.http.headers.get("content-length", "")
        length = int(text) if text.isascii() and text.isdigit() else 0
        return _upload_view(await uploads.append(upload_id, _offset(api), api.http.stream(), length))

    @routes.route("DELETE", f"{compute}/{upload}", status=204, access=Access.COMPUTE)
    @routes.route("DELETE", f"{local}/{upload}", status=204, privilege="Image.Allocate", at="/images/upload")
    async def delete_upload(api: ApiRequest, upload_id: UUID) -> None:
        """Give up an unfinished upload; an extension."""
        await api.controller.images.of(emulator).uploads.discard(upload_id)


for _emulator in FOLDERS:
    _add_routes(_emulator)
