"""``/v2/projects/{project_id}/links``: create, change, filter and delete links."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.handlers import links as handlers
from gns3trio.api.routing import ApiRequest, RouteTable, WithHeaders
from gns3trio.api.streams import CaptureStream
from gns3trio.api.v2 import replies
from gns3trio.api.v2.benchmarks import BenchmarkRequest, LinkBenchmarkReport, link_benchmark_view
from gns3trio.api.v2.bodies import CaptureRequest, LinkCreate, LinkImpairments, LinkUpdate, refuse_other
from gns3trio.api.v2.from_bodies import link_record
from gns3trio.api.v2.list_pages import LINKS_QUERY, TOTAL_HEADER, ListQuery, link_page
from gns3trio.api.v2.views import capture_view, impairments_view, link_statistics_view, link_view, saved_link_view
from gns3trio.conditions.link_conditions import Impairments
from gns3trio.controller.links.benchmark import benchmark_link
from gns3trio.controller.links.ends import ends_after
from gns3trio.controller.links.filters import checked_filters, require_impairments

routes = RouteTable("/v2/projects/{project_id}")

_CAPTURE = "/projects/{project_id}/links/{link_id}/capture"  # where version 3 has it, and permissions are given


@routes.route("GET", "/links", reply=list[replies.Link | replies.SavedLink], query=LINKS_QUERY, privilege="Link.Audit")
async def list_links(api: ApiRequest, project_id: UUID) -> Iterator[dict[str, Any]] | WithHeaders:
    """The links of a project; for a closed project, those in its file.

    With parameters, some of them; the header ``Gns3trio-Total`` is the number of all that match.
    """
    project = api.controller.get_project(project_id)
    if query := ListQuery(api.http.query_params.multi_items(), LINKS_QUERY):
        page = await link_page(project, query)
        return WithHeaders(page.views, {TOTAL_HEADER: str(page.total)})
    if project.status == "opened":
        return map(link_view, list(project.links.values()))
    return map(saved_link_view, (await project.file.read()).links)


@routes.route("POST", "/links", status=201, reply=replies.Link, privilege="Link.Allocate")
async def create_link(api: ApiRequest, project_id: UUID, body: LinkCreate) -> dict[str, Any]:
    """Create a link between two ports."""
    project = api.controller.get_project(project_id)
    return link_view(await project.links.create(await link_record(project_id, body)))


@routes.route("PUT", "/links/{link_id}", status=201, reply=replies.Link, privilege="Link.Modify")
async def update_link(api: ApiRequest, project_id: UUID, link_id: UUID, body: LinkUpdate) -> dict[str, Any]:
    """Change filters, suspension, style or labels of a link. With two other ends, the link moves there."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    refuse_other(api.given(body), link_id=link_id, project_id=project_id, link_type=link.link_type)
    changes = {name: value for name, value in api.given(body).items() if name in ("link_style", "suspend")}
    if "filters" in api.given(body):
        changes["filters"] = await checked_filters(body.filters)
    changes["nodes"] = ends_after(project.nodes, link, [end.record() for end in body.nodes])
    await project.links.update(link, changes)
    return link_view(link)


routes.route("GET", "/links/{link_id}/available_filters", reply=list[dict[str, Any]], privilege="Link.Audit")(
    handlers.list_available_filters
)


@routes.route("GET", "/impairments", reply=list[replies.ImpairedLink], privilege="Link.Audit")
async def list_impairments(api: ApiRequest, project_id: UUID) -> Iterator[dict[str, Any]]:
    """The impairments of all links of an open project that have some; an extension. ``link.impairments`` events tell
    how they change.
    """
    project = api.controller.get_project(project_id)
    project.require_open()
    impaired = [project.links[link_id] for link_id in project.links.impairments()]
    return ({"link_id": str(link.link_id), **impairments_view(link)} for link in impaired)


