"""The GNS3 desktop GUI 2.2, unmodified and offscreen, at our server."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import StartServer

GUI_PYTHON = os.environ.get("GNS3GUI_PYTHON")
SESSION = Path(__file__).with_name("gui_session.py")
SECONDS = 240


@pytest.mark.skipif(GUI_PYTHON is None, reason="./dev peers installs the GUI")
def test_a_session_in_the_gui(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    address = urlsplit(server.url)
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    environment.pop("XDG_CONFIG_HOME", None)
    session = subprocess.run(
        [str(GUI_PYTHON), str(SESSION), str(address.hostname), str(address.port)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert session.returncode == 0, session.stdout + session.stderr
    [project] = server.get("/v2/projects")[1]
    assert project["name"] == "from the GUI"
    nodes = server.get(f"/v2/projects/{project['project_id']}/nodes")[1]
    assert {node["name"]: node["status"] for node in nodes} == {"renamed": "started", "PC2": "stopped"}
    assert server.get(f"/v2/projects/{project['project_id']}/links")[1] == []
