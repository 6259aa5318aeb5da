"""Addresses, numbers and headers that are wrong in every way are refused, and none is an error of the server."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import trio

from tests.support.described import DOCUMENT
from tests.support.server import Server

HOSTILE_PARTS = {
    "long": "a" * 300,
    "longer": "a" * 5000,
    "null": "%00",
    "not UTF-8": "%ff%fe",
    "half a character": "%ed%a0%80",
    "parent": "%2e%2e",
    "up and away": "..%2f..%2f..%2fetc%2fpasswd",
    "control": "%1b%5b31m%0a",
    "blank": "%20",
    "digits": "9" * 5000,
    "negative": "-1",
    "other digits": "%d9%a1%d9%a2",
    "percent": "%25s%25n%zz",
    "braces": "%7b0%7d%7b0.__class__%7d",
}
# What opens a stream without end, stops the server, or takes long by nature.
LEFT_OUT = {"/v2/shutdown"}
OPERATIONS = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if path not in LEFT_OUT and not operation.get("x-endless")
]


def parameters(method: str, path: str) -> list[dict[str, Any]]:
    return DOCUMENT["paths"][path][method.lower()].get("parameters", [])


@pytest.mark.parametrize("kind", HOSTILE_PARTS)
async def test_no_part_of_a_path_is_an_error_of_the_server(server: Server, project: dict[str, Any], kind: str) -> None:
    node = await server.request(
        "POST",
        f"/v2/projects/{project['project_id']}/nodes",
        {"name": "N", "node_type": "ethernet_hub", "compute_id": "local"},
        201,
    )
    good = {"project_id": project["project_id"], "node_id": node["node_id"], "node_type": "ethernet_hub"}
    good |= {"compute_id": "local", "adapter_number": "0", "port_number": "0", "emulator": "qemu", "path": "x"}
    for method, path in OPERATIONS:
        if method == "DELETE" or path.endswith("/close"):
            continue
        names = [each["name"] for each in parameters(method, path) if each["in"] == "path"]
        for hostile in names:
            values = {name: good.get(name, "x") for name in names} | {hostile: HOSTILE_PARTS[kind]}
            reply = await server.http.request(method, path.format(**values), content=b"{}")
            assert reply.status_code < 500, (method, path, hostile, reply.text)


@pytest.mark.parametrize("value", ["9" * 5000, "x" * 5000, "%00", "%ff", "-1", "1e400", "%1b", ""])
async def test_no_query_is_an_error_of_the_server(server: Server, project: dict[str, Any], value: str) -> None:
    for method, path in OPERATIONS:
        for name in [each["name"] for each in parameters(method, path) if each["in"] == "query"]:
            where = path.replace("{project_id}", project["project_id"])
            reply = await server.http.request(method, f"{where}?{name}={value}", content=b"{}")
            assert reply.status_code < 500, (method, path, name, reply.text)
    reply = await server.http.get(f"/v2/version?{'&'.join(['a=b'] * 10_000)}")
    assert (reply.status_code, reply.json()["message"][:6]) == (400, "query:")


async def test_a_path_that_no_file_can_have_is_not_found(server: Server, project: dict[str, Any]) -> None:
    for path in ("/static/app/", "/static/web-ui/", f"/v2/projects/{project['project_id']}/files/", "/"):
        for part in ("a" * 300, "a/" * 200 + "b", "%00", "%ff"):
            reply = await server.http.get(path + part)
            assert reply.status_code == 404, (path, part[:20], reply.text)


async def test_a_folder_that_no_project_can_have(server: Server, project: dict[str, Any]) -> None:
    for part in ("a" * 300, "a/" * 3000, "\0", "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")):
        path = f"{server.config.projects_path}/{part}"
        for where, body in (
            ("/v2/projects", {"name": "x", "path": path}),
            ("/v1/projects", {"name": "x", "path": path}),
            ("/v2/projects/load", {"path": path}),
            (f"/v2/projects/{project['project_id']}/duplicate", {"name": "x", "path": path}),
        ):
            reply = await server.http.post(where, json=body)
            assert reply.status_code < 500, (where, part[:20], reply.text)
            if reply.is_success:
                await server.request("DELETE", f"/v2/projects/{reply.json()['project_id']}")


async def raw(server: Server, request: bytes) -> bytes:
    """The first bytes of the answer."""
    address = urlsplit(server.url)
    client = await trio.open_tcp_stream(address.hostname or "", address.port or 0)
    async with client:
        await client.send_all(request)
        with trio.fail_after(30):
            answer = b""
            while b"\r\n\r\n" not in answer and (piece := await client.receive_some(65536)):
                answer += piece
            return answer


HEADERS = [
    ("Origin: http://[", 403),
    ("Origin: http://[::1", 403),
    ("Origin: \xff", 403),
    ("Origin: http://a:99999999", 403),
    ("Origin: null", 403),
    ("Range: bytes=" + "9" * 5000 + "-", 201),
    ("Range: bytes=-" + "9" * 5000, 201),
    ("If-None-Match: " + "," * 5000, 201),
    ("If-Modified-Since: " + "9" * 5000, 201),
    ("Accept: " + ";" * 5000, 201),
    ("Accept: \xff", 201),
    ("Content-Type: \xff; charset=\xff", 201),
    ("Content-Type: application/json; charset=nothing", 201),
    ("Content-Length: " + "9" * 5000, 400),
    ("Content-Length: -1", 400),
    ("Content-Length: \xb2", 400),
    ("Transfer-Encoding: gzip", 501),
    ("Authorization: Basic \xff", 201),
    ("Authorization: Basic " + "=" * 5000, 201),
    ("Authorization: " + "\t" * 100, 201),
    ("Cookie: " + "=;" * 5000, 201),
    ("X-Forwarded-For: " + "9" * 5000, 201),
    ("X-Forwarded-Proto: \xff", 201),
    ("Forwarded: for=[", 201),
    ("Last-Event-ID: " + "9" * 5000, 201),
    ("Expect: nothing", 201),
    ("Upgrade: h2c", 201),
]


@pytest.mark.parametrize(("header", "status"), HEADERS, ids=[header[:30] for header, _ in HEADERS])
async def test_no_header_is_an_error_of_the_server(server: Server, header: str, status: int) -> None:
    body = b'{"name": "x"}'
    length = b"" if header.startswith(("Content-Length", "Transfer-Encoding")) else b"Content-Length: 13\r\n"
    head = b"POST /v2/projects HTTP/1.1\r\nHost: 127.0.0.1\r\n" + length + header.encode("latin-1") + b"\r\n\r\n"
    answer = await raw(server, head + body)
    assert answer.split()[1] == b"%d" % status, answer


@pytest.mark.parametrize("host", ["[", "[::1", "a:b:c", "\xff", "127.0.0.1:99999999", "@", "a" * 5000, "[v1.x]", "%zz"])
async def test_no_host_is_an_error_of_the_server(server: Server, host: str) -> None:
    answer = await raw(server, b"GET /v2/version HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode("latin-1"))
    assert int(answer.split()[1]) < 500, answer


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://127.0.0.1/v2/version", 200),
        ("HTTP://localhost:3080/v2/version", 200),
        ("http://user:password@127.0.0.1/v2/version", 200),
        ("http://127.0.0.1", 200),
        ("http://127.0.0.1?x", 200),
        ("http://127.0.0.1/v2/projects/x?y=http://z/", 404),
        ("http://evil.example/v2/version", 403),  # what the first line says counts, not the Host header
        ("http://", 400),
        ("http:///v2/version", 400),
        ("http://[/v2/version", 403),
        ("ftp://127.0.0.1/v2/version", 404),
        ("*", 404),
        ("//127.0.0.1/v2/version", 404),
        ("/v2/version#part", 404),
    ],
)
async def test_targets_in_absolute_form(server: Server, target: str, status: int) -> None:
    answer = await raw(server, f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert int(answer.split()[1]) == status, answer


async def test_a_yaml_number_of_6000_digits(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}/topology"
    for number in ("9" * 6000, "-" + "9" * 6000, "9" * 6000 + ".5", "1e" + "9" * 6000):
        document = f"nodes:\n  PC1: {{node_type: vpcs, x: {number}}}\n"
        reply = await server.http.put(path, content=document.encode(), headers={"content-type": "application/yaml"})
        assert reply.status_code == 400, reply.text
        assert "line 2" in reply.json()["message"] or "nodes" in reply.json()["message"]
