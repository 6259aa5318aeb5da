"""The computes that clients have registered, or projects' files have named, as the server's state stores them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from gns3trio.classes import frozen
from gns3trio.compute.host import ANY_COMPUTE_ID, LOCAL_COMPUTE_ID
from gns3trio.compute.other_hosts import ComputeAddress, context_for
from gns3trio.controller.names import check_name
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, structure
from gns3trio.dates import now_text
from gns3trio.errors import Conflict, Invalid, NotFound
from gns3trio.limits import MAX_ITEMS

# GNS3 reserves this name for its virtual machine, which does not exist here.
_GNS3_VM_ID, _GNS3_VM_NAME = "vm", "gns3vm"


@frozen(kw_only=True)
class RegisteredCompute(ComputeAddress):
    """Another server that a client has registered, with its credentials. One that is not confirmed was only named by a
    file. Those that an earlier version has registered have no dates.
    """

    is_confirmed: bool = False
    created_at: str | None = attrs.field(default=None, eq=False)
    updated_at: str | None = attrs.field(default=None, eq=False)

    def address(self) -> ComputeAddress:
        """How it is reached."""
        return ComputeAddress(**{field.name: getattr(self, field.name) for field in attrs.fields(ComputeAddress)})


class RegisteredComputes(Mapping[str, RegisteredCompute]):
    """The registered computes by id, in their order. What is in the state is in memory too."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._computes = {compute.compute_id: compute for compute in _stored(state)}

    def __getitem__(self, compute_id: str) -> RegisteredCompute:
        return self._computes[compute_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._computes)

    def __len__(self) -> int:
        return len(self._computes)

    def require(self, compute_id: str) -> RegisteredCompute:
        """A compute by its id. Raises NotFound."""
        compute = self.get(compute_id)
        if compute is None:
            raise NotFound(f"Compute ID {compute_id} doesn't exist")
        return compute

    def find_named(self, name: str) -> RegisteredCompute | None:
        """A compute by its name; None if there is none."""
        return next((compute for compute in self.values() if compute.name == name), None)

    async def store(self, compute: RegisteredCompute) -> RegisteredCompute:
        """Add a compute, or replace the one with its id. One without a name gets its address as a name. Returns it.

        Raises Invalid for an id, name or certificate that cannot be, Conflict for a name in use, Unavailable.
        """
        if not compute.name:
            compute = attrs.evolve(compute, name=_default_name(compute))
        if compute.compute_id == _GNS3_VM_ID or compute.name == _GNS3_VM_NAME:
            raise Invalid("compute_id, name: 'vm' and 'gns3vm' stand for the virtual machine of GNS3")
        if compute.compute_id in ("", ".", "..") or "/" in compute.compute_id:
            raise Invalid(f"compute_id: {compute.compute_id!r} cannot be a part of a path")
        if ANY_COMPUTE_ID in (compute.compute_id, compute.name):
            raise Invalid(f"compute_id, name: {ANY_COMPUTE_ID!r} stands for any compute")
        if compute.certificate:
            context_for(compute.certificate)
        now, known = now_text(), self.get(compute.compute_id)
        compute = attrs.evolve(compute, created_at=known.created_at if known is not None else now, updated_at=now)

        def changed(stored: list[Any]) -> list[Any]:
            others = [other for other in self.values() if other.compute_id != compute.compute_id]
            if len(others) >= MAX_ITEMS:
                raise Conflict(f"there are {MAX_ITEMS} computes, and can be no more")
            if any(other.name == compute.name for other in others):
                raise Conflict(f"name: there is a compute named {compute.name!r} already")
            return [attrs.asdict(each) for each in (*others, compute)]

        await self._state.change("computes", [], changed)
        self._computes[compute.compute_id] = compute
        return compute

    async def remove(self, compute_id: str) -> None:
        """Remove a compute. Raises Unavailable."""
        await self._state.change(
            "computes", [], lambda stored: [each for each in stored if each["compute_id"] != compute_id]
        )
        self._computes.pop(compute_id, None)

    def for_file(self, compute_ids: Iterable[str], kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The computes of a project's file: those with these ids, and those that were in the file before."""
        names = ("compute_id", "host", "name", "port", "protocol")
        used = {
            each: {name: getattr(self[each], name) for name in names} for each in sorted(compute_ids) if each in self
        }
        if not used:
            return kept
        now = [{**each, **used.pop(each.get("compute_id", ""), {})} for each in kept]
        return [*now, *used.values()]

    def new_in_file(self, named: Mapping[str, Any]) -> RegisteredCompute | None:
        """A compute as a project's file names it, without credentials and not confirmed; None if its id is known. If
        its name is that of another one, its address is added to the name.

        Raises Invalid.
        """
        compute = structure(_stored_converter, named, RegisteredCompute)
        if compute.compute_id in (*self, LOCAL_COMPUTE_ID, _GNS3_VM_ID):
            return None
        if self.find_named(compute.name) is not None:
            compute = attrs.evolve(compute, name=f"{compute.name} ({compute.host}:{compute.port})")
        check_name(compute.name)
        return attrs.evolve(compute, **_FROM_FILE)


# A file of a project carries no credentials, and whoever made it is not trusted.
_FROM_FILE: Mapping[str, Any] = {"user": None, "password": None, "certificate": None, "is_confirmed": False}
_stored_converter = make_strict_converter(forbid_extra_keys=False)


def check_stored_computes(value: object) -> None:
    """Raises Invalid if ``RegisteredComputes`` cannot have stored this data."""
    structure(_stored_converter, value, list[RegisteredCompute])


def _stored(state: ServerState) -> Iterable[RegisteredCompute]:
    for fields in state.get("computes", []):
        yield structure(_stored_converter, fields, RegisteredCompute)


def _default_name(compute: ComputeAddress) -> str:
    user = f"{compute.user}@" if compute.user else ""
    return f"{compute.protocol}://{user}{compute.host}:{compute.port}"
