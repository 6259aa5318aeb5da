"""Every project file of the corpus is opened, saved, exported, imported, duplicated, kept and restored.

Each time it means the same, and what is written is what GNS3 2.2 reads.
"""

import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import orjson
import pytest

from tests import corpus
from tests.gns3_schema import faults, require_gns3_reads
from tests.support.archives import import_
from tests.support.corpus_projects import find, meaning, open_, saved
from tests.support.server import Server

Json = dict[str, Any]
# The namespace of the ids in the corpus.
IDS = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


def an_id(name: str) -> str:
    return str(uuid5(IDS, name))


@pytest.mark.parametrize("name", corpus.READ)
async def test_a_file_of_others_is_read_and_written(server: Server, name: str) -> None:
    project = await find(server, name)
    path = f"/v2/projects/{project['project_id']}"
    await open_(server, project)
    opened = await meaning(server, project)
    await server.request("PUT", path, {"zoom": 77}, 200)
    before = await saved(server, project)
    await open_(server, project)
    assert await meaning(server, project) == opened
    assert (await server.request("GET", f"{path}/problems", None, 200))["file"] == []  # what was wrong is put right
    assert await saved(server, project) == before

    revision = corpus.document(name).get("revision", 0)
    backup = Path(project["path"], f"{project['filename']}.backup{revision}")
    assert before["revision"] == max(revision, 9)
    assert backup.exists() == (revision < 9)
    if revision < 9:
        assert orjson.loads(backup.read_bytes()) == corpus.document(name)


@pytest.mark.parametrize("name", corpus.READ)
async def test_copies_of_a_file_of_others_mean_the_same(server: Server, name: str) -> None:
    project = await find(server, name)
    path = f"/v2/projects/{project['project_id']}"
    # From the file as it came: nobody has opened it.
    closed = await server.request("POST", f"{path}/duplicate", {"name": "closed copy"}, 201)
    await open_(server, project)
    opened = await meaning(server, project)
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s1"}, 201)
    for node in await server.request("GET", f"{path}/nodes", None, 200):
        await server.request("PUT", f"{path}/nodes/{node['node_id']}", {"x": 4321}, 200)
    await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    assert await meaning(server, project) == opened
    copy = await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 201)
    archive = await server.http.get(f"{path}/export?keep_compute_ids=yes&include_snapshots=yes")
    copies = [closed, copy]
    if any(node["node_type"] in ("virtualbox", "vmware") for node in opened["nodes"]):
        assert archive.status_code == 409  # their disks are no part of the project
    else:
        copies.append(await read_archive(server, project, archive))
    await saved(server, project)  # a cloud's UDP port is one of this host: two projects cannot have it open at once
    for each in copies:
        await open_(server, each)
        assert await meaning(server, each) == opened, each["name"]
        await saved(server, each)


async def read_archive(server: Server, project: Json, archive: httpx.Response) -> Json:
    """Import what was exported."""
    assert archive.status_code == 200, archive.text
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        require_gns3_reads(files.read("project.gns3"))
    imported: Json = await import_(server, archive.content)
    return imported


@pytest.mark.parametrize("name", corpus.READ)
async def test_an_archive_of_an_older_gns3_is_imported(server: Server, name: str) -> None:
    """As GNS3 exported it then; the file that it was made from is kept."""
    archive = io.BytesIO()
    folder = corpus.FOLDER / name
    with zipfile.ZipFile(archive, "w") as files:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                inside = path.relative_to(folder).as_posix()
                files.write(path, "project.gns3" if inside == "lab.gns3" else inside)
    imported = await import_(server, archive.getvalue())
    project = await find_again(server, imported, name)
    await open_(server, imported)
    assert await meaning(server, imported) == await meaning(server, project)
    await saved(server, imported)
    revision = corpus.document(name).get("revision", 0)
    kept = [path.name for path in Path(imported["path"]).glob("*.backup*")]
    assert kept == ([] if revision >= 9 else [f"{imported['filename']}.backup{revision}"])
    if revision < 9:
        assert orjson.loads(Path(imported["path"], kept[0]).read_bytes()) == corpus.document(name)


async def find_again(server: Server, imported: Json, name: str) -> Json:
    """The same project, put on the disk and opened, beside an import of it."""
    file = corpus.put(name, server.config.projects_path / "by hand")
    content = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps({**content, "name": "by hand"}))
    await server.request("POST", "/v2/reload", None, 200)
    projects = await server.request("GET", "/v2/projects", None, 200)
    (found,) = [each for each in projects if each["project_id"] != imported["project_id"]]
    await open_(server, found)
    project: Json = found
    return project


