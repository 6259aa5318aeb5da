"""The rules for names in archives, used for writing and for reading. Does no I/O.

Linux allows names that are not UTF-8. In such a name, invalid bytes are written as ``%FF``; for this server, the
entry's comment contains the original name in hexadecimal.

As in Info-ZIP, a symbolic link is an entry whose content is the target path. A link is accepted if its target first
goes up, not beyond the project's folder, and then only down. So no path through such links, or chains of them, leaves
the project. Folders into which the server itself writes must not be links.
"""

import hashlib
import os
import re
import stat
from collections.abc import Container

from gns3trio.controller.archives.zip_files import zipfile
from gns3trio.convert import as_uuid
from gns3trio.project_layout import CAPTURES, DISK_IMAGES, OWN_FIELDS_FILE, PICTURES, PROJECT_FILES, SNAPSHOTS

PORTABLE_PROJECT_FILE = "project.gns3"

MAX_LINK_BYTES = 1024

_COMMENT = b"gns3trio: name "
_NO_TEXT = re.compile("[\udc80-\udcff]")  # Python's representation of bytes that are not UTF-8
_NO_LINKS = frozenset(
    {
        PORTABLE_PROJECT_FILE,
        SNAPSHOTS,
        DISK_IMAGES,
        PROJECT_FILES,
        CAPTURES,
        PICTURES,
        OWN_FIELDS_FILE,
    }
)


def link_problem(name: str, target: str) -> str | None:
    """The reason why a symbolic link ``name`` to ``target`` is not accepted; None if it is."""
    if name in _NO_LINKS or _is_node_folder(name):
        return "is a link in the place of a folder or file that the server writes"
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if target.startswith("/") or not target or "\0" in target or ".." in parts[ups:] or ups > name.count("/"):
        return "is a link that leads out of the project"
    if len(os.fsencode(target)) > MAX_LINK_BYTES:
        return "is a link to too long a path"
    return None


def _is_node_folder(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 3 and parts[0] == PROJECT_FILES and as_uuid(parts[2]) is not None


def named_info(name: str, taken: Container[str]) -> zipfile.ZipInfo:
    """The entry for a file of that name; ``taken`` are the names of other entries."""
    if not _NO_TEXT.search(name):
        return zipfile.ZipInfo(name)
    text = _NO_TEXT.sub(lambda match: f"%{ord(match[0]) - 0xDC00:02X}", name)
    while text in taken:
        # Another name became the same text. With counted suffixes, each of thousands would try those of all before.
        text = f"{text}-{hashlib.md5(os.fsencode(name), usedforsecurity=False).hexdigest()}"
    info = zipfile.ZipInfo(text)
    info.comment = _COMMENT + os.fsencode(name).hex().encode()
    return info


def name_of(info: zipfile.ZipInfo) -> str:
    """The name of an entry, without the trailing slash of a folder."""
    if info.comment.startswith(_COMMENT):
        try:
            name = os.fsdecode(bytes.fromhex(info.comment.removeprefix(_COMMENT).decode()))
        except ValueError:
            pass
        else:
            if _NO_TEXT.search(name):
                return name.removesuffix("/")
    return info.filename.removesuffix("/")


def is_link(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a symbolic link."""
    return stat.S_ISLNK(info.external_attr >> 16)
