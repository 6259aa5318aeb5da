"""Project files as other programs wrote them: one folder for each revision and oddity, with ``lab.gns3`` in it.

They are small, and were written for these tests. A folder may have other files of its project.
"""

import shutil
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parent
NAMES = sorted(path.name for path in FOLDER.iterdir() if (path / "lab.gns3").is_file())
# Of a GNS3 that is newer than what this server knows.
REFUSED = "gns3-newer"
READ = [name for name in NAMES if name != REFUSED]


def document(name: str) -> dict[str, Any]:
    """The project file."""
    parsed: dict[str, Any] = orjson.loads((FOLDER / name / "lab.gns3").read_bytes())
    return parsed


def put(name: str, folder: Path) -> Path:
    """Make a copy of the project in a folder that there is not yet; returns its file."""
    shutil.copytree(FOLDER / name, folder)
    return folder / "lab.gns3"
