"""The image on which docs/ospf/Dockerfile builds, as far as FRR needs it, for engines that reach no registry.

FRR's files are those of Debian's packages, which ``./dev`` has unpacked. Libraries and programs that these need are
this machine's. ``apt-get`` is there and does nothing, because what it would install is there.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.docker_engine import DockerEngine, busybox_archive

# Where ./dev puts the unpacked packages.
ROUTER_PACKAGES = Path(__file__).parent.parent.parent / "build" / "frr"
_PROGRAMS = ("/bin/bash", "/usr/bin/install")
_USER, _GROUP = 100, 101
# FRR's package makes the user, and a container of Debian lets root do all.
_FILES = {
    "usr/bin/apt-get": "#!/bin/sh\n",
    "etc/passwd": f"root:x:0:0:root:/root:/bin/sh\nfrr:x:{_USER}:{_GROUP}::/nonexistent:/usr/sbin/nologin\n",
    "etc/group": f"root:x:0:\nfrr:x:{_GROUP}:\nfrrvty:x:102:frr\n",
    "etc/pam.d/other": "auth required pam_permit.so\naccount required pam_permit.so\n",
}

needs_router = pytest.mark.skipif(
    not ROUTER_PACKAGES.is_dir(), reason=f"there is no FRR in {ROUTER_PACKAGES}; ./dev test puts it there"
)


def make_debian(engine: DockerEngine) -> None:
    """Import the image ``debian:bookworm-slim``. Skips the test if this machine lacks a part."""
    archive = io.BytesIO(busybox_archive(engine.busybox, _FILES))
    with tarfile.open(fileobj=archive, mode="a") as tar:
        for folder in ("run", "var/log/frr", "var/run", "var/tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
        for name, path in _parts():
            tar.add(path, name, recursive=False, filter=_owned)
    parameters = urlencode({"fromSrc": "-", "repo": "debian", "tag": "bookworm-slim"})
    engine.request("POST", f"/images/create?{parameters}", archive.getvalue())


def _parts() -> Iterator[tuple[str, Path]]:
    """The names of files in the image, and where they are here."""
    loaded = [Path(each) for each in _PROGRAMS]
    try:
        (permit,) = Path("/lib").glob("*-linux-gnu/security/pam_permit.so")
    except ValueError:
        pytest.skip("this machine has no pam_permit.so, which the command line of FRR needs")
    loaded.append(permit)
    for path in loaded:
        yield os.fspath(path).lstrip("/"), path.resolve()
    for path in sorted(ROUTER_PACKAGES.rglob("*")):
        name = path.relative_to(ROUTER_PACKAGES).as_posix()
        if name.startswith(("etc/frr", "etc/pam.d/", "usr/bin/", "usr/lib/")):
            yield name, path
            if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
                loaded.append(path)
    libraries = dict(library for path in loaded for library in _libraries(path))
    for name, path in libraries.items():
        if not path.is_relative_to(ROUTER_PACKAGES):
            yield name, path.resolve()


def _libraries(path: Path) -> Iterator[tuple[str, Path]]:
    """The libraries of a program or a library: where it looks for them in the image, and where they are here."""
    folders = ROUTER_PACKAGES.glob("usr/lib/*-linux-gnu*")
    places = [os.fspath(each) for folder in folders for each in (folder, folder / "frr")]
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(places)}
    listed = subprocess.run(["ldd", path], env=environment, capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        name, _, place = line.partition("=>")
        found = (place or name).split()[0]
        if found == "not":
            pytest.skip(f"this machine has not the library {name.strip()} of {path.name}")
        if found.startswith("/"):
            yield found.lstrip("/"), Path(found)


def _owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """With the owner that FRR's package gives it."""
    belongs = entry.name.startswith("etc/frr")
    entry.uid, entry.gid = (_USER, _GROUP) if belongs else (0, 0)
    entry.uname = entry.gname = ""
    return entry
