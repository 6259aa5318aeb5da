"""``/v3/projects/{project_id}/snapshots``. GNS3 3 gives new ids over a restore; here all ids stay."""

from tests.support.v3_lab import V3Lab

KEYS = {"name", "snapshot_id", "project_id", "created_at"}


async def test_a_restore_keeps_all_ids(lab3: V3Lab) -> None:
    v3, path = lab3.v3, f"{lab3.path}/snapshots"
    link = await lab3.linked()
    await v3.request("PUT", lab3.of(link), {"suspend": True}, 200)
    drawing = await v3.request("POST", f"{lab3.path}/drawings", {"svg": "<svg/>"}, 201)
    snapshot = await v3.request("POST", path, {"name": "s1", "unknown": 1}, 201)
    assert snapshot.keys() == KEYS
    await v3.refused("POST", path, {"name": "s1"}, 409, "s1")
    await v3.refused("POST", path, {"name": "a/b"}, 409)
    await v3.refused("POST", path, {}, 422, "name")
    before = await v3.request("GET", f"{lab3.path}/nodes", None, 200)
    await v3.request("PUT", lab3.of(before[0]), {"x": 500}, 200)
    await v3.request("DELETE", lab3.of(before[1]), {}, 204)
    await v3.request("PUT", lab3.path, {"name": "renamed"}, 200)
    restored = await v3.request("POST", f"{lab3.of(snapshot)}/restore", None, 201)
    assert restored["status"] == "opened" and restored["name"] == "renamed"
    after = await v3.request("GET", f"{lab3.path}/nodes", None, 200)
    ids_and_places = [(node["node_id"], node["x"]) for node in before]
    assert [(node["node_id"], node["x"]) for node in after] == ids_and_places
    (again,) = await v3.request("GET", f"{lab3.path}/links", None, 200)
    assert again["link_id"] == link["link_id"] and again["suspend"]
    (shape,) = await v3.request("GET", f"{lab3.path}/drawings", None, 200)
    assert shape["drawing_id"] == drawing["drawing_id"]
    await v3.request("POST", f"{lab3.path}/close", {}, 204)
    assert await v3.request("GET", path, None, 200) == [snapshot]
    await v3.refused("POST", path, {"name": "s2"}, 403, "not opened")
    await v3.request("DELETE", lab3.of(snapshot), None, 204)
    await v3.refused("DELETE", lab3.of(snapshot), None, 404)
    await v3.refused("DELETE", f"{path}/nonsense", None, 422)
