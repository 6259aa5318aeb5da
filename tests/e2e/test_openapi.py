"""The OpenAPI document, and the server held against it by schemathesis: bad and good requests of every kind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.e2e.conftest import ServerProcess, StartServer

# Endless replies, and what ends the server.
NOT_CALLED = r"/notifications$|/v2/events$|/pcap$|/stream$|/shutdown$"
# What JSON Schema cannot say, such as that a link has two ends that are free, is refused although the schema allows it.
LEFT_OUT = "positive_data_acceptance"
VERSION_3 = "^/v3/"
# What would change the password of the user who asks, or take too many guesses.
ENDS_TOKENS = "/access/users"
PATIENCE = 240
# The same requests each time, so that no change is blamed for what others would have found. Another one looks for more.
SEED = os.environ.get("GNS3TRIO_TEST_OPENAPI_SEED", "22")

CONFIG = """
base-url = {url}
request-timeout = 20
# 431: the path is longer than a server reads.
checks.negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, 431]

# Each part of a batch is checked by itself: a wrong one is told in its place of the reply.
[[operations]]
include-path-regex = "/batch/"
checks.negative_data_rejection.enabled = false

# Version 3 ignores unknown fields, and reads "50" as a number and "yes" as true, as GNS3 3 does.
[[operations]]
include-path-regex = "^/v3/"
checks.negative_data_rejection.enabled = false
"""
# Operations on something that has an id. The others are the same with a lab and without.
OF_A_LAB = r"\{(project|node|link|drawing|compute)_id\}"
# Ids that exist, so that requests come further than to 404.
WITH_IDS = """
[parameters]
"path.project_id" = {project_id}
"path.node_id" = {node_id}
"path.link_id" = {link_id}
"path.drawing_id" = {drawing_id}
"path.compute_id" = "local"
"""


WITH_TOKEN = """
[headers]
Authorization = "Bearer {token}"
"""


def first_token(server: ServerProcess) -> str:
    """That of the first administrator, of a server that is open to everybody."""
    form = ("-d", "username=admin&password=admin")
    return str(server.curl(*form, f"{server.url}/v3/access/users/login")[1]["access_token"])


def document_of(server: ServerProcess) -> dict[str, Any]:
    status, document = server.get("/openapi.json")
    assert status == 200
    assert isinstance(document, dict)
    return document


def hold_against_schema(server: ServerProcess, folder: Path, settings: str, *options: str) -> None:
    folder.joinpath("schemathesis.toml").write_text(settings)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml"), "run"]
    command += [f"{server.url}/openapi.json", "--exclude-checks", LEFT_OUT]
    command += ["--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", SEED, "--no-color", *options]
    # Without other variables, because its client looks through all of them for proxies before each request.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode == 0, _failures(result.stdout) + result.stderr[-2000:]
    assert server.get("/v2/version")[0] == 200


def _failures(output: str) -> str:
    """What schemathesis found, without its tables."""
    return output.partition("= FAILURES =")[2].partition("= WARNINGS =")[0][:8000] or output[-8000:]


def test_every_operation_keeps_to_its_description(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--log-level", "error")
    hold_against_schema(
        server, tmp_path, CONFIG.format(url=json.dumps(server.url)), "--exclude-path-regex", f"{NOT_CALLED}|{VERSION_3}"
    )


def test_every_operation_of_version_3_keeps_to_its_description(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--log-level", "error")
    settings = CONFIG.format(url=json.dumps(server.url)) + WITH_TOKEN.format(token=first_token(server))
    hold_against_schema(
        server,
        tmp_path,
        settings,
        "--include-path-regex",
        VERSION_3,
        "--exclude-path-regex",
        f"{NOT_CALLED}|{ENDS_TOKENS}",
    )


def test_operations_on_a_lab_keep_to_their_description(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--log-level", "error")
    ids = make_lab(server)
    settings = CONFIG.format(url=json.dumps(server.url)) + WITH_IDS.format_map(
        {name: json.dumps(value) for name, value in ids.items()}
    )
    options = [
        "--exclude-method",
        "DELETE",
        "--include-path-regex",
        OF_A_LAB,
        "--exclude-path-regex",
        rf"{NOT_CALLED}|/close$|/benchmark$|^/v1/|{VERSION_3}|/compute/",
    ]
    hold_against_schema(server, tmp_path, settings, *options)


def make_lab(server: ServerProcess) -> dict[str, str]:
    _, project = server.post("/v2/projects", '{"name": "lab"}')
    path = f"/v2/projects/{project['project_id']}"
    nodes = []
    for number in range(2):
        body = {"name": f"PC{number}", "node_type": "vpcs", "compute_id": "local"}
        nodes.append(server.post(f"{path}/nodes", json.dumps(body))[1]["node_id"])
    ends = [{"node_id": node, "adapter_number": 0, "port_number": 0} for node in nodes]
    _, link = server.post(f"{path}/links", json.dumps({"nodes": ends}))
    _, drawing = server.post(f"{path}/drawings", json.dumps({"svg": "<svg></svg>"}))
    return {
        "project_id": project["project_id"],
        "node_id": nodes[0],
        "link_id": link["link_id"],
        "drawing_id": drawing["drawing_id"],
    }


def test_the_document_is_openapi_and_tells_what_is_there(start_server: StartServer) -> None:
    document = document_of(start_server())
    assert document["openapi"] == "3.1.1"
    operations = [each for path in document["paths"].values() for each in path.values()]
    ids = [each["operationId"] for each in operations]
    assert len(set(ids)) == len(ids) > 180
    assert all(each["summary"] for each in operations)
    assert "/v2/projects/{project_id}/nodes/{node_id}/console/ws" in [each["path"] for each in document["x-websockets"]]
    assert document["paths"]["/v2/events"]["get"]["x-endless"] is True
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "PC1", "node_type": "vpcs", "compute_id": "local"}, 201),
        ({"name": "PC1", "node_type": "vpcs", "compute_id": "local", "x": "left"}, 400),
        ({"name": "", "node_type": "vpcs", "compute_id": "local"}, 400),
        ({"node_type": "vpcs", "compute_id": "local"}, 400),
        ({"name": "PC1", "node_type": "toaster", "compute_id": "local"}, 400),
        ({"name": "PC1", "node_type": "vpcs", "compute_id": "local", "colour": "red"}, 400),
        ({"name": "PC1", "node_type": "vpcs", "compute_id": "local", "console": 70000}, 400),
    ],
)
def test_a_schema_and_the_converter_agree(start_server: StartServer, body: dict[str, Any], status: int) -> None:
    server = start_server()
    schemas = document_of(server)["components"]["schemas"]
    schema = {"$ref": "#/components/schemas/NodeCreate", "components": {"schemas": schemas}}
    assert jsonschema_rs.is_valid(schema, body) == (status == 201)
    _, project = server.post("/v2/projects", '{"name": "lab"}')
    assert server.post(f"/v2/projects/{project['project_id']}/nodes", json.dumps(body))[0] == status
