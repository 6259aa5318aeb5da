"""Projects and what is in them, mostly by the worker, who may use the project p and no other."""

from collections.abc import Iterator
from typing import Any

from tests.gns3_3.steps import NOBODY, SVG, UNKNOWN, WORKER, Step, delete, each_by, end, get, post, put

_PROJECTS, _P = "/v3/projects", "/v3/projects/{p}"
_NODES, _LINKS, _DRAWINGS = _P + "/nodes", _P + "/links", _P + "/drawings"
_VPCS: dict[str, Any] = {"node_type": "vpcs", "compute_id": "local"}


def projects() -> Iterator[Step]:
    """Projects of the administrator."""
    yield get("no project yet", _PROJECTS)
    yield post("create project", _PROJECTS, {"name": "lab", "auto_close": False}, keep={"p": "project_id"})
    yield post(
        "create project of the administrator", _PROJECTS, {"name": "q", "auto_close": False}, keep={"q": "project_id"}
    )
    yield post("create project with its name", _PROJECTS, {"name": "lab"})
    yield post("create project without a name", _PROJECTS, {})
    yield post("create project with a number as name", _PROJECTS, {"name": 5})
    yield post("create project with a wrong id", _PROJECTS, {"name": "x", "project_id": "x"})
    yield post("create project outside", _PROJECTS, {"name": "x", "path": "/nowhere/else"})
    yield post("create project with a slash", _PROJECTS, {"name": "a/b"})
    yield post("create project with a known id", _PROJECTS, {"name": "other", "project_id": "{p}"})
    colour = {"name": "coloured", "colour": "red"}
    yield post("create project with an unknown key", _PROJECTS, colour, keep={"coloured": "project_id"})
    yield delete("delete project", _PROJECTS + "/{coloured}")
    yield delete("delete project again", _PROJECTS + "/{coloured}")
    yield get("projects", _PROJECTS)
    yield post("load no file", _PROJECTS + "/load", {"path": "/nowhere/x.gns3"})
    yield post("load nothing", _PROJECTS + "/load", {})


def use_of_projects() -> Iterator[Step]:
    """The project p, by the worker, who has the right; and the project q, by the worker, who has none."""
    w: dict[str, Any] = {"by": WORKER}
    yield get("projects", _PROJECTS, **w)
    yield post("create project", _PROJECTS, {"name": "mine"}, **w)
    yield get("project", _P, **w)
    yield get("project of others", _PROJECTS + "/{q}", **w)
    yield get("unknown project", f"{_PROJECTS}/{UNKNOWN}", **w)
    yield put("change project of others", _PROJECTS + "/{q}", {"zoom": 80}, **w)
    yield put("change project of others wrongly", _PROJECTS + "/{q}", {"zoom": "far"}, **w)
    yield get("stats", _P + "/stats", **w)
    yield put("change project", _P, {"scene_width": 3000, "show_grid": True, "zoom": 90}, **w)
    yield put("change project wrongly", _P, {"scene_width": "wide"}, **w)
    yield put("change status of project", _P, {"status": "closed"}, **w)
    yield put("set variables", _P, {"variables": [{"name": "a", "value": "b"}]}, **w)
    yield put("wrong variables", _P, {"variables": [{"value": "b"}]}, **w)
    yield put("set supplier", _P, {"supplier": {"logo": "x.png", "url": "http://x.example"}}, **w)
    yield put("set supplier of no address", _P, {"supplier": {"logo": "x.png", "url": "nonsense"}}, **w)
    yield get("locked when empty", _P + "/locked", **w)
    yield post("write a file", _P + "/files/README.txt", content="text", **w)
    yield get("read a file", _P + "/files/README.txt", **w)
    yield get("read no file", _P + "/files/absent.txt", **w)
    yield get("read a file outside", _P + "/files/..%2F..%2Fetc%2Fpasswd", **w)
    yield post("write into no folder", _P + "/files/no/such/x.txt", content="text", **w)
    yield post("write outside", _P + "/files/..%2Fx.txt", content="text", **w)
    yield post("open project", _P + "/open", **w)
    yield Step("stream", "STREAM", _P + "/notifications", **w)
    yield Step("websocket of project", "WS", _P + "/notifications/ws?token={token_worker}", **w)
    yield Step("websocket of project of others", "WS", _PROJECTS + "/{q}/notifications/ws?token={token_worker}", **w)
    yield Step("websocket of unknown project", "WS", f"{_PROJECTS}/{UNKNOWN}/notifications/ws?token={{token_admin}}")
    yield Step("websocket of malformed project", "WS", _PROJECTS + "/nonsense/notifications/ws?token={token_admin}")
    yield Step("websocket of project", "WS", _P + "/notifications/ws", by="visitor")
    yield Step("stream of project of others", "STREAM", _PROJECTS + "/{q}/notifications", **w)


