"""Generates the pages in docs/reference from the program itself.

``python -m tests.docs.reference`` writes them, and a test fails if they are out of date.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_origin
from uuid import uuid4

import httpx
import trio

from gns3trio.api.app import TABLES
from gns3trio.api.openapi import describe_api
from gns3trio.api.v1.events import ACTIONS as V1_ACTIONS
from gns3trio.cli import make_parser
from gns3trio.conditions.impairments import IMPAIRMENT_TYPES, ImpairmentType
from gns3trio.conditions.parameters import Parameter
from gns3trio.config import DEFAULT_FILES, SETTINGS, Config, environment_name
from gns3trio.notifications.events import ACTIONS, COALESCIBLE_ACTIONS
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS
from tests.support.udp import free_port

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "reference"
MANUAL = ROOT / "docs" / "gns3trio.1"
WRITTEN = {"gns3-3.md"}  # by hand; tests/gns3_3 compares it with the program
HEADER = FOLDER.parent.parent / "native" / "udpfwd.h"
_SHARED = ("json", "output", "url", "user", "insecure", "color")
_OF_LISTS = ("--filter", "--name")  # if they choose objects of a list
_COMMAND = "python -m tests.docs.reference"


def pages() -> dict[str, str]:
    """The text of each page, by the name of its file."""
    return {
        "settings.md": settings(),
        "cli.md": command_line(),
        "api.md": api(),
        "events.md": events(),
        "metrics.md": metrics(trio.run(_read_metrics)),
        "impairments.md": impairments(),
    }


def manual() -> str:
    """The manual page, which Sphinx makes of cli.md as it is on the disk."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sphinx", "-b", "man", "--quiet", "-c", "docs/site"]
        # Without a date, because it would be that of the day on which somebody writes it.
        subprocess.run([*command, "-D", "today= ", "-d", f"{folder}/kept", ".", folder], cwd=ROOT, check=True)
        return Path(folder, MANUAL.name).read_text()


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *parts, f"<!-- Written by `{_COMMAND}`. -->"]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _sentence(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


# --- settings ---


def settings() -> str:
    """Every setting, from ``Config``."""
    files = " or ".join(f"`{path}`" for path in reversed(DEFAULT_FILES))
    rows = [
        (f"`{name}`", f"`{_kind(field.type)}`", _default(field.default), field.metadata["doc"])
        for name, field in SETTINGS.items()
    ]
    return _page(
        "Settings",
        f"You can give each setting in a TOML file (`--config FILE`; without it, the first that exists of {files}) as "
        f"`port = 3081`, in the environment as `{environment_name('port')}=3081`, or on the command line as "
        "`--port 3081`. The command line overrides the environment, and the environment overrides the file. "
        "A list is a text with commas, or in a file a list of texts; its flag may be repeated. "
        "If a name or value is unknown, the server reports it and does not start.",
        _table(("setting", "type", "default", "meaning"), rows),
    )


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is tuple:
        return "list"
    return "path" if "Path" in str(annotation) else annotation.__name__


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        value = ", ".join(value)
    return "" if value in (None, "") else f"`{value}`".replace(str(Path.home()), "~")


# --- the command line ---


def command_line() -> str:
    """Every command with its options, from the parser."""
    parser = make_parser()
    parts = [_sentence(parser.epilog or "")]
    for name, command in _subcommands(parser):
        parts.append(f"## {name}\n\n{command.description}{_other_names(parser, name)}")
        if name == "serve":
            parts.append("Its options are the [settings](settings.md).")
            continue
        if not _subcommands(command):
            parts.append(_usage(name, command))
        for action, sub in _subcommands(command):
            parts.append(f"### {name} {action}\n\n{sub.description}{_other_names(command, action)}")
            parts.append(_usage(f"{name} {action}", sub))
    listed = dict(_subcommands(dict(_subcommands(make_parser(["project"])))["project"]))["list"]
    for title, rows in (
        ("Options of all commands that use a server", _rows(listed, _is_shared)),
        ("Options of all lists", _rows(listed, _is_of_lists)),
    ):
        parts.append(f"## {title}\n\n" + _table(("argument", "meaning"), rows))
    parts.append(
        "`--url`, `--user`, `--insecure` and `--color` may stand anywhere on the line. Options are written in full. "
        "`-o name` prints the names alone, one in a line, for other commands; `-o wide` shows more columns."
    )
    return _page("Command line", *(part for part in parts if part))


def _subcommands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    """The subcommands by their names, without other names of the same."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [(each.dest, action.choices[each.dest]) for each in action._choices_actions]
    return []


def _other_names(parser: argparse.ArgumentParser, name: str) -> str:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            others = [other for other, sub in action.choices.items() if sub is action.choices[name] and other != name]
            return "".join(f" Also: `{other}`." for other in others)
    return ""


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    actions = [
        each for each in parser._actions if not isinstance(each, argparse._SubParsersAction | argparse._HelpAction)
    ]
    if not actions:
        return ""
    words = [f"gns3trio {name}"]
    for action in actions:
        if not action.option_strings:
            word = str(action.metavar or action.dest)
            words.append({"?": f"[{word}]", "*": f"[{word} ...]", "+": f"{word} ..."}.get(str(action.nargs), word))
    rows = _rows(parser, lambda action: not _is_shared(action) and not _is_of_lists(action))
    options = " [OPTIONS]" if any(action.option_strings for action in actions) else ""
    usage = f"`{' '.join(words)}{options}`"
    return f"{usage}\n\n{_table(('argument', 'meaning'), rows)}" if rows else usage


def _is_shared(action: argparse.Action) -> bool:
    return action.dest in _SHARED


def _is_of_lists(action: argparse.Action) -> bool:
    return action.dest in ("conditions", "name_part") and action.option_strings[0] in _OF_LISTS


def _rows(parser: argparse.ArgumentParser, is_wanted: Callable[[argparse.Action], bool]) -> list[tuple[str, str]]:
    """The arguments that are wanted, with their help."""
    actions = [each for each in parser._actions if each.dest != "help" and each.help and is_wanted(each)]
    return [(_flags(each), _sentence((each.help or "").replace("%%", "%"))) for each in actions]


def _flags(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    if action.choices:
        value = " " + "|".join(map(str, action.choices))
    return ", ".join(f"`{flag}{value}`" for flag in action.option_strings)


# --- the API ---


def api() -> str:
    """Every route, from the OpenAPI description."""
    document = describe_api(TABLES)
    schemas = document["components"]["schemas"]
    parts = [
        "A running server shows this list with all schemas at `/docs`, and as OpenAPI 3.1 at `/openapi.json`. "
        "[Conformance](../conformance.md) lists the routes of GNS3. Required fields are in bold.",
        *(line for line in document["info"]["description"].split("\n\n") if line),
    ]
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    for tag in (each["name"] for each in document["tags"]):
        rows = [
            (f"`{method} {path}`", _sentence(operation["summary"]), _inputs(operation, schemas))
            for method, path, operation in operations
            if tag in operation["tags"]
        ]
        parts.append(f"## {tag}\n\n" + _table(("route", "effect", "fields of the body, parameters of the query"), rows))
    rows = [(f"`{each['path']}`", _sentence(each["summary"]), "") for each in document["x-websockets"]]
    parts.append("## Websockets\n\n" + _table(("route", "effect", ""), rows))
    return _page("API", *parts)


def _inputs(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    words = [
        f"`?{each['name']}`: {each['description']}" for each in operation.get("parameters", []) if each["in"] == "query"
    ]
    reference = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if reference is not None:
        schema = schemas[reference["$ref"].rpartition("/")[2]]
        required = schema.get("required", [])
        names = [f"**`{name}`**" if name in required else f"`{name}`" for name in schema.get("properties", {})]
        words.insert(0, ", ".join(names))
    elif "requestBody" in operation:
        words.insert(0, "the bytes")
    return "; ".join(word for word in words if word)


# --- events ---


def events() -> str:
    """Every event, from ``ACTIONS``."""
    rows = [(f"`{action}`", text, _streams(action)) for action, text in ACTIONS.items()]
    return _page(
        "Events",
        'An event is a line of JSON, `{"action": ..., "event": ...}`. `/v2/events` also gives it an `id`, and sends it '
        "as a server-sent event, and names as `user` whose request has caused it, if somebody has logged in; see "
        "[how to follow events](../how-to/follow-events.md).",
        _table(("action", "payload", "streams"), rows),
        "*server* is `/v2/notifications`, *project* is `/v2/projects/{id}/notifications`, *version 1* is "
        "`/v1/projects/{id}/notifications`; all but version 1 have a websocket at `.../ws` too. `/notifications` and "
        "`/v2/events` carry the events of *server* and of all projects. `/v3/notifications` and "
        "`/v3/projects/{id}/notifications` carry those that GNS3 3 knows, in its words; the first one begins with the "
        "state of every compute. A slow client may lose a "
        f"{' or a '.join(f'`{action}`' for action in sorted(COALESCIBLE_ACTIONS))}, because the next one contains the "
        "same information.",
    )


def _streams(action: str) -> str:
    if action in V1_ACTIONS:
        return "version 1"
    kind = action.partition(".")[0]
    if action == "ping":
        return "all"
    if kind == "events":
        return "`/v2/events`"
    if kind == "log":
        return "the project that it concerns, otherwise server"
    is_of_server = kind in ("compute", "project", "template") and action != "project.mesh"  # what goes on in a project
    return "server" if is_of_server else "project"


# --- metrics ---


async def _read_metrics() -> str:
    with TemporaryDirectory() as folder:
        config = Config(projects_path=Path(folder), port=0, trunk_port=free_port())
        async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
            await _open_trunk(http, config)
            project = (await http.post("/v2/projects", json={"name": "lab"})).json()
            path = f"/v2/projects/{project['project_id']}"
            ends = []
            for number in range(2):
                hub = {"name": f"hub{number}", "node_type": "ethernet_hub", "compute_id": "local"}
                node = (await http.post(f"{path}/nodes", json=hub)).json()
                ends.append({"node_id": node["node_id"], "adapter_number": 0, "port_number": 0})
            (await http.post(f"{path}/links", json={"nodes": ends})).raise_for_status()
            return (await http.get("/metrics")).text


async def _open_trunk(http: httpx.AsyncClient, config: Config) -> None:
    """A trunk that leads to this server itself, with an end of a link."""
    path = f"/v2/compute/projects/{(project_id := str(uuid4()))}"
    (await http.post("/v2/compute/projects", json={"name": "x", "project_id": project_id})).raise_for_status()
    hub = {"node_type": "ethernet_hub", "node_id": str(uuid4()), "name": "hub", "properties": {}}
    (await http.post(f"{path}/batch/create", json={"nodes": [hub]})).raise_for_status()
    leased = (await http.post(f"{path}/batch/lease", json={"leases": [{"kind": "trunk"}]})).json()
    vni = leased["leases"][0]["vni"]
    nio = {"type": "nio_trunk", "rhost": "127.0.0.1", "rport": config.trunk_port, "vni_in": vni, "vni_out": vni}
    conditions = {"filters": {}, "impairments": [], "seed": None, "suspend": False, "is_first": True}
    port = {"node_id": hub["node_id"], "adapter_number": 0, "port_number": 1}
    joint = {"ports": [port], "nio": nio, "conditions": conditions}
    (await http.post(f"{path}/batch/join", json={"joints": [joint]})).raise_for_status()
    with trio.fail_after(30):
        while (await http.get("/v2/compute/trunks")).json()["peers"][0]["mtu"] is None:
            await trio.sleep(0.02)


def metrics(text: str) -> str:
    """Every metric, from the answer of a server with one link, and a trunk."""
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.MULTILINE))
    labels: dict[str, list[str]] = {}
    for name, inside in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE):
        labels[name] = re.findall(r'(\w+)="', inside)
    for name in helps:
        if f"{name}_bucket" in labels:
            labels[name] = labels[f"{name}_bucket"]
        if name.endswith("_starts_total"):  # which nobody has asked for
            labels.setdefault(name, ["node_type"])
        if name.startswith(("gns3trio_link_", "gns3trio_port_")):  # what is 0 here
            place = ["link_id"] if name.startswith("gns3trio_link_") else ["node_id", "port"]
            reason = ["reason"] if name.startswith("gns3trio_link_") and "dropped" in name else []
            is_one = name == "gns3trio_link_metrics_left_out"
            labels.setdefault(name, [] if is_one else ["project_id", *place, "direction", *reason])
        if name.startswith("gns3trio_node_"):
            labels.setdefault(name, ["project_id", "node_id"])  # of nodes with a process, of which this server has none
    rows = [
        (f"`{name}`", kinds[name], ", ".join(f"`{label}`" for label in labels.get(name, [])), helps[name])
        for name in helps
    ]
    return _page(
        "Metrics",
        "`GET /metrics` is for Prometheus (text format 0.0.4). See [how to monitor a server]"
        "(../how-to/watch-a-server.md).",
        _table(("metric", "kind", "labels", "meaning"), rows),
        "`direction` of a link is `a_to_b` or `b_to_a`; of a port it is `in` (to the node) or `out`. `reason` is the "
        "reason why a frame was dropped, as in `GET .../statistics`:",
        _table(("reason", "the frame"), _drop_reasons()),
    )


def _drop_reasons() -> list[tuple[str, str]]:
    """The contract of the core has them with their meaning."""
    found = re.findall(r"^ +UDPFWD_DROP_(\w+), +/\* (.*) \*/$", HEADER.read_text(), re.MULTILINE)
    return [(f"`{name.lower()}`", text) for name, text in found]


# --- impairments ---


def impairments() -> str:
    """Every type of impairment with its fields, from the table of them."""
    parameters = {parameter.name: parameter for kind in IMPAIRMENT_TYPES.values() for parameter in kind.parameters}
    return _page(
        "Impairments",
        "See [how to impair a link](../how-to/impair-a-link.md). On the command line VALUES stand in the order of the "
        "fields; those in brackets may be left out, as in the API. A running server lists the types at "
        "`GET /v2/impairment_types`.",
        _table(("type", "fields", "command line", "effect"), map(_impairment_row, IMPAIRMENT_TYPES.values())),
        _table(("field", "unit", "from", "to", "default", "meaning"), map(_parameter_row, parameters.values())),
    )


def _impairment_row(kind: ImpairmentType) -> tuple[str, ...]:
    fields = ", ".join(f"`{parameter.name}`" for parameter in kind.parameters)
    values = ",".join(parameter.short_name for parameter in kind.needed)
    values += "".join(f"[,{parameter.short_name}]" for parameter in kind.possible)
    return f"`{kind.name}`", fields, f"`{kind.name}={values}`", kind.effect


def _parameter_row(parameter: Parameter) -> tuple[str, ...]:
    is_possible = any(parameter in kind.possible for kind in IMPAIRMENT_TYPES.values())
    default = str(parameter.default).removesuffix(".0") if is_possible else ""
    if isinstance(parameter.default, str):
        return f"`{parameter.name}`", "text", "", f"{parameter.most} characters", default, parameter.description
    bounds = str(parameter.least), str(parameter.most)
    return f"`{parameter.name}`", parameter.unit, *bounds, default, parameter.description


def write() -> None:
    """Write all pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
    MANUAL.write_text(manual())


if __name__ == "__main__":
    write()
