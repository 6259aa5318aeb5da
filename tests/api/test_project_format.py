"""Projects of GNS3 3.0 stay theirs, and a project becomes that of another GNS3 only when a user asks for it."""

import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from gns3trio.controller.archives.zip_files import zipfile
from tests import corpus
from tests.gns3_schema import require_gns3_reads
from tests.support.archives import import_
from tests.support.corpus_projects import find, meaning, open_, saved
from tests.support.server import Server

Json = dict[str, Any]
# Exported by gns3-server 3.0.6, packed in each way that it has.
OF_GNS3_3 = sorted((corpus.FOLDER / "exported by gns3-3.0").glob("*.gns3project"))


def nodes(document: Json) -> dict[str, Json]:
    """The nodes of a file by name, without what each server assigns: ports of its own, and containers."""
    own = ("console", "aux")
    return {
        node["name"]: {
            **{key: value for key, value in node.items() if key not in own},
            "properties": {k: v for k, v in node["properties"].items() if k not in ("container_id", "qemu_path")},
        }
        for node in document["topology"]["nodes"]
    }


def with_what(whole: Json, part: Json) -> Json:
    """The keys of an object that another one has."""
    return {key: value for key, value in whole.items() if key in part}


async def test_a_project_of_gns3_3_is_saved_as_it_came(server: Server) -> None:
    project = await find(server, "gns3-3.0")
    path = f"/v2/projects/{project['project_id']}"
    assert await server.request("GET", f"{path}/format", None, 200) == {"revision": 10, "gns3": "3.0", "beside": []}
    await open_(server, project)
    (pc,) = [each for each in await server.request("GET", f"{path}/nodes", None, 200) if each["name"] == "PC1"]
    assert pc["properties"].keys().isdisjoint({"builtin", "usage"})  # clients of GNS3 2.2 would refuse them
    await server.request("PUT", f"{path}/nodes/{pc['node_id']}", {"x": 77}, 200)
    after, before = await saved(server, project), corpus.document("gns3-3.0")
    assert (after["revision"], after["version"]) == (10, "3.0.6")
    now, then = nodes(after), nodes(before)
    assert now["PC1"].pop("x") == 77
    then["PC1"].pop("x")
    for name, node in then.items():
        assert with_what(now[name]["properties"], node["properties"]) == node.pop("properties"), name
        assert with_what(now[name], node) == node, name
    for part in ("links", "drawings"):
        assert sorted(after["topology"][part], key=repr) == sorted(before["topology"][part], key=repr)


async def test_there_and_back(server: Server) -> None:
    project = await find(server, "gns3-3.0")
    path = f"/v2/projects/{project['project_id']}"
    await open_(server, project)
    opened, file = await meaning(server, project), Path(project["path"], project["filename"])
    before = orjson.loads(file.read_bytes())
    done = await server.request("PUT", f"{path}/format", {"gns3": "2.2"}, 200)
    assert (done["revision"], done["gns3"]) == (9, "2.2")
    told = dict(line.split(": ") for line in done["beside"])
    assert told["node 'Q2'"] == "aux, aux_type, maxcpus"
    assert told["node 'Box1'"].endswith("cpus, memory")
    require_gns3_reads(file.read_bytes())
    assert orjson.loads(file.read_bytes())["revision"] == 9
    assert any(each["nodes"] for each in await server.request("GET", f"{path}/versions", None, 200))
    assert await saved(server, project)
    await open_(server, project)
    assert await meaning(server, project) == opened
    await server.request("POST", f"{path}/close", None, 204)
    # A closed project is converted too.
    assert (await server.request("PUT", f"{path}/format", {"gns3": "3.0"}, 200))["beside"] == []
    after = orjson.loads(file.read_bytes())
    for name, node in nodes(before).items():
        assert with_what(nodes(after)[name]["properties"], node["properties"]) == node["properties"], name


@pytest.mark.parametrize("is_open", [True, False])
async def test_what_gns3_3_would_refuse_is_not_converted(server: Server, project: Json, is_open: bool) -> None:
    path = f"/v2/projects/{project['project_id']}"
    await server.request("PUT", path, {"supplier": {"logo": "logo.png", "url": "nowhere"}}, 200)
    if not is_open:
        await server.request("POST", f"{path}/close", None, 204)
    file = Path(project["path"], project["filename"])
    before = file.read_bytes()
    refused = await server.request("PUT", f"{path}/format", {"gns3": "3.0"}, 409)
    assert "supplier.url" in refused["message"]
    assert file.read_bytes() == before
    await server.request("PUT", f"{path}/format", {"gns3": "4"}, 400)
    assert (await server.request("GET", f"{path}/format", None, 200))["revision"] == 9


async def test_a_snapshot_from_before_the_conversion(server: Server, project: Json) -> None:
    """The project stays that of the GNS3 that the user has chosen."""
    path = f"/v2/projects/{project['project_id']}"
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "before"}, 201)
    await server.request("PUT", f"{path}/format", {"gns3": "3.0"}, 200)
    await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    assert (await server.request("GET", f"{path}/format", None, 200))["gns3"] == "3.0"
    assert (await saved(server, project))["revision"] == 10


async def test_a_file_of_gns3_1_becomes_one_of_3(server: Server) -> None:
    project = await find(server, "gns3-1.3")
    path = f"/v2/projects/{project['project_id']}"
    await server.request("PUT", f"{path}/format", {"gns3": "3.0"}, 200)
    document = orjson.loads(Path(project["path"], project["filename"]).read_bytes())
    assert document["revision"] == 10
    require_gns3_reads(orjson.dumps(document))
    await open_(server, project)


@pytest.mark.parametrize("path", OF_GNS3_3, ids=lambda path: path.name)
async def test_an_archive_of_gns3_3_is_imported(server: Server, path: Path) -> None:
    """Whatever it is packed with; and what goes out again is what came."""
    imported = await import_(server, path.read_bytes())
    at = f"/v2/projects/{imported['project_id']}"
    assert (await server.request("GET", f"{at}/format", None, 200))["revision"] == 10
    await open_(server, imported)
    assert {node["name"] for node in await server.request("GET", f"{at}/nodes", None, 200)} == {
        *("PC1", "PC2", "Q1", "Q2", "Cloud1"),
    }
    (snapshot,) = await server.request("GET", f"{at}/snapshots", None, 200)
    assert snapshot["name"] == "first"
    reply = await server.http.get(f"{at}/export?compression=zstd&compression_level=19&include_snapshots=yes")
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert {info.compress_type for info in archive.infolist() if info.file_size} == {zipfile.ZIP_ZSTANDARD}
        require_gns3_reads(archive.read("project.gns3"))
    again = await import_(server, reply.content)
    assert (await server.request("GET", f"/v2/projects/{again['project_id']}/format", None, 200))["gns3"] == "3.0"
    await server.request("POST", f"{at}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