async def test_a_file_of_a_newer_gns3_is_left_alone(server: Server) -> None:
    folder = server.config.projects_path / corpus.document(corpus.REFUSED)["project_id"]
    file = corpus.put(corpus.REFUSED, folder)
    before = file.read_bytes()
    await server.request("POST", "/v2/reload", None, 200)
    (project,) = await server.request("GET", "/v2/projects", None, 200)
    assert "newer GNS3" in project["error"]
    path = f"/v2/projects/{project['project_id']}"
    refused = await server.request("POST", f"{path}/open", None, 409)
    assert "revision 11" in refused["message"] and "newer GNS3" in refused["message"]
    await server.request("PUT", path, {"zoom": 50}, 409)
    await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 409)
    assert (await server.http.get(f"{path}/export")).status_code == 409
    assert file.read_bytes() == before
    assert [each.name for each in folder.iterdir()] == ["lab.gns3"]


# --- what becomes of single things ---


async def nodes_of(server: Server, name: str) -> tuple[Json, dict[str, Json]]:
    project = await find(server, name)
    await open_(server, project)
    nodes = await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200)
    return project, {node["name"]: node for node in nodes}


async def problems(server: Server, project: Json) -> list[str]:
    found: list[str] = (await server.request("GET", f"/v2/projects/{project['project_id']}/problems", None, 200))[
        "file"
    ]
    return found


async def link_ends(server: Server, project: Json, nodes: dict[str, Json]) -> list[list[tuple[str, int, int]]]:
    names = {node["node_id"]: name for name, node in nodes.items()}
    return [
        [(names[end["node_id"]], end["adapter_number"], end["port_number"]) for end in link["nodes"]]
        for link in await server.request("GET", f"/v2/projects/{project['project_id']}/links", None, 200)
    ]


async def test_routers_of_gns3_1_have_their_files(server: Server) -> None:
    project, nodes = await nodes_of(server, "gns3-1.4")
    folder = Path(project["path"], "project-files", "dynamips")
    found = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    first, second = nodes["R1"]["node_id"], nodes["R2"]["node_id"]
    assert found == {
        f"{first}/configs/i1_startup-config.cfg": "hostname R1\n",
        f"{first}/configs/i1_private-config.cfg": "private\n",
        f"{first}/c7200_i1_nvram": "nvram of R1\n",
        f"{second}/configs/i2_startup-config.cfg": "hostname R2\n",
        f"{second}/c3725_i2_nvram": "nvram of R2\n",
        "c3725_i12_nvram": "of a router that is gone\n",
    }
    assert nodes["R1"]["properties"].items() >= {"dynamips_id": 1, "platform": "c7200", "slot1": "PA-4T+"}.items()
    assert not {"startup_config", "private_config", "console"} & nodes["R1"]["properties"].keys()
    assert (nodes["R1"]["symbol"], nodes["R1"]["console_type"], nodes["R1"]["console"]) == (
        *(":/symbols/router.svg", "telnet", 2001),
    )
    assert await link_ends(server, project, nodes) == [[("R1", 0, 0), ("R2", 0, 0)], [("R1", 1, 0), ("R2", 0, 16)]]
    links = await server.request("GET", f"/v2/projects/{project['project_id']}/links", None, 200)
    assert [link["link_type"] for link in links] == ["ethernet", "serial"]


