"""What people expect of a command line who know others: names of actions, forms of output, questions, suggestions."""

import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gns3trio.topology_yaml import parse_yaml
from tests.e2e.conftest import PATIENCE, StartServer
from tests.e2e.shell import COMMAND, Shell
from tests.e2e.terminal import Terminal

LAB = """\
nodes:
  PC1: {node_type: vpcs, engine: builtin, x: -100}
  PC2: {node_type: vpcs, engine: builtin, x: 100}
  SW1: {node_type: ethernet_switch, y: 100}
links:
  - ends: [PC1, "SW1:0"]
  - ends: [PC2, "SW1:1"]
"""
CONTAINERLAB = """\
name: demo
topology:
  nodes:
    br1: {kind: bridge}
    br2: {kind: ovs-bridge}
    srl: {kind: nokia_srlinux, image: srl}
  links:
    - endpoints: ["br1:a", "br2:b"]
    - endpoints: ["srl:e1-1", "br1:c"]
"""


@pytest.fixture
def lab(start_server: StartServer) -> Shell:
    shell = Shell(start_server())
    shell.run("topology", "apply", "lab", "-", "--create", text=LAB)
    return shell


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()[1:]]


def test_what_runs_is_seen_at_one_glance(lab: Shell) -> None:
    lab.run("project", "create", "other")
    assert "there is a project named 'lab' already" in lab.run("project", "rename", "other", "lab", status=1)
    lab.run("project", "rename", "other", "another")
    lab.run("project", "close", "another")
    lab.run("project", "rename", "another", "other")
    lab.run("node", "start", "lab", "PC1")
    assert rows(lab.run("project", "ls")) == [["lab", "opened", "3", "2", "2"], ["other", "closed"]]
    assert lab.run("project", "ls", "--status", "closed", "-o", "name") == "other\n"
    told = lab.run("status")
    assert re.search(r"(?m)^lab +3 +2 +2 +0$", told) and "1 closed project\n" in told and "telnet" not in told
    assert re.search(r"(?m)^lab +PC1 +vpcs +started +telnet://", lab.run("ps", "-o", "wide"))
    (project,) = lab.json("status")["projects"]
    assert [each["name"] for each in project["running"]] == ["PC1", "SW1"]
    assert lab.run("status", "-o", "name") == "lab\n"
    versions = lab.json("version")
    assert versions["client"]["version"] == versions["server"]["gns3trio_version"]
    alone = lab.run("version", url="http://127.0.0.1:1", status=1)
    assert alone.splitlines()[1].startswith("server  none: http://127.0.0.1:1: connection refused")


def test_the_forms_of_an_output(lab: Shell) -> None:
    assert lab.run("node", "ls", "lab", "-o", "name") == "PC1\nPC2\nSW1\n"
    assert lab.run("node", "ls", "lab", "--type", "vpcs", "--filter", "name!=PC1", "-o", "name") == "PC2\n"
    assert lab.run("link", "ls", "lab", "-o", "name") == "PC1:0-SW1:0\nPC2:0-SW1:1\n"
    assert parse_yaml(lab.run("node", "show", "lab", "PC1", "-o", "yaml").encode()) == lab.json(
        "node", "show", "lab", "PC1"
    )
    assert lab.run("link", "show", "lab", "PC1-SW1", "-o", "name") == "PC1:0-SW1:0\n"
    wide = lab.run("node", "ls", "lab", "-o", "wide").splitlines()
    assert wide[0].split() == ["NAME", "TYPE", "STATUS", "CONSOLE", "HOST", "X", "Y", "ID"]
    assert "\033[2mstopped\033[0m" in lab.run("node", "ls", "lab", "--color", "always")


def test_wherever_the_output_goes_there_is_no_traceback(lab: Shell) -> None:
    lab.run("node", "create", "lab", "ethernet_switch", "Büro\N{SLIGHTLY SMILING FACE}")
    ascii_only = {**lab.environment, "PYTHONIOENCODING": "ascii"}
    words = [*COMMAND, "node", "ls", "lab", "-o", "name"]
    told = subprocess.run(words, env=ascii_only, capture_output=True, timeout=PATIENCE, check=True).stdout
    assert rb"B\xfcro\U0001f642" in told
    for where, status, error in (
        (">/dev/full", 1, b"gns3trio: the output cannot be written: No space left on device\n"),
        (">&-", 0, b""),
    ):
        shell = ["sh", "-c", f'"$@" {where}', "sh", *words]
        ended = subprocess.run(shell, env=lab.environment, capture_output=True, timeout=PATIENCE, check=False)
        assert (ended.returncode, ended.stderr) == (status, error)


