"""The ids of computes that were removed, in the state of the server.

Projects name the hosts of their nodes by id. So a host that is removed and added again must get its former id, or its
nodes would be on an unknown host. It is the same one if its address is the same; otherwise, if its name is.
"""

import logging

from gns3trio.classes import frozen
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import LabError
from gns3trio.limits import MAX_ITEMS

log = logging.getLogger(__name__)

STATE_NAME = "former_computes"
_converter = make_strict_converter(forbid_extra_keys=False)


@frozen(kw_only=True)
class FormerCompute:
    """A compute that was removed. ``place`` is its ``HOST:PORT``."""

    compute_id: str
    name: str
    place: str


def check_stored_former_computes(value: object) -> None:
    """Raises Invalid if ``FormerComputes`` cannot have stored this data."""
    structure(_converter, value, list[FormerCompute])


class FormerComputes:
    """The last MAX_ITEMS that were removed."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    def find(self, place: str, name: str | None) -> str | None:
        """The id that the compute with this address, or else with this name, had when it was removed last."""
        newest_first = self._all()[::-1]
        for wanted in ({"place": place}, {"name": name}):
            for each in newest_first:
                if wanted.items() <= each.items():
                    return each["compute_id"]
        return None

    async def add(self, compute: FormerCompute) -> None:
        """Note a compute that is removed. If this cannot be stored, its removal goes on all the same."""
        entry = {"compute_id": compute.compute_id, "name": compute.name, "place": compute.place}

        def added(stored: list[dict[str, str]]) -> list[dict[str, str]]:
            others = [each for each in stored if each["compute_id"] != compute.compute_id]
            return [*others, entry][-MAX_ITEMS:]

        try:
            await self._state.change(STATE_NAME, [], added)
        except LabError as error:
            log.warning("compute '%s' will get another id when it is added again: %s", compute.name, error)

    def _all(self) -> list[dict[str, str]]:
        stored: list[dict[str, str]] = self._state.get(STATE_NAME, [])
        return stored
