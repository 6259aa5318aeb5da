"""gns3-server 3.0.6 itself reads every project file of the corpus after we have made it into one of GNS3 3.0."""

import shutil
from pathlib import Path

import httpx
import pytest

from tests import corpus
from tests.e2e.conftest import PATIENCE, StartServer
from tests.peers.conftest import Controller


@pytest.fixture
def ours(start_server: StartServer) -> Controller:
    return Controller(httpx.Client(base_url=start_server().url, timeout=PATIENCE))


def test_gns3_3_reads_what_we_converted(gns3_3: Controller, ours: Controller, tmp_path: Path) -> None:
    read, refused = [], []
    for name in corpus.READ:
        file = corpus.put(name, tmp_path / "projects" / name)
        ours.request("POST", "/v2/reload", None, 200)
        (project,) = [each for each in ours.request("GET", "/v2/projects", None, 200) if each["name"] == name]
        path = f"/v2/projects/{project['project_id']}"
        converted = ours.http.put(f"{path}/format", json={"gns3": "3.0"})
        if converted.status_code == 409:
            assert "GNS3 3.0" in converted.json()["message"]
            refused.append(name)
        else:
            theirs = tmp_path / "gns3" / "projects" / name
            shutil.copytree(file.parent, theirs)
            loaded = gns3_3.http.post("/v3/projects/load", json={"path": str(theirs / file.name)})
            # When it has read the file, its compute says of some nodes and links that it cannot have them.
            assert loaded.text != "Internal Server Error", name
            assert "topology file" not in loaded.text, (name, loaded.text)
            read.append(name)
        ours.request("DELETE", path, None, 204)
    assert "gns3-3.0" in read and "gns3-1.3" in read and "gns3-2.2-revision-8" in read
    assert refused == ["gns3-2.2"]  # it has a traceng
