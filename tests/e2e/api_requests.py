"""Requests made at random from the OpenAPI document: good ones, and ones that are wrong in one place or in many.

A good request has a body that satisfies its schema, and ids that exist. Now and then a value of it is replaced by
a hostile one: of another type, with characters that break parsers, terminals or file systems, of the largest
size that the schema allows or of one more.
"""

import copy
import json
import random
import urllib.parse
import uuid
from collections.abc import Iterator
from typing import Any

import attrs

JSON = "application/json"
# What ends the server, or shuts its first user out; a trial of seconds, of which few may run at once, has tests of its
# own.
LEFT_OUT = (
    *("/v2/shutdown", "/v3/shutdown", "/benchmark", "/users/login", "/users/authenticate"),
    *("/v3/access/users", "/v3/access/users/me", "/v3/access/users/{user_id}"),
)
# Nothing outside this machine may be asked for, whatever a server does with a name that it is given.
HOSTS = (
    "127.0.0.1",
    "localhost",
    "::1",
    "nobody.invalid",
    "127.0.0.1:99999",
    "http://127.0.0.1",
    "",
    "\0",
    "x" * 300,
    "[",
)
HOST_KEYS = frozenset({"host", "rhost", "console_host", "destination", "remote_console_host"})
# The keys of replies that hold ids, and the parameters of paths that take them.
PARAMETER_OF_KEY = {"filename": "filename", "node_type": "node_type"}
NODE_TYPES = ("vpcs", "ethernet_switch", "ethernet_hub", "cloud", "nat", "qemu", "docker", "dynamips", "toaster")
REMEMBERED = 40

# One of each kind of character and of each text that somebody's parser, terminal or file system has stumbled over.
CHARACTERS = (
    *"\0\x01\t\n\r\x7f\x80\x9b\xa0\xad\u0300\u200b\u200f\u202e\u2028\u2066\ufeff\ufffe\uffff\ud800\udfff",
    *"\U0001f600\U000e0041éßİ\ufb03漢א\u0966\u0663①",
    *" /\\%'\"<&{}$`;|*?:~#9-_a=()[@,",
    *("\x1b[31m", "..", "%00", "%2e"),
)
TEXTS = (
    *("", " ", "  \t", ".", "..", "../../etc/passwd", "/etc/passwd", "~/x", "C:\\x", "con", "a\0b", "-rf", "--help"),
    *("null", "true", "NaN", "Infinity", "1e999", "0x10", "1_000", "\u0661", "9" * 5000, "-" + "9" * 5000, "1.2.3.4.5"),
    *("%s%n%x", "{0.__class__}", "${jndi:ldap://127.0.0.1}", "'; drop table x; --", "<script>alert(1)</script>"),
    *("*a", "&a [*a]", "!!python/object:x", "? x", "- - -", "a: b: c", "#", "|", "http://[", "[::1", "::", "host a"),
    *("<svg/>", "<svg" + " " * 3000 + ">", "<svg width='" + "1" * 3000 + "'>", "<svg " + "a='b' " * 500 + "/>"),
    *("<!DOCTYPE x [<!ENTITY a 'a'>]><svg>&a;</svg>", "<svg>" * 900, "<svg width='1e400' height='-0'/>"),
    *(
        "set pcname x\n" * 50,
        "\r\n" * 50,
        "x" * 205,
        "x" * 1001,
        "\x1b]0;x\x07",
        "(" * 500,
        "a" * 255 + "/" + "b" * 255,
    ),
    *(":/symbols/computer.svg", "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}"),
)
WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, -0.0, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 1e308, 5e-324, [], {}, [[]]),
    *({"": ""}, {"a": {"b": [{}]}}, [[[[[[]]]]]], {"__proto__": 1}, ["x"] * 300, {str(n): n for n in range(300)}),
)
RAW_BODIES = (
    *(
        b"",
        b" ",
        b"{",
        b"[",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"{}x",
        b"\xff\xfe",
        b"\0",
        b"{'a': 1}",
        b'{"a": 1, "a": 2}',
    ),
    *(
        b"[" * 20000,
        b'{"a":' * 20000,
        b"9" * 20000,
        b'{"name": ' + b"9" * 20000 + b"}",
        b'{"name": "\\ud800"}',
        b"\xef\xbb\xbf{}",
    ),
    *(b"PK\x03\x04" + b"\0" * 100, b"PK\x05\x06" + b"\0" * 18, b"<svg/>", b"name: [", b"x" * 100_000),
)
HEADERS: tuple[dict[str, str], ...] = (
    *({"Origin": each} for each in ("http://[", "null", "http://127.0.0.1:1", "\x01", "http://" + "x" * 3000)),
    *(
        {"Content-Type": each}
        for each in ("text/yaml", "application/xml", "multipart/form-data", "x" * 300, ";;;=", "text/plain; charset=x")
    ),
    *(
        {"Range": each}
        for each in ("bytes=0-0", "bytes=-1", "bytes=" + "9" * 500 + "-", "bytes=" + "0-0," * 900, "lines=1-")
    ),
    *({"If-None-Match": each} for each in ("*", '"', 'W/"' + "x" * 900, "," * 900)),
    *({"If-Modified-Since": each} for each in ("x", "Thu, 01 Jan 99999 00:00:00 GMT")),
    *({"Authorization": each} for each in ("Basic", "Basic =", "Basic " + "A" * 3000, "Bearer x", "\xff")),
    *({"Accept-Encoding": each} for each in ("gzip;q=x", "," * 500)),
    *({"X-Forwarded-For": each} for each in ("[", "1.2.3.4", "," * 500)),
    *({"X-Forwarded-Proto": "x", "X-Forwarded-Prefix": each} for each in ("//evil", '/x"y', "..")),
)


