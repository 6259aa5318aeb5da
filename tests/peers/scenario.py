"""One long story, told to two servers: right requests and wrong ones, in GNS3's terms.

A step is a label, a method, a path, a body, and what of the reply later steps need: ``keep`` maps a variable to a key
of the reply. ``{name}`` in paths and bodies is a variable. ``becomes``: what the reply shows when the step is over; the
request is repeated until then, because GNS3 answers a start before its controller knows of it. The method ``TELNET``
connects to a port and waits for a prompt.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

UNKNOWN = "00000000-0000-4000-8000-000000000000"
VPCS_TEMPLATE = "19021f99-e36f-394d-b4a1-8aaa902ab9cc"
CLOUD_TEMPLATE = "39e257dc-8412-3174-b6b3-0ee3ed6a43e9"
SVG = '<svg height="10" width="10"><rect height="10" width="10"/></svg>'


@attrs.frozen
class Step:
    """A request of the story."""

    label: str
    method: str
    path: str
    body: Any = None
    keep: Mapping[str, str] = attrs.field(factory=dict)
    becomes: Mapping[str, Any] = attrs.field(factory=dict)


def end(node: str, port: int = 0) -> dict[str, Any]:
    """An end of a link."""
    return {"node_id": f"{{{node}}}", "adapter_number": 0, "port_number": port}


def story() -> Iterator[Step]:
    """All steps, in their order."""
    yield from _server()
    yield from _projects()
    yield from _nodes()
    yield from _links()
    yield from _running()
    yield from _compute()
    yield from _drawings()
    yield from _templates()
    yield from _symbols()
    yield from _computes()
    yield from _snapshots_and_copies()
    yield from _end()


def _server() -> Iterator[Step]:
    yield Step("version", "GET", "/v2/version")
    yield Step("right version", "POST", "/v2/version", {"version": "2.2.61"})
    yield Step("wrong version", "POST", "/v2/version", {"version": "1.0.0"})
    yield Step("version is a number", "POST", "/v2/version", {"version": 2})
    yield Step("no version", "POST", "/v2/version", {})
    yield Step("statistics", "GET", "/v2/statistics")
    yield Step("gns3vm", "GET", "/v2/gns3vm")
    yield Step("set gns3vm", "PUT", "/v2/gns3vm", {"enable": False, "ram": 1024})
    yield Step("gns3vm engines", "GET", "/v2/gns3vm/engines")
    yield Step("iou license", "GET", "/v2/iou_license")
    yield Step("set iou license", "PUT", "/v2/iou_license", {"iourc_content": "x", "license_check": False})
    yield Step("shutdown of a server that is not local", "POST", "/v2/shutdown")
    yield Step("debug of a server that is not local", "POST", "/v2/debug")
    yield Step("reload", "POST", "/v2/reload")
    yield Step("unknown path", "GET", "/v2/nothing")
    yield Step("wrong method", "DELETE", "/v2/version")
    yield Step("compute version", "GET", "/v2/compute/version")
    yield Step("compute capabilities", "GET", "/v2/compute/capabilities")
    yield Step("compute statistics", "GET", "/v2/compute/statistics")
    yield Step("compute interfaces", "GET", "/v2/compute/network/interfaces")
    yield Step("compute ports", "GET", "/v2/compute/network/ports")


def _projects() -> Iterator[Step]:
    yield Step("no project yet", "GET", "/v2/projects")
    yield Step("create project", "POST", "/v2/projects", {"name": "lab", "auto_close": False}, {"p": "project_id"})
    yield Step("create project with its name", "POST", "/v2/projects", {"name": "lab"})
    yield Step("create project without a name", "POST", "/v2/projects", {})
    yield Step("create project with an empty name", "POST", "/v2/projects", {"name": ""})
    yield Step("create project with a number as name", "POST", "/v2/projects", {"name": 5})
    yield Step("create project with an unknown key", "POST", "/v2/projects", {"name": "x", "colour": "red"})
    yield Step("create project with a wrong id", "POST", "/v2/projects", {"name": "x", "project_id": "x"})
    yield Step("create project outside", "POST", "/v2/projects", {"name": "x", "path": "/nowhere/else"})
    yield Step("create project with a slash", "POST", "/v2/projects", {"name": "a/b"})
    yield Step("create project with a known id", "POST", "/v2/projects", {"name": "other", "project_id": "{p}"})
    yield Step("projects", "GET", "/v2/projects")
    yield Step("project", "GET", "/v2/projects/{p}")
    yield Step("unknown project", "GET", f"/v2/projects/{UNKNOWN}")
    yield Step("malformed project id", "GET", "/v2/projects/nonsense")
    yield Step("stats", "GET", "/v2/projects/{p}/stats")
    yield Step("change project", "PUT", "/v2/projects/{p}", {"scene_width": 3000, "show_grid": True, "zoom": 90})
    yield Step("change project wrongly", "PUT", "/v2/projects/{p}", {"scene_width": "wide"})
    yield Step("change status of project", "PUT", "/v2/projects/{p}", {"status": "closed"})
    yield Step("rename project", "PUT", "/v2/projects/{p}", {"name": "renamed lab"})
    yield Step("set variables", "PUT", "/v2/projects/{p}", {"variables": [{"name": "a", "value": "b"}]})
    yield Step("wrong variables", "PUT", "/v2/projects/{p}", {"variables": [{"value": "b"}]})
    yield Step("load on a server that is not local", "POST", "/v2/projects/load", {"path": "/x.gns3"})
    yield Step("write a file", "POST", "/v2/projects/{p}/files/README.txt", "text")
    yield Step("read a file", "GET", "/v2/projects/{p}/files/README.txt")
    yield Step("read no file", "GET", "/v2/projects/{p}/files/absent.txt")
    yield Step("read a file outside", "GET", "/v2/projects/{p}/files/..%2F..%2Fetc%2Fpasswd")
    yield Step("write into no folder", "POST", "/v2/projects/{p}/files/no/such/x.txt", "text")


def _nodes() -> Iterator[Step]:
    base = {"node_type": "vpcs", "compute_id": "local"}
    yield Step("no nodes yet", "GET", "/v2/projects/{p}/nodes")
    yield Step("create node", "POST", "/v2/projects/{p}/nodes", {"name": "PC1", **base}, {"a": "node_id"})
    yield Step(
        "create node of the same name", "POST", "/v2/projects/{p}/nodes", {"name": "PC1", **base}, {"b": "node_id"}
    )
    yield Step(
        "create node from a format", "POST", "/v2/projects/{p}/nodes", {"name": "X{{0}}", **base}, {"c": "node_id"}
    )
    yield Step("create node with its id", "POST", "/v2/projects/{p}/nodes", {"name": "y", "node_id": "{a}", **base})
    yield Step("create node without a name", "POST", "/v2/projects/{p}/nodes", base)
    yield Step("create node of no type", "POST", "/v2/projects/{p}/nodes", {"name": "x", "compute_id": "local"})
    yield Step(
        "create node of a strange type", "POST", "/v2/projects/{p}/nodes", {**base, "name": "x", "node_type": "toy"}
    )
    yield Step("create node without a compute", "POST", "/v2/projects/{p}/nodes", {"name": "x", "node_type": "vpcs"})
    yield Step("create node on no compute", "POST", "/v2/projects/{p}/nodes", {**base, "name": "x", "compute_id": "z"})
    yield Step("create node with x as text", "POST", "/v2/projects/{p}/nodes", {**base, "name": "x", "x": "1"})
    yield Step("create node with an unknown key", "POST", "/v2/projects/{p}/nodes", {**base, "name": "x", "colour": 1})
    yield Step(
        "create node with an unknown property",
        "POST",
        "/v2/projects/{p}/nodes",
        {**base, "name": "x", "properties": {"ram": 5}},
    )
    script = {"startup_script": "set pcname %h\n"}
    yield Step(
        "create node with a script",
        "POST",
        "/v2/projects/{p}/nodes",
        {"name": "S1", **base, "properties": script},
        {"s": "node_id"},
    )
    yield Step("read its script", "GET", "/v2/projects/{p}/nodes/{s}/files/startup.vpc")
    yield Step("write its script", "POST", "/v2/projects/{p}/nodes/{s}/files/startup.vpc", "ip 10.0.0.1\n")
    yield Step("read no file of a node", "GET", "/v2/projects/{p}/nodes/{s}/files/absent")
    yield Step("read a hidden file of a node", "GET", "/v2/projects/{p}/nodes/{s}/files/.hidden")
    yield Step("rename the node with a script", "PUT", "/v2/projects/{p}/nodes/{s}", {"name": "S2"})
    yield Step("nodes", "GET", "/v2/projects/{p}/nodes")
    yield Step("node", "GET", "/v2/projects/{p}/nodes/{a}")
    yield Step("unknown node", "GET", f"/v2/projects/{{p}}/nodes/{UNKNOWN}")
    yield Step("node of no project", "GET", f"/v2/projects/{UNKNOWN}/nodes/{{a}}")
    yield Step("move node", "PUT", "/v2/projects/{p}/nodes/{a}", {"x": 10, "y": 20})
    yield Step("move node to a text", "PUT", "/v2/projects/{p}/nodes/{a}", {"x": "far"})
    yield Step("rename node", "PUT", "/v2/projects/{p}/nodes/{a}", {"name": "Web 1"})
    yield Step("rename node to nothing", "PUT", "/v2/projects/{p}/nodes/{a}", {"name": ""})
    yield Step("label of node", "PUT", "/v2/projects/{p}/nodes/{a}", {"label": {"text": "x", "x": 1, "y": 2}})
    yield Step("symbol of node", "PUT", "/v2/projects/{p}/nodes/{a}", {"symbol": ":/symbols/router.svg"})
    yield Step("console type of node", "PUT", "/v2/projects/{p}/nodes/{a}", {"console_type": "none"})
    yield Step("wrong console type of node", "PUT", "/v2/projects/{p}/nodes/{a}", {"console_type": "vnc"})
    yield Step("console type back", "PUT", "/v2/projects/{p}/nodes/{a}", {"console_type": "telnet"})
    yield Step("lock node", "PUT", "/v2/projects/{p}/nodes/{b}", {"locked": True})
    yield Step("delete locked node", "DELETE", "/v2/projects/{p}/nodes/{b}")
    yield Step("unlock node", "PUT", "/v2/projects/{p}/nodes/{b}", {"locked": False})
    yield Step("duplicate node", "POST", "/v2/projects/{p}/nodes/{a}/duplicate", {"x": 5, "y": 6}, {"d": "node_id"})
    yield Step("duplicate node nowhere", "POST", "/v2/projects/{p}/nodes/{a}/duplicate", {"x": 5})
    yield Step("suspend node", "POST", "/v2/projects/{p}/nodes/{a}/suspend", {})
    yield Step("stop node", "POST", "/v2/projects/{p}/nodes/{a}/stop", {})
    yield Step("stop all nodes", "POST", "/v2/projects/{p}/nodes/stop", {})
    yield Step("suspend all nodes", "POST", "/v2/projects/{p}/nodes/suspend", {})
    yield Step("reset consoles", "POST", "/v2/projects/{p}/nodes/console/reset", {})
    yield Step("reset console", "POST", "/v2/projects/{p}/nodes/{a}/console/reset", {})
    yield Step("no links of node yet", "GET", "/v2/projects/{p}/nodes/{a}/links")
    yield Step("resize a disk", "POST", "/v2/projects/{p}/nodes/{a}/resize_disk", {"drive_name": "hda", "extend": 1})
    yield Step("idle-pc", "GET", "/v2/projects/{p}/nodes/{a}/dynamips/auto_idlepc")
    yield Step("delete node", "DELETE", "/v2/projects/{p}/nodes/{d}")
    yield Step("delete node again", "DELETE", "/v2/projects/{p}/nodes/{d}")


def _links() -> Iterator[Step]:
    links = "/v2/projects/{p}/links"
    yield Step("no links yet", "GET", links)
    yield Step("create link", "POST", links, {"nodes": [end("a"), end("b")]}, {"l": "link_id"})
    yield Step("create link at a used port", "POST", links, {"nodes": [end("a"), end("c")]})
    yield Step("create link to itself", "POST", links, {"nodes": [end("c"), end("c")]})
    yield Step("create link of nothing", "POST", links, {})
    yield Step("create link of one", "POST", links, {"nodes": [end("c")]})
    yield Step("create link to no port", "POST", links, {"nodes": [end("c", 7), end("s")]})
    yield Step(
        "create link without port", "POST", links, {"nodes": [{"node_id": "{c}", "adapter_number": 0}, end("s")]}
    )
    yield Step("create link to no node", "POST", links, {"nodes": [{**end("c"), "node_id": UNKNOWN}, end("s")]})
    yield Step("create link with an unknown key", "POST", links, {"nodes": [end("c"), end("s")], "colour": 1})
    yield Step("links", "GET", links)
    yield Step("link", "GET", links + "/{l}")
    yield Step("unknown link", "GET", f"{links}/{UNKNOWN}")
    yield Step("links of node", "GET", "/v2/projects/{p}/nodes/{a}/links")
    yield Step("available filters", "GET", links + "/{l}/available_filters")
    yield Step("filter", "PUT", links + "/{l}", {"filters": {"delay": [50, 5]}})
    yield Step("filter that does nothing", "PUT", links + "/{l}", {"filters": {"packet_loss": [0]}})
    yield Step("filter of null", "PUT", links + "/{l}", {"filters": {"packet_loss": None}})
    yield Step("filters as list", "PUT", links + "/{l}", {"filters": []})
    yield Step("suspend link", "PUT", links + "/{l}", {"suspend": True})
    yield Step("style of link", "PUT", links + "/{l}", {"link_style": {"color": "#ff0000", "width": 2}})
    yield Step("change link with an unknown key", "PUT", links + "/{l}", {"colour": 1})
    yield Step("resume link", "PUT", links + "/{l}", {"suspend": False, "filters": {}})
    yield Step("capture with nothing running", "POST", links + "/{l}/start_capture", {})
    yield Step("capture of a strange kind", "POST", links + "/{l}/start_capture", {"data_link_type": "DLT_X"})
    yield Step("stop no capture", "POST", links + "/{l}/stop_capture", {})
    yield Step("stream no capture", "GET", links + "/{l}/pcap")
    yield Step("delete link", "DELETE", links + "/{l}")
    yield Step("delete link again", "DELETE", links + "/{l}")
    yield Step("link again", "POST", links, {"nodes": [end("a"), end("b")]}, {"l": "link_id"})


def _drawings() -> Iterator[Step]:
    drawings = "/v2/projects/{p}/drawings"
    yield Step("no drawings yet", "GET", drawings)
    yield Step("create drawing", "POST", drawings, {"svg": SVG, "x": 1, "y": 2, "z": 3}, {"w": "drawing_id"})
    yield Step("create empty drawing", "POST", drawings, {}, {"v": "drawing_id"})
    yield Step("create drawing with its id", "POST", drawings, {"drawing_id": "{w}"})
    yield Step("create drawing that is turned too far", "POST", drawings, {"rotation": 400})
    yield Step("create drawing with an unknown key", "POST", drawings, {"colour": 1})
    yield Step("drawings", "GET", drawings)
    yield Step("drawing", "GET", drawings + "/{w}")
    yield Step("unknown drawing", "GET", f"{drawings}/{UNKNOWN}")
    yield Step("move drawing", "PUT", drawings + "/{w}", {"x": 50})
    yield Step("move drawing to a text", "PUT", drawings + "/{w}", {"x": "far"})
    yield Step("lock drawing", "PUT", drawings + "/{w}", {"locked": True})
    yield Step("delete locked drawing", "DELETE", drawings + "/{w}")
    yield Step("delete drawing", "DELETE", drawings + "/{v}")
    yield Step("delete drawing again", "DELETE", drawings + "/{v}")


def _running() -> Iterator[Step]:
    nodes, vpcs = "/v2/projects/{p}/nodes", {"node_type": "vpcs", "compute_id": "local"}
    node, link = nodes + "/{r1}", "/v2/projects/{p}/links/{r}"
    started, stopped = {"status": "started"}, {"status": "stopped"}
    yield Step("create node to run", "POST", nodes, {"name": "R1", **vpcs}, {"r1": "node_id"})
    yield Step("create other node to run", "POST", nodes, {"name": "R2", **vpcs}, {"r2": "node_id"})
    yield Step("start node", "POST", node + "/start", {})
    yield Step("started node", "GET", node, keep={"console": "console"}, becomes=started)
    yield Step("start node again", "POST", node + "/start", {})
    yield Step("console", "TELNET", "{console}")
    ends = {"nodes": [end("r1"), end("r2")]}
    yield Step("create link of running node", "POST", "/v2/projects/{p}/links", ends, {"r": "link_id"})
    yield Step("filter of running node", "PUT", link, {"filters": {"delay": [10, 0]}})
    yield Step("suspend link of running node", "PUT", link, {"suspend": True})
    yield Step("resume link of running node", "PUT", link, {"suspend": False, "filters": {}})
    yield Step("start capture", "POST", link + "/start_capture", {})
    yield Step("capturing link", "GET", link, becomes={"capturing": True})
    yield Step("stop capture", "POST", link + "/stop_capture", {})
    yield Step("link after capture", "GET", link, becomes={"capturing": False})
    yield Step("move running node", "PUT", node, {"x": 7})
    yield Step("rename running node", "PUT", node, {"name": "Runner"})
    yield Step("suspend running node", "POST", node + "/suspend", {})
    yield Step("node is not suspended", "GET", node, becomes=started)
    yield Step("reload node", "POST", node + "/reload", {})
    yield Step("reloaded node", "GET", node, becomes=started)
    yield Step("console after reload", "TELNET", "{console}")
    yield Step("reset console of running node", "POST", node + "/console/reset", {})
    yield Step("write script of running node", "POST", node + "/files/startup.vpc", "ip 10.0.0.1\n")
    yield Step("duplicate running node", "POST", node + "/duplicate", {"x": 5, "y": 6})
    yield Step("create snapshot of running node", "POST", "/v2/projects/{p}/snapshots", {"name": "running"})
    yield Step("export running node", "GET", "/v2/projects/{p}/export")
    yield Step("stop running node", "POST", node + "/stop", {})
    yield Step("stopped node", "GET", node, becomes=stopped)
    yield Step("start all nodes", "POST", nodes + "/start", {})
    yield Step("node is started with all", "GET", node, becomes=started)
    yield Step("reload all nodes", "POST", nodes + "/reload", {})
    yield Step("node is reloaded with all", "GET", node, becomes=started)
    yield Step("delete link of running node", "DELETE", link)
    yield Step("delete running node", "DELETE", nodes + "/{r2}")
    yield Step("stop all running nodes", "POST", nodes + "/stop", {})
    yield Step("node is stopped with all", "GET", node, becomes=stopped)
    yield Step("delete node that ran", "DELETE", node)


def _compute() -> Iterator[Step]:
    project, nodes = "/v2/compute/projects/{h}", "/v2/compute/projects/{h}/vpcs/nodes"
    node, port = nodes + "/{v1}", nodes + "/{v1}/adapters/0/ports/0"
    tunnel = {"type": "nio_udp", "lport": "{lport}", "rhost": "127.0.0.1", "rport": "{rport}"}
    capture = {"capture_file_name": "x.pcap", "data_link_type": "DLT_EN10MB"}
    yield Step("compute: create project", "POST", "/v2/compute/projects", {"name": "far"}, {"h": "project_id"})
    yield Step("compute: project", "GET", project)
    yield Step("compute: create node", "POST", nodes, {"name": "V1"}, {"v1": "node_id"})
    yield Step("compute: node", "GET", node, becomes={"status": "stopped"})
    yield Step("compute: nio of no port", "DELETE", port + "/nio")
    yield Step("compute: start without a nio", "POST", node + "/start", {}, {"console": "console"})
    yield Step("compute: started node", "GET", node, becomes={"status": "started"})
    yield Step("compute: console", "TELNET", "{console}")
    yield Step("compute: lease a port", "POST", project + "/ports/udp", {}, {"lport": "udp_port"})
    yield Step("compute: lease another port", "POST", project + "/ports/udp", {}, {"rport": "udp_port"})
    yield Step("compute: bind nio while running", "POST", port + "/nio", tunnel)
    yield Step("compute: filter while running", "PUT", port + "/nio", {**tunnel, "filters": {"delay": [5, 0]}})
    yield Step("compute: suspend while running", "PUT", port + "/nio", {**tunnel, "suspend": True})
    yield Step("compute: start capture", "POST", port + "/start_capture", capture)
    yield Step("compute: stop capture", "POST", port + "/stop_capture", {})
    yield Step("compute: unbind nio while running", "DELETE", port + "/nio")
    yield Step("compute: unbind nio again", "DELETE", port + "/nio")
    yield Step("compute: suspend node", "POST", node + "/suspend", {})
    yield Step("compute: reload node", "POST", node + "/reload", {})
    yield Step("compute: reset console", "POST", node + "/console/reset", {})
    yield Step("compute: stop node", "POST", node + "/stop", {})
    yield Step("compute: stopped node", "GET", node, becomes={"status": "stopped"})
    yield Step("compute: delete node", "DELETE", node)
    yield Step("compute: close project", "POST", project + "/close", {})
    yield Step("compute: close project again", "POST", project + "/close", {})


def _templates() -> Iterator[Step]:
    own = {"name": "mine", "template_type": "vpcs", "compute_id": "local"}
    yield Step("templates", "GET", "/v2/templates")
    yield Step("built-in template", "GET", f"/v2/templates/{VPCS_TEMPLATE}")
    yield Step("create template", "POST", "/v2/templates", own, {"t": "template_id"})
    yield Step("create template without a name", "POST", "/v2/templates", {**own, "name": ""})
    yield Step("create template of no type", "POST", "/v2/templates", {"name": "x", "compute_id": "local"})
    yield Step("create nat template", "POST", "/v2/templates", {**own, "template_type": "nat"})
    yield Step("create template with an unknown key", "POST", "/v2/templates", {**own, "colour": 1})
    yield Step("create template with its id", "POST", "/v2/templates", {**own, "template_id": "{t}"})
    yield Step("template", "GET", "/v2/templates/{t}")
    yield Step("unknown template", "GET", f"/v2/templates/{UNKNOWN}")
    yield Step("change template", "PUT", "/v2/templates/{t}", {"name": "other"})
    yield Step("duplicate template", "POST", "/v2/templates/{t}/duplicate", {}, {"t2": "template_id"})
    yield Step("duplicate built-in template", "POST", f"/v2/templates/{VPCS_TEMPLATE}/duplicate", {})
    yield Step("delete built-in template", "DELETE", f"/v2/templates/{VPCS_TEMPLATE}")
    yield Step("node from template", "POST", "/v2/projects/{p}/templates/{t}", {"x": 1, "y": 2}, {"n": "node_id"})
    yield Step(
        "node from built-in template",
        "POST",
        f"/v2/projects/{{p}}/templates/{VPCS_TEMPLATE}",
        {"x": 1, "y": 2, "compute_id": "local"},
    )
    yield Step(
        "node from built-in template on no compute",
        "POST",
        f"/v2/projects/{{p}}/templates/{VPCS_TEMPLATE}",
        {"x": 1, "y": 2},
    )
    yield Step(
        "cloud from template",
        "POST",
        f"/v2/projects/{{p}}/templates/{CLOUD_TEMPLATE}",
        {"x": 1, "y": 2, "compute_id": "local"},
        {"k": "node_id"},
    )
    yield Step("node from no template", "POST", f"/v2/projects/{{p}}/templates/{UNKNOWN}", {"x": 1, "y": 2})
    yield Step("node from template nowhere", "POST", "/v2/projects/{p}/templates/{t}", {"x": 1})
    yield Step("base configs", "GET", "/v2/templates/base-configs")
    yield Step("write base config", "PUT", "/v2/templates/{t}/base-config/mine.txt", {"content": "ip"})
    yield Step("read base config", "GET", "/v2/templates/{t}/base-config/mine.txt")
    yield Step("delete template", "DELETE", "/v2/templates/{t2}")
    yield Step("delete template again", "DELETE", "/v2/templates/{t2}")
    yield Step("appliances", "GET", "/v2/appliances")


def _symbols() -> Iterator[Step]:
    yield Step("symbols", "GET", "/v2/symbols")
    yield Step("symbol", "GET", "/v2/symbols/:/symbols/vpcs_guest.svg/raw")
    yield Step("unknown symbol", "GET", "/v2/symbols/:/symbols/absent.svg/raw")
    yield Step("size of symbol", "GET", "/v2/symbols/:/symbols/ethernet_switch.svg/dimensions")
    yield Step("default symbols", "GET", "/v2/default_symbols")


def _computes() -> Iterator[Step]:
    far = {"compute_id": "far", "protocol": "http", "host": "127.0.0.1", "port": 1}
    yield Step("computes", "GET", "/v2/computes")
    yield Step("local compute", "GET", "/v2/computes/local")
    yield Step("ports of compute", "GET", "/v2/computes/local/ports")
    yield Step("endpoint", "GET", "/v2/computes/endpoint/local/qemu/images")
    yield Step("create compute", "POST", "/v2/computes", far)
    yield Step("create compute of a strange protocol", "POST", "/v2/computes", {**far, "protocol": "ftp"})
    yield Step("create compute without a host", "POST", "/v2/computes", {"protocol": "http", "port": 1})
    yield Step("create compute named vm", "POST", "/v2/computes", {**far, "compute_id": "vm"})
    yield Step("change compute", "PUT", "/v2/computes/far", {"name": "far away"})
    yield Step("unknown compute", "GET", "/v2/computes/nowhere")
    yield Step("delete compute", "DELETE", "/v2/computes/far")
    yield Step("delete compute again", "DELETE", "/v2/computes/far")


def _snapshots_and_copies() -> Iterator[Step]:
    snapshots = "/v2/projects/{p}/snapshots"
    yield Step("no snapshots yet", "GET", snapshots)
    yield Step("create snapshot", "POST", snapshots, {"name": "s1"}, {"z": "snapshot_id"})
    yield Step("create snapshot again", "POST", snapshots, {"name": "s1"})
    yield Step("create snapshot without a name", "POST", snapshots, {})
    yield Step("create snapshot with a slash", "POST", snapshots, {"name": "a/b"})
    yield Step("snapshots", "GET", snapshots)
    yield Step("restore snapshot", "POST", snapshots + "/{z}/restore")
    yield Step("restore no snapshot", "POST", f"{snapshots}/{UNKNOWN}/restore")
    yield Step("delete snapshot", "DELETE", snapshots + "/{z}")
    yield Step("delete snapshot again", "DELETE", snapshots + "/{z}")
    yield Step("duplicate project", "POST", "/v2/projects/{p}/duplicate", {"name": "copy"}, {"q": "project_id"})
    yield Step("duplicate project without a name", "POST", "/v2/projects/{p}/duplicate", {})
    yield Step("export with a strange compression", "GET", "/v2/projects/{p}/export?compression=7z")
    yield Step("import what is no archive", "POST", f"/v2/projects/{UNKNOWN}/import?name=x", "nonsense")


def _end() -> Iterator[Step]:
    yield Step("close project", "POST", "/v2/projects/{p}/close", {})
    yield Step("close project again", "POST", "/v2/projects/{p}/close", {})
    yield Step("nodes of closed project", "GET", "/v2/projects/{p}/nodes")
    yield Step("links of closed project", "GET", "/v2/projects/{p}/links")
    yield Step("drawings of closed project", "GET", "/v2/projects/{p}/drawings")
    yield Step("stats of closed project", "GET", "/v2/projects/{p}/stats")
    yield Step("node of closed project", "GET", "/v2/projects/{p}/nodes/{a}")
    yield Step(
        "create node in closed project",
        "POST",
        "/v2/projects/{p}/nodes",
        {"name": "x", "node_type": "vpcs", "compute_id": "local"},
    )
    yield Step("create snapshot of closed project", "POST", "/v2/projects/{p}/snapshots", {"name": "x"})
    yield Step("snapshots of closed project", "GET", "/v2/projects/{p}/snapshots")
    yield Step("open project", "POST", "/v2/projects/{p}/open", {})
    yield Step("open project again", "POST", "/v2/projects/{p}/open", {})
    yield Step("nodes of project opened again", "GET", "/v2/projects/{p}/nodes")
    yield Step("delete copy", "DELETE", "/v2/projects/{q}")
    yield Step("delete project", "DELETE", "/v2/projects/{p}")
    yield Step("delete project again", "DELETE", "/v2/projects/{p}")