def nodes() -> Iterator[Step]:
    """Nodes that do not run."""
    w: dict[str, Any] = {"by": WORKER}
    yield get("no nodes yet", _NODES, **w)
    yield post("create node", _NODES, {"name": "PC1", **_VPCS}, keep={"a": "node_id"}, **w)
    yield post("create node of the same name", _NODES, {"name": "PC1", **_VPCS}, keep={"b": "node_id"}, **w)
    yield post("create node from a format", _NODES, {"name": "X{{0}}", **_VPCS}, keep={"c": "node_id"}, **w)
    yield post("create node with its id", _NODES, {"name": "y", "node_id": "{a}", **_VPCS}, **w)
    yield post("create node without a name", _NODES, _VPCS, **w)
    yield post("create node of no type", _NODES, {"name": "x", "compute_id": "local"}, **w)
    yield post("create node of a strange type", _NODES, {**_VPCS, "name": "x", "node_type": "toy"}, **w)
    yield post("create node without a compute", _NODES, {"name": "x", "node_type": "vpcs"}, **w)
    yield post("create node on no compute", _NODES, {**_VPCS, "name": "x", "compute_id": UNKNOWN}, **w)
    yield post("create node with x as text", _NODES, {**_VPCS, "name": "T", "x": "12"}, keep={"t": "node_id"}, **w)
    yield post("create node with x far away", _NODES, {**_VPCS, "name": "T", "x": "far"}, **w)
    yield post(
        "create node with an unknown key", _NODES, {**_VPCS, "name": "U", "colour": 1}, keep={"u": "node_id"}, **w
    )
    of_qemu = {**_VPCS, "name": "V", "properties": {"ram": 5}}
    yield post("create node with an unknown property", _NODES, of_qemu, keep={"v": "node_id"}, **w)
    script = {"name": "S1", **_VPCS, "properties": {"startup_script": "set pcname %h\n"}}
    yield post("create node with a script", _NODES, script, keep={"s": "node_id"}, **w)
    for kind in ("ethernet_switch", "ethernet_hub", "cloud"):
        body = {"name": kind, "node_type": kind, "compute_id": "local"}
        yield post(f"create {kind}", _NODES, body, keep={kind: "node_id"}, **w)
    yield get("read its script", _NODES + "/{s}/files/startup.vpc", **w)
    yield post("write its script", _NODES + "/{s}/files/startup.vpc", content="ip 10.0.0.1\n", **w)
    yield get("read no file of a node", _NODES + "/{s}/files/absent", **w)
    yield get("read a hidden file of a node", _NODES + "/{s}/files/.hidden", **w)
    yield get("read a file outside of a node", _NODES + "/{s}/files/..%2F..%2Fx", **w)
    yield put("rename the node with a script", _NODES + "/{s}", {"name": "S2"}, **w)
    yield get("nodes", _NODES, **w)
    yield get("node", _NODES + "/{a}", **w)
    yield get("another node", _NODES + "/{b}", keep={"whole_b": "."}, **w)
    yield get("unknown node", f"{_NODES}/{UNKNOWN}", **w)
    yield get("node of no project", f"{_PROJECTS}/{UNKNOWN}/nodes/{{a}}")
    yield put("move node", _NODES + "/{a}", {"x": 10, "y": 20}, **w)
    yield put("move node by texts", _NODES + "/{a}", {"x": "11", "y": "21"}, **w)
    yield put("move node to a text", _NODES + "/{a}", {"x": "far"}, **w)
    yield put("rename node", _NODES + "/{a}", {"name": "Web 1"}, **w)
    yield put("change node by nothing", _NODES + "/{a}", {}, **w)
    yield put("change node without a body", _NODES + "/{a}", **w)
    yield put("change node by an unknown key", _NODES + "/{a}", {"colour": "red"}, **w)
    yield put("change status of node", _NODES + "/{a}", {"status": "started", "node_type": "qemu"}, **w)
    yield put("change node by an unknown property", _NODES + "/{a}", {"properties": {"ram": 5}}, **w)
    yield put("the whole node comes back", _NODES + "/{b}", "{whole_b}", **w)
    yield put("label of node", _NODES + "/{a}", {"label": {"text": "x", "x": 1, "y": 2, "rotation": 0}}, **w)
    yield put("label of no text", _NODES + "/{a}", {"label": {"x": 1}}, **w)
    yield put("symbol of node", _NODES + "/{a}", {"symbol": ":/symbols/router.svg"}, **w)
    yield put("console type of node", _NODES + "/{c}", {"console_type": "none"}, **w)
    yield put("strange console type of node", _NODES + "/{c}", {"console_type": "fax"}, **w)
    yield put("wrong console type of node", _NODES + "/{t}", {"console_type": "vnc"}, **w)
    yield put(
        "ports of a switch", _NODES + "/{ethernet_switch}", {"properties": {"ports_mapping": _switch_ports()}}, **w
    )
    yield put("lock node", _NODES + "/{b}", {"locked": True}, **w)
    yield delete("delete locked node", _NODES + "/{b}", **w)
    yield put("unlock node", _NODES + "/{b}", {"locked": False}, **w)
    yield post("duplicate node", _NODES + "/{a}/duplicate", {"x": 5, "y": 6}, keep={"d": "node_id"}, **w)
    yield post("duplicate node nowhere", _NODES + "/{a}/duplicate", {"x": 5}, **w)
    for verb in ("suspend", "stop", "reload"):
        yield post(f"{verb} stopped node", f"{_NODES}/{{a}}/{verb}", {}, **w)
    for verb in ("start", "stop", "suspend", "reload"):
        yield post(f"{verb} switch", f"{_NODES}/{{ethernet_switch}}/{verb}", {}, **w)
    yield post("start node without a body", _NODES + "/{t}/start", **w)
    yield post("start node with null", _NODES + "/{t}/start", None, **w)
    yield post("start node with a list", _NODES + "/{t}/start", [], **w)
    yield post("stop all nodes", _NODES + "/stop", {}, **w)
    yield post("suspend all nodes", _NODES + "/suspend", {}, **w)
    yield post("reset consoles", _NODES + "/console/reset", {}, **w)
    yield post("reset console of a stopped node", _NODES + "/{a}/console/reset", {}, **w)
    yield get("no links of node yet", _NODES + "/{a}/links", **w)
    yield post(
        "create disk of a node without disks", _NODES + "/{a}/qemu/disk_image/x", {"format": "raw", "size": 1}, **w
    )
    yield get("idle-pc of a node without one", _NODES + "/{a}/dynamips/auto_idlepc", **w)
    yield get("idle-pcs of a node without one", _NODES + "/{a}/dynamips/idlepc_proposals", **w)
    yield Step("console of a stopped node", "WS", _NODES + "/{a}/console/ws?token={token_worker}", **w)
    yield delete("delete node", _NODES + "/{d}", **w)
    yield delete("delete node again", _NODES + "/{d}", **w)