def test_options_of_all_commands_stand_anywhere(lab: Shell) -> None:
    url = lab.server.url
    nowhere = Shell(lab.server)
    for words in (
        ("--url", url, "node", "ls", "lab", "-o", "name"),
        ("node", "--url", url, "ls", "lab", "-o", "name"),
        ("node", "ls", "--url", url, "lab", "-o", "name"),
        ("--color=never", "node", "ls", "lab", "-o", "name", f"--url={url}"),
    ):
        assert nowhere.run(*words, url="http://127.0.0.1:1") == "PC1\nPC2\nSW1\n"


def test_snapshots_and_earlier_versions(lab: Shell) -> None:
    lab.run("node", "start", "lab", "--all")
    how = "2 nodes run (PC1, PC2): stop them first, with --stop or by gns3trio node stop 'lab' --all\n"
    for words in (("snapshot", "create", "lab", "good"), ("project", "export", "lab", "/nowhere")):
        assert lab.run(*words, status=1) == f"gns3trio: {how}"
    told = lab.run("snapshot", "create", "lab", "good", "--description", "all is well", "--stop")
    assert "gns3trio: stopped: PC1, PC2; to start them again: gns3trio node start 'lab' --all\n" in told
    assert rows(lab.run("snapshot", "ls", "lab"))[0][0] == "good"
    assert lab.run("snapshot", "compare", "lab", "good") == "nothing was changed\n"
    lab.run("node", "rm", "lab", "PC2", "-y")
    assert "- node PC2\n" in lab.run("snapshot", "compare", "lab", "good", status=1)
    assert "there is no snapshot 'god'. Did you mean good?" in lab.run("snapshot", "restore", "lab", "god", status=3)
    refused = lab.run("snapshot", "restore", "lab", "good", status=1)
    assert refused == "gns3trio: nothing was restored: --yes is needed where nobody can be asked\n"
    lab.run("snapshot", "restore", "lab", "good", "--yes")
    assert lab.run("node", "ls", "lab", "-o", "name") == "PC1\nPC2\nSW1\n"
    lab.run("snapshot", "rm", "lab", "good", "--yes")
    assert lab.json("snapshot", "ls", "lab") == []

    assert "is open: close it first" in lab.run("recover", "lab", status=1)
    lab.run("project", "close", "lab")
    project = lab.json("project", "show", "lab")
    (Path(project["path"]) / project["filename"]).write_text("damaged")
    newest = lab.json("recover", "lab", "--list")[0]
    assert newest["nodes"] == 3
    assert "there is no version 'never'" in lab.run("recover", "lab", "never", status=3)
    lab.run("recover", "lab", newest["version"])
    assert lab.run("node", "ls", "lab", "-o", "name") == "PC1\nPC2\nSW1\n"


