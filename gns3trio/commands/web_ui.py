"""``gns3trio web-ui install``: extracts the GNS3 web UI from the package gns3-server into the server's folder for it.

The web UI is a work of the GNS3 project under its own licence and no part of this package. Only built files are taken.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from gns3trio.config import load_config
from gns3trio.counts import counted
from gns3trio.errors import LabError, Unavailable

PACKAGE = "gns3-server"
_DESCRIPTION = "Download the package gns3-server and install the GNS3 web UI from it."
_INSIDE = "gns3server/static/web-ui/"
# The built files are some 20 MiB; anything much larger is not them.
_MAX_BYTES = 256 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio web-ui`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    install = actions.add_parser("install", help="install the GNS3 web UI", description=_DESCRIPTION)
    install.add_argument("--config", metavar="FILE", type=Path, help="TOML file with the server's settings")
    install.add_argument("--projects-path", metavar="DIR", help="as for the server, so that it finds the web UI")
    install.add_argument(
        "--wheel", metavar="FILE", type=Path, help="use this wheel of gns3-server instead of downloading it"
    )
    install.add_argument(
        "--gns3-version", metavar="VERSION", help="version to install, such as 3.0.6 (default: gns3_version)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Install the web UI. Raises LabError if it cannot be obtained."""
    given = {"projects_path": arguments.projects_path} if arguments.projects_path else {}
    config = load_config(given, os.environ, arguments.config)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = arguments.wheel or _download(Path(scratch), arguments.gns3_version or config.gns3_version)
        count = install(wheel, config.web_ui_folder)
    files = counted(count, "file")
    print(f"installed {files} of the GNS3 web UI in {config.web_ui_folder}; the server shows it at /static/web-ui/")
    return 0


def _download(folder: Path, version: str) -> Path:
    """The wheel of gns3-server from the Python package index, without its dependencies."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), f"{PACKAGE}=={version}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        last = (result.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise Unavailable(f"{PACKAGE} {version} cannot be downloaded: {last}")
    return wheels[0]


def install(wheel: Path, folder: Path) -> int:
    """Replace the contents of ``folder`` by the web UI of a wheel; returns the number of files. Raises LabError."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [each for each in archive.infolist() if each.filename.startswith(_INSIDE) and not each.is_dir()]
            names = [PurePosixPath(each.filename.removeprefix(_INSIDE)) for each in members]
            if PurePosixPath("index.html") not in names:
                raise LabError(f"{wheel}: there is no web UI in it")
            if sum(each.file_size for each in members) > _MAX_BYTES or any(".." in name.parts for name in names):
                raise LabError(f"{wheel}: is not a wheel of {PACKAGE}")
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".gns3trio-") as scratch:
                for member, name in zip(members, names, strict=True):
                    path = Path(scratch, "new", name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, path.open("wb") as target:
                        shutil.copyfileobj(source, target)
                old = Path(scratch, "old")
                if folder.exists():
                    folder.rename(old)
                try:
                    Path(scratch, "new").rename(folder)
                except OSError:
                    if old.exists():
                        old.rename(folder)
                    raise
    except (OSError, zipfile.BadZipFile) as error:
        raise LabError(f"{wheel}: {error}") from None
    return len(members)
