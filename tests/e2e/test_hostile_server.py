"""What a server tells is shown without control characters, whatever command asks: names come from files of others."""

import ast
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from gns3trio.printable import escape, hidden_character
from gns3trio.topology_yaml import format_yaml, parse_yaml
from tests.e2e.conftest import PATIENCE
from tests.e2e.shell import COMMAND

EVIL = "a\x1b]0;owned\x07\x1b[31m\u202eb\x9b1m\nINFO: all is well"
PROJECT_ID = "00000000-0000-4000-8000-000000000001"
PROJECT = {"name": EVIL, "project_id": PROJECT_ID, "status": "opened", "path": f"/tmp/{EVIL}"}
NODES = [
    {
        "name": f"{EVIL}{number}",
        "node_id": f"00000000-0000-4000-8000-00000000000{number}",
        "node_type": EVIL,
        "status": "started",
        "console": 5000,
        "console_host": EVIL,
        "console_type": "telnet",
        "compute_id": EVIL,
        "node_directory": EVIL,
        "command_line": EVIL,
        "properties": {EVIL: EVIL},
        "symbol": EVIL,
        "ports": [{"name": EVIL, "short_name": EVIL, "adapter_number": 0, "port_number": 0}],
        "locked": False,
        "label": {"text": EVIL, "style": EVIL, "x": 0, "y": 0, "rotation": 0},
        **{"x": 0, "y": 0, "z": 1, "width": 60, "height": 60},
    }
    for number in (2, 3)
]
LINK: dict[str, Any] = {
    "link_id": "00000000-0000-4000-8000-000000000004",
    "nodes": [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in NODES],
    "filters": {EVIL: [EVIL]},
    "link_style": {"color": EVIL},
    "suspend": False,
    "capturing": False,
    "capture_file_name": EVIL,
    "capture_file_path": EVIL,
}
DRAWING = {
    **{"drawing_id": EVIL, "svg": f"<svg width='9' height='9'><text>{EVIL}</text></svg>", "locked": False},
    **{"x": 0, "y": 0, "z": 2, "rotation": 0},
}
DOCUMENT = {"nodes": {EVIL: {"node_type": "vpcs", "label": {"style": EVIL}}}, "links": [], "left_out": {EVIL: EVIL}}
CHANGE = {"action": "update", "kind": "node", "name": EVIL, "fields": {EVIL: {"from": EVIL, "to": EVIL}}}
COMPUTE: dict[str, Any] = {
    **{"compute_id": EVIL, "name": EVIL, "protocol": EVIL, "host": EVIL, "port": 1, "user": EVIL, "last_error": EVIL},
    **{"connected": True, "cpu_usage_percent": 1.0, "memory_usage_percent": 1.0},
    "capabilities": {"node_types": [EVIL], "version": EVIL},
}
COUNT = {"total": 1, "started": 1}
HOST = {
    **{"compute_id": EVIL, "own_version": EVIL, "confirmed": True, "has_certificate": True, "nodes": COUNT},
    "node_types": [{"node_type": EVIL, **COUNT}],
    "projects": [{"project_id": EVIL, "name": EVIL, **COUNT}],
    "links": [{"compute_id": EVIL, "links": 1}],
}
PEER = {
    **{"compute_id": None, "host": EVIL, "state": EVIL, "reason": EVIL, "round_trip_ms": 1.0, "loss_percent": 0.0},
    **{"mtu": 1500, "largest_frame": 1464, "links": 1, "sent_bytes": 1, "received_bytes": 1},
}
BASE = f"/v2/projects/{PROJECT_ID}"
REPLIES: dict[str, Any] = {
    "/v2/projects": [PROJECT],
    BASE: PROJECT,
    f"{BASE}/stats": {EVIL: 1, "nodes": 2, "links": 1},
    f"{BASE}/open": PROJECT,
    f"{BASE}/nodes": NODES,
    f"{BASE}/links": [LINK],
    f"{BASE}/drawings": [DRAWING],
    f"{BASE}/snapshots": [{"name": EVIL, "snapshot_id": EVIL, "created_at": 1, "description": EVIL}],
    f"{BASE}/versions": [{"version": EVIL, "saved_at": EVIL, "nodes": 1, "links": 1}],
    "/v2/node_types": [{"node_type": EVIL, "title": EVIL, "runs_here": False, "emulator": EVIL, "engines": [EVIL]}],
    "/v2/version": {"version": EVIL, "gns3trio_version": EVIL},
    "/v2/symbols": [{"symbol_id": EVIL, "filename": EVIL, "builtin": True, "theme": EVIL}],
    "/v2/templates": [
        {"name": EVIL, "template_id": EVIL, "template_type": EVIL, "category": EVIL, "builtin": False, EVIL: EVIL}
    ],
    f"{BASE}/problems": {"file": [EVIL], "nodes": [], "links": []},
    f"{BASE}/topology": DOCUMENT,
    f"{BASE}/topology?dry_run=true": {"changes": [CHANGE], "dry_run": True},
    "/v2/computes": [COMPUTE, {**COMPUTE, "compute_id": "other", "name": "other"}],
    "/v2/hosts": [HOST],
    f"/v2/computes/{quote(EVIL, safe='')}/trunks": {"port": 1, "trouble": EVIL, "peers": [PEER], "dropped": {}},
    f"{BASE}/links/{LINK['link_id']}/impairments": {"impairments": [], "seed": None},
}


