"""What the server keeps beside its projects: damage costs what is damaged, and writers do not hinder each other."""

import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
import trio

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS
from tests.support.server import Server

GOOD = {
    "template_id": str(uuid4()),
    "template_type": "vpcs",
    "name": "mine",
    "compute_id": "local",
    "category": "guest",
    "default_name_format": "PC{0}",
    "symbol": ":/symbols/computer.svg",
    "builtin": False,
}
COMPUTE = {"compute_id": "far", "name": "far", "protocol": "http", "host": "192.0.2.1", "port": 3080}


@pytest.mark.parametrize(
    ("state", "computes", "templates"),
    [
        ({"computes": [5], "templates": [GOOD]}, [], ["mine"]),
        ({"computes": [COMPUTE], "templates": [{}]}, ["far"], []),
        ({"computes": [{**COMPUTE, "port": "x"}], "templates": [{**GOOD, "template_id": "x"}]}, [], []),
        ({"computes": {}, "templates": 7}, [], []),
        ({"computes": [COMPUTE], "templates": [{**GOOD, "symbol": None}]}, ["far"], []),
    ],
)
async def test_state_of_a_wrong_shape_is_kept_aside(
    config: Config, state: Any, computes: list[str], templates: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    file = config.state_folder / "controller.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(orjson.dumps(state))
    for _ in range(2):  # what is left is there after another start too
        async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
            shown = [each["compute_id"] for each in (await http.get("/v2/computes")).json()]
            assert shown == ["local", *computes]
            listed = [each["name"] for each in (await http.get("/v2/templates")).json() if not each["builtin"]]
            assert listed == templates
    (aside,) = file.parent.glob("controller.json.damaged-*")
    assert orjson.loads(aside.read_bytes()) == state
    assert [record.levelno for record in caplog.records if "is damaged" in record.message] == [logging.ERROR]


async def test_many_write_one_file_at_once(server: Server) -> None:
    (template,) = [each for each in (await server.request("GET", "/v2/templates")) if each["name"] == "VPCS"]
    statuses: list[int] = []

    async def put(path: str, content: Any) -> None:
        method, keywords = ("PUT", {"json": content}) if isinstance(content, dict) else ("POST", {"content": content})
        statuses.append((await server.http.request(method, path, **keywords)).status_code)

    async with trio.open_nursery() as nursery:
        for number in range(60):
            path = f"/v2/templates/{template['template_id']}/base-config/mine.txt"
            nursery.start_soon(put, path, {"content": f"echo {number}\n" * 1000})
            nursery.start_soon(put, "/v2/symbols/mine.svg/raw", f"<svg width='{number}'></svg>".encode())
    assert set(statuses) == {200, 204}
    for folder in ("configs", "symbols"):
        assert len(list((server.config.state_folder / folder).iterdir())) == 1


async def test_equal_drawings_at_once(server: Server, project: dict[str, Any]) -> None:
    path, svg = f"/v2/projects/{project['project_id']}/drawings", f"<svg><text>{'long ' * 2000}</text></svg>"
    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(server.request, "POST", path, {"svg": svg}, 201)
    assert len(list((Path(project["path"]) / "project-files" / "images").iterdir())) == 1


async def test_what_a_killed_server_left_half_written_is_gone_after_the_start(config: Config) -> None:
    project = config.projects_path / str(uuid4())
    name = f".gns3trio-{'0' * 32}"
    node = project / "project-files" / "vpcs" / str(uuid4())
    folders = [project, node, config.state_folder, config.state_folder / "symbols", config.state_folder / "configs"]
    for folder in (*folders, project / ".gns3trio-versions"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"half")
        (folder / "kept.txt").write_bytes(b"whole")
    async with open_server(config):
        with trio.fail_after(60):
            while any((folder / name).exists() for folder in folders):
                await trio.sleep(0.01)
    for folder in folders:
        assert (folder / "kept.txt").exists()
    assert (project / ".gns3trio-versions" / "kept.txt").exists()


async def test_a_project_is_there_for_all_who_create_it_at_once(server: Server) -> None:
    project_id, replies = str(uuid4()), []

    async def create(number: int) -> None:
        body = {"name": f"lab {number}", "project_id": project_id}
        replies.append(await server.request("POST", "/v2/projects", body, 201))

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(create, number)
    assert {reply["status"] for reply in replies} == {"opened"}
    assert len({reply["name"] for reply in replies}) == 1
    assert Path(replies[0]["path"], replies[0]["filename"]).is_file()
