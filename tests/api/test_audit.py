"""The audit trail over the API: what clients change is recorded, what they read is not."""

from typing import Any
from uuid import uuid4

import pytest
from trio_websocket import open_websocket_url

from gns3trio.api import audited
from gns3trio.api.rates import Rate
from tests.support.described import check_reply
from tests.support.lab import Lab
from tests.support.server import Server
from tests.support.v3 import logged_in

Json = dict[str, Any]


async def trail(server: Server, query: str = "") -> list[Json]:
    entries = await server.request("GET", f"/v2/audit{query}", None, 200)
    return list(reversed(entries))


async def test_what_is_changed_is_recorded(server: Server, pair: Lab) -> None:
    before = len(await trail(server))
    node = pair.nodes[0]
    path = f"{pair.path}/nodes/{node['node_id']}"
    await server.request("GET", path, None, 200)
    await server.request("PUT", path, {"x": 5}, 200)
    await server.request("DELETE", f"{pair.path}/nodes/{uuid4()}", None, 404)
    await server.request("PUT", path, {"x": "wide"}, 400)
    (entry,) = (await trail(server))[before:]
    check_reply("GET", "/v2/audit", 200, [entry])
    assert entry.pop("time").endswith("Z")
    project_id = pair.path.rpartition("/")[2]
    assert entry == {
        "user": None,
        "address": "127.0.0.1",
        "action": "update node",
        "method": "PUT",
        "path": path,
        "status": 200,
        "project_id": project_id,
        "node_id": node["node_id"],
        "target": {"kind": "node", "name": "PC1", "of": "project lab"},
    }


async def test_entries_of_a_project(server: Server, pair: Lab) -> None:
    other = await server.request("POST", "/v2/projects", {"name": "other"}, 201)
    await server.request("PUT", f"/v2/projects/{other['project_id']}", {"zoom": 50}, 200)
    entries = await server.request("GET", f"/v2/projects/{other['project_id']}/audit", None, 200)
    assert [(entry["action"], entry["project_id"]) for entry in entries] == [("update project", other["project_id"])]
    assert await trail(server, f"?project_id={other['project_id']}") == entries
    newest, second = await server.request("GET", "/v2/audit?limit=2", None, 200)
    assert newest == entries[0]
    assert (await server.request("GET", f"/v2/audit?limit=1&before={newest['time']}", None, 200)) == [second]
    await server.request("GET", f"/v2/projects/{uuid4()}/audit", None, 404)


async def test_wrong_parameters(server: Server) -> None:
    for query, name in (
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("project_id=x", "project_id"),
    ):
        refused = await server.request("GET", f"/v2/audit?{query}", None, 400)
        assert refused["message"].startswith(f"{name}: "), query
    assert await trail(server, "?user=nobody") == []


async def test_a_console_that_is_opened_is_recorded(server: Server, lab: Lab) -> None:
    node = lab.nodes[0]
    path = f"{lab.path}/nodes/{node['node_id']}/console/ws"
    async with open_websocket_url(server.url.replace("http", "ws") + path):
        pass
    entry = (await trail(server))[-1]
    assert (entry["method"], entry["status"], entry["path"]) == ("WEBSOCKET", 101, path)


async def test_refused_requests_do_not_push_changes_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(audited, "REFUSED", Rate(2, 10.0))
    monkeypatch.setattr(audited, "monotonic", lambda: now)
    v3 = await logged_in(server)
    before = len(await trail(server))
    for _ in range(5):
        await v3.refused("DELETE", f"/v3/projects/{uuid4()}", {}, 404, "")
    made = await v3.request("POST", "/v3/projects", {"name": "a change"}, 201)  # is recorded in any case
    await v3.refused("DELETE", f"/v3/projects/{uuid4()}", {}, 404, "")
    now += 10
    await v3.refused("DELETE", f"/v3/projects/{uuid4()}", {}, 404, "")
    entries = (await trail(server))[before:]
    assert [(entry["status"], entry.get("missing")) for entry in entries] == [
        (404, None),
        (404, None),
        (201, None),
        (404, 4),
    ]
    await v3.request("DELETE", f"/v3/projects/{made['project_id']}", {}, 204)