class _Evil(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.path in REPLIES
        if (self.command, self.path) == ("POST", "/v2/projects"):
            reply: Any = PROJECT
        else:
            reply = REPLIES.get(self.path, {"message": f"{EVIL} of {self.path}", "status": 404})
        is_yaml = found and "yaml" in (self.headers.get("Accept") or "")
        text = format_yaml(reply) if is_yaml else json.dumps(reply, ensure_ascii=False)
        body = (f"# \x1b[2J\u202e\n{text}" if is_yaml else text).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def evil_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Evil)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def run(url: str, *words: str) -> str:
    """What a command prints, errors included."""
    command = [*COMMAND, *words, "--url", url]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
    return result.stdout.decode()


COMMANDS = [
    ("project", "list"),
    ("project", "show", PROJECT_ID),
    ("project", "open", PROJECT_ID),
    ("project", "problems", PROJECT_ID),
    ("project", "create", "x"),
    ("project", "export", PROJECT_ID, "/nowhere/x"),
    ("node", "list", PROJECT_ID),
    ("node", "show", PROJECT_ID, NODES[0]["node_id"]),
    ("node", "start", PROJECT_ID, NODES[0]["node_id"]),
    ("node", "list", EVIL),
    ("node", "types"),
    ("link", "list", PROJECT_ID),
    ("link", "show", PROJECT_ID, LINK["link_id"]),
    ("topology", "export", PROJECT_ID),
    ("topology", "draw", PROJECT_ID),
    ("topology", "diff", PROJECT_ID, "/dev/null"),
    ("console", PROJECT_ID, NODES[0]["node_id"]),
    ("compute", "list"),
    ("compute", "show", EVIL),
    ("compute", "trunks"),
    ("compute", "trunks", EVIL),
    ("watch",),
    ("status",),
    ("version",),
    ("snapshot", "list", PROJECT_ID),
    ("node", "create", PROJECT_ID, "vpcs", "PC1"),
    ("template", "create", "vpcs", "PC1"),
    ("drawing", "list", PROJECT_ID),
    ("drawing", "show", PROJECT_ID, EVIL),
    ("recover", PROJECT_ID, "--list"),
    ("symbol", "list"),
    ("template", "list"),
    ("template", "show", EVIL),
]
# Commands that have fewer forms of output.
NO_OTHER_FORM = {"topology", "console", "watch"}
NO_NAMES = {("project", "problems"), ("version",)}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("form", ["table", "json", "wide", "yaml", "name"])
def test_a_command_prints_no_control_characters(evil_server: str, words: tuple[str, ...], form: str) -> None:
    if form != "table" and words[:2] in (("topology", "draw"), ("console", PROJECT_ID)):
        return
    if form in ("wide", "yaml", "name") and (words[0] in NO_OTHER_FORM or words[:2] in NO_NAMES):
        return
    options = {"table": [], "json": ["--json"]}.get(form, ["-o", form])
    printed = run(evil_server, *words, *options)
    assert printed
    assert hidden_character(printed.replace("\n", "")) is None, printed
    assert "Traceback" not in printed
    assert not any(line.startswith("INFO:") for line in printed.splitlines())


def test_what_is_escaped_can_be_read_back(evil_server: str) -> None:
    assert json.loads(run(evil_server, "node", "list", PROJECT_ID, "--json")) == NODES
    printed = run(evil_server, "topology", "export", PROJECT_ID)
    document, told = printed[: printed.index("gns3trio: ")], printed[printed.index("gns3trio: ") :]
    assert parse_yaml(document.encode()) == DOCUMENT
    assert told.count("\n") == 1 and f"{escape(EVIL)} is left out: {escape(EVIL)}" in told
    picture = ElementTree.fromstring(run(evil_server, "topology", "draw", PROJECT_ID))
    assert escape(EVIL) in [element.text for element in picture.iter()]


def test_names_stand_under_the_heads_of_their_columns(evil_server: str) -> None:
    head, row = run(evil_server, "project", "list").splitlines()
    assert row.index("opened") == head.index("STATUS")


# Own text, or what a console prints, which is meant for a terminal.
PRINTERS = {
    "output.py",
    "questions.py",
    "demo.py",
    "progress.py",
    "completion.py",
    "console.py",
    "web_ui.py",
    "doctor.py",
}


def test_commands_print_by_what_escapes() -> None:
    folder = Path(__file__).parents[2] / "gns3trio/commands"
    printing = {
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing <= PRINTERS