async def test_every_type_of_gns3_1(server: Server) -> None:
    project, nodes = await nodes_of(server, "gns3-1.5")
    assert {name: (node["node_type"], node["console_type"], node["symbol"]) for name, node in nodes.items()} == {
        "PC1": ("vpcs", "telnet", ":/symbols/vpcs_guest.svg"),
        "SW1": ("ethernet_switch", "none", ":/symbols/ethernet_switch.svg"),
        "Hub1": ("ethernet_hub", "none", ":/symbols/hub.svg"),
        "Q1": ("qemu", "vnc", ":/symbols/qemu_guest.svg"),
        "V1": ("virtualbox", "telnet", ":/symbols/vbox_guest.svg"),
        "W1": ("vmware", "telnet", ":/symbols/vmware_guest.svg"),
        "I1": ("iou", "telnet", ":/symbols/router.svg"),
        "D1": ("docker", "telnet", ":/symbols/docker_guest.svg"),
        "FR1": ("frame_relay_switch", "none", ":/symbols/frame_relay_switch.svg"),
        "ATM1": ("atm_switch", "none", ":/symbols/atm_switch.svg"),
        "R1": ("dynamips", "telnet", ":/symbols/router.svg"),
    }
    assert [(port["name"], port["port_number"]) for port in nodes["SW1"]["ports"]] == [
        ("Ethernet0", 0),
        ("Ethernet1", 1),
    ]
    assert [port["name"] for port in nodes["Q1"]["ports"]] == ["mgmt", "Gi0/0", "Gi0/1"]
    on_close = {name: nodes[name]["properties"]["on_close"] for name in ("Q1", "V1", "W1")}
    assert on_close == {"Q1": "shutdown_signal", "V1": "power_off", "W1": "shutdown_signal"}
    assert [nodes[name]["properties"]["linked_clone"] for name in ("Q1", "V1", "W1")] == [True, False, True]
    assert "kvm" not in nodes["Q1"]["properties"]
    assert await link_ends(server, project, nodes) == [
        [("PC1", 0, 0), ("SW1", 0, 0)],
        [("SW1", 0, 1), ("Hub1", 0, 0)],
        [("Hub1", 0, 1), ("Q1", 0, 0)],
        [("I1", 0, 0), ("D1", 0, 0)],
        [("FR1", 0, 1), ("ATM1", 0, 2)],
    ]
    assert await problems(server, project) == [
        "nodes[11] is left out: GNS3 2 has no nodes of type 'Toaster'",
        "links[5] is left out: there is no port 16 of node 12",
    ]
    script = await server.http.get(f"/v2/projects/{project['project_id']}/nodes/{an_id('pc15')}/files/startup.vpc")
    assert script.text == "set pcname PC1\n"  # it was a text in the file, and a file is what VPCS reads


async def test_clouds_of_gns3_1(server: Server) -> None:
    project, nodes = await nodes_of(server, "gns3-1.5-clouds")
    assert nodes["C1"]["properties"]["ports_mapping"] == [
        {"interface": "eth0", "name": "eth0", "port_number": 0, "type": "ethernet"},
        *(
            {
                "lport": 30000,
                "name": "UDP tunnel 2",
                "port_number": 1,
                "rhost": "127.0.0.1",
                "rport": 30001,
                "type": "udp",
            },
            {"interface": "tap0", "name": "tap0", "port_number": 2, "type": "tap"},
        ),
        {"interface": "\\Device\\NPF_{8B1-2}", "name": "\\Device\\NPF_{8B1-2}", "port_number": 3, "type": "ethernet"},
    ]
    assert (nodes["C1"]["symbol"], nodes["H1"]["symbol"]) == (":/symbols/cloud.svg", ":/symbols/computer.svg")
    assert await link_ends(server, project, nodes) == [
        [("C1", 0, 0), ("PC1", 0, 0)],
        [("PC2", 0, 0), ("C1", 0, 1)],
        [("H1", 0, 0), ("PC3", 0, 0)],
    ]
    assert await problems(server, project) == [
        "nodes[0].ports[1] is left out: GNS3 2 has no 'nio_vde:/tmp/a:/tmp/b'",
        "links[3] is left out: there is no port 2 of node 1",
    ]


async def test_servers_of_gns3_1(server: Server) -> None:
    project, nodes = await nodes_of(server, "gns3-1.5-servers")
    computes = (await saved(server, project))["topology"]["computes"]
    assert [(each["protocol"], each["host"], each["port"]) for each in computes] == [
        *(("https", "192.0.2.1", 3080), ("http", "192.0.2.3", 8000)),
    ]
    ids = [nodes[f"PC{number}"]["compute_id"] for number in range(1, 6)]
    assert ids == ["local", computes[0]["compute_id"], "vm", computes[1]["compute_id"], "local"]


async def test_drawings_of_gns3_1(server: Server) -> None:
    project = await find(server, "gns3-1.5-drawings")
    await open_(server, project)
    shown = await server.request("GET", f"/v2/projects/{project['project_id']}/drawings", None, 200)
    assert len(shown) == 7
    assert any("two\nlines &amp; &lt;more&gt;" in each["svg"] and each["rotation"] == 45 for each in shown)
    assert any('width="4" height="4"' in each["svg"] for each in shown)
    assert any("data:image/png;base64," in each["svg"] and each["rotation"] == 5 for each in shown)
    pictures = Path(project["path"], "project-files", "images")
    assert sorted(path.name for path in pictures.iterdir()) == ["map_of_the_site.png", "plan.svg"]
    assert await problems(server, project) == [
        "images[2] is left out: path: 'notes.txt' is no picture that GNS3 2 shows"
    ]


