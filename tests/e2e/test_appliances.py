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


def test_nodes_from_a_template_on_the_command_line(start_server: StartServer, tmp_path: Path) -> None:
    """Nodes get the template's fields, are changed, and the completion knows the names."""
    shell = Shell(start_server())
    file = tmp_path / "router.gns3a"
    file.write_text(json.dumps({**ROUTER, "images": [], "versions": []}))
    template = shell.json("appliance", "install", str(file))
    assert any(line.split()[:2] == ["Router", "qemu"] for line in shell.run("template", "list").splitlines())
    assert "default_name_format" in shell.run("template", "show", template["template_id"][:8])
    shell.run("project", "create", "lab")
    named = shell.json("template", "use", "lab", "VPCS", "--name", "Desk{0}")
    assert (named["name"], named["node_type"]) == ("Desk1", "vpcs")
    placed = shell.json("template", "use", "lab", "Ethernet switch", "-x", "30")
    assert (placed["x"], placed["y"], placed["node_type"]) == (30, 0, "ethernet_switch")
    ports = [{"name": "Ethernet0", "port_number": 0, "type": "access", "vlan": 7, "ethertype": ""}]
    changed = shell.json("node", "change", "lab", placed["name"], "--property", f"ports_mapping={json.dumps(ports)}")
    assert changed["properties"]["ports_mapping"][0]["vlan"] == 7
    assert "unknown field" in shell.run("node", "change", "lab", "Desk1", "--property", "colour=red", status=1)
    assert "--property or --console-type" in shell.run("node", "change", "lab", "Desk1", status=2)
    assert "no template 'Modem'. gns3trio template list" in shell.run("template", "use", "lab", "Modem", status=3)
    for words, name in (("template use lab ", "Router"), ("appliance show ", "Router")):
        assert name in shell.run("complete", "bash", f"gns3trio {words}", ":=").split()
    assert "--yes is needed" in shell.run("template", "delete", "Router", status=1)
    shell.run("template", "delete", "Router", "--yes")
    assert "Router" not in shell.run("template", "list")
