"""What the API's handlers work on."""

import attrs
import trio

from gns3trio.config import Config
from gns3trio.controller.controller import Controller


@attrs.frozen
class ApiContext:
    """The server's parts that requests reach. ``closing`` is set when the server begins to stop: streams then end."""

    config: Config
    controller: Controller
    closing: trio.Event
