"""The words of the story: a step is a request, by one of the story's users.

``{name}`` in paths, bodies and headers is a variable, which an earlier step kept of its reply. ``keep`` maps a variable
to a place in the reply: keys, or ``key=value`` for one of a list, with slashes between.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs

from gns3trio.classes import frozen

ADMIN, WORKER, NOBODY = "admin", "worker", "nobody"
# Not logged in; with a token that is none; and another controller, at the compute API.
VISITOR, STRANGER, CONTROLLER = "visitor", "stranger", "controller"
PASSWORDS = {ADMIN: "an admin of the story", WORKER: "a worker of the story", NOBODY: "nobody of the story"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SVG = '<svg height="10" width="10"><rect height="10" width="10"/></svg>'

NO_BODY: Any = object()


@frozen
class Step:
    """A request of the story."""

    label: str
    # WS opens a websocket and reads one message. STREAM is a GET that does not end: its head, and the first line.
    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "WS", "STREAM"]
    path: str
    json: Any = NO_BODY
    by: str = ADMIN
    content: str | bytes | None = None
    content_of: str = ""  # the content is what a step kept
    form: Mapping[str, str] | None = None
    file: str = ""  # the content is sent as the file of a form, under this name
    headers: Mapping[str, str] = attrs.field(factory=dict)
    keep: Mapping[str, str] = attrs.field(factory=dict)
    keep_content: str = ""
    without_keys: bool = False  # the keys of the reply are its data
    # What the reply shows when the step is over. The request is repeated until then: GNS3 answers a start early.
    becomes: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def name(self) -> str:
        """What the step is called in the recording."""
        return self.label if self.by == ADMIN else f"{self.by}: {self.label}"


def get(label: str, path: str, **more: Any) -> Step:
    """A step that reads."""
    return Step(label, "GET", path, **more)


def post(label: str, path: str, json: Any = NO_BODY, **more: Any) -> Step:
    """A step that makes or does something."""
    return Step(label, "POST", path, json, **more)


def put(label: str, path: str, json: Any = NO_BODY, **more: Any) -> Step:
    """A step that changes something."""
    return Step(label, "PUT", path, json, **more)


def delete(label: str, path: str, **more: Any) -> Step:
    """A step that deletes something."""
    return Step(label, "DELETE", path, **more)


def each_by(users: Iterable[str], steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps by each of these users; they keep nothing."""
    steps = list(steps)
    for user in users:
        for step in steps:
            yield attrs.evolve(step, by=user, keep={}, becomes={})


def end(node: str, port: int = 0) -> dict[str, Any]:
    """An end of a link."""
    return {"node_id": f"{{{node}}}", "adapter_number": 0, "port_number": port}