@attrs.frozen
class MadeRequest:
    """A request, as a client sends it. ``endless``: the reply has no end."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str]
    endless: bool

    def __str__(self) -> str:
        return f"{self.method} {self.target[:300]} {self.headers} {self.body[:600]!r} ({len(self.body)} bytes)"


@attrs.define
class RequestMaker:
    """Makes requests to the operations of ``document``; ``chance`` decides about everything.

    ``learn`` feeds it with replies: the ids of what they tell are used together, so that a node is asked for in its
    own project.
    """

    document: dict[str, Any]
    chance: random.Random
    spared: frozenset[str] = frozenset()
    _known: dict[str, dict[str, list[str]]] = attrs.field(factory=lambda: {"": {}})
    _lab: dict[str, list[str]] = attrs.field(factory=dict)
    _operations: list[tuple[str, str, dict[str, Any]]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._operations = [
            (path, method, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if not path.endswith(LEFT_OUT)
        ]

    def learn(self, reply: Any) -> None:
        """Remember the ids that a reply tells, but for those of ``spared`` projects."""
        for shown in _objects(reply):
            project_id = shown.get("project_id") or ""
            if not isinstance(project_id, str) or project_id in self.spared:
                continue
            lab = self._known.setdefault(project_id, {})
            for key, value in shown.items():
                if isinstance(value, str) and (key.endswith("_id") or key in PARAMETER_OF_KEY):
                    known = lab.setdefault(PARAMETER_OF_KEY.get(key, key), [])
                    if value not in known:
                        known.append(value)
                        del known[:-REMEMBERED]

    def forget(self, project_id: str) -> None:
        """A project is gone."""
        self._known.pop(project_id, None)

    def make(self) -> MadeRequest:
        """One request. Deletions are rare, so that there is something to work with."""
        chance = self.chance
        path, method, operation = chance.choice(self._operations)
        if method == "delete" and chance.random() < 0.7:
            return self.make()
        self._lab = {**self._known.get("", {}), **self._known.get(chance.choice([*self._known, ""][1:]), {})}
        target = self._target(path, operation)
        headers = {"Content-Type": JSON} if chance.random() < 0.9 else {}
        if chance.random() < 0.1:
            headers |= chance.choice(HEADERS)
        if path.startswith("/v3/"):  # wrong tokens are counted as guesses
            headers.pop("Authorization", None)
        body = self._body(operation.get("requestBody", {}).get("content", {}))
        return MadeRequest(method.upper(), target, body, headers, bool(operation.get("x-endless")))

    def _target(self, path: str, operation: dict[str, Any]) -> str:
        query = {}
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            if parameter["in"] == "path":
                text = str(self._parameter(name, parameter["schema"]))
                safe = "/" if self.chance.random() < 0.5 else ""
                path = path.replace(
                    f"{{{name}}}", urllib.parse.quote(text.encode(errors="surrogatepass"), safe) or "%20"
                )
            elif self.chance.random() < 0.5:
                query[name] = self.chance.choice(["0", "1", "yes", self._hostile_text()])
        if not query:
            return path
        return f"{path}?{urllib.parse.urlencode(query, encoding='utf-8', errors='surrogatepass')}"

    def _parameter(self, name: str, schema: dict[str, Any]) -> Any:
        chance, known = self.chance, self._lab.get(name)
        if chance.random() < 0.05:
            return self._hostile_text()[:2000]
        if name == "node_type" and chance.random() < 0.3:
            return chance.choice(NODE_TYPES)
        if name in ("emulator", "engine", "action"):
            return chance.choice([*NODE_TYPES, "images", "capabilities", "nodes"])
        if name == "path":
            return chance.choice(
                ["startup.vpc", "README.txt", "a/b", "a", "project-files", "x.gns3", self._hostile_text()[:400]]
            )
        if known and chance.random() < 0.95:
            return chance.choice(known)
        return self._valid(schema, name, 0)

    def _body(self, content: dict[str, Any]) -> bytes:
        chance = self.chance
        if chance.random() < 0.05 or (JSON not in content and content):
            return chance.choice([*RAW_BODIES, self._hostile_text().encode(errors="replace")])
        if JSON not in content:
            return b"{}"
        body = self._valid(content[JSON]["schema"], "", 0)
        for _ in range(chance.choice([0, 0, 1, 1, 1, 2, 5])):
            body = self._spoiled(body)
        # With the escape of a lone surrogate, as Python and JavaScript write it.
        return json.dumps(body).encode()

    def _spoiled(self, body: Any) -> Any:
        """The body with one value replaced."""
        places = list(_places(body))
        value = copy.deepcopy(self.chance.choice(WRONG)) if self.chance.random() < 0.3 else self._hostile_text()
        if not places:
            return value
        holder, key = self.chance.choice(places)
        if key in HOST_KEYS:
            value = self.chance.choice(HOSTS)
        holder[key] = value
        return body

    def _hostile_text(self) -> str:
        chance = self.chance
        match chance.randrange(4):
            case 0:
                return chance.choice(TEXTS)
            case 1:
                return chance.choice(CHARACTERS) * chance.choice([1, 2, 100, 255, 256, 1000, 20_000])
            case 2:
                return "".join(chance.choices(CHARACTERS, k=chance.randrange(1, 60)))
            case _:
                return "PC" + chance.choice(CHARACTERS) + "1"

    def _valid(self, schema: dict[str, Any], key: str, depth: int) -> Any:
        """A value that satisfies ``schema``, the value of ``key``."""
        chance = self.chance
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            return self._valid(chance.choice(schema["anyOf"]), key, depth)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        match schema.get("type"):
            case "string":
                return self._text(schema, key)
            case "integer":
                low, high = schema.get("minimum", -100), schema.get("maximum", 100)
                return chance.choice(
                    [low, high, chance.randint(low, high), *(each for each in (0, 1, 2) if low <= each <= high)]
                )
            case "number":
                return chance.choice([schema.get("minimum", 0), schema.get("maximum", 1), 1, 1.5])
            case "boolean":
                return chance.random() < 0.5
            case "null":
                return None
            case "array":
                most = min(schema.get("maxItems", 5), 5) if depth < 6 else 0
                least = schema.get("minItems", 0)
                return [
                    self._valid(schema.get("items", {}), key, depth + 1)
                    for _ in range(chance.randint(least, max(most, least)))
                ]
            case "object":
                return self._object(schema, depth)
            case _:
                return chance.choice([None, 1, "x", [], {}])

    def _text(self, schema: dict[str, Any], key: str) -> str:
        chance = self.chance
        if key in HOST_KEYS:
            return chance.choice(HOSTS)
        known = self._lab.get(key)
        if known and chance.random() < 0.9:
            return chance.choice(known)
        if key == "compute_id" and chance.random() < 0.9:
            return "local"
        if key == "node_type" and chance.random() < 0.9:
            return chance.choice(NODE_TYPES)
        if schema.get("format") == "uuid":
            return str(uuid.UUID(int=chance.getrandbits(128)))
        if key == "svg":
            return '<svg width="10" height="10"><text>x</text></svg>'
        most = schema.get("maxLength", 2000)
        if chance.random() < 0.05 and most <= 4_000_000:  # the largest, or one more
            return chance.choice(("x", "漢", " ", "9", "<", "\n")) * (most + chance.choice((0, 1)))
        return f"x{chance.randrange(1000)}"[: max(most, 1)]

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        keys = [
            key for key in schema.get("properties", ()) if key in required or (depth < 6 and self.chance.random() < 0.4)
        ]
        made = {key: self._valid(schema["properties"][key], key, depth + 1) for key in keys}
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and self.chance.random() < 0.5:
            made[f"x{self.chance.randrange(10)}"] = self._valid(more, "", depth + 1)
        return made


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a reply."""
    if isinstance(value, list):
        for each in value[:REMEMBERED]:
            yield from _objects(each)
    elif isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _objects(each)


def _places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Each place of a body that holds a value: what holds it, and its key or index."""
    if isinstance(body, dict | list):
        for key, value in list(body.items()) if isinstance(body, dict) else list(enumerate(body)):
            yield body, key
            yield from _places(value)