def _switch_ports() -> list[dict[str, Any]]:
    return [{"name": f"Ethernet{n}", "port_number": n, "type": "access", "vlan": 1 + n} for n in range(4)]


def links() -> Iterator[Step]:
    """Links between nodes that do not run."""
    w: dict[str, Any] = {"by": WORKER}
    link = _LINKS + "/{l}"
    yield get("no links yet", _LINKS, **w)
    yield post("create link", _LINKS, {"nodes": [end("a"), end("b")]}, keep={"l": "link_id"}, **w)
    yield post("create link at a used port", _LINKS, {"nodes": [end("a"), end("c")]}, **w)
    yield post("create link to itself", _LINKS, {"nodes": [end("c"), end("c")]}, **w)
    yield post("create link of nothing", _LINKS, {}, **w)
    yield post("create link of one", _LINKS, {"nodes": [end("c")]}, **w)
    yield post("create link of three", _LINKS, {"nodes": [end("c"), end("t"), end("u")]}, **w)
    yield post("create link to no port", _LINKS, {"nodes": [end("c", 7), end("s")]}, **w)
    without = {"node_id": "{c}", "adapter_number": 0}
    yield post("create link without port", _LINKS, {"nodes": [without, end("s")]}, **w)
    yield post("create link to no node", _LINKS, {"nodes": [{**end("c"), "node_id": UNKNOWN}, end("s")]}, **w)
    gui = {"nodes": [end("t"), end("ethernet_switch")], "filters": {}, "link_style": {}, "suspend": False}
    yield post("create link as the GUI does", _LINKS, gui, keep={"k": "link_id"}, **w)
    yield post("create link with an unknown key", _LINKS, {"nodes": [end("u"), end("ethernet_hub")], "colour": 1}, **w)
    yield get("links", _LINKS, **w)
    yield get("link", link, keep={"whole_link": "."}, **w)
    yield get("unknown link", f"{_LINKS}/{UNKNOWN}", **w)
    yield get("links of node", _NODES + "/{a}/links", **w)
    yield get("available filters", link + "/available_filters", **w)
    yield get("interface of a link between nodes", link + "/iface", **w)
    yield put("filter", link, {"filters": {"delay": [50, 5]}}, **w)
    yield put("filter as text", link, {"filters": {"packet_loss": ["5"]}}, **w)
    yield put("filter that does nothing", link, {"filters": {"packet_loss": [0]}}, **w)
    yield put("filter of null", link, {"filters": {"packet_loss": None}}, **w)
    yield put("filters as list", link, {"filters": []}, **w)
    yield put("suspend link", link, {"suspend": True}, **w)
    yield put("style of link", link, {"link_style": {"color": "#ff0000", "width": 2, "type": 1}}, **w)
    yield put("change link by an unknown key", link, {"colour": 1}, **w)
    yield put("the whole link comes back", link, "{whole_link}", **w)
    yield put("resume link", link, {"suspend": False, "filters": {}}, **w)
    yield post("reset link", link + "/reset", {}, **w)
    yield post("isolate node", _NODES + "/{a}/isolate", {}, **w)
    yield get("link of an isolated node", link, **w)
    yield post("unisolate node", _NODES + "/{a}/unisolate", {}, **w)
    yield post("isolate unknown node", f"{_NODES}/{UNKNOWN}/isolate", {}, **w)
    yield post("capture with nothing running", link + "/capture/start", {}, **w)
    yield post("capture without a body", link + "/capture/start", **w)
    yield post("capture of a strange kind", link + "/capture/start", {"data_link_type": "DLT_X"}, **w)
    yield post("stop no capture", link + "/capture/stop", **w)
    yield get("stream no capture", link + "/capture/stream", **w)
    yield delete("delete link", link, **w)
    yield delete("delete link again", link, **w)
    yield post("link again", _LINKS, {"nodes": [end("a"), end("b")]}, keep={"l": "link_id"}, **w)


