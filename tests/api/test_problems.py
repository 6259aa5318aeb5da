"""What of a project does not work is told: in the API, by events, and in the answer to 'start all'."""

from typing import Any

import pytest

from tests.support.project_files import ProjectOnDisk, document, end, link, node
from tests.support.server import Server
from tests.support.websockets import ws_events

AWAY = {"compute_id": "far", "name": "Far away", "host": "192.0.2.7", "port": 3080, "protocol": "http"}


def cloud(interface: str) -> dict[str, Any]:
    port = {"name": interface, "port_number": 0, "type": "ethernet", "interface": interface}
    return node("Cloud1", "cloud", properties={"ports_mapping": [port]})


async def not_started(server: Server, lab: ProjectOnDisk) -> tuple[str, list[str]]:
    """What the answer to 'start all' says, and what is told meanwhile."""
    async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
        reply = await server.http.post(f"{lab.path}/nodes/start")
        assert (reply.status_code, reply.content) == (204, b"")
        await server.request("POST", f"{lab.path}/drawings", {}, 201)
        told = []
        while (event := await stream.next())["action"] != "drawing.created":
            if event["action"] == "log.warning":
                told.append(event["event"]["message"])
    return reply.headers["gns3trio-not-started"], told


async def test_a_link_to_an_interface_that_is_missing(server: Server) -> None:
    pc, outside, other = node("PC1"), cloud("nowhere0"), node("PC2")
    broken, works = link(end(pc), end(outside)), link(end(other), end(node("R1")))
    lab = ProjectOnDisk(server, document([pc, outside, other], [broken, works]))
    await lab.open()
    problems = await lab.get("problems")
    assert (problems["nodes"], problems["file"]) == ([], [])
    assert [each["link_id"] for each in problems["links"]] == [broken["link_id"], works["link_id"]]
    assert "nowhere0" in problems["links"][0]["message"]
    assert problems["links"][1]["message"] == f"node {works['nodes'][1]['node_id']} doesn't exist"
    refused = await server.request("GET", f"{lab.path}/links/{broken['link_id']}/statistics", None, 409)
    assert "nowhere0" in refused["message"]
    assert {each["link_id"] for each in await lab.get("links")} == {broken["link_id"], works["link_id"]}


async def test_a_problem_that_changes_is_an_event(server: Server) -> None:
    a, b, c = (node(f"PC{number}") for number in range(3))
    first, second = link(end(a), end(b)), link(end(b), end(c))
    lab = ProjectOnDisk(server, document([a, b, c], [first, second]))
    await lab.open()
    path = f"{lab.path}/links/{second['link_id']}"
    await server.request("DELETE", f"{lab.path}/links/{first['link_id']}", None, 204)
    async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
        await server.request("PUT", path, {}, 201)
        while (event := await stream.next())["action"] != "link.problem":
            pass
    project_id = lab.project["project_id"]
    assert event["event"] == {"link_id": second["link_id"], "message": None, "project_id": project_id}
    assert (await lab.get("problems"))["links"] == []


@pytest.mark.parametrize("kept", [0, 1, 7])
async def test_a_lab_on_another_compute_does_not_start_silently(server: Server, kept: int) -> None:
    there = [node(f"PC{number}", compute_id="far") for number in range(kept)]
    here = node("Here")
    lab = ProjectOnDisk(server, document([*there, here], computes=[AWAY]))
    await lab.open()
    count, told = await not_started(server, lab)
    assert count == str(kept)
    assert len(told) == min(kept, 1)
    assert all(message.startswith("not started: PC0") and "'Far away'" in message for message in told)
    assert ("and 2 more" in "".join(told)) is (kept == 7)
    assert [each["name"] for each in (await lab.get("problems"))["nodes"]] == [each["name"] for each in there]
    assert [each["status"] for each in await lab.get("nodes")] == [*["stopped"] * kept, "started"]


async def test_reasons_are_told_apart(server: Server) -> None:
    nodes = [node("R1", "dynamips"), node("R2", "dynamips"), node("Q1", "virtualbox"), node("ODD", console_type="vnc")]
    lab = ProjectOnDisk(server, document([*nodes, node("PC1")], [link(end(nodes[0]), end(nodes[2]))]))
    await lab.open()
    count, told = await not_started(server, lab)
    assert count == "4"
    assert [message.partition(": ")[2].partition(":")[0] for message in told] == ["R1, R2", "Q1", "ODD"]
    problems = await lab.get("problems")
    assert [each["name"] for each in problems["nodes"]] == ["R1", "R2", "Q1", "ODD"]
    assert all(each["message"] for each in problems["nodes"])
    assert problems["links"][0]["message"] == "node 'R1' does not run here"


async def test_what_was_wrong_with_the_file_stays_readable(server: Server) -> None:
    lab = ProjectOnDisk(server, document([node("PC1", x="far"), node("X", "toaster")], drawings=[{}, 5]))
    content = lab.file.read_bytes()
    await server.request("POST", "/v2/reload", None, 200)
    await server.request("GET", f"{lab.path}/problems", None, 403)
    await server.request("POST", f"{lab.path}/open", None, 201)
    found = (await lab.get("problems"))["file"]
    assert [problem.partition(" ")[0] for problem in found] == [
        *("nodes[0].x:", "nodes[1]", "drawings[0].drawing_id:", "drawings[1]")
    ]
    assert len(await lab.get("drawings")) == 1
    await lab.saved()
    assert lab.file.read_bytes() != content
    await lab.server.request("POST", f"{lab.path}/open", None, 201)
    assert (await lab.get("problems"))["file"] == []