def test_drawings_symbols_and_templates(lab: Shell, tmp_path: Path) -> None:
    note = lab.json("drawing", "create", "lab", "note", "Second\nfloor", "-x", "10", "--size", "20", "--lock")
    assert (note["x"], note["locked"]) == (10, True) and "font-size=" in note["svg"]
    picture = tmp_path / "my picture.svg"
    picture.write_text('<svg width="9" height="9"/>')
    lab.run("drawing", "create", "lab", "picture", str(picture), "-z", "-1")
    lab.run("drawing", "create", "lab", "ellipse", "--fill", "yellow")
    assert [row[1] for row in rows(lab.run("drawing", "ls", "lab"))] == ["picture", "ellipse", "note"]
    assert lab.json("drawing", "change", "lab", "Second floor", "--rotation", "45", "--unlock")["rotation"] == 45
    assert "a note needs its text" in lab.run("drawing", "create", "lab", "note", status=1)
    assert "is not a color" in lab.run("drawing", "create", "lab", "line", "--line-color", '"/>', status=2)
    lab.run("drawing", "rm", "lab", "Second floor", note["drawing_id"][:8], "-y")
    assert len(lab.json("drawing", "ls", "lab")) == 2

    assert lab.run("symbol", "upload", str(picture)) == "my picture.svg\n"
    assert lab.json("symbol", "show", "my picture.svg")["width"] == 9
    assert lab.run("symbol", "show", "my picture.svg", "-w", "-") == picture.read_text()
    assert "Did you mean" in lab.run("symbol", "show", "my pictures.svg", status=3)
    lab.run("symbol", "upload", str(picture), "--name", "other")
    assert "--yes is needed" in lab.run("symbol", "rm", "other", status=1)
    assert lab.run("symbol", "rm", "other", "-y", "-o", "name") == "other.svg\n"
    assert lab.run("symbol", "ls", "--filter", "origin=", "-o", "name") == "my picture.svg\n"
    assert "built in" in lab.run("symbol", "rm", "router", "-y", status=1)

    lab.run("template", "create", "vpcs", "Desk", "--default-name-format", "Desk{0}", "--symbol", "my picture.svg")
    assert "there is no node type 'vpsc'. Did you mean vpcs?" in lab.run("template", "create", "vpsc", "X", status=2)
    assert lab.json("template", "change", "Desk", "--name", "Table", "--category", "switch")["category"] == "switch"
    assert lab.json("template", "use", "lab", "Table")["symbol"] == "my picture.svg"
    lab.run("topology", "draw", "lab", "--theme", "auto", "-o", str(tmp_path / "lab.svg"))
    drawn = (tmp_path / "lab.svg").read_text()
    assert "prefers-color-scheme" in drawn and len(ElementTree.fromstring(drawn)) > 5
    assert "needed where nobody can be asked" in lab.run("template", "rm", "Table", status=1)


def test_the_vlans_of_a_switch(lab: Shell) -> None:
    set_up = lab.run("node", "vlan", "lab", "SW1", "e0,e1=10", "e7=trunk:99")
    assert rows(set_up)[:2] == [["e0", "access", "10", "PC1:0"], ["e1", "access", "10", "PC2:0"]]
    assert rows(lab.run("node", "vlan", "lab", "SW1"))[7] == ["e7", "trunk", "99"]
    assert "e0 access 10, e1 access 10, e2 access 1," in lab.run("node", "show", "lab", "SW1")
    ports = lab.json("node", "show", "lab", "SW1")["properties"]["ports_mapping"]
    assert ports[7] == {"name": "Ethernet7", "port_number": 7, "type": "dot1q", "vlan": 99}
    assert lab.json("node", "vlan", "lab", "SW1") == ports
    changed = lab.run("node", "change", "lab", "SW1", "--property", f"ports_mapping={json.dumps(ports)}")
    assert "ports_mapping  e0 access 10, e1 access 10, " in changed
    assert "vlan" in lab.run("node", "vlan", "lab", "SW1", "e0=4095", status=1)
    assert "PC1 is a vpcs: its ports have no VLANs" in lab.run("node", "vlan", "lab", "PC1", status=1)
    assert "ports_mapping[].vlan" in lab.run("node", "types", "ethernet_switch")
    assert "Did you mean vpcs?" in lab.run("node", "types", "vpsc", status=3)
    assert "startup_script" in lab.run("node", "types", "vpcs", "-o", "name")
    assert "ports_mapping" in lab.run("node", "types", "-o", "wide")


def test_captures_that_go_on_at_the_server(lab: Shell, tmp_path: Path) -> None:
    dhcp = lab.json("captures", "start", "lab", "SW1-PC1", "--filter", "dhcp", "--direction", "from:PC1")
    assert (dhcp["expression"], dhcp["direction"], dhcp["format"]) == ("udp port 67 or udp port 68", "a_to_b", "pcapng")
    lab.run("captures", "start", "lab", "PC2-SW1", "--file", "my ring.pcap", "--ring", "3", "--megabytes", "1")
    assert "a ring needs --ring" in lab.run("captures", "start", "lab", "PC1-SW1", "--ring", "3", status=2)
    assert "write udp port 67" in lab.run("link", "filter", "lab", "PC1-SW1", "bpf=dhcp", status=1)
    listed = lab.run("captures", "ls", "lab")
    assert re.search(r"PC1:0-SW1:0 +running +0 .* udp port 67 or udp port 68, from PC1 to SW1\n", listed)
    assert re.search(r"my ring.pcap +PC2:0-SW1:1 +running, ring of 3 ", listed)
    file = tmp_path / "x.pcapng"
    assert f"{file}: " in lab.run("captures", "save", "lab", dhcp["file_name"], "-w", str(file))
    assert file.read_bytes()[:4] == b"\n\r\r\n"
    assert "my ring_00001.pcap" in lab.run("captures", "save", "lab", "my ring.pcap", status=1)
    assert "no running capture 'my rin'. Did you mean my ring.pcap" in lab.run(
        "captures", "stop", "lab", "my rin", status=3
    )
    lab.run("captures", "stop", "lab", "my ring.pcap", dhcp["capture_id"])
    ended = rows(lab.run("captures", "ls", "lab", "--filter", "state=ended*"))
    assert len(ended) == 2 and "no file of a capture 'y'" in lab.run("captures", "save", "lab", "y", status=3)


