"""Texts as large as a body may be, made so that reading them is hard, keep nobody else waiting: the server of these
tests fails when its loop could not run for long, whatever kept it.
"""

from typing import Any

import pytest

from gns3trio.api.routing import MAX_JSON_BODY_BYTES
from gns3trio.server import RunningServer
from tests.loop import loop_goes_on
from tests.support.server import Server


def _filled(part: bytes, before: bytes = b"", end: bytes = b"") -> bytes:
    return before + part * ((MAX_JSON_BODY_BYTES - len(before) - len(end)) // len(part)) + end


JSON = {
    "strings": _filled(b'"",', b"[", b'""]'),
    "strings without anything between": _filled(b'""', b"," * 300_000),
    "quotes in strings": _filled(b'"\\"",', b"[", b'""]'),
    "keys": _filled(b'"":0,', b"{", b'"":0}'),
    "an open string": _filled(b"a", b"[" + b"," * 300_000 + b'"'),
    "blanks": _filled(b" ", b"," * 300_000),
}
YAML = {
    "directives": b"".join(b"%%TAG !%d! x\n" % number for number in range(40_000)) + b"--- {}",
    "directives of a second document": b"{}\n...\n" + b"\n".join(b"%%TAG !%d! x" % n for n in range(40_000)) + b"\n---",
    "directives in UTF-16": "".join(f"%TAG !{n}! x\r" for n in range(40_000)).encode("utf-16"),
    "directives between other line ends": "".join(f"%TAG !{n}! x\u2028" for n in range(40_000)).encode() + b"--- {}",
    "objects": _filled(b"- {a: b}\n"),
    "values": b"[" + b"a," * 240_000 + b"]",
    "digits": b"x: " + b"1" * (15 << 20) + b"x",
    "lines": b"x: a" + b"\n" * (15 << 20) + b" b",
    "questions": _filled(b"? "),
}


@pytest.mark.parametrize("text", JSON.values(), ids=JSON)
async def test_json(server: Server, text: bytes) -> None:
    reply = await server.http.post("/v2/projects", content=text, headers={"content-type": "application/json"})
    assert reply.status_code == 400, reply.text


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
async def test_yaml(server: Server, project: dict[str, Any], text: bytes) -> None:
    path = f"/v2/projects/{project['project_id']}/topology"
    reply = await server.http.put(path, content=text, headers={"content-type": "application/yaml"})
    assert reply.status_code == 400, reply.text


async def test_yaml_is_written(server: Server, running: RunningServer, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    for svg in ("x" * (15 << 20), "\u202e " * (1 << 20), "\n" * (2 << 20)):
        drawing = await server.request("POST", f"{path}/drawings", {"svg": svg}, 201)
        async with loop_goes_on(running.watchdog):
            reply = await server.http.get(f"{path}/topology", headers={"accept": "application/yaml"}, timeout=120)
        assert reply.status_code == 200
        await server.request("DELETE", f"{path}/drawings/{drawing['drawing_id']}", None, 204)
