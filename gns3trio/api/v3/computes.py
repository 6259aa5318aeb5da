"""``/v3/computes``: the servers that run nodes. The list has those that clients have registered, and not this server
itself, whose id is ``local``: clients know it from events.
"""

from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from attrs import field

from gns3trio import field_checks as v
from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.bodies import ComputeQuery
from gns3trio.api.v3.compute_views import Compute, RegisteredCompute, registered_view, whole_view
from gns3trio.classes import define
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.controller.names import Name
from gns3trio.errors import Conflict, Refused

routes = RouteTable("/v3/computes")

_CONNECT_QUERY = {"connect": "whether to wait until the compute has answered; it is connected in any case"}


@define(kw_only=True)
class ComputeCreate:
    """The body of ``POST /computes``. Without ``compute_id``, the id follows from the address."""

    protocol: Literal["http", "https"]
    host: str = field(validator=v.min_len(1))
    port: int = field(validator=v.PORT)
    user: str | None = None
    password: str | None = None
    name: Name | None = None
    compute_id: UUID | None = None


@define(kw_only=True)
class ComputeUpdate:
    """The body of ``PUT /computes/{compute_id}``. What is left out, or null, stays as it is."""

    protocol: Literal["http", "https"] | None = None
    host: str | None = field(default=None, validator=v.optional(v.min_len(1)))
    port: int | None = field(default=None, validator=v.optional(v.PORT))
    user: str | None = None
    password: str | None = None
    name: Name | None = None


@routes.route("GET", "", reply=list[RegisteredCompute], access=Access.LOGIN)
async def list_computes(api: ApiRequest) -> list[dict[str, Any]]:
    """The registered computes."""
    computes = api.controller.computes
    return [
        registered_view(state, has_password=computes.has_password(state.compute_id))
        for state in computes.states()
        if state.compute_id != LOCAL_COMPUTE_ID
    ]


@routes.route("POST", "", status=201, reply=Compute, query=_CONNECT_QUERY, privilege="Compute.Allocate")
async def create_compute(api: ApiRequest, body: ComputeCreate) -> dict[str, Any]:
    """Register another server as a compute, and connect to it. 400 if there is one with that id, which without an id
    means: with that address.
    """
    computes, wait = api.controller.computes, api.query(ComputeQuery).connect
    fields = {name: value for name, value in api.given(body).items() if value is not None and name != "compute_id"}
    compute_id = str(body.compute_id or _id_for(api, body))
    known = computes.registered.get(compute_id)
    if known is not None and known.is_confirmed:
        raise Refused(f"compute_id: {compute_id} is that of compute '{known.name}'")
    return whole_view(computes, await computes.create({**fields, "compute_id": compute_id}, wait=wait))


def _id_for(api: ApiRequest, body: ComputeCreate) -> str:
    former = api.controller.computes.former_id(body.host, body.port, body.name)
    return former or str(uuid5(NAMESPACE_URL, f"{body.protocol}://{body.host}:{body.port}"))


@routes.route("GET", "/{compute_id}", reply=Compute | RegisteredCompute, privilege="Compute.Audit")
async def get_compute(api: ApiRequest, compute_id: str) -> dict[str, Any]:
    """One compute by its id; ``local`` with its state."""
    computes = api.controller.computes
    state = computes.state(compute_id)
    if compute_id == LOCAL_COMPUTE_ID:
        return whole_view(computes, state)
    return registered_view(state, has_password=computes.has_password(compute_id))


@routes.route("PUT", "/{compute_id}", reply=RegisteredCompute, privilege="Compute.Modify")
async def update_compute(api: ApiRequest, compute_id: str, body: ComputeUpdate) -> dict[str, Any]:
    """Change the name, address or credentials of a compute."""
    computes = api.controller.computes
    changes = {name: value for name, value in api.given(body).items() if value is not None}
    state = await computes.update(compute_id, changes)
    return registered_view(state, has_password=computes.has_password(compute_id))


@routes.route("DELETE", "/{compute_id}", status=204, privilege="Compute.Allocate")
async def delete_compute(api: ApiRequest, compute_id: str) -> None:
    """Remove a compute, and close the projects with nodes on it."""
    api.controller.computes.state(compute_id)
    await api.controller.delete_compute(compute_id)


@routes.route("POST", "/{compute_id}/connect", status=204, privilege="Compute.Modify")
async def connect_compute(api: ApiRequest, compute_id: str) -> None:
    """Wait until a compute has answered. 409 with the reason if it cannot be reached, or refuses this server."""
    computes = api.controller.computes
    computes.state(compute_id)
    await computes.settle([compute_id])
    state = computes.state(compute_id)
    if state.error is not None:
        raise Conflict(f"compute '{state.name}': {state.error}")
