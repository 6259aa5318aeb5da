"""Snapshots, copies, exports and imports; then projects close and go."""

from collections.abc import Iterator
from typing import Any

from tests.gns3_3.steps import NOBODY, UNKNOWN, WORKER, Step, delete, each_by, get, post

_PROJECTS, _P = "/v3/projects", "/v3/projects/{p}"
_SNAPSHOTS = _P + "/snapshots"
_NEW, _OTHER_NEW = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"


def snapshots() -> Iterator[Step]:
    """Snapshots of the project p."""
    w: dict[str, Any] = {"by": WORKER}
    yield get("no snapshots yet", _SNAPSHOTS, **w)
    yield post("create snapshot", _SNAPSHOTS, {"name": "s1"}, keep={"z": "snapshot_id"}, **w)
    yield post("create snapshot again", _SNAPSHOTS, {"name": "s1"}, **w)
    yield post("create snapshot without a name", _SNAPSHOTS, {}, **w)
    yield post("create snapshot with a slash", _SNAPSHOTS, {"name": "a/b"}, **w)
    yield get("snapshots", _SNAPSHOTS, **w)
    yield post("restore snapshot", _SNAPSHOTS + "/{z}/restore", **w)
    yield get("nodes of restored project", _P + "/nodes", keep={"a": "name=Web1/node_id"}, **w)
    yield post("restore no snapshot", f"{_SNAPSHOTS}/{UNKNOWN}/restore", **w)
    yield get("snapshots after it", _SNAPSHOTS, keep={"z": "name=s1/snapshot_id"}, **w)
    yield delete("delete snapshot", _SNAPSHOTS + "/{z}", **w)
    yield delete("delete snapshot again", _SNAPSHOTS + "/{z}", **w)
    yield delete("delete malformed snapshot", _SNAPSHOTS + "/nonsense", **w)


def copies() -> Iterator[Step]:
    """Copies, exports and imports."""
    w: dict[str, Any] = {"by": WORKER}
    yield post("duplicate project", _P + "/duplicate", {"name": "copy"}, keep={"copy": "project_id"})
    yield post("duplicate project without a name", _P + "/duplicate", {})
    yield post("duplicate project as the worker", _P + "/duplicate", {"name": "copy of the worker"}, **w)
    options = "include_snapshots=no&include_images=False&reset_mac_addresses=off&keep_compute_ids=0"
    yield get("export", f"{_P}/export?{options}&compression=zip", keep_content="archive", **w)
    yield get("export by default", _P + "/export", keep_content="modern_archive", **w)
    yield get("export with a token", _P + "/export?token={token_worker}&compression=none", by="visitor")
    yield get("export with a strange compression", _P + "/export?compression=7z", **w)
    yield get("export with a level", _P + "/export?compression=zip&compression_level=9", **w)
    yield get("export with too high a level", _P + "/export?compression=zip&compression_level=50", **w)
    yield get("export with a level that is no number", _P + "/export?compression_level=high", **w)
    yield get("export with a strange truth", _P + "/export?include_images=maybe", **w)
    yield get("export of others", _PROJECTS + "/{q}/export", **w)
    yield post("import", f"{_PROJECTS}/{_NEW}/import?name=imported", content_of="archive")
    yield post("import again", f"{_PROJECTS}/{_NEW}/import?name=imported", content_of="archive")
    yield post(
        "import by a form", f"{_PROJECTS}/{_OTHER_NEW}/import?name=uploaded", content_of="modern_archive", file="x"
    )
    yield post("import what is no archive", f"{_PROJECTS}/{UNKNOWN}/import?name=x", content="nonsense")
    yield post("import into a malformed id", f"{_PROJECTS}/nonsense/import?name=x", content_of="archive")
    yield post("import as the worker", f"{_PROJECTS}/{UNKNOWN}/import?name=x", content_of="archive", **w)
    yield post("open imported", f"{_PROJECTS}/{_NEW}/open")
    yield get("nodes of imported", f"{_PROJECTS}/{_NEW}/nodes")
    yield get("links of imported", f"{_PROJECTS}/{_NEW}/links")
    yield delete("delete imported", f"{_PROJECTS}/{_NEW}")
    yield delete("delete uploaded", f"{_PROJECTS}/{_OTHER_NEW}")


def closing() -> Iterator[Step]:
    """The project p is closed, opened and deleted."""
    w: dict[str, Any] = {"by": WORKER}
    yield post("close project", _P + "/close", **w)
    yield post("close project again", _P + "/close", {}, **w)
    closed = [
        get("nodes of closed project", _P + "/nodes"),
        get("links of closed project", _P + "/links"),
        get("drawings of closed project", _P + "/drawings"),
        get("snapshots of closed project", _SNAPSHOTS),
        get("stats of closed project", _P + "/stats"),
        get("node of closed project", _P + "/nodes/{a}"),
        get("closed project", _P),
        get("locked of closed project", _P + "/locked"),
        post("lock closed project", _P + "/lock", {}),
        post("create node in closed project", _P + "/nodes", {"name": "x", "node_type": "vpcs", "compute_id": "local"}),
        post("start nodes of closed project", _P + "/nodes/start", {}),
        post("create snapshot of closed project", _SNAPSHOTS, {"name": "x"}),
        Step("stream of closed project", "STREAM", _P + "/notifications"),
    ]
    yield from each_by([WORKER], closed)
    yield from each_by([NOBODY], closed)
    yield post("open closed project", _P + "/open", {}, **w)
    yield post("open project again", _P + "/open", {}, **w)
    yield get("nodes of project opened again", _P + "/nodes", **w)
    yield delete("delete copy", _PROJECTS + "/{copy}")
    yield delete("delete project of others", _PROJECTS + "/{q}", **w)
    yield delete("delete project", _P, **w)
    yield get("deleted project", _P, **w)
    yield get("deleted project", _P)
