"""Metrics of the programs of nodes on this host."""

from collections.abc import Iterable, Iterator

from gns3trio.api.metric import Metric, Sample
from gns3trio.compute.interface import Compute, ComputeNode
from gns3trio.compute.node_features import NodeUsage
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.slices import in_slices

# Nodes with a process of which there are metrics, the first ones in the order of projects and nodes. A host runs fewer.
MOST_NODES = 2000
# So many are asked for at a time, between which other tasks run.
_AT_A_TIME = 500

# Name, kind, help, field of NodeUsage.
_METRICS = (
    (
        "gns3trio_node_cpu_seconds_total",
        "counter",
        "CPU time of a node's processes since it was started.",
        "cpu_seconds",
    ),
    ("gns3trio_node_memory_bytes", "gauge", "Memory of a node's processes, as far as it is resident.", "memory_bytes"),
    (
        "gns3trio_node_configured_memory_bytes",
        "gauge",
        "Memory that a machine or container may take.",
        "configured_memory_bytes",
    ),
    (
        "gns3trio_node_disk_bytes",
        "gauge",
        "Disk space of a node's folder, as a client of the usage of its project has seen it last.",
        "disk_bytes",
    ),
)


async def usage_metrics(own: Compute, projects: Iterable[Project]) -> list[Metric]:
    """What nodes of these projects with a process take of this host, whose compute is ``own``."""
    nodes = await in_slices(_running(own, projects))
    measured: list[tuple[Node, NodeUsage]] = []
    for begin in range(0, len(nodes), _AT_A_TIME):
        some = nodes[begin : begin + _AT_A_TIME]
        usages = await own.known_usage([instance for _, instance in some])
        measured += [(node, usage) for (node, _), usage in zip(some, usages, strict=True) if usage and usage.processes]
        if len(measured) >= MOST_NODES:
            break
    measured = measured[:MOST_NODES]
    return [Metric(name, kind, text, _samples(measured, field)) for name, kind, text, field in _METRICS]


def _running(own: Compute, projects: Iterable[Project]) -> Iterator[tuple[Node, ComputeNode]]:
    """The nodes that run on this host, and may have a process."""
    for project in projects:
        for node in list(project.nodes.values()):
            if node.instance is not None and node.status != "stopped" and node.require_compute() is own:
                yield node, node.instance


def _samples(measured: list[tuple[Node, NodeUsage]], field: str) -> list[Sample]:
    return [
        Sample(value, {"project_id": str(node.project_id), "node_id": str(node.node_id)})
        for node, usage in measured
        if (value := getattr(usage, field)) is not None
    ]
