"""Metrics of single links and ports."""

from collections.abc import Iterator

from gns3trio.api.metric import Metric, Sample
from gns3trio.api.routing import ApiRequest
from gns3trio.controller.as_code.document import End
from gns3trio.controller.links.statistics import DirectionStatistics
from gns3trio.slices import Slices, in_slices

# Name in the metric, key in the statistics, help.
_LINK_COUNTERS = (
    ("frames", "frames", "Frames that crossed a link."),
    ("bytes", "bytes", "Bytes of frames that crossed a link."),
    ("duplicated_frames", "duplicated", "Extra frames that filters of a link created."),
    ("refused_frames", "refused", "ICMP port unreachable messages for frames of a link."),
)


async def link_metrics(api: ApiRequest) -> list[Metric]:
    """Metrics of all wired links. What few links have is there only where it is not 0: drops for each reason, frames
    that filters made or hold, refused frames, and the kernel's links.
    """
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
            _samples(directions, key, is_rare=key not in ("frames", "bytes")),
        )
        for name, key, help_text in _LINK_COUNTERS
    ]
    drops, node_drops = _drop_samples(directions, "drops"), _drop_samples(directions, "node_drops")
    held, offloaded = (_samples(directions, name, is_rare=True) for name in ("held", "offloaded"))
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


async def port_metrics(api: ApiRequest) -> list[Metric]:
    """Metrics of all linked ports; drops where there are some. Their reasons are in the metrics of the links."""
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
                    if lost:
                        drops.append(Sample(lost, labels))
    return [
        Metric("gns3trio_node_info", "gauge", "Always 1; the labels give names to the ids of other metrics.", infos),
        Metric("gns3trio_port_frames_total", "counter", "Frames that a node received or sent at a port.", frames),
        Metric("gns3trio_port_bytes_total", "counter", "Bytes of these frames.", size),
        Metric("gns3trio_port_dropped_frames_total", "counter", "Frames that were dropped at a port.", drops),
    ]


_Directions = list[tuple[dict[str, str], DirectionStatistics]]


def _samples(directions: _Directions, key: str, *, is_rare: bool) -> Iterator[Sample]:
    for labels, direction in directions:
        value = int(getattr(direction, key))
        if value or not is_rare:
            yield Sample(value, labels)


def _drop_samples(directions: _Directions, key: str) -> Iterator[Sample]:
    for labels, direction in directions:
        for reason, count in getattr(direction, key).items():
            if count:
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
