"""Pulls images from their registries: one pull for all nodes that wait for an image, and its progress for users."""

from collections.abc import Callable
from typing import Any

import trio

from gns3trio.classes import define
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.docker.engine import Engine, EngineRefused
from gns3trio.errors import Conflict, LabError, sole_cause
from gns3trio.printable import without_hidden

# The engine tells of a download about ten times a second. After this long without a word it hangs.
_SILENT_SECONDS = 300.0
# Between two events that tell how far a pull is.
TELL_SECONDS = 3.0
# An image has at most 127 layers; others are not counted.
_MOST_LAYERS = 1000
_MAX_MESSAGE = 300
_MB = 1e6

Tell = Callable[[NodeEvent], None]


@define
class _Pull:
    """A pull that runs. It ends when nobody waits for it."""

    scope: trio.CancelScope
    listeners: dict[int, Tell]
    ended: trio.Event
    error: LabError | None = None

    def tell(self, message: str) -> None:
        """Tell all that wait."""
        for listener in list(self.listeners.values()):
            listener(NodeEvent("info", message))


class Pulls:
    """The pulls of an engine. They run in ``nursery``. ``are_allowed``: the setting ``docker_pull``."""

    def __init__(self, engine: Engine, nursery: trio.Nursery, *, are_allowed: bool = True) -> None:
        self._engine = engine
        self._are_allowed = are_allowed
        self._nursery = nursery
        self._running: dict[str, _Pull] = {}
        self._numbers = 0

    async def pull(self, image: str, tell: Tell) -> None:
        """Pull an image, or wait for the pull of it that runs already. ``tell`` is told how far it is. If all that wait
        are cancelled, the pull is.

        Raises Conflict, with the reason.
        """
        if not self._are_allowed:
            raise Conflict(f"The Docker engine has no image '{image}', and the setting docker_pull forbids to fetch it")
        pull = self._running.get(image)
        if pull is None:
            pull = self._running[image] = _Pull(trio.CancelScope(), {}, trio.Event())
            self._nursery.start_soon(self._run, image, pull)
            tell(NodeEvent("info", f"Pulling '{image}' from its registry"))
        self._numbers += 1
        number = self._numbers
        pull.listeners[number] = tell
        try:
            await pull.ended.wait()
        finally:
            del pull.listeners[number]
            if not pull.listeners:
                pull.scope.cancel()
                if self._running.get(image) is pull:
                    del self._running[image]
        if pull.error is not None:
            raise pull.error

    async def _run(self, image: str, pull: _Pull) -> None:
        try:
            with pull.scope:
                await self._follow(image, pull)
        except Exception as failure:
            cause = sole_cause(failure)
            told = str(cause) if isinstance(cause, LabError) else "an error of this server"
            pull.error = Conflict(
                f"Could not pull the '{image}' image from its registry, please check your Internet connection "
                f"(original error: {told})"
            )
            if not isinstance(cause, LabError):
                raise
        finally:
            if pull.scope.cancelled_caught and pull.error is None:
                pull.error = Conflict(f"The pull of '{image}' was cancelled")
            if self._running.get(image) is pull:
                del self._running[image]
            pull.ended.set()

    async def _follow(self, image: str, pull: _Pull) -> None:
        name, _, tag = image.partition("@") if "@" in image else image.rpartition(":")
        layers: dict[str, tuple[int, int]] = {}
        last = trio.current_time()
        query = {"fromImage": name, "tag": tag}
        async with self._engine.lines("POST", "/images/create", query, pause=_SILENT_SECONDS) as lines:
            async for line in lines:
                if not isinstance(line, dict):
                    continue
                if (error := line.get("error")) is not None:
                    raise EngineRefused(without_hidden(str(error)[:_MAX_MESSAGE]), 500)
                note_layer(layers, line)
                if trio.current_time() - last >= TELL_SECONDS and layers:
                    last = trio.current_time()
                    pull.tell(describe(image, layers))
        pull.tell(f"Pulled '{image}'")


def note_layer(layers: dict[str, tuple[int, int]], line: dict[str, Any]) -> None:
    """Note what a line of a pull tells of a layer: its bytes that are here, and all of them."""
    layer, status, detail = line.get("id"), line.get("status"), line.get("progressDetail")
    if not isinstance(layer, str) or (layer not in layers and len(layers) >= _MOST_LAYERS):
        return
    if status == "Downloading" and isinstance(detail, dict):
        now, total = detail.get("current"), detail.get("total")
        if type(now) is int and type(total) is int and 0 <= now <= total:
            layers[layer] = now, total
    elif status == "Download complete" and layer in layers:
        layers[layer] = layers[layer][1], layers[layer][1]


def describe(image: str, layers: dict[str, tuple[int, int]]) -> str:
    """How far a pull is. The sizes of layers become known one after the other."""
    here, total = (sum(each[place] for each in layers.values()) for place in (0, 1))
    percent = here * 100 // total if total else 0
    return f"Pulling '{image}': {percent} % ({here / _MB:.1f} of {total / _MB:.1f} MB in {len(layers)} layers)"
