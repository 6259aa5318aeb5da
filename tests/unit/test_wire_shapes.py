"""Bodies and replies have the fields of what they stand for, and are classes of their own."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from gns3trio.api import host_views
from gns3trio.api import replies as common
from gns3trio.api.app import TABLES
from gns3trio.api.replies import fields_of, is_shape
from gns3trio.api.v1 import bodies as v1_bodies
from gns3trio.api.v1 import replies as v1_replies
from gns3trio.api.v2 import benchmarks, bodies, replies, shapes, topology
from gns3trio.compute.host import HostInterface, PortUsage
from gns3trio.compute.node_features import SwitchMac
from gns3trio.compute.node_traits import NodePort
from gns3trio.conditions import impairments
from gns3trio.controller.archives.snapshots import Snapshot
from gns3trio.controller.as_code.document import DesiredTopology
from gns3trio.controller.as_code.plan import Change
from gns3trio.controller.computes import Gns3Capabilities
from gns3trio.controller.gns3_format import records
from gns3trio.controller.links.captures import CaptureOptions
from gns3trio.controller.links.statistics import DirectionStatistics, PortTraffic
from gns3trio.controller.storage.kept_versions import Version
from gns3trio.machine import MachineStatistics
from gns3trio.measure import results
from gns3trio.measure.rfc2544 import BenchmarkSpec

WIRE = (common, v1_bodies, v1_replies, benchmarks, bodies, replies, shapes)


# What only version 3 tells of a node and of a compute.
OF_GNS3_3 = {"aux", "aux_type", "properties_of_3", "version_3", "size"}


def names(kind: Any) -> list[str]:
    return [field.name for field in fields_of(kind)]


def defaults(kind: Any) -> dict[str, Any]:
    return {field.name: field.default for field in fields_of(kind)}


@pytest.mark.parametrize(
    ("shape", "record"),
    [
        (shapes.ProjectSettings, records.ProjectSettings),
        (shapes.Label, records.Label),
        (shapes.LinkEnd, records.LinkEndRecord),
    ],
)
def test_a_part_of_bodies_is_as_its_record(shape: type, record: type) -> None:
    assert defaults(shape) == defaults(record)


@pytest.mark.parametrize(
    ("reply", "record"),
    [
        (replies.SavedNode, records.NodeRecord),
        (replies.SavedLink, records.LinkRecord),
        (replies.Snapshot, Snapshot),
        (replies.NodePort, NodePort),
        (replies.Direction, DirectionStatistics),
        (replies.PortTraffic, PortTraffic),
        (replies.SwitchMac, SwitchMac),
        (host_views.MachineStatistics, MachineStatistics),
        (host_views.PortUsage, PortUsage),
        (host_views.NamedInterface, HostInterface),
        (common.Capabilities, Gns3Capabilities),
        (replies.KeptVersion, Version),
        (topology.ChangeReply, Change),
    ],
)
def test_a_reply_tells_all_of_its_record(reply: type, record: type) -> None:
    assert names(reply) == [name for name in names(record) if name not in OF_GNS3_3]


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (benchmarks.BenchmarkRequest, BenchmarkSpec),
        (benchmarks.Throughput, results.Throughput),
        (benchmarks.Latency, results.Latency),
        (benchmarks.LossPoint, results.LossPoint),
        (benchmarks.Burst, results.Burst),
        (benchmarks.Trial, results.TrialReport),
    ],
)
def test_a_shape_of_benchmarks_has_the_fields_of_what_it_stands_for(shape: type, told: type) -> None:
    assert names(shape) == names(told)


def test_what_a_benchmark_does_unless_told_otherwise_is_the_same_for_clients() -> None:
    assert benchmarks.BenchmarkRequest().spec() == BenchmarkSpec()


@pytest.mark.parametrize(
    ("shape", "told"), [(bodies.CaptureRequest, CaptureOptions), (shapes.Impairment, impairments.Impairment)]
)
def test_a_body_has_the_fields_and_defaults_of_what_it_stands_for(shape: type, told: type) -> None:
    assert list(defaults(shape).items()) == list(defaults(told).items())


def test_what_a_client_may_change_of_a_node_is_in_its_record() -> None:
    told = set(names(replies.Node)) - set(names(records.NodeRecord))
    assert set(names(bodies.NodeUpdate)) == (set(names(records.NodeRecord)) - OF_GNS3_3) | told


def classes() -> Iterator[type]:
    for module in WIRE:
        for _, kind in inspect.getmembers(module, is_shape):
            if kind.__module__ == module.__name__:
                yield kind


def test_no_body_or_reply_is_a_record() -> None:
    kinds = list(classes())
    assert replies.Node in kinds and bodies.ProjectCreate in kinds
    for kind in kinds:
        assert all(base.__module__.startswith(("gns3trio.api", "builtins")) for base in kind.__mro__), kind


def parts_of(kind: Any) -> set[type]:
    """The classes that a type consists of: itself, those in its lists and unions, and those of its fields."""
    found: set[type] = set()
    left = [kind]
    while left:
        each = left.pop()
        left += get_args(each)
        if is_shape(each) and each not in found:
            found.add(each)
            left += get_type_hints(each).values()
    return found


def test_every_route_takes_and_gives_classes_of_the_api() -> None:
    """Topology documents are the exception: people write them into files, and send these as they are."""
    operations = [each for table in TABLES for each in table.operations]
    assert len(operations) > 100
    for operation in operations:
        for kind in (parts_of(operation.body) | parts_of(operation.reply)) - parts_of(DesiredTopology):
            assert kind.__module__.startswith("gns3trio.api."), operation.path