def test_a_file_of_containerlab_becomes_a_lab(lab: Shell, tmp_path: Path) -> None:
    file = tmp_path / "demo.clab.yml"
    file.write_text(CONTAINERLAB)
    told = lab.run("topology", "import", str(file))
    assert "# left out: srl: nodes of the kind nokia_srlinux do not run here" in told
    made = lab.run("topology", "import", str(file), "--apply", "demo", "--create")
    assert "+ node br1" in made and "+ link br1:0 - br2:0" in made and "gns3trio: left out: links[1]: " in made
    assert lab.run("node", "ls", "demo", "-o", "name") == "br1\nbr2\n"
    assert "nothing was imported: --yes" in lab.run("topology", "import", str(file), "--apply", "lab", status=1)
    assert lab.run("node", "ls", "lab", "-o", "name") == "PC1\nPC2\nSW1\n"
    lab.run("topology", "import", str(file), "-o", str(tmp_path / "demo.yaml"))
    assert lab.run("topology", "diff", "demo", str(tmp_path / "demo.yaml")) == "nothing to change\n"
    assert "topology.nodes: is missing" in lab.run("topology", "import", "-", status=1, text="name: x\n")


def test_events_have_names(lab: Shell) -> None:
    begin = json.loads(lab.run("watch", "--json", "--count", "1"))
    lab.run("link", "suspend", "lab", "PC1-SW1")
    lab.run("link", "rm", "lab", "PC2-SW1")
    lines = lab.run("watch", "--after", begin["id"], "--count", "3", "--ids").splitlines()[1:]
    told = [line.split()[2:] for line in lines]
    assert [each[:4] for each in told] == [
        ["link.updated", "lab", "/", "PC1:0-SW1:0"],
        ["link.deleted", "lab", "/", "PC2:0-SW1:1"],
    ]
    assert re.fullmatch("[0-9a-f-]{36}", told[0][-1])


# --- on a terminal ---


def test_deletions_ask(lab: Shell, terminals: list[Terminal], tmp_path: Path) -> None:
    only_one, also_switch = tmp_path / "one.yaml", tmp_path / "more.yaml"
    only_one.write_text("nodes:\n  SW1: {node_type: ethernet_switch}\n")
    also_switch.write_text(LAB.replace("links:", "  SW2: {node_type: ethernet_switch}\nlinks:"))
    asked = r"Not in the file: node PC1, node PC2, node SW2\. Delete from 'lab', with all links and files\? \[y/N\] "
    for words, question, answer, status in (
        (("node", "rm", "lab", "PC1"), r"Delete PC1 with all links and files\? \[y/N\] ", "\r", 1),
        (("link", "delete", "lab", "PC1-SW1"), r"Delete the link PC1:0-SW1:0\? \[y/N\] ", "n\r", 1),
        (("topology", "apply", "lab", str(also_switch)), r"\+ node SW2", "", 0),  # deletes nothing
        (("topology", "apply", "lab", str(only_one)), asked, "n\r", 1),
        (("node", "rm", "lab", "PC1", "PC2"), r"Delete PC1, PC2 with all links and files\? \[y/N\] ", "y\r", 0),
    ):
        terminals.append(Terminal(lab.environment, *COMMAND, *words))
        terminals[-1].until(question)
        terminals[-1].type(answer)
        if status:
            terminals[-1].until(r"gns3trio: nothing was (deleted|changed)")
        assert terminals[-1].wait() == status
    assert lab.run("node", "ls", "lab", "-o", "name") == "SW1\nSW2\n"
