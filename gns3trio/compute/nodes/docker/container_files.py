"""What a container gets from this host: its persistent folders, its network configuration, and our own programs.

The engine mounts a persistent folder from the node's folder to its place in the container. When a folder is new, the
engine copies to it what the image has there. Everything in the node's folder is hostile, whether a container or an
imported project has put it there: no link is followed, and a container gets folders of its own node only.

Inside, everything of ours is below ``/gns3``: a static busybox of this host, and ``inside/init.sh``, which configures
the network and then becomes the program of the image.
"""

import os
import shutil
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from gns3trio.compute.nodes.docker.containers import Mount
from gns3trio.compute.nodes.docker.node_files import PERMISSIONS_FILE, open_below, open_volume, write_new
from gns3trio.compute.nodes.docker.volumes import NETWORK, is_at_or_below
from gns3trio.errors import Conflict, path_error

# The entrypoint of every container; that of the image follows.
INIT = ("/gns3/bin/busybox", "sh", "/gns3/init.sh")
# A shell that every container has, for the auxiliary console.
SHELL = ("/gns3/bin/busybox", "sh")
_INSIDE = Path(__file__).parent / "inside"
# Folders that programs of ifupdown use; GNS3 makes them too.
_NETWORK_FOLDERS = ("if-down.d", "if-post-down.d", "if-pre-up.d", "if-up.d", "interfaces.d")
_BUSYBOX_ADVICE = "Docker nodes need a static busybox in the PATH of this server: apt install busybox-static"
_ELF_HEADER_BYTES, _PT_INTERP = 64, 3


def prepare_folders(folder: Path, volumes: Sequence[str]) -> list[Mount]:
    """Make the persistent folders of a node, and list what is mounted in its container. ``folder`` is the node's, of
    which only the server's user may see the contents: files in it may have any owner, and be privileged programs.

    ``volumes`` are those of ``persistent_folders``. Call it before the container is created, in a thread. Raises
    Conflict if there is no busybox, or something in the folder is in the way, such as a link.
    """
    mounts = [
        Mount(os.fspath(find_busybox()), INIT[0], is_read_only=True),
        *(Mount(os.fspath(_INSIDE / name), f"/gns3/{name}", is_read_only=True) for name in ("init.sh", "dhcp.sh")),
    ]
    try:
        with open_volume(folder, "", make=True) as root:
            os.fchmod(root, 0o700)
        for volume in volumes:
            with open_volume(folder, volume, make=True):
                mounts.append(Mount(f"{folder}{volume}", volume, is_filled=volume != NETWORK))
    except OSError as error:
        raise path_error(f"{error.filename or folder} cannot be used", error) from None
    return mounts


def write_network_configuration(folder: Path, volumes: Sequence[str], name: str, adapters: int) -> None:
    """Write GNS3's sample of ``/etc/network/interfaces``, unless there is such a file.

    Call it in a thread when the container has been created, because the engine fills empty folders only. Raises
    Conflict if something is in the way.
    """
    volume = next(each for each in volumes if is_at_or_below(NETWORK, each))
    try:
        with open_volume(folder, volume) as root, open_below(root, NETWORK[len(volume) :], make=True) as network:
            for each in _NETWORK_FOLDERS:
                with suppress(FileExistsError):
                    os.mkdir(each, 0o755, dir_fd=network)
            for file, text in (("interfaces", sample_interfaces(name, adapters)), (PERMISSIONS_FILE, "")):
                with suppress(FileExistsError):
                    write_new(network, file, text.encode())
    except OSError as error:
        raise path_error(f"{folder}{NETWORK} cannot be used", error) from None


def sample_interfaces(name: str, adapters: int) -> str:
    """GNS3's sample of ``/etc/network/interfaces``, of which everything is a comment."""
    text = (
        "#\n# This is a sample network config, please uncomment lines to configure the network\n#\n\n"
        "# Uncomment this line to load custom interface files\n# source /etc/network/interfaces.d/*\n"
    )
    for number in range(adapters):
        network = f"192.168.{number}"
        text += (
            f"\n# Static config for eth{number}\n#auto eth{number}\n#iface eth{number} inet static\n"
            f"#\taddress {network}.2\n#\tnetmask 255.255.255.0\n#\tgateway {network}.1\n"
            f"#\tup echo nameserver {network}.1 > /etc/resolv.conf\n"
            f"\n# DHCP config for eth{number}\n#auto eth{number}\n#iface eth{number} inet dhcp\n#\thostname {name}\n"
        )
    return text


def container_environment(volumes: Iterable[str], adapters: int, user: str) -> list[str]:
    """The variables of GNS3 for a container, which its init reads. ``user`` is that of the image; the container itself
    is created with the user ``0``. All are set, because an image may have variables of these names.
    """
    return [
        "container=docker",
        f"GNS3_MAX_ETHERNET={f'eth{adapters - 1}' if adapters else ''}",
        f"GNS3_VOLUMES={':'.join(volumes)}",
        f"GNS3_USER={user}",
    ]


def find_busybox() -> Path:
    """A static busybox of this host. Raises Conflict with the advice to install it."""
    for name in ("busybox-static", "busybox.static", "busybox"):
        found = shutil.which(name)
        if found is not None and _is_static(path := Path(found).resolve()):
            return path
    raise Conflict(_BUSYBOX_ADVICE)


def _is_static(path: Path) -> bool:
    """Whether a program needs no loader (elf(5)): it has no header of the kind PT_INTERP."""
    try:
        with path.open("rb") as file:
            start = file.read(_ELF_HEADER_BYTES)
            is_64 = start[4] == 2
            (offset,) = struct.unpack_from("Q" if is_64 else "I", start, 32 if is_64 else 28)
            (count,) = struct.unpack_from("H", start, 56 if is_64 else 44)
            file.seek(offset)
            size = 56 if is_64 else 32
            headers = file.read(size * count)
    except (OSError, IndexError, struct.error):
        return False
    kinds = {headers[at : at + 4] for at in range(0, len(headers), size)}
    return start[:4] == b"\x7fELF" and struct.pack("I", _PT_INTERP) not in kinds
