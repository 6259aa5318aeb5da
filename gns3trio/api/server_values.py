"""What clients of several versions store on the server, and ask of it as a whole."""

import contextlib
from collections.abc import Mapping
from typing import Any

import trio

from gns3trio.api.host_views import statistics_view
from gns3trio.classes import frozen
from gns3trio.compute.interface import Compute
from gns3trio.controller.controller import Controller
from gns3trio.errors import ComputeAway, Forbidden, NotFound
from gns3trio.machine import MachineStatistics

# How long the statistics of all computes may take.
STATISTICS_SECONDS = 3.0


@frozen
class StoredSettings:
    """Settings that the server stores for its clients, and does not use."""

    name: str
    defaults: Mapping[str, Any]

    def get(self, controller: Controller) -> dict[str, Any]:
        """All of them."""
        return {**self.defaults, **controller.state.get(self.name, dict(self.defaults))}

    async def change(self, controller: Controller, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change some; returns all. Raises Unavailable if the disk reports an error."""
        defaults = dict(self.defaults)
        stored: dict[str, Any] = await controller.state.change(
            self.name, defaults, lambda old: {**defaults, **old, **changes}
        )
        return stored


GNS3VM = StoredSettings(
    "gns3vm",
    {
        "allocate_vcpus_ram": True,
        "enable": False,
        "engine": "vmware",
        "headless": False,
        "port": 80,
        "ram": 2048,
        "vcpus": 1,
        "vmname": None,
        "when_exit": "stop",
    },
)
IOU_LICENSE = StoredSettings("iou_license", {"iourc_content": "", "license_check": True})
# The engines that the GNS3 GUI offers in its settings. This server does not start virtual machines.
_ENGINES = (
    ("vmware", "VMware", True, True),
    ("virtualbox", "VirtualBox", True, True),
    ("remote", "Remote", False, False),
)


def gns3vm_engines() -> list[dict[str, Any]]:
    """The programs that could run the GNS3 virtual machine."""
    return [
        {
            "engine_id": engine,
            "name": name,
            "description": f"{name}: settings are stored, this server starts no virtual machine",
            "support_when_exit": support,
            "support_headless": support,
            "support_ram": ram,
        }
        for engine, name, support, ram in _ENGINES
    ]


def gns3vm_machines(engine: str) -> list[dict[str, Any]]:
    """The virtual machines of an engine: always none. Raises NotFound for an unknown engine."""
    if engine not in [engine_id for engine_id, *_ in _ENGINES]:
        raise NotFound(f"Engine {engine} doesn't exist")
    return []


def require_local(is_local: bool) -> None:
    """Raises Forbidden unless the setting ``local`` is on."""
    if not is_local:
        raise Forbidden("Only a server with the setting 'local' does this")


async def statistics_of_computes(controller: Controller) -> list[dict[str, Any]]:
    """The load of each connected compute that answers in time."""
    known = controller.computes
    computes = [(compute, known.state(compute.compute_id).name) for compute in known.driven()]
    found: dict[str, MachineStatistics] = {}

    async def ask(compute: Compute) -> None:
        with contextlib.suppress(ComputeAway):
            found[compute.compute_id] = await compute.statistics()

    with trio.move_on_after(STATISTICS_SECONDS):
        async with trio.open_nursery() as nursery:
            for compute, _ in computes:
                nursery.start_soon(ask, compute)
    return [
        {
            "compute_id": compute.compute_id,
            "compute_name": name,
            "statistics": statistics_view(found[compute.compute_id]),
        }
        for compute, name in computes
        if compute.compute_id in found
    ]
