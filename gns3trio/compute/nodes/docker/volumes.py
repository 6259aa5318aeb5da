"""The persistent folders of a container: which paths in it are kept in the node's folder. Sans-IO.

As in GNS3, these are its network configuration, the volumes of its image and the user's extra volumes. The files of a
path are in the node's folder at the same path: ``/var/lib/x`` is ``project-files/docker/NODE_ID/var/lib/x``.
"""

import posixpath
from collections.abc import Iterable

from gns3trio.errors import Conflict
from gns3trio.printable import hidden_character

NETWORK = "/etc/network"
# An image is a stranger's, and each volume is a mount.
MAX_VOLUMES = 128
_MAX_PATH_BYTES, _MAX_NAME_BYTES = 1024, 255
# These are the kernel's, the engine's, and our own.
_RESERVED = ("/proc", "/sys", "/dev", "/gns3")


def persistent_folders(image_volumes: Iterable[str], extra_volumes: Iterable[str]) -> list[str]:
    """The paths that are kept, each once, in GNS3's order. A path below another one is part of that.

    Raises Conflict, as GNS3 does, for something that is no path, or cannot be kept.
    """
    kept = [NETWORK]
    for where, volumes in (("the image", image_volumes), ("properties.extra_volumes", extra_volumes)):
        for volume in volumes:
            path = checked_volume(volume, where)
            if not any(is_at_or_below(path, other) for other in kept):
                kept = [other for other in kept if not is_at_or_below(other, path)]
                kept.append(path)
        if len(kept) > MAX_VOLUMES:
            raise Conflict(f"{where}: more than {MAX_VOLUMES} persistent volumes")
    return kept


def checked_volume(volume: str, where: str = "properties.extra_volumes") -> str:
    """The path of a persistent volume, in its shortest form. Raises Conflict, which begins with ``where``."""
    shown = f"{where}: Persistent volume {volume[:200]!r}"
    if not volume.startswith("/") or ".." in volume.split("/"):
        raise Conflict(f"{shown} has invalid format. It must start with a '/' and not contain '..'.")
    if ":" in volume or hidden_character(volume):
        raise Conflict(f"{shown} has invalid format. It must not contain ':' or control characters.")
    path = posixpath.normpath(f"/{volume.lstrip('/')}")
    if path == "/" or any(is_at_or_below(path, reserved) for reserved in _RESERVED):
        raise Conflict(f"{shown} cannot be kept: {path} belongs to the system of the container")
    names = [name.encode(errors="replace") for name in path.split("/")]
    if any(len(name) > _MAX_NAME_BYTES for name in names) or sum(map(len, names)) + len(names) > _MAX_PATH_BYTES:
        raise Conflict(f"{shown} is too long")
    return path


def is_at_or_below(path: str, other: str) -> bool:
    """Whether a path is the other one, or in it."""
    return path == other or path.startswith(f"{other}/")
