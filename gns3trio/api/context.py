"""The parts of the server that the API's handlers use."""

from collections.abc import Awaitable, Callable

import trio
from attrs import field

from gns3trio.api.audited import RefusedEntries
from gns3trio.api.credentials import Credentials
from gns3trio.api.events import ApiEvents
from gns3trio.api.identity import Gate
from gns3trio.api.request_counts import RequestCounts
from gns3trio.api.v3.template_lines import TemplateLines
from gns3trio.classes import frozen
from gns3trio.compute.emulator_host import QemuHost
from gns3trio.config import Config
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.traffic import LinkStats
from gns3trio.memory import Memory
from gns3trio.watchdog import Watchdog


@frozen
class ApiContext:
    """The parts of the server for handlers. ``closing`` is set when the shutdown begins, and ends streams."""

    config: Config
    controller: Controller
    events: ApiEvents
    link_stats: LinkStats
    closing: trio.Event
    watchdog: Watchdog
    memory: Memory
    qemu_host: Callable[[], Awaitable[QemuHost]]
    docker_images: Callable[[], Awaitable[list[str]]]
    gate: Gate
    credentials: Credentials
    refused: RefusedEntries
    requests: RequestCounts = field(factory=RequestCounts)
    template_lines: TemplateLines = field(factory=TemplateLines)
