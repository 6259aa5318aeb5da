"""The command line, as processes of its own: what people and scripts type, with a real server and real VPCS."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import pytest

from tests.e2e.conftest import PATIENCE, StartServer, wait_until
from tests.e2e.shell import COMMAND, Shell, make_lab, ping
from tests.e2e.terminal import Terminal
from tests.pcap_reader import read_capture

EVENTS = 100  # far more than come in any test


@pytest.fixture
def shell(start_server: StartServer) -> Shell:
    return Shell(start_server())


@pytest.fixture
def lab(shell: Shell) -> Shell:
    return make_lab(shell)


def first_line(stream: IO[bytes] | None) -> bytes:
    assert stream is not None
    return stream.readline()


def test_a_lab_from_its_first_node_to_its_end(lab: Shell, tmp_path: Path) -> None:
    assert re.findall(r"icmp_seq=(\d)", ping(lab, 2)) == ["1", "2"]
    assert re.search(r"PC1 +vpcs +started +telnet://127.0.0.1:\d+", lab.run("node", "list", "lab"))
    assert lab.run("link", "list", "lab").splitlines()[1].startswith("PC1:0-PC2:0")

    assert "delay=50" in lab.run("link", "filter", "lab", "PC2-PC1", "delay=50")
    milliseconds = re.search(r"time=([\d.]+) ms", ping(lab))
    assert milliseconds is not None and float(milliseconds[1]) >= 99
    lab.run("link", "filter", "lab", "PC1-PC2")
    assert lab.json("link", "show", "lab", "PC1-PC2")["filters"] == {}
    lab.run("link", "suspend", "lab", "PC1-PC2")
    assert "timeout" in ping(lab)
    lab.run("link", "resume", "lab", "PC1-PC2")
    assert lab.json("link", "stats", "lab", "PC1:0-PC2:0")["a_to_b"]["frames"] >= 2
    lab.run("node", "rename", "lab", "PC1", "Server")
    assert lab.json("node", "show", "lab", "Server")["status"] == "started"
    usages = {each["name"]: each for each in lab.json("node", "usage", "lab")}
    assert {name: each["processes"] for name, each in usages.items()} == {"Server": 1, "PC2": 1}
    assert re.search(r"PC2 +vpcs +started +\d+ % +[\d.]+ s +[\d.]+ MB", lab.run("node", "usage", "lab", "PC2"))
    assert lab.run("node", "stop", "lab", "Server").splitlines()[1:] == ["Server  stopped"]
    lab.run("node", "stop", "lab", "PC2")

    archive = tmp_path / "lab.gns3project"
    told = lab.run("project", "export", "lab", str(archive))
    assert re.fullmatch(rf"{archive}: [\d.]+ kB\n", told)
    lab.run("project", "import", str(archive), "--name", "again")
    lab.run("project", "open", "again")
    assert [link["link_type"] for link in lab.json("link", "list", "again")] == ["ethernet"]
    lab.run("project", "duplicate", "lab", "third")
    assert lab.json("link", "delete", "lab", "Server-PC2")["link_type"] == "ethernet"
    refused = lab.run("node", "delete", "lab", "Server", status=1, text="")
    assert refused == "gns3trio: nothing was deleted: --yes is needed where nobody can be asked\n"
    assert [node["name"] for node in lab.json("node", "delete", "lab", "Server", "PC2", "--yes")] == ["Server", "PC2"]
    assert lab.json("node", "list", "lab") == []
    assert lab.json("project", "close", "lab")["status"] == "closed"
    assert "is closed: gns3trio project open" in lab.run("node", "list", "lab", status=1)
    lab.run("project", "open", "lab")
    assert "--yes" in lab.run("project", "delete", "lab", status=1, text="")
    assert lab.json("project", "delete", "lab", "--yes")["name"] == "lab"
    assert {project["name"] for project in lab.json("project", "list")} == {"again", "third"}
    assert not list(tmp_path.glob("*.part"))


def test_nodes_are_listed_by_parts(lab: Shell) -> None:
    lab.run("node", "create", "lab", "ethernet_switch", "Core1")
    assert [node["name"] for node in lab.json("node", "list", "lab", "--name", "core")] == ["Core1"]
    assert {node["name"] for node in lab.json("node", "list", "lab", "--type", "vpcs")} == {"PC1", "PC2"}
    shown = lab.run("node", "list", "lab", "--status", "started", "--limit", "1", "--offset", "1")
    assert "1 of 3 nodes that match" in shown
    assert len(re.findall("started", shown)) == 1
    assert lab.run("node", "list", "lab", "--status", "stopped").splitlines()[1:] == []
    assert "'running' is not one of" in lab.run("node", "list", "lab", "--status", "running", status=2)
    assert "Did you mean vpcs?" in lab.run("node", "list", "lab", "--type", "vpsc", status=3)


def test_traffic_between_built_in_pcs(shell: Shell) -> None:
    shell.run("project", "create", "lab")
    for number in (1, 2):
        shell.run("node", "create", "lab", "vpcs", f"PC{number}", "--engine", "builtin")
    shell.run("link", "create", "lab", "PC1", "PC2")
    shell.run("node", "start", "lab", "--all")
    assert "'PC1' has no address" in shell.run("node", "traffic", "lab", "PC1", "PC2", status=1)
    for number in (1, 2):
        typed = shell.run("console", "lab", f"PC{number}", "-c", f"ip 10.0.0.{number}/24")
        assert f"10.0.0.{number}" in typed
    options = ("--rate", "1M", "--size", "250", "--packets", "100", "--round-trip")
    told = shell.run("node", "traffic", "lab", "PC1", "PC2", *options)
    assert "sent        100 packets of 250 bytes to 10.0.0.2: " in told
    assert "arrived     100 packets, 0 lost (0.00 %), 0 duplicated, 0 reordered: " in told
    assert len(re.findall(r"(?m)^(one way|round trip)  +min/mean/p50/p90/p99/p99.9/max = [0-9./]+ ms$", told)) == 2
    report = shell.json("node", "traffic", "lab", "PC2", "10.0.0.1", "--packets", "5")
    assert (report["sent"], report["arrived"], report["returned"]["packets"]) == (5, None, 5)
    assert "is not a rate" in shell.run("node", "traffic", "lab", "PC1", "PC2", "--rate", "fast", status=2)
    assert "data_bytes" in shell.run("node", "traffic", "lab", "PC1", "PC2", "--size", "1", status=1)


def test_a_mesh_of_built_in_pcs(shell: Shell) -> None:
    shell.run("project", "create", "lab")
    shell.run("node", "create", "lab", "ethernet_switch", "SW")
    for number in (1, 2, 3):
        shell.run("node", "create", "lab", "vpcs", f"PC{number}", "--engine", "builtin")
        shell.run("link", "create", "lab", f"PC{number}", f"SW:{number}")
    shell.run("node", "start", "lab", "--all")
    for number in (1, 2, 3):
        shell.run("console", "lab", f"PC{number}", "-c", f"ip 10.0.0.{number}/24")
    quick = ("--rate", "200", "--packets", "20")
    told = shell.run("node", "mesh", "lab", *quick)
    assert told.splitlines()[1:5] == ["      1 2 3", "1 PC1 . 0 0", "2 PC2 0 . 0", "3 PC3 0 0 ."]
    assert re.search(r"(?m)^pairs +6, between 3 nodes$", told) and re.search(r"(?m)^arrived +120 packets, 0 lost", told)
    shell.run("link", "filter", "lab", "PC3-SW:3", "packet_loss=100")
    told = shell.run("node", "mesh", "lab", "PC1", "PC3", *quick)
    assert told.splitlines()[1:4] == ["        1   2", "1 PC1   . 100", "2 PC3 100   ."]
    assert "worst  PC1 -> PC3: 20 of 20 lost" in told
    report = shell.json("node", "mesh", "lab", "--max-pairs", "2", "--seed", "3", *quick)
    assert (len(report["pairs"]), report["possible_pairs"]) == (2, 6)
    assert "median round trip in ms" in shell.run("node", "mesh", "lab", "PC1", "PC2", "--show", "round-trip", *quick)
    assert "a mesh needs 2 started nodes" not in told
    assert "there is no node 'PC9'" in shell.run("node", "mesh", "lab", "PC9", status=3)
    assert "a mesh needs 2 started nodes" in shell.run("node", "mesh", "lab", "PC1", status=1)
    shell.run("link", "delete", "lab", "PC3-SW:3")
    shell.run("console", "lab", "PC1", "-c", "clear arp")
    told = shell.run("node", "mesh", "lab", "PC1", "PC3", *quick)
    assert re.search(r"(?m)^pairs +2, between 2 nodes; 1 of them could send nothing$", told)
    assert "nothing could be sent (the receiver, or the gateway to it, does not answer)" in told
    places = {(node["x"], node["y"]) for node in shell.json("node", "list", "lab")}
    assert len(places) == 4  # nodes that are created without a place do not cover each other


def test_a_link_tells_its_impairments_and_loses_them_with_its_filters(lab: Shell) -> None:
    link = lab.json("link", "show", "lab", "PC1-PC2")
    impairments = [{"type": "loss", "percent": 100}, {"type": "rate", "bits_per_second": 1_500_000}]
    impairments[1]["direction"] = "b_to_a"
    route = f"{lab.server.url}/v2/projects/{link['project_id']}/links/{link['link_id']}/impairments"

    def put(wanted: list[Any], seed: int | None = None) -> None:
        httpx.put(route, json={"impairments": wanted, "seed": seed}).raise_for_status()

    put(impairments)
    state = "loss=100 rate=1.5Mbit/s (from PC2 to PC1)"
    assert f" {state}\n" in lab.run("link", "list", "lab")
    assert f" {state}\n" in lab.run("link", "show", "lab", "PC1-PC2")
    assert lab.json("link", "show", "lab", "PC1-PC2") == lab.json("link", "list", "lab")[0] == link  # as in GNS3
    assert f" corrupt=5 {state}\n" in lab.run("link", "filter", "lab", "PC1-PC2", "corrupt=5")
    assert "state\n" in lab.run("link", "filter", "lab", "PC1-PC2")
    assert httpx.get(route).json() == {"impairments": [], "seed": None}
    put([], seed=0)
    lab.run("link", "filter", "lab", "PC1-PC2")
    assert httpx.get(route).json()["seed"] is None
    assert "icmp_seq=1" in ping(lab)


def test_the_engine_of_a_node_is_chosen_shown_and_changed(shell: Shell) -> None:
    shell.run("project", "create", "lab")
    shell.run("node", "create", "lab", "vpcs", "PC1", "--engine", "builtin")
    shell.run("node", "create", "lab", "ethernet_switch", "SW1")
    assert "process, builtin" in shell.run("node", "types")
    assert "builtin\n" in shell.run("node", "show", "lab", "PC1")
    assert "engine" not in shell.run("node", "show", "lab", "SW1")
    assert shell.run("node", "engine", "lab", "PC1", "process").split() == ["engine", "process"]
    assert shell.json("node", "engine", "lab", "PC1") == {"engine": "process", "is_default": False}
    assert "(the server's default)" in shell.run("node", "engine", "lab", "PC1", "default")
    assert "no choice" in shell.run("node", "engine", "lab", "SW1")
    shell.run("node", "start", "lab", "PC1")
    refused = shell.run("node", "engine", "lab", "PC1", "builtin", status=1)
    assert "engine: 'PC1' runs: stop it first" in refused
    assert "neither process nor builtin" in shell.run("node", "create", "lab", "vpcs", "X", "--engine", "q", status=1)


def test_a_pc_without_a_console_port_has_its_console(start_server: StartServer) -> None:
    narrow = ("--console-start-port-range", "22000", "--console-end-port-range", "22000", "--vpcs-engine", "builtin")
    shell = Shell(start_server(*narrow, ranges=False))
    shell.run("project", "create", "lab")
    for name in ("PC1", "PC2"):
        shell.run("node", "create", "lab", "vpcs", name)
    shell.run("node", "start", "lab", "--all")
    assert [node["console"] for node in shell.json("node", "list", "lab")] == [22000, None]
    assert "hello" in shell.run("console", "lab", "PC2", "-c", "echo hello")


def test_links_of_a_file_may_have_fewer_than_two_ends(shell: Shell, tmp_path: Path) -> None:
    project = shell.json("project", "create", "lab")
    shell.run("node", "create", "lab", "ethernet_switch", "core-1")
    shell.run("node", "create", "lab", "ethernet_switch", "core-2")
    whole = shell.json("link", "create", "lab", "core-1", "core-2")
    assert "core-1:0 -> core-2:0" in shell.run("link", "stats", "lab", "core-1-core-2")
    shell.run("project", "close", "lab")
    file = Path(project["path"]) / project["filename"]
    document = json.loads(file.read_bytes())
    for ends in (whole["nodes"][:1], []):
        more = {**document["topology"]["links"][0], "link_id": str(uuid4()), "nodes": ends}
        document["topology"]["links"].append(more)
    file.write_text(json.dumps(document))
    shell.run("project", "open", "lab")
    links = shell.json("link", "list", "lab")
    assert sorted(len(link["nodes"]) for link in links) == [0, 1, 2]
    assert len(shell.run("link", "list", "lab").splitlines()) == 4
    for link in links:
        assert shell.json("link", "show", "lab", link["link_id"]) == link
    assert shell.json("link", "show", "lab", "core-2:0-core-1")["link_id"] == whole["link_id"]
    picture = tmp_path / "lab.svg"
    shell.run("topology", "draw", "lab", "-o", str(picture))
    assert len(list(ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}line"))) == 1
    for link in links:
        shell.run("link", "stats", "lab", link["link_id"], status=0 if len(link["nodes"]) == 2 else 1)
        shell.run(
            "bench-link",
            "lab",
            link["link_id"],
            "--tests",
            "burst",
            "--sizes",
            "64",
            status=0 if len(link["nodes"]) == 2 else 1,
        )
        shell.run("link", "delete", "lab", link["link_id"])


def test_what_is_not_there_ends_with_3(lab: Shell) -> None:
    for words, complaint in (
        (("project", "show", "no"), "there is no project 'no'"),
        (("project", "show", "lba"), "there is no project 'lba'. Did you mean lab?"),
        (("node", "show", "lab", "PC11"), "there is no node 'PC11'. Did you mean PC1?"),
        (("node", "show", "lab", "pc2"), "there is no node 'pc2'. Did you mean PC2?"),
        (("link", "show", "lab", "PC1-PC22"), "there is no link 'PC1-PC22'. Did you mean PC1-PC2?"),
        (("console", "Router"), "there is no node 'Router'"),
    ):
        assert lab.run(*words, status=3) == f"gns3trio: {complaint}\n"


def test_wrong_words_end_with_2(shell: Shell) -> None:
    assert "'PC1' is the project" in shell.run("node", "start", "PC1", status=2)
    assert "'64,x' is not a list of whole numbers" in shell.run("bench-link", "PC1-PC2", "--sizes", "64,x", status=2)
    assert "--json" in shell.run("topology", "draw", "lab", "--json", status=2)
    for words in (
        ("node", "start", "lab"),
        ("node", "start", "lab", "PC1", "--all"),
        ("node", "create", "lab", "toaster", "x"),
        ("capture",),
        ("nonsense",),
    ):
        assert "usage: gns3trio" in shell.run(*words, status=2)


def test_a_command_without_its_action_tells_which_there_are(shell: Shell) -> None:
    assert "run the server" in shell.run(status=2)
    assert "list the nodes of a project" in shell.run("node", status=2)


def test_refusals_say_what_to_do(lab: Shell) -> None:
    assert "all ports are in use" in lab.run("link", "create", "lab", "PC1", "PC2", status=1)
    assert "no such port; PC1 has Ethernet0" in lab.run("link", "create", "lab", "PC1:7", "PC2", status=1)
    assert "is not NAME=VALUES" in lab.run("link", "filter", "lab", "PC1-PC2", "delay", status=1)
    assert "delay" in lab.run("link", "filter", "lab", "PC1-PC2", "delay=fast", status=1)
    assert "is not NAME=VALUES" in lab.run("link", "filter", "lab", "PC1-PC2", "delay=", status=1)
    assert "delay: is given twice" in lab.run("link", "filter", "lab", "PC1-PC2", "delay=1", "delay=2", status=1)
    full = lab.run("capture", "lab", "PC1-PC2", "-w", "/dev/full", "--seconds", "1", status=1)
    assert full == "gns3trio: /dev/full: No space left on device\n"
    endless = "ping 10.0.0.2 -t"  # an address without an answer would bring the prompt back after three seconds
    assert "no prompt came" in lab.run("console", "PC1", "-c", endless, "--timeout", "1", status=1)
    assert "ends with Ctrl-C" in lab.run("console", "PC1", "-c", "show ip", "--timeout", "1", status=1)
    assert "is no regular expression" in lab.run("console", "PC1", "-c", "x", "--prompt", "(", status=1)
    lab.run("project", "create", "other")
    lab.run("node", "create", "other", "vpcs", "PC1")
    assert "name the project" in lab.run("console", "PC1", status=1)
    assert "stopped: start it first" in lab.run("console", "other", "PC1", status=1)
    assert "No such file" in lab.run("project", "import", "/nowhere", status=1)
    assert "Not a directory" in lab.run("project", "export", "other", "/dev/null/x", status=1)
    for command in ("project", "watch"):
        words = [command, *(["list"] if command == "project" else [])]
        assert "connection refused. Start a server: gns3trio serve" in lab.run(
            *words, "--url", "http://127.0.0.1:1", status=1
        )
    assert "there is a node 'PC2' already" in lab.run("node", "rename", "lab", "PC1", "PC 2", status=1)
    lab.run("node", "rename", "lab", "PC1", "PC1")
    assert "PC2 is there already: this one is PC3" in lab.run("node", "create", "lab", "vpcs", "PC2")
    assert "not suspended, because such nodes cannot be: PC1\n" in lab.run("node", "suspend", "lab", "PC1", "PC3")
    assert "not suspended, but stopped: PC3\n" in lab.run("node", "resume", "lab", "PC1", "PC3")
    assert lab.json("node", "show", "lab", "PC3")["status"] == "stopped"
    lab.run("node", "create", "lab", "ethernet_switch", "SW1")
    assert "SW1 has no console (ethernet_switch)" in lab.run("console", "lab", "SW1", "-c", "x", status=1)
    assert "the document is empty" in lab.run("topology", "apply", "lab", "-", text="# nothing\n", status=1)


def test_a_link_is_impaired(lab: Shell) -> None:
    project = lab.json("project", "show", "lab")["project_id"]
    (link,) = lab.json("link", "list", "lab")
    path = f"/v2/projects/{project}/links/{link['link_id']}/impairments"
    words = ["rate=1.5M,3028,8000:a_to_b", "delay=20.5,5", "reorder=5,30:b_to_a", "bpf=udp port 53", "frequency=-1"]
    shown = lab.run("link", "impair", "lab", "PC1-PC2", *words, "--seed", "7")
    assert "rate=1.5Mbit/s (from PC1 to PC2) delay=20.5,5 reorder=5,30 (from PC2 to PC1) bpf=udp port 53" in shown
    told = lab.server.get(path)[1]
    assert told["seed"] == 7
    assert told["impairments"][0] == {
        "type": "rate",
        "direction": "a_to_b",
        "bits_per_second": 1_500_000,
        "burst_bytes": 3028,
        "queue_bytes": 8000,
    }
    for wrong, why in (
        ("delay", "is not TYPE=VALUES"),
        ("lag=3", "is not TYPE=VALUES"),
        ("loss=1,2", "there are more values than loss=PERCENT"),
        ("loss=many", "'many' is not a number"),
        ("loss=101", "impairments[0]"),
    ):
        assert why in lab.run("link", "impair", "lab", "PC1-PC2", wrong, status=1)
    assert lab.server.get(path)[1] == told
    for ends, loss in (("PC2-PC1", "5%:a_to_b"), ("PC1-PC2", "5:from:PC2"), ("PC2:0-PC1:0", "5 %:to:PC1")):
        assert "loss=5 (from PC2 to PC1)" in lab.run("link", "impair", "lab", ends, f"loss={loss}")
        assert [each["direction"] for each in lab.server.get(path)[1]["impairments"]] == ["b_to_a"]
    assert lab.json("link", "impair", "lab", "PC1-PC2") == {"impairments": [], "seed": None}
    drops = [line.split()[-1] for line in lab.run("link", "stats", "lab", "PC1-PC2", "-o", "wide").splitlines()]
    assert drops == ["DROPS", "0", "0"]


def test_a_capture_ends_with_its_time_and_leaves_nothing(lab: Shell, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    with lab.running("capture", "PC1-PC2", "-w", str(file), "--filter", "icmp") as capture:
        wait_for_capture(lab)
        ping(lab, 2)
        capture.send_signal(signal.SIGINT)
        assert capture.wait(PATIENCE) == 0
        assert capture.stderr is not None
        told = capture.stderr.read().decode()
    assert told == f"gns3trio: {file}: 4 packets, {file.stat().st_size} bytes\n"
    content = read_capture(file.read_bytes())
    assert (len(content.packets), content.torn, len(content.statistics)) == (4, 0, 2)
    assert len(tshark("-r", str(file), "-Y", "icmp").splitlines()) == 4
    told = lab.json("capture", "PC1-PC2", "-w", str(file.with_suffix(".pcap")), "--seconds", "0.2")
    content = read_capture(file.with_suffix(".pcap").read_bytes())
    assert content.interfaces == []  # as of a pcap
    assert (told["format"], told["packets"], told["bytes"]) == ("pcap", len(content.packets), 24)
    assert "--json needs -w" in lab.run("capture", "PC1-PC2", "--json", status=1)
    assert captures(lab) == []


def test_a_capture_whose_client_is_killed_leaves_nothing(lab: Shell, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    with lab.running("capture", "PC1-PC2", "-w", str(file)) as capture:
        wait_until(lambda: file.exists() and file.stat().st_size > 0)
        capture.kill()
        capture.wait(PATIENCE)
    wait_until(lambda: captures(lab) == [])


def test_a_capture_of_a_link_that_is_deleted(lab: Shell, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    with lab.running("capture", "PC1-PC2", "-w", str(file)) as capture:
        wait_for_capture(lab)
        lab.run("link", "delete", "lab", "PC1-PC2")
        assert capture.wait(PATIENCE) == 3
        assert capture.stderr is not None
        told = capture.stderr.read().decode()
    assert f"{file}: 0 packets, {file.stat().st_size} bytes\n" in told
    assert "the capture ended: Link ID" in told
    assert read_capture(file.read_bytes()).torn == 0


def test_what_came_is_shown_when_no_prompt_comes(lab: Shell) -> None:
    def words(name: str, address: str) -> tuple[str, ...]:
        return "console", name, "-c", "show ip", "-c", f"ping {address} -t", "--timeout", "3"

    printed = lab.run(*words("PC2", "10.0.0.1"), status=1)
    assert re.search(r"IP/MASK(.*\n)+.*icmp_seq=1 .*\n(.*\n)*.*no prompt came", printed)
    with lab.running(*words("PC1", "10.0.0.2"), "--json") as console:
        assert console.stdout is not None and console.wait(PATIENCE) == 1
        shown, pinged = json.load(console.stdout)
    assert (shown["command"], pinged["command"]) == ("show ip", "ping 10.0.0.2 -t")
    assert "IP/MASK" in shown["output"] and "icmp_seq=1 " in pinged["output"]
    assert "--json goes with -c" in lab.run("console", "PC1", "--json", status=1)


def test_output_comes_as_the_node_prints_it(lab: Shell) -> None:
    with lab.running("console", "PC1", "-c", "ping 10.0.0.2 -t") as console:
        assert console.stdout is not None
        for number in (1, 2):
            assert f"icmp_seq={number} ".encode() in console.stdout.readline()


def test_a_vpcs_calls_itself_by_its_name(lab: Shell) -> None:
    assert re.search(r"^NAME +: PC2\[1\]$", lab.run("console", "PC2", "-c", "show ip"), re.MULTILINE)
    lab.run("node", "rename", "lab", "PC2", "Host")
    lab.run("node", "reload", "lab", "Host")
    assert re.search(r"^NAME +: Host\[1\]$", lab.run("console", "Host", "-c", "show ip"), re.MULTILINE)


def test_a_console_ends_with_its_input(lab: Shell) -> None:
    lab.run("console", "PC1", text="")
    assert re.search(r"icmp_seq=2 (.*\n)+PC1> $", lab.run("console", "PC1", text="ping 10.0.0.2 -c 2\n"))
    assert "end of the input" in lab.run("console", "PC1", "--timeout", "1", text="ping 10.0.0.2 -t\n", status=1)


def test_a_whole_configuration_is_piped_into_a_console(lab: Shell) -> None:
    shown = lab.run("console", "PC1", text="".join(f"echo line {number}\n" for number in range(1000)))
    assert re.findall(r"^line (\d+)", shown, re.MULTILINE) == [str(number) for number in range(1000)]


def test_a_console_tells_that_a_line_was_refused(lab: Shell) -> None:
    shown = lab.run("console", "PC1", "-c", "echo " + "x" * 1000, "-c", "echo alive")
    assert "This line was refused: it has 1005 bytes" in shown and shown.endswith("alive\n")


def test_a_capture_is_piped(lab: Shell) -> None:
    with lab.running("capture", "lab", "PC1-PC2", "--format", "pcap") as capture:
        assert capture.stdout is not None
        header = capture.stdout.read(24)
        assert header[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
        ping(lab)
        content = read_capture(header + capture.stdout.read(16 + 98))
        assert len(content.packets) == 1
        capture.send_signal(signal.SIGTERM)
        assert capture.wait(PATIENCE) == 0
    assert captures(lab) == []


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_a_capture_is_shown_in_tshark(lab: Shell) -> None:
    with lab.running("capture", "PC1-PC2", "--wireshark") as capture:
        wait_for_capture(lab)
        ping(lab)
        assert capture.stdout is not None
        assert any(b"Echo (ping) request" in line for line in capture.stdout)
        capture.send_signal(signal.SIGINT)
        assert capture.wait(PATIENCE) == 0
    assert captures(lab) == []


def captures(lab: Shell) -> Any:
    project = lab.json("project", "show", "lab")["project_id"]
    (link,) = lab.json("link", "list", "lab")
    return lab.server.get(f"/v2/projects/{project}/links/{link['link_id']}/captures")[1]


def wait_for_capture(lab: Shell) -> None:
    wait_until(lambda: bool(captures(lab)))


def tshark(*options: str) -> str:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    return subprocess.run(["tshark", *options], capture_output=True, text=True, timeout=PATIENCE, check=True).stdout


def test_a_topology_is_written_compared_applied_and_drawn(lab: Shell, tmp_path: Path) -> None:
    file, picture = tmp_path / "lab.yaml", tmp_path / "lab.svg"
    lab.run("topology", "export", "lab", "-o", str(file))
    assert lab.run("topology", "diff", "lab", str(file)) == "nothing to change\n"
    text = re.sub(r"(PC2:\n +node_type: vpcs\n +x:) 0", r"\1 200", file.read_text())
    assert "~ node PC2\n    x: 0 -> 200" in lab.run("topology", "diff", "lab", "-", status=1, text=text)
    assert lab.run("topology", "apply", "new", "-", status=3, text=text)
    assert "+ link PC1:0 - PC2:0" in lab.run("topology", "apply", "new", "-", "--create", text=text)
    assert lab.json("topology", "export", "new")["nodes"]["PC2"]["x"] == 200
    assert "nodes" in lab.run("topology", "apply", "new", "-", status=1, text="nodes: 7")
    lab.run("topology", "apply", "other", "-", "--create", status=1, text="nodes: 7")
    assert {project["name"] for project in lab.json("project", "list")} == {"lab", "new"}
    lab.run("topology", "draw", "lab", "-o", str(picture))
    texts = [element.text for element in ElementTree.parse(picture).iter() if element.tag.endswith("text")]
    assert texts == ["e0", "e0", "PC1", "PC2"]


def test_a_link_is_measured_by_its_name(lab: Shell) -> None:
    lab.run("node", "stop", "lab", "--all")
    report = lab.json("bench-link", "PC1-PC2", "--tests", "latency", "--seconds", "0.1", "--max-rate", "1000")
    assert [result["frame_size"] for result in report["results"]] == [64, 512, 1518]


def test_watch_prints_events_and_resumes(shell: Shell) -> None:
    with shell.running("watch", "--json") as watcher:
        begin = json.loads(first_line(watcher.stdout))
        assert begin["action"] == "events.begin"
        shell.run("project", "create", "lab")
        events = (json.loads(first_line(watcher.stdout))["action"] for _ in range(EVENTS))
        assert next(action for action in events if action != "compute.updated") == "project.created"
    shell.run("node", "create", "lab", "vpcs", "PC1")
    with shell.running("watch", "--project", "lab", "--after", begin["id"]) as watcher:
        lines = [first_line(watcher.stdout).decode() for _ in range(3)]
        assert [line.split()[2] for line in lines] == ["events.begin", "project.created", "node.created"]
        assert "PC1" in lines[2]
        shell.server.stop()
        assert watcher.wait(PATIENCE) == 0


def test_watch_ends_after_so_many_events(shell: Shell) -> None:
    begin = json.loads(shell.run("watch", "--json", "--count", "1"))
    shell.run("project", "create", "lab")
    lines = shell.run("watch", "--project", "lab", "--after", begin["id"], "--count", "2").splitlines()
    assert [line.split()[2:] for line in lines] == [["events.begin"], ["project.created", "lab", "opened"]]
    assert "0 is less than 1" in shell.run("watch", "--count", "0", status=2)


def test_a_reader_that_has_enough_ends_watch_without_a_word(shell: Shell) -> None:
    with shell.running("watch", "--json") as watcher:
        first_line(watcher.stdout)
        assert watcher.stdout is not None and watcher.stderr is not None
        watcher.stdout.close()
        shell.run("project", "create", "lab")
        watcher.wait(PATIENCE)
        assert watcher.stderr.read() == b""


def test_looking_on_does_not_close_a_project(shell: Shell) -> None:
    """As a watcher that leaves does, in GNS3."""
    project = shell.json("project", "create", "lab")["project_id"]
    with shell.running("watch", "--project", "lab") as watcher:
        first_line(watcher.stdout)
    with shell.running("watch", "--json") as other, pytest.raises(subprocess.TimeoutExpired):
        first_line(other.stdout)
        other.wait(6)  # GNS3 closes after 5 s
    assert shell.server.get(f"/v2/projects/{project}")[1]["status"] == "opened"


def test_watch_tells_in_a_line_why_it_cannot(shell: Shell) -> None:
    nowhere = str(uuid4())
    for options, complaint in (
        (["--url", shell.server.url, "--project", nowhere], f"there is no project '{nowhere}'"),
        (["--url", "http://127.0.0.1:1"], "127.0.0.1:1"),
        (["--url", "http://127.0.0.1:x"], "names no host and port"),
        (["--url", "127.0.0.1"], "does not begin with http"),
    ):
        command = [sys.executable, "-m", "gns3trio", "watch", *options]
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert result.returncode == (3 if nowhere in complaint else 1)
        assert complaint in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_doctor(shell: Shell, tmp_path: Path) -> None:
    found = {each["what"]: each["verdict"] for each in shell.json("doctor")}
    assert found["core"] == found["VPCS"] == found["UDP tunnel ports"] == "good"
    settings = tmp_path / "settings.toml"
    settings.write_text('vpcs_path = "/nowhere/vpcs"\nprojects_path = "/proc/1/projects"\n')
    text = shell.run("doctor", "--config", str(settings), status=1)
    assert re.search(r"VPCS +optional", text)  # built-in PCs take its place
    assert "apt install vpcs" in text
    settings.write_text('nat_gateway = "user"\n')
    assert re.search(r"NAT +good +in user mode, with libslirp \d", shell.run("doctor", "--config", str(settings)))
    settings.write_text('nat_gateway = "user"\nlibslirp_path = "/nowhere/libslirp.so"\n')
    text = shell.run("doctor", "--config", str(settings))
    assert re.search(r"NAT +optional", text)
    assert "apt install libslirp0" in text
    settings.write_text('nat_gateway = "bridge"\ndefault_nat_interface = "absent0"\n')
    assert re.search(r"NAT +optional +cannot join the bridge absent0", shell.run("doctor", "--config", str(settings)))
    settings.write_text('vpcs_engine = "process"\nvpcs_path = "/nowhere/vpcs"\n')
    assert re.search(r"VPCS +missing", shell.run("doctor", "--config", str(settings), status=1))


def test_every_command_explains_itself(shell: Shell) -> None:
    commands = re.findall(r"^    ([\w-]+) ", shell.run("--help"), re.MULTILINE)
    assert {"project", "node", "link", "console", "capture", "watch", "bench-link", "topology", "doctor"} <= {*commands}
    for command in commands:
        assert f"usage: gns3trio {command}" in shell.run(command, "--help")


# --- on a terminal ---


def test_a_console_in_the_terminal(lab: Shell, terminals: list[Terminal]) -> None:
    terminal = Terminal(lab.environment, *COMMAND, "console", "PC1")
    terminals.append(terminal)
    terminal.until("leaves the console")
    terminal.until("PC1> ")
    terminal.type("show ip\r")
    terminal.until(r"IP/MASK +: 10\.0\.0\.1/24")
    terminal.until("PC1> ")
    terminal.type("ping 10.0.0.2 -t\r")
    terminal.until("icmp_seq=1")
    terminal.type("\x03")  # Ctrl-C is the node's
    terminal.until("PC1> ")
    terminal.type("\x1a\x1c\r")  # Ctrl-Z and Ctrl-\ do not stop it
    terminal.until("PC1> ")
    terminal.type("show ip\r")
    terminal.until(r"IP/MASK +: 10\.0\.0\.1/24")
    terminal.type("\x1d")
    assert terminal.wait() == 0


def test_long_work_has_a_bar_on_a_terminal(lab: Shell, terminals: list[Terminal], tmp_path: Path) -> None:
    lab.run("node", "stop", "lab", "--all")
    for words, pattern in (
        (("node", "start", "lab", "--all"), r"\[#+\.*\] \d+ %.*  \d of 2"),
        (("node", "stop", "lab", "--all"), r"\[#+\.*\] \d+ %.*  \d of 2"),
        (("bench-link", "PC1-PC2", "--tests", "loss", "--seconds", "0.1"), r"\[#+\.+\] \d+ %  loss, 64 bytes, trial 1"),
        (("project", "export", "lab", str(tmp_path / "x.gns3project")), r"\d MB"),
        (("project", "import", str(tmp_path / "x.gns3project"), "--name", "x"), r"\[#{30}\] 100 %  \d"),
    ):
        terminals.append(Terminal(lab.environment, *COMMAND, *words))
        terminals[-1].until(pattern)
        assert terminals[-1].wait() == 0


def test_a_capture_does_not_go_to_a_terminal(lab: Shell, terminals: list[Terminal]) -> None:
    terminals.append(Terminal(lab.environment, *COMMAND, "capture", "PC1-PC2"))
    terminals[-1].until("--wireshark")
    assert terminals[-1].wait() == 1


def test_what_does_not_work_is_told(lab: Shell, tmp_path: Path) -> None:
    project = lab.json("project", "show", "lab")
    lab.run("project", "close", "lab")
    file = Path(project["path"]) / "lab.gns3"
    document = json.loads(file.read_bytes())
    topology = document["topology"]
    router = {"node_id": str(uuid4()), "node_type": "dynamips", "name": "R1", "compute_id": "local"}
    topology["nodes"].append(router)
    topology["links"][0]["nodes"][1] |= {"node_id": router["node_id"]}
    topology["drawings"] = [{}]
    file.write_text(json.dumps(document))
    lab.run("project", "open", "lab")
    assert re.search(r"PC1:0-R1:0 +broken\n", lab.run("link", "list", "lab"))
    assert "node 'R1' does not run here" in lab.run("link", "show", "lab", "PC1-R1")
    problems = lab.run("project", "problems", "lab").splitlines()
    assert [line.split()[:2] for line in problems[2:]] == [["node", "R1"], ["link", "PC1:0-R1:0"]]
    assert re.match("file +drawings", problems[1])
    assert [each["name"] for each in lab.json("project", "problems", "lab")["nodes"]] == ["R1"]
    told = lab.run("node", "start", "lab", "--all")
    assert "not started: R1: this server does not run nodes of type dynamips" in told
