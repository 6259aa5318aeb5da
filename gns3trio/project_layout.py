"""The layout of a project's folder. The names are GNS3's, except ``OWN_FIELDS_FILE``."""

from pathlib import Path
from uuid import UUID

PROJECT_FILES = "project-files"
CAPTURES = f"{PROJECT_FILES}/captures"
PICTURES = f"{PROJECT_FILES}/images"  # the pictures of drawings
TEMPORARY_FILES = f"{PROJECT_FILES}/tmp"
OWN_FIELDS_FILE = f"{PROJECT_FILES}/gns3trio.json"
DISK_IMAGES = "images"
# In the folder for projects: a folder for each user of the compute API, with folders of projects.
FOLDER_OF_USERS = ".compute-users"
SNAPSHOTS = "snapshots"
SNAPSHOT_LIST = f"{SNAPSHOTS}/snapshots.conf"
# The server's own state, in the folder for data that belongs to no project.
STATE_FILE = "controller.json"
PEOPLE_FILE = "people.json"


def node_folder(folder: Path, node_type: str, node_id: UUID) -> Path:
    """The folder of a node's own files in the project that is in ``folder``."""
    return folder / f"{PROJECT_FILES}/{node_type}/{node_id}"