@routes.route("GET", "/links/{link_id}/impairments", reply=replies.Impairments, privilege="Link.Audit")
async def get_impairments(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """The impairments of a link, which act after GNS3's filters; an extension."""
    return impairments_view(api.controller.get_project(project_id).links.require(link_id))


@routes.route("PUT", "/links/{link_id}/impairments", reply=replies.Impairments, privilege="Link.Modify")
async def set_impairments(api: ApiRequest, project_id: UUID, link_id: UUID, body: LinkImpairments) -> dict[str, Any]:
    """Replace the impairments of a link in one step; an extension."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    impairments = tuple(each.impairment() for each in body.impairments)
    await require_impairments(impairments, api.http.state.body["impairments"])
    await project.links.update(link, {}, Impairments(impairments, body.seed))
    return impairments_view(link)


@routes.route("GET", "/links/{link_id}/statistics", reply=replies.LinkStatistics, privilege="Link.Audit")
async def get_link_statistics(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """The counters of a link since it was created, as in ``link.stats``. Rates cover the time since the last such
    event.
    """
    project = api.controller.get_project(project_id)
    return link_statistics_view(api.context.link_stats.current(project.links, project.links.require(link_id)))


routes.route("GET", "/links/{link_id}", reply=replies.Link, privilege="Link.Audit")(handlers.get_link)
routes.route("DELETE", "/links/{link_id}", status=204, privilege="Link.Allocate")(handlers.delete_link)
routes.route(
    "POST",
    "/links/{link_id}/start_capture",
    status=201,
    reply=replies.Link,
    privilege="Link.Capture",
    at=f"{_CAPTURE}/start",
)(handlers.start_capture)


@routes.route(
    "POST",
    "/links/{link_id}/stop_capture",
    status=201,
    reply=replies.Link,
    privilege="Link.Capture",
    at=f"{_CAPTURE}/stop",
)
async def stop_capture(api: ApiRequest, project_id: UUID, link_id: UUID) -> dict[str, Any]:
    """Stop the capture of GNS3's clients. Succeeds if there is none."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    await project.links.captures.stop_gns3(link)
    return link_view(link)


routes.route("GET", "/links/{link_id}/pcap", privilege="Link.Capture", at=f"{_CAPTURE}/stream")(handlers.stream_pcap)


@routes.route("GET", "/links/{link_id}/captures", reply=list[replies.Capture], privilege="Link.Audit")
async def list_captures(api: ApiRequest, project_id: UUID, link_id: UUID) -> list[dict[str, Any]]:
    """All captures of a link; an extension."""
    link = api.controller.get_project(project_id).links.require(link_id)
    return [capture_view(capture) for capture in link.captures.values()]


@routes.route(
    "POST",
    "/links/{link_id}/captures",
    status=201,
    reply=replies.Capture,
    privilege="Link.Capture",
    at=f"{_CAPTURE}/start",
)
async def create_capture(api: ApiRequest, project_id: UUID, link_id: UUID, body: CaptureRequest) -> dict[str, Any]:
    """Start an additional capture; an extension."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    return capture_view(await project.links.captures.start(link, body.options()))


@routes.route("GET", "/links/{link_id}/captures/{capture_id}", reply=replies.Capture, privilege="Link.Audit")
async def get_capture(api: ApiRequest, project_id: UUID, link_id: UUID, capture_id: UUID) -> dict[str, Any]:
    """One capture of a link; an extension."""
    project = api.controller.get_project(project_id)
    return capture_view(project.links.captures.get(project.links.require(link_id), capture_id))


@routes.route(
    "DELETE",
    "/links/{link_id}/captures/{capture_id}",
    status=204,
    privilege="Link.Capture",
    at=f"{_CAPTURE}/stop",
)
async def delete_capture(api: ApiRequest, project_id: UUID, link_id: UUID, capture_id: UUID) -> None:
    """Stop a capture; its file is kept."""
    project = api.controller.get_project(project_id)
    await project.links.captures.stop(project.links.require(link_id), capture_id)


@routes.route(
    "GET",
    "/links/{link_id}/captures/{capture_id}/stream",
    privilege="Link.Capture",
    at=f"{_CAPTURE}/stream",
)
async def stream_capture(api: ApiRequest, project_id: UUID, link_id: UUID, capture_id: UUID) -> CaptureStream:
    """A capture as a stream in its format: from its beginning if it is saved, then frames as they come.

    A capture that is not saved is live only, and ends when its last stream ends.
    """
    project = api.controller.get_project(project_id)
    captures, link = project.links.captures, project.links.require(link_id)
    capture = captures.get(link, capture_id)
    return CaptureStream(capture.capture, api.context.closing, partial(captures.stream_left, link, capture))


@routes.route("POST", "/links/{link_id}/benchmark", status=201, reply=LinkBenchmarkReport, privilege="Link.Modify")
async def measure_link(api: ApiRequest, project_id: UUID, link_id: UUID, body: BenchmarkRequest) -> dict[str, Any]:
    """Measure a link per RFC 2544. The reply comes at the end; ``link.benchmark`` events report every trial."""
    project = api.controller.get_project(project_id)
    link = project.links.require(link_id)
    spec, changes = body.spec(), api.controller.changes
    report = await cancelled_on_disconnect(api, lambda: benchmark_link(project.links, link, spec, changes))
    return link_benchmark_view(report)


@routes.route("GET", "/nodes/{node_id}/links", reply=list[replies.Link], privilege="Link.Audit")
async def list_node_links(api: ApiRequest, project_id: UUID, node_id: UUID) -> list[dict[str, Any]]:
    """The links of a node."""
    project = api.controller.get_project(project_id)
    node = project.nodes.require(node_id)
    return [link_view(link) for link in project.links.of_node(node.node_id)]
