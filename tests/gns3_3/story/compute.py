"""The compute API, by another controller."""

from collections.abc import Iterator
from typing import Any

from tests.gns3_3.steps import ADMIN, CONTROLLER, UNKNOWN, VISITOR, Step, delete, get, post, put

_C = "/v3/compute"
_PROJECT, _NODES = _C + "/projects/{h}", _C + "/projects/{h}/vpcs/nodes"
_HOSTED = "55555555-0000-4000-8000-000000000000"


def compute() -> Iterator[Step]:
    """A hosted project with a VPCS and a switch."""
    c: dict[str, Any] = {"by": CONTROLLER}
    yield get("compute version", _C + "/version", by=VISITOR)
    yield get("compute version by a token", _C + "/version", by=ADMIN)
    yield get("compute version", _C + "/version", **c)
    yield get("capabilities", _C + "/capabilities", **c)
    yield get("compute statistics", _C + "/statistics", **c)
    yield get("compute interfaces", _C + "/network/interfaces", **c)
    yield get("compute ports", _C + "/network/ports", **c)
    yield get("compute images", _C + "/qemu/images", **c)
    yield get("unknown path", _C + "/nothing", **c)
    yield get("controller with the compute's user", "/v3/projects", **c)
    yield post(
        "create project", _C + "/projects", {"name": "far", "project_id": _HOSTED}, keep={"h": "project_id"}, **c
    )
    yield post("create project without an id", _C + "/projects", {"name": "far"}, **c)
    yield get("project", _PROJECT, **c)
    yield get("projects", _C + "/projects", **c)
    yield get("unknown project", f"{_C}/projects/{UNKNOWN}", **c)
    yield put("change project", _PROJECT, {"variables": [{"name": "a", "value": "b"}]}, **c)
    node, port = _NODES + "/{v1}", _NODES + "/{v1}/adapters/0/ports/0"
    yield post(
        "create node", _NODES, {"name": "V1", "builtin": True, "startup_script": None}, keep={"v1": "node_id"}, **c
    )
    yield post("create node without a name", _NODES, {}, **c)
    yield get("node", node, **c)
    yield get("unknown node", f"{_NODES}/{UNKNOWN}", **c)
    yield put("rename node", node, {"name": "V2", "console_type": "telnet"}, **c)
    yield post("start", node + "/start", **c)
    yield get("started node", node, becomes={"status": "started"}, **c)
    yield post("lease a port", _PROJECT + "/ports/udp", keep={"lport": "udp_port"}, **c)
    yield post("lease another port", _PROJECT + "/ports/udp", keep={"rport": "udp_port"}, **c)
    tunnel = {"type": "nio_udp", "lport": "{lport}", "rhost": "127.0.0.1", "rport": "{rport}"}
    yield post("bind nio", port + "/nio", {**tunnel, "filters": {}, "suspend": False}, **c)
    yield post("bind nio of a strange type", port + "/nio", {**tunnel, "type": "nio_toy"}, **c)
    yield put("filter", port + "/nio", {**tunnel, "filters": {"delay": [5, 0]}}, **c)
    yield put("suspend", port + "/nio", {**tunnel, "filters": {"frequency_drop": [-1]}, "suspend": True}, **c)
    capture = {"capture_file_name": "x.pcap", "data_link_type": "DLT_EN10MB"}
    yield post("start capture", port + "/capture/start", capture, **c)
    yield post("stop capture", port + "/capture/stop", **c)
    yield delete("unbind nio", port + "/nio", **c)
    yield delete("unbind nio again", port + "/nio", **c)
    yield post("suspend node", node + "/suspend", **c)
    yield post("reload node", node + "/reload", **c)
    yield post("reset console", node + "/console/reset", **c)
    yield post("stop node", node + "/stop", **c)
    yield get("stopped node", node, becomes={"status": "stopped"}, **c)
    switches = _PROJECT + "/ethernet_switch/nodes"
    yield post("create switch", switches, {"name": "SW", "console_type": "none"}, keep={"sw": "node_id"}, **c)
    yield post("start switch", switches + "/{sw}/start", **c)
    yield post("create hub", _PROJECT + "/ethernet_hub/nodes", {"name": "HUB"}, **c)
    yield post("create cloud", _PROJECT + "/cloud/nodes", {"name": "CLOUD"}, **c)
    yield post("write file", _PROJECT + "/files/sub/x.txt", content="x", **c)
    yield get("files", _PROJECT + "/files", **c)
    yield get("read file", _PROJECT + "/files/sub/x.txt", **c)
    yield get("read no file", _PROJECT + "/files/absent.txt", **c)
    yield delete("delete node", node, **c)
    yield post("close project", _PROJECT + "/close", **c)
    yield post("close project again", _PROJECT + "/close", **c)
