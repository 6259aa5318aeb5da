"""The GNS3 desktop GUI 3, unmodified and offscreen, at our server."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.e2e.conftest import PATIENCE, StartServer
from tests.peers.gns3_3 import GNS3_3_PYTHON

SESSION = Path(__file__).with_name("gui_session_3.py")
SECONDS = 240
USER, PASSWORD = "teacher", "the teacher's password"


def test_a_session_in_the_gui(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--user", USER, "--password", PASSWORD)
    use_gui(server.url, tmp_path)
    with httpx.Client(base_url=server.url, auth=(USER, PASSWORD), timeout=PATIENCE) as http:  # a client of version 2
        [project] = http.get("/v2/projects").json()
        assert project["name"] == "from the GUI 3"
        path = f"/v2/projects/{project['project_id']}"
        nodes = http.get(f"{path}/nodes").json()
        assert {node["name"] for node in nodes} == {"renamed", "PC2", "Switch1"}
        [link] = http.get(f"{path}/links").json()
        assert link["filters"] == {"delay": [20, 0]}


def use_gui(url: str, folder: Path) -> None:
    """Do in the GUI what ``gui_session_3.py`` says."""
    environment = {**os.environ, "HOME": str(folder), "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)}
    environment.pop("XDG_CONFIG_HOME", None)
    session = subprocess.run(
        [GNS3_3_PYTHON, str(SESSION), "127.0.0.1", str(urlsplit(url).port), USER, PASSWORD],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert session.returncode == 0, session.stdout + session.stderr