async def test_what_files_of_gns3_1_do_not_say(server: Server) -> None:
    project, nodes = await nodes_of(server, "gns3-1.5-without-places")
    assert [(node["x"], node["y"], node["label"]["text"]) for node in nodes.values()] == [
        *((0, 0, "PC1"), (0, 0, "Q1"), (0, 61, "SW1"), (100, 81, "I1")),
    ]
    assert await link_ends(server, project, nodes) == [[("PC1", 0, 0), ("SW1", 0, 0)], [("SW1", 0, 1), ("Q1", 1, 0)]]


async def test_labels_of_ports_of_gns3_1(server: Server) -> None:
    project, nodes = await nodes_of(server, "gns3-1.5-labels")
    (link,) = await server.request("GET", f"/v2/projects/{project['project_id']}/links", None, 200)
    style = "font-family: Arial;font-size: 9;font-style: italic;fill: #ff0000;fill-opacity: 1.0;"
    assert link["nodes"][0]["label"] == {"rotation": 0, "style": style, "text": "e0", "x": -12, "y": 40}
    assert (nodes["PC1"]["label"]["rotation"], link["nodes"][1]["label"]["text"]) == (30, "0/0")
    assert len(await problems(server, project)) == 2


@pytest.mark.parametrize("name", [each for each in corpus.READ if "revision" in each])
async def test_properties_of_gns3_2_0_and_2_1(server: Server, name: str) -> None:
    project, nodes = await nodes_of(server, name)
    is_old = not name.endswith("8")
    assert nodes["Q1"]["properties"]["on_close"] == "save_vm_state"
    assert nodes["Q2"]["properties"]["on_close"] == "shutdown_signal"
    assert nodes["V1"]["properties"] == {
        **{"adapters": 1, "headless": True, "linked_clone": False, "on_close": "power_off", "vmname": "V1"}
    }
    folder = Path(project["path"], "project-files")
    script = folder / "vpcs" / nodes["PC1"]["node_id"] / "startup.vpc"
    assert script.read_text() == "set pcname PC1\nip 10.0.0.5 24\n"  # what the disk has counts
    for path in ("dynamips/{R1}/configs/i1_startup-config.cfg", "iou/{I1}/startup-config.cfg"):
        file = folder / path.format(**{name: node["node_id"] for name, node in nodes.items()})
        assert file.is_file()
        assert file.read_text() == f"hostname {'R1' if 'dynamips' in path else 'I1'}\n"
    assert is_old or "startup_config" not in nodes["R1"]["properties"]
    assert await problems(server, project) == []


async def test_wrong_parts_cost_only_themselves(server: Server) -> None:
    project = await find(server, "wrong-parts")
    await open_(server, project)
    path = f"/v2/projects/{project['project_id']}"
    counts = [len(await server.request("GET", f"{path}/{what}", None, 200)) for what in ("nodes", "links", "drawings")]
    assert counts == [5, 5, 3]
    told = await problems(server, project)
    assert len(told) > 30
    await saved(server, project)
    own_fields = orjson.loads(Path(project["path"], "project-files", "gns3trio.json").read_bytes())
    assert [each["content"] for each in own_fields["left_out"] if each["part"] == "nodes[3]"] == [None]
    assert len(own_fields["left_out"]) == len(told)


async def test_keys_of_others_are_kept_beside_the_file(server: Server) -> None:
    project = await find(server, "keys-of-others")
    await open_(server, project)
    await saved(server, project)
    own_fields = orjson.loads(Path(project["path"], "project-files", "gns3trio.json").read_bytes())
    assert {key for keys in own_fields["unknown"].values() for key in keys} == {
        *("colour", "font", "status", "plug", "cable", "link_type", "somebody", "password", "capabilities"),
    }
    assert [node["of_3"] for node in own_fields["nodes"].values() if "of_3" in node] == [
        {"properties": {"of_a_later_gns3": 1}}
    ]


def test_the_corpus_has_what_gns3_refuses() -> None:
    """A validator that takes everything would prove nothing."""
    refused = [
        name for name in corpus.READ if corpus.document(name).get("revision") == 9 and faults_of(corpus.document(name))
    ]
    assert refused == [
        *(
            "keys-of-others",
            "lists-that-are-none",
            "nulls-and-fractions",
            "stamped-9-with-old-properties",
            "wrong-parts",
        ),
    ]


def faults_of(document: Json) -> bool:
    try:
        return bool(faults(document))
    except (KeyError, TypeError):
        return True
