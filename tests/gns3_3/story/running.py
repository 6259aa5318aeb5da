"""Nodes that run: power, consoles, captures, filters. By the worker."""

from collections.abc import Iterator
from typing import Any

from tests.gns3_3.steps import WORKER, Step, delete, end, get, post, put

_P = "/v3/projects/{p}"
_NODES = _P + "/nodes"
_VPCS: dict[str, Any] = {"node_type": "vpcs", "compute_id": "local"}


def running() -> Iterator[Step]:
    """Two VPCS at a link."""
    w: dict[str, Any] = {"by": WORKER}
    node, link = _NODES + "/{r1}", _P + "/links/{r}"
    started, stopped = {"status": "started"}, {"status": "stopped"}
    yield post("create node to run", _NODES, {"name": "R1", **_VPCS}, keep={"r1": "node_id"}, **w)
    yield post("create other node to run", _NODES, {"name": "R2", **_VPCS}, keep={"r2": "node_id"}, **w)
    yield post("start node", node + "/start", {}, **w)
    yield get("started node", node, becomes=started, **w)
    yield post("start node again", node + "/start", {}, **w)
    yield Step("console", "WS", node + "/console/ws?token={token_worker}", **w)
    yield Step("console", "WS", node + "/console/ws", by="visitor")
    yield Step("console", "WS", node + "/console/ws?token=not.a.token", by="stranger")
    ends = {"nodes": [end("r1"), end("r2")]}
    yield post("create link of running node", _P + "/links", ends, keep={"r": "link_id"}, **w)
    yield put("filter of running node", link, {"filters": {"delay": [10, 0]}}, **w)
    yield put("suspend link of running node", link, {"suspend": True}, **w)
    yield put("resume link of running node", link, {"suspend": False, "filters": {}}, **w)
    yield post("isolate running node", node + "/isolate", {}, **w)
    yield post("unisolate running node", node + "/unisolate", {}, **w)
    yield post("reset link of running node", link + "/reset", {}, **w)
    capture = {"capture_file_name": "story.pcap", "data_link_type": "DLT_EN10MB"}
    yield post("start capture", link + "/capture/start", capture, **w)
    yield get("capturing link", link, becomes={"capturing": True}, **w)
    yield post("start capture again", link + "/capture/start", capture, **w)
    yield Step("stream capture", "STREAM", link + "/capture/stream", **w)
    yield post("stop capture", link + "/capture/stop", **w)
    yield get("link after capture", link, becomes={"capturing": False}, **w)
    yield put("move running node", node, {"x": 7}, **w)
    yield put("rename running node", node, {"name": "Runner"}, **w)
    yield put("the same name for a running node", node, {"name": "R1"}, **w)
    yield post("suspend running node", node + "/suspend", {}, **w)
    yield get("node is not suspended", node, becomes=started, **w)
    yield post("reload node", node + "/reload", {}, **w)
    yield get("reloaded node", node, becomes=started, **w)
    yield post("reset console of running node", node + "/console/reset", {}, **w)
    yield post("write script of running node", node + "/files/startup.vpc", content="ip 10.0.0.1\n", **w)
    yield post("duplicate running node", node + "/duplicate", {"x": 5, "y": 6}, **w)
    yield post("create snapshot of running node", _P + "/snapshots", {"name": "running"}, **w)
    yield get("export running node", _P + "/export", **w)
    yield post("stop running node", node + "/stop", {}, **w)
    yield get("stopped node", node, becomes=stopped, **w)
    yield post("start all nodes", _NODES + "/start", {}, **w)
    yield get("node is started with all", node, becomes=started, **w)
    yield post("reload all nodes", _NODES + "/reload", {}, **w)
    yield get("node is reloaded with all", node, becomes=started, **w)
    yield delete("delete link of running node", link, **w)
    yield delete("delete running node", _NODES + "/{r2}", **w)
    yield post("stop all running nodes", _NODES + "/stop", {}, **w)
    yield get("node is stopped with all", node, becomes=stopped, **w)
    yield delete("delete node that ran", node, **w)
