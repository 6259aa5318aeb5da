"""Metrics of the programs of nodes on this host."""

from itertools import islice

from gns3trio.api.metric import Metric, Sample
from gns3trio.compute.interface import Compute
from gns3trio.compute.node_features import NodeUsage
from gns3trio.controller.controller import Controller
from gns3trio.controller.nodes.node import Node

# Nodes with a process of which there are metrics, the first ones in the order of projects and nodes. A host runs fewer.
MOST_NODES = 2000

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


async def usage_metrics(controller: Controller) -> list[Metric]:
    """What nodes with a process take of this host."""
    own: Compute = controller.computes.own
    nodes = [
        node
        for project in list(controller.projects.values())
        for node in list(project.nodes.values())
        if node.instance is not None and not node.traits.always_runs and node.status != "stopped"
        if node.require_compute() is own
    ]
    usages = await own.known_usage([node.require_instance() for node in nodes])
    pairs = ((node, usage) for node, usage in zip(nodes, usages, strict=True) if usage is not None and usage.processes)
    measured = list(islice(pairs, MOST_NODES))
    return [Metric(name, kind, text, _samples(measured, field)) for name, kind, text, field in _METRICS]


def _samples(measured: list[tuple[Node, NodeUsage]], field: str) -> list[Sample]:
    return [
        Sample(value, {"project_id": str(node.project_id), "node_id": str(node.node_id)})
        for node, usage in measured
        if (value := getattr(usage, field)) is not None
    ]
