"""Deletes images that nothing here uses.

A template uses an image, a node of an open or closed project, a node of another controller, and another image that is
used and lies above it. Nodes in snapshots and exports do not count: their images may have to be uploaded again.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.image_headers import MOST_LAYERS
from gns3trio.compute.images import IMAGE_PROPERTIES, ImageFolder
from gns3trio.controller.controller import Controller
from gns3trio.errors import Conflict, LabError


@frozen
class UsedImage:
    """An image by its emulator and its path in that emulator's folder."""

    emulator: str
    path: str


def images_of_template(template: Mapping[str, Any]) -> list[UsedImage]:
    """The images that a template names."""
    return list(_named(template["template_type"], template))


def _named(emulator: str, properties: Mapping[str, Any]) -> Iterator[UsedImage]:
    for name in IMAGE_PROPERTIES.get(emulator, ()):
        path = properties.get(name)
        if isinstance(path, str) and path:
            yield UsedImage(emulator, path)


async def prune_images(controller: Controller, among: Iterable[UsedImage] | None = None) -> None:
    """Delete the images that nothing uses: of all, or of some. Raises Conflict, and deletes nothing, if the file of a
    project cannot be read, so that nobody knows what its nodes use; Unavailable if the disk reports an error.
    """
    used = await _used_images(controller)
    if among is None:
        among = [
            UsedImage(emulator, image.path)
            for emulator, images in controller.images.all().items()
            for image in await images.list()
        ]
    for each in among:
        images = controller.images.of(each.emulator)
        with suppress(LabError):  # it leads out of the folder, has vanished, or a node uses it since a moment
            path = images.folder.relative(each.path)
            if UsedImage(each.emulator, path) not in used:
                await images.delete(path)


async def _used_images(controller: Controller) -> set[UsedImage]:
    named: set[UsedImage] = set()
    for template in controller.templates.values():
        named.update(images_of_template(template))
    for project in list(controller.projects.values()):
        for node in project.nodes.values():
            named.update(_named(node.record.node_type, node.record.properties))
        if project.status != "opened":
            try:
                saved = await project.file.read()
            except LabError as error:
                name = project.settings.name
                raise Conflict(f"which images project {name!r} uses cannot be read: {error}") from None
            for record in saved.nodes:
                named.update(_named(record.node_type, record.properties))
    for hosted in controller.hosted.all():
        for other in hosted.nodes.values():
            named.update(_named(other.instance.node_type, other.instance.properties()))
    used: set[UsedImage] = set()
    for emulator, images in controller.images.all().items():
        paths = [each.path for each in named if each.emulator == emulator]
        used.update(UsedImage(emulator, path) for path in await threads.disk.run(_with_layers, images.folder, paths))
    return used


def _with_layers(folder: ImageFolder, paths: Iterable[str]) -> set[str]:
    """The images, as they are named in the folder, and those below them. Blocks."""
    found: set[str] = set()
    waiting = list(paths)
    for _ in range(MOST_LAYERS + 1):
        layer: set[str] = set()
        for path in waiting:
            with suppress(LabError):  # it leads out of the folder
                layer.add(folder.relative(path))
        waiting = [below for path in layer - found for below in folder.below(path)]
        found |= layer
    return found