def drawings() -> Iterator[Step]:
    """Drawings, and what is locked."""
    w: dict[str, Any] = {"by": WORKER}
    drawing = _DRAWINGS + "/{w}"
    yield get("no drawings yet", _DRAWINGS, **w)
    yield post("create drawing", _DRAWINGS, {"svg": SVG, "x": 1, "y": 2, "z": 3}, keep={"w": "drawing_id"}, **w)
    yield post("create empty drawing", _DRAWINGS, {}, keep={"empty": "drawing_id"}, **w)
    yield post("create drawing with its id", _DRAWINGS, {"drawing_id": "{w}"}, **w)
    yield post("create drawing that is turned too far", _DRAWINGS, {"rotation": 400}, **w)
    yield post("create drawing with an unknown key", _DRAWINGS, {"colour": 1}, keep={"coloured": "drawing_id"}, **w)
    yield get("drawings", _DRAWINGS, **w)
    yield get("drawing", drawing, **w)
    yield get("unknown drawing", f"{_DRAWINGS}/{UNKNOWN}", **w)
    yield put("move drawing", drawing, {"x": 50}, **w)
    yield put("move drawing to a text", drawing, {"x": "far"}, **w)
    yield put("lock drawing", drawing, {"locked": True}, **w)
    yield delete("delete locked drawing", drawing, **w)
    yield delete("delete drawing", _DRAWINGS + "/{empty}", **w)
    yield delete("delete drawing again", _DRAWINGS + "/{empty}", **w)
    yield post("lock all", _P + "/lock", {}, **w)
    yield get("locked", _P + "/locked", **w)
    yield post("unlock all", _P + "/unlock", {}, **w)
    yield get("unlocked", _P + "/locked", **w)


