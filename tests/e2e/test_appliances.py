"""``gns3trio appliance`` with a real server: from a file and its images to a template."""

import hashlib
import json
from pathlib import Path

from tests.e2e.conftest import StartServer
from tests.e2e.shell import Shell
from tests.support.appliances import ROUTER

CONTENT = b"disk" * 1000


def test_an_appliance_on_the_command_line(start_server: StartServer, tmp_path: Path) -> None:
    shell = Shell(start_server())
    md5sum = hashlib.md5(CONTENT).hexdigest()
    url = "http://example.org/disk.img"
    image = {"filename": "disk.img", "version": "1.0", "md5sum": md5sum, "filesize": 4000, "direct_download_url": url}
    versions = [{"name": "1.0", "images": {"hda_disk_image": "disk.img"}}]
    file = tmp_path / "router.gns3a"
    file.write_text(json.dumps({**ROUTER, "images": [image], "versions": versions}))
    told = shell.run("appliance", "install", str(file), status=1)
    assert all(word in told for word in ("disk.img", md5sum, "4000", url, "Nothing was installed"))
    assert shell.run("appliance", "list").splitlines()[1].split() == ["Router", "qemu", "1.0"]
    assert "missing" in shell.run("appliance", "show", "Router")

    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "other.img").write_bytes(CONTENT[::-1])
    (downloads / "disk (1).img").write_bytes(CONTENT)
    template = shell.json("appliance", "install", "Router", "--version", "1.0", "--images", str(downloads))
    assert (template["name"], template["hda_disk_image"]) == ("Router 1.0", "disk.img")
    assert [each["path"] for each in shell.json("image", "list")["images"]] == ["disk.img"]
    assert "already" in shell.run("appliance", "install", "Router", status=1)
    assert "no appliance 'Switch'" in shell.run("appliance", "show", "Switch", status=3)
    assert "No such file" in shell.run("appliance", "install", "missing.gns3a", status=1)
    file.write_text("{")
    assert "is not JSON" in shell.run("appliance", "install", str(file), status=1)
