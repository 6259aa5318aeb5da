"""``/v2/computes``: the servers that run nodes: this one, and others that clients register."""

from typing import Annotated, Any, Literal

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.api import host_views
from gns3trio.api.access import Access
from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.handlers import computes as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import host_replies, replies
from gns3trio.api.v2.benchmarks import UdpBenchmarkReport, UdpBenchmarkRequest, udp_benchmark_view
from gns3trio.api.v2.bodies import refuse_other
from gns3trio.api.v2.compute_views import trunk_view
from gns3trio.api.v2.views import compute_view
from gns3trio.classes import define
from gns3trio.controller.links.udp_benchmark import benchmark_udp
from gns3trio.controller.names import Name
from gns3trio.limits import MAX_CERTIFICATE, Bound

routes = RouteTable("/v2")


@define(kw_only=True)
class ComputeUpdate:
    """The body of ``PUT /computes/{compute_id}``. ``certificate`` is an extension: the compute's own one in PEM, for
    https, if the authorities of this host do not vouch for it.
    """

    compute_id: str | None = None
    name: Name | None = None
    protocol: Literal["http", "https"] = "http"
    host: str = field(default="127.0.0.1", validator=v.min_len(1))
    port: int = field(default=3080, validator=v.PORT)
    user: str | None = None
    password: str | None = None
    certificate: Annotated[str, Bound(MAX_CERTIFICATE)] | None = None


@define(kw_only=True)
class ComputeCreate(ComputeUpdate):
    """The body of ``POST /computes``."""

    protocol: Literal["http", "https"]
    host: str = field(validator=v.min_len(1))
    port: int = field(validator=v.PORT)


@routes.route("GET", "/computes", reply=list[host_replies.Compute], access=Access.LOGIN)
async def list_computes(api: ApiRequest) -> list[dict[str, Any]]:
    """All computes; ``local`` is this server."""
    return list(map(compute_view, api.controller.computes.states()))


@routes.route("POST", "/computes", status=201, reply=host_replies.Compute, privilege="Compute.Allocate")
async def create_compute(api: ApiRequest, body: ComputeCreate) -> dict[str, Any]:
    """Register another server as a compute, and connect to it. The reply shows whether it could be reached; if not, it
    is tried again and again. Without ``compute_id``, one that was removed before gets its former id.
    """
    fields = {name: value for name, value in attrs.asdict(body).items() if value is not None}
    return compute_view(await api.controller.computes.create(fields))


# Before the paths that begin with an id, which would also match ``endpoint``.
@routes.route(
    "GET", "/computes/endpoint/{compute_id}/{emulator}/{action:path}", reply=replies.Endpoint, access=Access.LOGIN
)
async def get_endpoint(api: ApiRequest, compute_id: str, emulator: str, action: str) -> dict[str, Any]:
    """The URL under which a client reaches an emulator's route on a compute directly."""
    compute = api.controller.computes.state(compute_id)
    host = f"{compute.protocol}://{compute.host}:{compute.port}"
    return {"endpoint": f"{host}/v2/compute/{emulator}/{action}"}


@routes.route("GET", "/computes/{compute_id}", reply=host_replies.Compute, privilege="Compute.Audit")
async def get_compute(api: ApiRequest, compute_id: str) -> dict[str, Any]:
    """One compute by its id."""
    return compute_view(api.controller.computes.state(compute_id))


@routes.route("PUT", "/computes/{compute_id}", reply=host_replies.Compute, privilege="Compute.Modify")
async def update_compute(api: ApiRequest, compute_id: str, body: ComputeUpdate) -> dict[str, Any]:
    """Change the name, address or credentials of a compute."""
    changes = api.given(body)
    refuse_other(changes, compute_id=compute_id)
    changes.pop("compute_id", None)
    return compute_view(await api.controller.computes.update(compute_id, changes))


@routes.route("DELETE", "/computes/{compute_id}", status=204, privilege="Compute.Allocate")
async def delete_compute(api: ApiRequest, compute_id: str) -> None:
    """Remove a compute, and close the projects with nodes on it. Succeeds if it does not exist."""
    await api.controller.delete_compute(compute_id)


routes.route("GET", "/computes/{compute_id}/ports", reply=host_views.PortUsage, access=Access.LOGIN)(
    handlers.get_compute_ports
)
routes.route("GET", "/computes/{compute_id}/network/ports", reply=host_views.PortUsage, access=Access.LOGIN)(
    handlers.get_compute_ports
)


@routes.route(
    "POST", "/computes/{compute_id}/benchmark", status=201, reply=UdpBenchmarkReport, privilege="Compute.Modify"
)
async def measure_udp(api: ApiRequest, compute_id: str, body: UdpBenchmarkRequest) -> dict[str, Any]:
    """Measure the path between two UDP endpoints of the compute per RFC 2544. The reply comes at the end;
    ``udp.benchmark`` events report every trial.
    """
    compute = api.controller.computes.require(compute_id)
    a, b, spec, changes = body.a.nio(), body.b.nio(), body.spec(), api.controller.changes
    return udp_benchmark_view(await cancelled_on_disconnect(api, lambda: benchmark_udp(compute, a, b, spec, changes)))


routes.route("GET", "/computes/{compute_id}/network/interfaces", reply=list[host_views.Interface], access=Access.LOGIN)(
    handlers.get_compute_interfaces
)


@routes.route("GET", "/computes/{compute_id}/trunks", reply=host_replies.ComputeTrunk, privilege="Compute.Audit")
async def get_compute_trunk(api: ApiRequest, compute_id: str) -> dict[str, Any]:
    """The trunk of the compute: the other hosts that its links lead to, with delay, loss and MTU; an extension."""
    computes = api.controller.computes
    trunk = await computes.require(compute_id).trunk()
    view = trunk_view(trunk)
    ids = [computes.id_at(peer.host) for peer in trunk.peers]
    peers = [{"compute_id": found, **peer} for found, peer in zip(ids, view["peers"], strict=True)]
    return {**view, "peers": peers}
