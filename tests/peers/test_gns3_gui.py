"""The GNS3 desktop GUI 2.2, unmodified and offscreen, at our server."""

import hashlib
import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import StartServer
from tests.reverse_proxies import Proxy, free_port, running
from tests.support.docker_engine import BUSYBOX, DockerEngine
from tests.support.machines import SMALLEST_GUEST, needs_qemu

GUI_PYTHON = os.environ.get("GNS3GUI_PYTHON")
SESSION = Path(__file__).with_name("gui_session.py")
SECONDS = 240
MACHINE = {
    **{"name": "Router", "template_type": "qemu", "compute_id": "local", "ram": 16, "options": "-no-kvm"},
    **{"hda_disk_image": "guest.img", "hda_disk_interface": "ide"},
}

OTHER_GUEST = SMALLEST_GUEST + bytes(512)
CONTAINER = {"name": "Alpine", "template_type": "docker", "compute_id": "local", "image": BUSYBOX}


@needs_qemu
@pytest.mark.skipif(GUI_PYTHON is None, reason="./dev peers installs the GUI")
@pytest.mark.parametrize("proxy", [None, Proxy("nginx", tls=False)], ids=["direct", "nginx"])
def test_a_session_in_the_gui(
    proxy: Proxy | None, start_server: StartServer, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    appliances = tmp_path / "appliances"
    appliances.mkdir()
    (appliances / "toaster.gns3a").write_text(appliance("Toaster", "1.0", SMALLEST_GUEST))
    server = start_server("--docker-socket", str(docker_engine.socket), "--appliances-path", str(appliances))
    status, _ = server.curl(
        "--data-binary", f"@{guest_image(tmp_path)}", f"{server.url}/v2/compute/qemu/images/guest.img"
    )
    assert status == 204
    # The GUI looks there for the images of appliances, and uploads them. It names one in the template as it is there.
    (tmp_path / "Downloads").mkdir()
    (tmp_path / "Downloads" / "disk.img").write_bytes(OTHER_GUEST)
    (tmp_path / "box.gns3a").write_text(appliance("Box", "2.0", OTHER_GUEST))
    for template in (MACHINE, CONTAINER):
        assert server.post("/v2/templates", json.dumps(template))[0] == 201
    port = urlsplit(server.url).port or 0
    with ExitStack() as stack:
        if proxy is not None:
            server_port, port = port, free_port()
            stack.enter_context(running(proxy, tmp_path / "proxy", port, server_port))
        use_gui(port, tmp_path)
    [project] = server.get("/v2/projects")[1]
    assert project["name"] == "from the GUI"
    nodes = server.get(f"/v2/projects/{project['project_id']}/nodes")[1]
    assert {node["name"]: node["status"] for node in nodes} == {
        "renamed": "started",
        "PC2": "started",
        "Router-1": "suspended",
        "Alpine-1": "suspended",
        "Toaster1.0-1": "stopped",
        "Box2.0-1": "stopped",
    }
    # The image that the server had under another name was found by its checksum; the other one was uploaded.
    templates = {each["name"]: each for each in server.get("/v2/templates")[1]}
    assert {name: templates[name]["hda_disk_image"] for name in ("Toaster 1.0", "Box 2.0")} == {
        "Toaster 1.0": "guest.img",
        "Box 2.0": "disk.img",
    }
    images = {each["path"]: each["md5sum"] for each in server.get("/v2/compute/qemu/images")[1]}
    assert images == {"guest.img": md5(SMALLEST_GUEST), "disk.img": md5(OTHER_GUEST)}
    assert server.get(f"/v2/projects/{project['project_id']}/links")[1] == []


def md5(image: bytes) -> str:
    return hashlib.md5(image).hexdigest()


def appliance(name: str, version: str, image: bytes) -> str:
    """An appliance of one version, with one image."""
    file = {"filename": "disk.img", "version": version, "md5sum": md5(image), "filesize": len(image)}
    versions = [{"name": version, "images": {"hda_disk_image": "disk.img"}}]
    about = {"vendor_name": "Example", "vendor_url": "https://example.org/", "product_name": name}
    about |= {"maintainer": "Example", "maintainer_email": "lab@example.org", "description": "a router"}
    about |= {"category": "router", "status": "stable"}
    machine = {"arch": "x86_64", "ram": 16, "adapters": 2, "adapter_type": "e1000", "hda_disk_interface": "ide"}
    machine |= {"console_type": "telnet", "kvm": "disable"}
    parts = {"qemu": machine, "images": [file], "versions": versions}
    return json.dumps({"name": name, **about, "registry_version": 4, **parts})


def guest_image(folder: Path) -> Path:
    image = folder / "guest.img"
    image.write_bytes(SMALLEST_GUEST)
    return image


def use_gui(port: int, tmp_path: Path) -> None:
    """Do in the GUI what ``gui_session.py`` says."""
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    environment.pop("XDG_CONFIG_HOME", None)
    session = subprocess.run(
        [str(GUI_PYTHON), str(SESSION), "127.0.0.1", str(port)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert session.returncode == 0, session.stdout + session.stderr
