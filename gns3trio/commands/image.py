"""``gns3trio image``: lists, uploads, examines and deletes the images of machines."""

import argparse
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import trio

from gns3trio import threads
from gns3trio.client.client import Client, Progress
from gns3trio.commands.arguments import add_action, add_list
from gns3trio.commands.finding import find_compute
from gns3trio.commands.host_facts import amount
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import print_facts, print_line, show
from gns3trio.commands.progress import progress_line
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.errors import LabError, NotFound, Unavailable

__all__ = ["add_arguments", "checksum", "run", "upload_image"]

_EMULATORS = ("qemu", "dynamips", "iou")
_READ_BYTES = 1024 * 1024
# When a connection breaks: how long to wait before each further attempt, in seconds.
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio image`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    parsers = [
        add_list(
            actions,
            "list",
            "list the images, and the uploads that are not finished",
            _list,
            columns=("image", "size", "md5", "upload"),
        ),
        upload := add_action(
            actions, "upload", "send an image; if it breaks off, the same command goes on where it was", _upload, "file"
        ),
        add_action(actions, "info", "show an image: its format, sizes and checksum", _info, "image"),
        delete := add_action(actions, "delete", "delete an image, or an upload that is not finished", _delete, "image"),
    ]
    upload.add_argument("--name", help="path in the folder of images (default: the name of the file)")
    upload.add_argument("--replace", action="store_true", help="replace another image of that name")
    add_yes(delete)
    for each in parsers:
        each.add_argument("--compute", default="local", help="host, by name or id (default: the server itself)")
        each.add_argument("--emulator", choices=_EMULATORS, default="qemu", help="qemu (the default), dynamips or iou")


async def _base(server: Client, arguments: argparse.Namespace) -> str:
    """The path of the emulator's images and uploads."""
    compute = arguments.compute
    if compute != "local":
        compute = (await find_compute(server, compute))["compute_id"]
    return f"/v2/computes/{quote(compute)}/{arguments.emulator}"


async def _uploads(server: Client, base: str) -> list[Json]:
    try:
        found: list[Json] = await server.request("GET", f"{base}/uploads")
    except NotFound:  # a gns3-server
        return []
    return found


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    base = await _base(server, arguments)
    images = await server.request("GET", f"{base}/images")
    uploads = await _uploads(server, base)
    show_list(arguments, [*images, *uploads], _row, as_data=_by_kind)


def _by_kind(listed: list[Json]) -> Json:
    return {
        "images": [each for each in listed if "upload_id" not in each],
        "uploads": [each for each in listed if "upload_id" in each],
    }


def _row(each: Json) -> tuple[object, ...]:
    """A row for an image, or for an upload that is not finished."""
    if "upload_id" not in each:
        return each["path"], _size(each["filesize"]), each["md5sum"], ""
    return each["filename"], _size(each["size"]), each["md5sum"], f"{_size(each['offset'])} have arrived"


def _size(size: Any) -> str:
    return amount(size) if isinstance(size, int) else ""


async def _upload(server: Client, arguments: argparse.Namespace) -> None:
    file = Path(arguments.file)
    name = arguments.name or file.name
    base = await _base(server, arguments)
    if not arguments.replace:
        await _require_new(server, base, file, name)
    done = await upload_image(server, base, file, name)
    show(arguments, done, lambda: print_line(f"{done['filename']}: {amount(done['size'])}, md5 {done['md5sum']}"))


async def _require_new(server: Client, base: str, file: Path, name: str) -> None:
    """Raises LabError if there is another image of that name: machines that use it would find another disk."""
    present = next((each for each in await server.request("GET", f"{base}/images") if each["path"] == name), None)
    if present is not None and present["md5sum"] != (await threads.terminal.run(checksum, file))[0]:
        raise LabError(f"there is another image {name!r}: choose another --name, or --replace it")


async def upload_image(server: Client, base: str, file: Path, name: str) -> Json:
    """Send an image in a way that goes on where an earlier attempt ended; returns the finished upload. ``base`` is the
    path of the emulator. Raises LabError.
    """
    with progress_line() as line:
        md5sum, size = await threads.terminal.run(checksum, file)
        wanted = {"filename": name, "size": size, "md5sum": md5sum}
        try:
            upload = await server.request("POST", f"{base}/uploads", wanted)
        except NotFound:  # a gns3-server, which takes whole images only
            await server.upload(f"{base}/images/{quote(name)}", file, line.show_bytes)
            return {**wanted, "upload_id": None, "offset": size, "complete": True}
        while not upload["complete"]:
            upload = await _send(server, base, wanted, upload, file, line.show_bytes)
    finished: Json = upload
    return finished


async def _send(server: Client, base: str, wanted: Json, upload: Json, file: Path, progress: Progress) -> Json:
    """Send what is missing. If the connection breaks, returns what has arrived by then."""
    before = upload["offset"]
    path = f"{base}/uploads/{upload['upload_id']}?{urlencode({'offset': before})}"
    try:
        sent: Json = await server.upload_part(path, file, before, progress)
        return sent
    except Unavailable as error:
        for pause in _PAUSES:
            await trio.sleep(pause)
            try:
                found: Json = await server.request("POST", f"{base}/uploads", wanted)
            except Unavailable:
                continue  # it is away
            if found["complete"] or found["offset"] > before:
                return found
            raise error from None  # the server refuses it
        raise LabError(f"{error}. The same command goes on where it was") from None


def checksum(file: Path) -> tuple[str, int]:
    """The MD5 checksum of a file and its size. Blocks. Raises LabError."""
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    try:
        with file.open("rb", buffering=0) as source:
            while piece := source.read(_READ_BYTES):
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None
    return digest.hexdigest(), size


async def _info(server: Client, arguments: argparse.Namespace) -> None:
    base = await _base(server, arguments)
    images = await server.request("GET", f"{base}/images")
    image = next((each for each in images if each["path"] == arguments.image), None)
    if image is None:
        raise NotFound(f"there is no image {arguments.image!r}")
    if arguments.emulator == "qemu":
        try:
            disk = await server.request("GET", f"{base}/img?{urlencode({'path': image['path']})}")
        except LabError as error:  # a kernel, say, or QEMU is not installed
            disk = {"problem": str(error)}
        image = {**image, **disk}
    facts = {key: ", ".join(value) if isinstance(value, list) else value for key, value in image.items()}
    show(arguments, image, lambda: print_facts(facts))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    base = await _base(server, arguments)
    unfinished = [each for each in await _uploads(server, base) if each["filename"] == arguments.image]
    confirm(arguments, f"Delete the image {arguments.image!r}?", otherwise="nothing was deleted")
    for each in unfinished:
        await server.request("DELETE", f"{base}/uploads/{each['upload_id']}")
    try:
        await server.request("DELETE", f"{base}/images/{quote(arguments.image)}")
    except NotFound:
        if not unfinished:
            raise
    show(arguments, {"image": arguments.image}, lambda: None)
