"""Play the story at a server, and take down its answers: statuses, media types, and the names of keys."""

import base64
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import attrs
import httpx

from gns3trio.classes import frozen
from tests.gns3_3.steps import CONTROLLER, NO_BODY, STRANGER, VISITOR, Step
from tests.gns3_3.websocket import first_message

PATIENCE = 60.0
_KEPT_HEADERS = ("allow", "location", "www-authenticate")


@frozen
class Answer:
    """What the recording holds of a reply."""

    status: int
    media_type: str | None = None
    # Paths of keys: "nodes[].label.text". Of a list, those of all its items.
    keys: frozenset[str] = frozenset()
    headers: Mapping[str, str] = attrs.field(factory=dict)
    closed: int | None = None  # the code with which the server closed a websocket

    def shown(self) -> dict[str, Any]:
        """As the recording's file has it."""
        shown: dict[str, Any] = {"status": self.status}
        if self.media_type is not None:
            shown["type"] = self.media_type
        if self.keys:
            shown["keys"] = sorted(self.keys)
        if self.headers:
            shown["headers"] = dict(self.headers)
        if self.closed is not None:
            shown["closed"] = self.closed
        return shown

    @classmethod
    def read(cls, shown: Mapping[str, Any]) -> "Answer":
        """From the recording's file."""
        return cls(
            shown["status"],
            shown.get("type"),
            frozenset(shown.get("keys", ())),
            shown.get("headers", {}),
            shown.get("closed"),
        )


def play(url: str, story: Iterable[Step], controller: tuple[str, str]) -> dict[str, Answer]:
    """The answers of the server at ``url``, by the names of the steps.

    ``controller`` are the user and password for the compute API.
    """
    variables: dict[str, Any] = {}
    answers: dict[str, Answer] = {}
    player = _Player(url, variables, controller)
    with player.running():
        for step in story:
            assert step.name not in answers, f"there are two steps {step.name!r}"
            answers[step.name] = player.tell(step)
    return answers


class _Player:
    """A client that remembers what the story keeps."""

    def __init__(self, url: str, variables: dict[str, Any], controller: tuple[str, str]) -> None:
        self._url = url
        self._controller = controller
        self._variables = variables
        self._http = self._client()

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, timeout=PATIENCE, headers={"Accept": "application/json"})

    @contextmanager
    def running(self) -> Iterator[None]:
        yield
        self._http.close()

    def tell(self, step: Step) -> Answer:
        """Send the request of a step, until its reply shows what it is to become."""
        path = fill(step.path, self._variables)
        if step.method == "WS":
            return _told_by_websocket(urlsplit(self._url).port or 0, path)
        deadline = time.monotonic() + PATIENCE
        while True:
            answer, shown = self._ask(step, path)
            if (
                not step.becomes
                or answer.status >= 400
                or (isinstance(shown, dict) and step.becomes.items() <= shown.items())
            ):
                break
            assert time.monotonic() < deadline, f"{step.name}: {answer.status} {shown}"
            time.sleep(0.02)
        for name, place in step.keep.items():
            found = find(shown, place)
            if found is not None:
                self._variables[name] = found
        return answer

    def _ask(self, step: Step, path: str) -> tuple[Answer, Any]:
        method = "GET" if step.method == "STREAM" else step.method
        with self._http.stream(method, path, headers=self._headers(step), **self._body(step)) as reply:
            media_type = reply.headers.get("content-type")
            if step.method == "STREAM" and reply.is_success:
                content = next(reply.iter_lines()).encode() if media_type == "application/json" else b""
            else:
                content = reply.read()
        shown = _parsed(content) if media_type is not None and "json" in media_type else None
        if step.keep_content:
            self._variables[step.keep_content] = content
        if reply.is_server_error:  # GNS3 then ends the connection, when the next request is under way
            self._http.close()
            self._http = self._client()
        headers = {name: reply.headers[name] for name in _KEPT_HEADERS if name in reply.headers}
        if "location" in headers:
            headers["location"] = self._without_ids(urljoin(str(reply.url), headers["location"]))
        if not content and step.method != "STREAM":
            media_type = None  # GNS3 tells one for nothing
        keys = frozenset[str]() if step.without_keys else frozenset(keys_of(shown))
        return Answer(reply.status_code, media_type, keys, headers), shown

    def _headers(self, step: Step) -> dict[str, str]:
        headers: dict[str, str] = {}
        if step.by == STRANGER:
            headers["Authorization"] = "Bearer not.a.token"
        elif step.by == CONTROLLER:
            words = base64.b64encode(":".join(self._controller).encode()).decode()
            headers["Authorization"] = f"Basic {words}"
        elif step.by != VISITOR and f"token_{step.by}" in self._variables:
            headers["Authorization"] = f"Bearer {self._variables[f'token_{step.by}']}"
        return headers | {name: fill(value, self._variables) for name, value in step.headers.items()}

    def _body(self, step: Step) -> dict[str, Any]:
        content = self._variables[step.content_of] if step.content_of else step.content
        if step.file:
            return {"files": {"file": (step.file, content, "application/octet-stream")}}
        if content is not None:
            return {"content": content}
        if step.form is not None:
            return {"data": {name: fill(value, self._variables) for name, value in step.form.items()}}
        return {} if step.json is NO_BODY else {"json": fill(step.json, self._variables)}

    def _without_ids(self, text: str) -> str:
        """An address without that of the server, and without ids that only it has."""
        text = text.removeprefix(self._url)
        for name, value in self._variables.items():
            if isinstance(value, str):
                text = text.replace(value, f"{{{name}}}")
        return text


def _told_by_websocket(port: int, path: str) -> Answer:
    """How a websocket is opened, and its first message; a refusal that is told there is followed by a close."""
    opened = first_message(port, path, PATIENCE, closes=lambda text: _parsed(text).get("action") == "log.error")
    keys = frozenset(keys_of(_parsed(opened.text))) if opened.text is not None else frozenset[str]()
    return Answer(opened.status, None, keys, {}, opened.closed)


def _parsed(content: bytes | str) -> Any:
    return json.loads(content) if content else None


def fill(value: Any, variables: Mapping[str, Any]) -> Any:
    """A body or path with its variables; a text that is one variable becomes its value; ``{{0}}`` stays ``{0}``."""
    if isinstance(value, dict):
        return {key: fill(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, variables) for each in value]
    if isinstance(value, str) and (alone := re.fullmatch(r"\{(\w+)\}", value)) and alone.group(1) in variables:
        return variables[alone.group(1)]
    if isinstance(value, str) and not value.startswith("<"):
        filled = re.sub(r"(?<!\{)\{(\w+)\}", lambda found: str(variables.get(found.group(1), found.group(0))), value)
        return filled.replace("{{", "{").replace("}}", "}")
    return value


def find(shown: Any, place: str) -> Any:
    """The value at a place of a reply, if there is one.

    A place is keys and ``key=value``, with slashes between, or ``.`` for all of it.
    """
    for part in place.split("/") if place != "." else ():
        if isinstance(shown, list):
            key, _, wanted = part.partition("=")
            shown = next((each for each in shown if each.get(key) == wanted), None)
        elif isinstance(shown, dict):
            shown = shown.get(part)
        else:
            return None
    return shown


def keys_of(shown: Any, prefix: str = "") -> Iterator[str]:
    """The paths of all keys in a reply."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            yield prefix + key
            yield from keys_of(value, f"{prefix}{key}.")
    elif isinstance(shown, list):
        for each in shown:
            yield from keys_of(each, f"{prefix.removesuffix('.')}[].")
