"""``/metrics``: metrics of the server in the format of Prometheus.

Format: Prometheus text exposition 0.0.4. Names follow its conventions: base units, ``_total`` for counters.
"""

import psutil
from starlette.responses import Response

from gns3trio import __version__
from gns3trio.api.access import Access
from gns3trio.api.activity_metrics import activity_metrics
from gns3trio.api.encoded_lists import PiecesResponse
from gns3trio.api.link_metrics import link_metrics, port_metrics
from gns3trio.api.metric import Metric, Sample
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.trunk_metrics import trunk_metrics
from gns3trio.api.usage_metrics import usage_metrics
from gns3trio.memory import Memory
from gns3trio.slices import in_slices
from gns3trio.watchdog import Watchdog

routes = RouteTable("", access=Access.LOGIN)
_LINES_OF_A_PIECE = 512
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@routes.route("GET", "/metrics")
async def get_metrics(api: ApiRequest) -> Response:
    """All metrics of the server in the Prometheus text format."""
    metrics = await collect(api)
    lines = await in_slices(line for metric in metrics for line in metric.lines())
    starts = range(0, len(lines), _LINES_OF_A_PIECE)
    pieces = await in_slices("\n".join([*lines[at : at + _LINES_OF_A_PIECE], ""]).encode() for at in starts)
    return PiecesResponse(pieces, 200, {"content-type": CONTENT_TYPE})


async def collect(api: ApiRequest) -> list[Metric]:
    """The metrics of this server; of nodes and links, those in projects of which the user is told.

    With more links than the setting ``metrics_links`` there are none of single links and ports, because each link has
    about fifteen.
    """
    links = sum(len(project.links) for project in api.projects)
    has_links = links <= api.context.config.metrics_links
    trunk = await api.controller.computes.own.trunk()
    return [
        *_server_metrics(api),
        *activity_metrics(api.context),
        *_loop_metrics(api.context.watchdog),
        *_memory_metrics(api.context.memory),
        Metric("gns3trio_links", "gauge", "Links of open projects.", [Sample(links)]),
        Metric(
            "gns3trio_link_metrics_left_out",
            "gauge",
            "1 if there are more links than the setting metrics_links, and so no metrics of single links and ports.",
            [Sample(int(not has_links))],
        ),
        *(await link_metrics(api) if has_links else ()),
        *(await port_metrics(api) if has_links else ()),
        *trunk_metrics(trunk),
        *await usage_metrics(api.controller.computes.own, api.projects),
    ]


def _server_metrics(api: ApiRequest) -> list[Metric]:
    process = psutil.Process()
    opened = [project for project in api.projects if project.status == "opened"]
    nodes: dict[tuple[str, str], int] = {}
    for project in opened:
        for node in project.nodes.values():
            key = (node.record.node_type, node.status)
            nodes[key] = nodes.get(key, 0) + 1
    cpu = process.cpu_times()
    return [
        Metric(
            "gns3trio_info",
            "gauge",
            "Always 1; the labels contain the versions.",
            [Sample(1, {"version": __version__, "gns3_version": api.context.config.gns3_version})],
        ),
        Metric("gns3trio_projects", "gauge", "Projects that the server knows.", [Sample(len(api.projects))]),
        Metric("gns3trio_projects_opened", "gauge", "Projects that are open.", [Sample(len(opened))]),
        Metric(
            "gns3trio_nodes",
            "gauge",
            "Nodes of open projects.",
            [Sample(count, {"node_type": kind, "status": status}) for (kind, status), count in nodes.items()],
        ),
        Metric(
            "gns3trio_notification_subscribers",
            "gauge",
            "Clients of notification streams.",
            [Sample(api.controller.changes.count())],
        ),
        Metric(
            "process_cpu_seconds_total",
            "counter",
            "CPU time of the server process, without its nodes.",
            [Sample(cpu.user + cpu.system)],
        ),
        Metric(
            "process_start_time_seconds",
            "gauge",
            "Start time of the server, in seconds since 1970.",
            [Sample(process.create_time())],
        ),
        Metric("process_resident_memory_bytes", "gauge", "Memory of the server.", [Sample(process.memory_info().rss)]),
        Metric("process_open_fds", "gauge", "Open descriptors of the server.", [Sample(process.num_fds())]),
    ]


def _loop_metrics(watchdog: Watchdog) -> list[Metric]:
    longest = watchdog.longest
    return [
        Metric(
            "gns3trio_loop_longest_gap_seconds",
            "gauge",
            "The longest time in the last one or two minutes in which the server's event loop was blocked.",
            [Sample(longest.seconds)],
        ),
        Metric(
            "gns3trio_loop_longest_work_seconds",
            "gauge",
            "The most CPU time of such a gap. If it is much shorter than the gap, the machine was overloaded.",
            [Sample(longest.cpu_seconds)],
        ),
        Metric("gns3trio_loop_long_gaps_total", "counter", "Gaps of more than 250 ms.", [Sample(watchdog.long_gaps)]),
        Metric(
            "gns3trio_loop_busy_seconds_total",
            "counter",
            "Time in which the event loop was busy.",
            [Sample(watchdog.busy_seconds)],
        ),
    ]


def _memory_metrics(memory: Memory) -> list[Metric]:
    totals = [({"kind": name}, total) for name, total in memory.totals().items()]
    return [
        Metric(
            "gns3trio_memory_held_bytes",
            "gauge",
            "Memory that clients occupy in the server: request bodies, websocket messages, replies, captured records.",
            [Sample(total.held, kind) for kind, total in totals],
        ),
        Metric(
            "gns3trio_memory_limit_bytes",
            "gauge",
            "The limit of that. Beyond it a client is rejected or disconnected.",
            [Sample(total.most, kind) for kind, total in totals],
        ),
        Metric(
            "gns3trio_memory_refused_total",
            "counter",
            "How often that limit was reached.",
            [Sample(total.refused, kind) for kind, total in totals],
        ),
    ]