def by_nobody() -> Iterator[Step]:
    """All of that by a user without rights: refused, whatever the request; and what the worker may not do."""
    steps = [
        get("projects", _PROJECTS),
        post("create project", _PROJECTS, {"name": "mine"}),
        post("create no project", _PROJECTS, {}),
        get("project", _P),
        put("change project", _P, {"zoom": 50}),
        put("change project wrongly", _P, {"zoom": "far"}),
        delete("delete project", _P),
        post("close project", _P + "/close", {}),
        post("open project", _P + "/open", {}),
        get("stats", _P + "/stats"),
        get("locked", _P + "/locked"),
        post("lock all", _P + "/lock", {}),
        get("read a file", _P + "/files/README.txt"),
        post("write a file", _P + "/files/README.txt", content="x"),
        post("duplicate project", _P + "/duplicate", {"name": "mine"}),
        get("export", _P + "/export"),
        post("import", f"{_PROJECTS}/{UNKNOWN}/import?name=x", content="x"),
        Step("stream of project", "STREAM", _P + "/notifications"),
        Step("websocket of project", "WS", _P + "/notifications/ws?token={token_nobody}"),
        get("nodes", _NODES),
        post("create node", _NODES, {"name": "PC", **_VPCS}),
        get("node", _NODES + "/{a}"),
        get("unknown node", f"{_NODES}/{UNKNOWN}"),
        get("malformed node", _NODES + "/nonsense"),
        put("move node", _NODES + "/{a}", {"x": 1}),
        delete("delete node", _NODES + "/{a}"),
        post("start node", _NODES + "/{a}/start", {}),
        post("start all nodes", _NODES + "/start", {}),
        post("duplicate node", _NODES + "/{a}/duplicate", {"x": 1, "y": 1}),
        post("isolate node", _NODES + "/{a}/isolate", {}),
        get("read its script", _NODES + "/{s}/files/startup.vpc"),
        post("reset console", _NODES + "/{a}/console/reset", {}),
        Step("console", "WS", _NODES + "/{a}/console/ws?token={token_nobody}"),
        get("links", _LINKS),
        post("create link", _LINKS, {"nodes": [end("c"), end("s")]}),
        get("link", _LINKS + "/{l}"),
        put("filter", _LINKS + "/{l}", {"filters": {"delay": [50, 5]}}),
        delete("delete link", _LINKS + "/{l}"),
        get("available filters", _LINKS + "/{l}/available_filters"),
        post("start capture", _LINKS + "/{l}/capture/start", {}),
        get("drawings", _DRAWINGS),
        post("create drawing", _DRAWINGS, {"svg": SVG}),
        put("move drawing", _DRAWINGS + "/{w}", {"x": 1}),
        delete("delete drawing", _DRAWINGS + "/{w}"),
        get("snapshots", _P + "/snapshots"),
        post("create snapshot", _P + "/snapshots", {"name": "mine"}),
        post("node from template", f"{_P}/templates/{UNKNOWN}", {"x": 1, "y": 2}),
    ]
    yield from each_by([NOBODY], steps)
