"""``gns3trio appliance``: lists appliances, shows what they need, and installs them as templates."""

import argparse
from pathlib import Path, PurePosixPath
from urllib.parse import urlencode

from gns3trio import threads
from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_action, add_list
from gns3trio.commands.image import checksum, upload_image
from gns3trio.commands.lab import Json, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.output import note, print_facts, print_line, print_table, show
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.errors import LabError, NotFound

__all__ = ["add_arguments", "run"]

_MAX_BYTES = 1024 * 1024
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio appliance`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_list(actions, "list", "list the appliances of the server", _list, columns=("appliance", "type", "versions"))
    shown = add_action(
        actions, "show", "show an appliance, and which images of a version are missing", _show, "appliance"
    )
    install = add_action(
        actions, "install", "make a template of an appliance; tells which images are missing", _install, "appliance"
    )
    for each in (shown, install):
        each.add_argument("--version", help="needed if there are several")
    install.add_argument(
        "--images", metavar="DIR", help="send missing images from this folder, where they are found by their checksums"
    )


async def _files(server: Client) -> list[Json]:
    files: list[Json] = await server.request("GET", "/v2/appliance_files")
    return files


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    files = await _files(server)
    show_list(
        arguments,
        files,
        lambda file: (
            file["name"] or file["file"],
            file["template_type"],
            file["problem"] or ", ".join(file["versions"]),
        ),
    )


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(_MAX_BYTES + 1)
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None


async def _find(server: Client, wanted: str) -> Json:
    """An appliance by its name or id, or that of a file on this machine, which is sent to the server."""
    if wanted.endswith((".gns3a", ".gns3appliance")):
        data = await threads.terminal.run(_content, Path(wanted))
        added: Json = await server.send("POST", "/v2/appliance_files", data, "application/json")
        return added
    found = [each for each in await _files(server) if wanted in (each["name"], each["appliance_id"])]
    if not found:
        names = [str(each["name"]) for each in await _files(server)]
        hint = did_you_mean(wanted, names) or " gns3trio appliance list lists them, or name a .gns3a file"
        raise NotFound(f"there is no appliance {wanted!r}.{hint}")
    if len(found) > 1:
        ids = ", ".join(each["appliance_id"] for each in found)
        raise LabError(f"there are several appliances {wanted!r}: name one by its id: {ids}")
    return found[0]


async def _details(server: Client, appliance: Json, version: str | None) -> Json:
    query = f"?{urlencode({'version': version})}" if version is not None else ""
    details: Json = await server.request("GET", f"/v2/appliances/{appliance['appliance_id']}{query}")
    return details


_FACTS = ("category", "description", "vendor_name", "product_name", "documentation_url", "usage")


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    details = await _details(server, await _find(server, arguments.appliance), arguments.version)

    def tell() -> None:
        facts = {"name": details["name"], "type": details["template_type"], "versions": ", ".join(details["versions"])}
        print_facts({**facts, **{name: details["appliance"].get(name, "") for name in _FACTS}})
        if details["images"]:
            print_line("")
            _print_images(details["images"])

    show(arguments, details, tell)


def _print_images(images: list[Json]) -> None:
    rows = [
        (
            image["property"],
            image["filename"],
            image["md5sum"] or "",
            "" if image["filesize"] is None else image["filesize"],
            image["path"] or "missing",
            image["direct_download_url"] or image["download_url"] or "",
        )
        for image in images
    ]
    print_table(("property", "file", "md5", "bytes", "here", "download"), rows)


async def _install(server: Client, arguments: argparse.Namespace) -> int | None:
    appliance = await _find(server, arguments.appliance)
    details = await _details(server, appliance, arguments.version)
    if arguments.images is not None and _missing(details):
        await _send_images(server, details, Path(arguments.images))
        details = await _details(server, appliance, arguments.version)
    if missing := _missing(details):
        show(arguments, {"missing": missing}, lambda: _print_images(missing))
        note("Send these images with gns3trio image upload, or name their folder: --images. Nothing was installed")
        return _FAILED
    path = f"/v2/appliances/{appliance['appliance_id']}/install"
    template = await server.request("POST", path, {"version": arguments.version})
    show(arguments, template, lambda: print_line(f"template {template['name']}: {template['template_id']}"))
    return None


def _missing(details: Json) -> list[Json]:
    return [image for image in details["images"] if image["path"] is None]


async def _send_images(server: Client, details: Json, folder: Path) -> None:
    """Send those images that are in a folder."""
    base = f"/v2/computes/local/{details['template_type']}"
    taken = {each["path"] for each in await server.request("GET", f"{base}/images")}
    for image in _missing(details):
        file = await threads.terminal.run(_look_for, folder, image)
        if file is not None:
            path = PurePosixPath(image["filename"])
            other = f"{path.stem}-{(image['md5sum'] or '')[:8]}{path.suffix}"
            await upload_image(server, base, file, other if path.name in taken else path.name)


def _look_for(folder: Path, image: Json) -> Path | None:
    """A file with the checksum and size of an image; without a checksum, one of its name."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise LabError(f"{folder}: {error.strerror}") from None
    if image["md5sum"] is None:
        return next((path for path in files if path.name == image["filename"]), None)
    for path in sorted(files, key=lambda path: path.name != image["filename"]):
        if image["filesize"] in (None, path.stat().st_size) and checksum(path)[0] == image["md5sum"]:
            return path
    return None
