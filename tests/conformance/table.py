"""The conformance table: each route of GNS3 2.2.61, and how this server answers it.

``python -m tests.conformance.table`` writes docs/conformance.md; a test keeps it true.
"""

import re
from pathlib import Path
from typing import Literal

import attrs
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute

from gns3trio.api.app import TABLES
from gns3trio.compute.emulators import EMULATOR_OF_TYPE

ROUTES = Path(__file__).with_name("routes.txt")
DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "conformance.md"

Answer = Literal["fully", "partly", "refused"]
# Routes that are there, but do less than those of GNS3, and why. The first pattern that matches counts.
PARTLY = (
    (
        r"/v2/computes$|/v2/computes/\{compute_id\}$",
        "one that a project's file names is not contacted before it is confirmed",
    ),
    (
        r"/v2/computes/.*",
        "forwarded to a compute on another host; this server itself has QEMU, Docker and images only; 409 for others",
    ),
    (r"/v2/compute/.*/qemu/nodes$", "where QEMU is installed; no legacy networking, which QEMU has no longer"),
    (r"/v2/compute/.*/docker/nodes$", "where there is a Docker engine; no screens (vnc)"),
    (r"/v2/gns3vm.*", "settings are stored; no virtual machine is started"),
    (r"/v2/iou_license", "stored; IOU is not run"),
    (r"/v2/appliances", "those in a folder; none is shipped, and none is downloaded"),
    (
        r".*/(auto_idlepc|idlepc_proposals)$",
        "forwarded for a node on another host; 409 for others, because Dynamips is not run",
    ),
    (r"/v2/templates.*", "a node of an emulator can be made from one on another host only"),
    (
        r"/v2/projects/\{project_id\}/templates/.*",
        "409 for templates of emulators, unless their compute is another host that runs them; without a compute the "
        "least loaded one is chosen, where GNS3 answers 404",
    ),
    (
        r"/v2/projects/\{project_id\}/nodes$",
        "vpcs, ethernet_switch, ethernet_hub, cloud, nat, docker, and qemu where it is installed; other types 409",
    ),
    (
        r"(?!.*/(qemu|docker)/).*/suspend$",
        "as in GNS3, nothing happens for types that run here, except qemu and docker",
    ),
    (r"/static/.*", "the web UI is served once `gns3trio web-ui install` has put it there"),
    (r"/(debug|upload|compute|controller)?$|/projects/.*", "pages of our own"),
)
REFUSED = (
    (r"/v2/compute/.*/(frame_relay_switch|atm_switch)/.*", "Dynamips is not run"),
    *(
        (rf"/v2/compute/(?!\w+/images)(.*/)?{node_type}/.*", f"{emulator} is not run")
        for node_type, emulator in EMULATOR_OF_TYPE.items()
    ),
    (r"/v2/compute/.*(nat|cloud).*/duplicate", "GNS3 has none either"),
)


@attrs.frozen
class Row:
    """A route of GNS3 and our answer."""

    method: str
    path: str
    answer: Answer
    why: str = ""


def read_routes() -> list[tuple[str, str]]:
    """Method and path of every route of GNS3."""
    lines = [line.split(" ", 1) for line in ROUTES.read_text().splitlines() if not line.startswith("#")]
    return [(method, path) for method, path in lines]


def example(path: str) -> str:
    """A path that fits a pattern of GNS3."""
    path = re.sub(r"\{(adapter_number|port_number)[^}]*\}", "0", path)
    path = re.sub(r"\{symbol_id[^}]*\}", ":/symbols/computer.svg", path)
    path = re.sub(r"\{emulator\}", "vpcs", path)
    return re.sub(r"\{\w+[^}]*\}", "11111111-2222-3333-4444-555555555555", path)


def has_route(method: str, path: str) -> bool:
    """Whether a route of ours takes the method at a path that fits."""
    routes: list[BaseRoute] = [route for table in TABLES for route in table.routes]
    for route in routes:
        if isinstance(route, WebSocketRoute):
            scope = {"type": "websocket", "path": example(path), "method": method}
        else:
            assert isinstance(route, Route)
            scope = {"type": "http", "path": example(path), "method": method}
        if route.matches({**scope, "root_path": ""})[0] is Match.FULL:
            return True
    return False


def first_match(patterns: tuple[tuple[str, str], ...], path: str) -> str | None:
    """The reason of the first pattern that the path fits."""
    return next((why for pattern, why in patterns if re.fullmatch(pattern, path)), None)


def table() -> list[Row]:
    """Every route of GNS3. Raises LookupError for one that is not here and about which nothing is said."""
    rows: list[Row] = []
    for method, path in read_routes():
        refused = first_match(REFUSED, path)
        if refused is not None:
            rows.append(Row(method, path, "refused", refused))
        elif not has_route(method, path):
            raise LookupError(f"{method} {path}: there is no such route, and no reason why")
        else:
            partly = first_match(PARTLY, path)
            rows.append(Row(method, path, "partly" if partly else "fully", partly or ""))
    return rows


def render(rows: list[Row]) -> str:
    """The document."""
    counts = {answer: sum(row.answer == answer for row in rows) for answer in ("fully", "partly", "refused")}
    lines = [
        "# Conformance with GNS3 2.2.61",
        "",
        "Generated by `python -m tests.conformance.table` from the routes of a running gns3-server and of this server.",
        "*Fully*: as GNS3 answers, without GNS3's defects. *Partly*: the route exists and does less.",
        "*Refused*: 409 with a JSON error that names the emulator; 404 or 405 if the route needs no emulator.",
        "",
        f"{counts['fully']} fully, {counts['partly']} partly, {counts['refused']} refused.",
        "",
        "| Method | Path | Answered | |",
        "|---|---|---|---|",
    ]
    lines += [f"| {row.method} | `{row.path.replace('|', chr(92) + '|')}` | {row.answer} | {row.why} |" for row in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    DOCUMENT.write_text(render(table()))
