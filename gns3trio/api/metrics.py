"""``/metrics``: metrics of the server in the format of Prometheus.

Format: Prometheus text exposition 0.0.4. Names follow its conventions: base units, ``_total`` for counters.
"""

from collections.abc import Iterator

import psutil
from starlette.responses import Response

from gns3trio import __version__
from gns3trio.api.access import Access
from gns3trio.api.encoded_lists import PiecesResponse
from gns3trio.api.metric import Metric, Sample
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.trunk_metrics import trunk_metrics
from gns3trio.api.usage_metrics import usage_metrics
from gns3trio.controller.as_code.document import End
from gns3trio.controller.links.statistics import DirectionStatistics
from gns3trio.memory import Memory
from gns3trio.slices import Slices, in_slices
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
    """The metrics of this server; of nodes and links, those in projects of which the user is told."""
    links, ports = await _link_metrics(api), await _port_metrics(api)
    trunk = await api.controller.computes.own.trunk()
    return [
        *_server_metrics(api),
        *_loop_metrics(api.context.watchdog),
        *_memory_metrics(api.context.memory),
        *links,
        *ports,
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


# Name in the metric, key in the statistics, help.
_LINK_COUNTERS = (
    ("frames", "frames", "Frames that crossed a link."),
    ("bytes", "bytes", "Bytes of frames that crossed a link."),
    ("duplicated_frames", "duplicated", "Extra frames that filters of a link created."),
    ("refused_frames", "refused", "ICMP port unreachable messages for frames of a link."),
)


async def _link_metrics(api: ApiRequest) -> list[Metric]:
    directions = await in_slices(_link_directions(api))
    links = await in_slices(
        Sample(
            1,
            {
                "project_id": str(project.project_id),
                "link_id": str(link.link_id),
                "project": project.settings.name,
                "link": " - ".join(  # with ports, because two nodes may have several links
                    str(End(project.nodes.name_of(end.node_id), end.adapter_number, end.port_number))
                    for end in link.record.nodes
                ),
            },
        )
        for project in api.projects
        for link in list(project.links.values())
    )
    metrics = [
        Metric(
            f"gns3trio_link_{name}_total",
            "counter",
            help_text,
            _samples(directions, key),
        )
        for name, key, help_text in _LINK_COUNTERS
    ]
    drops, node_drops = _drop_samples(directions, "drops"), _drop_samples(directions, "node_drops")
    held, offloaded = _samples(directions, "held"), _samples(directions, "offloaded")
    return [
        Metric("gns3trio_link_info", "gauge", "Always 1; the labels give names to the ids of other metrics.", links),
        *metrics,
        Metric("gns3trio_link_dropped_frames_total", "counter", "Frames that a link dropped, by reason.", drops),
        Metric(
            "gns3trio_link_node_dropped_frames_total",
            "counter",
            "Frames that were dropped at the ports of a link's nodes, before or after the link, by reason.",
            node_drops,
        ),
        Metric("gns3trio_link_held_frames", "gauge", "Frames that filters of a link currently hold.", held),
        Metric(
            "gns3trio_link_offloaded", "gauge", "1 if the kernel forwards the frames now (kernel_offload).", offloaded
        ),
    ]


async def _port_metrics(api: ApiRequest) -> list[Metric]:
    """Metrics of all linked ports. The reasons of drops are in the metrics of their links."""
    reading = api.context.link_stats.look()
    infos: list[Sample] = []
    frames: list[Sample] = []
    size: list[Sample] = []
    drops: list[Sample] = []
    slices = Slices()
    for project in api.projects:
        for node in list(project.nodes.values()):
            await slices.pause()
            if node.instance is None:
                continue
            ids = {"project_id": str(project.project_id), "node_id": str(node.node_id)}
            names = {"project": project.settings.name, "node": node.name, "node_type": node.record.node_type}
            infos.append(Sample(1, {**ids, **names}))
            for port in api.context.link_stats.of_node(reading, node):
                place = f"{port.port.adapter_number}/{port.port.port_number}"
                for direction, counters in port.directions().items():
                    labels = {**ids, "port": place, "direction": direction}
                    frames.append(Sample(counters.frames, labels))
                    size.append(Sample(counters.bytes, labels))
                    lost = sum(counters.drops.values()) + sum(counters.node_drops.values())
                    drops.append(Sample(lost, labels))
    return [
        Metric("gns3trio_node_info", "gauge", "Always 1; the labels give names to the ids of other metrics.", infos),
        Metric("gns3trio_port_frames_total", "counter", "Frames that a node received or sent at a port.", frames),
        Metric("gns3trio_port_bytes_total", "counter", "Bytes of these frames.", size),
        Metric("gns3trio_port_dropped_frames_total", "counter", "Frames that were dropped at a port.", drops),
    ]


_Directions = list[tuple[dict[str, str], DirectionStatistics]]


def _samples(directions: _Directions, key: str) -> Iterator[Sample]:
    for labels, direction in directions:
        yield Sample(int(getattr(direction, key)), labels)


def _drop_samples(directions: _Directions, key: str) -> Iterator[Sample]:
    for labels, direction in directions:
        for reason, count in getattr(direction, key).items():
            yield Sample(count, {**labels, "reason": reason})


def _link_directions(api: ApiRequest) -> Iterator[tuple[dict[str, str], DirectionStatistics]]:
    """Each direction of each wired link: its labels and statistics."""
    link_stats = api.context.link_stats
    reading = link_stats.look()
    for project in api.projects:
        for link in list(project.links.values()):
            statistics = link_stats.at(reading, project.links, link)
            if statistics is None:
                continue
            ids = {"project_id": str(statistics.project_id), "link_id": str(statistics.link_id)}
            yield {**ids, "direction": "a_to_b"}, statistics.a_to_b
            yield {**ids, "direction": "b_to_a"}, statistics.b_to_a
