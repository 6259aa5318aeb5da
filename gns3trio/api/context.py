"""What the API's handlers work on."""

import attrs
import trio

from gns3trio.api.events import ApiEvents
from gns3trio.config import Config
from gns3trio.controller.controller import Controller
from gns3trio.controller.links.stats import LinkStats
from gns3trio.memory import Memory
from gns3trio.watchdog import Watchdog


@attrs.frozen
class ApiContext:
    """The server's parts that requests reach. ``closing`` is set when the server begins to stop: streams then end."""

    config: Config
    controller: Controller
    events: ApiEvents
    link_stats: LinkStats
    closing: trio.Event
    watchdog: Watchdog
    memory: Memory
