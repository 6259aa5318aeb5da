"""The composition root: what the server is made of. The nesting of ``async with`` is the order of shutdown:
the API stops first, then projects close and nodes stop, then the forwarder, whose sockets everything used.
"""

import logging
import signal
from collections.abc import Callable

import trio

from gns3trio.api.app import Application
from gns3trio.api.context import ApiContext
from gns3trio.compute.compute import open_compute
from gns3trio.config import Config
from gns3trio.controller.controller import Controller, open_controller
from gns3trio.controller.link_stats import publish_link_stats
from gns3trio.forwarder.forwarder import open_forwarder
from gns3trio.http.serve import HttpSettings, serve_http
from gns3trio.notifications.hub import NotificationHub

log = logging.getLogger(__name__)


async def run_server(config: Config, on_ready: Callable[[list[str]], None]) -> None:
    """Serve until SIGTERM, SIGINT or SIGQUIT. ``on_ready`` gets the URLs once requests are answered.

    Raises Unavailable or Invalid when the address or the certificate cannot be used.
    """
    hub = NotificationHub()
    async with (
        open_forwarder(workers=config.forwarder_workers, stats_interval=config.stats_interval) as forwarder,
        open_compute(config, forwarder) as compute,
        open_controller(config, compute, hub) as controller,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(publish_link_stats, forwarder, controller, hub)
        await _serve_until_signal(config, controller, on_ready)
        nursery.cancel_scope.cancel()


async def _serve_until_signal(config: Config, controller: Controller, on_ready: Callable[[list[str]], None]) -> None:
    closing = trio.Event()
    app = Application(ApiContext(config, controller, closing))
    settings = HttpSettings(
        host=config.host,
        port=config.port,
        certfile=config.certfile if config.ssl else None,
        certkey=config.certkey if config.ssl else None,
    )
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT) as signals:
        async with trio.open_nursery() as nursery:

            async def serve(task_status: trio.TaskStatus[list[str]]) -> None:
                await serve_http(app, settings, closing=closing, task_status=task_status)
                nursery.cancel_scope.cancel()

            on_ready(await nursery.start(serve))
            async for number in signals:
                if closing.is_set():  # asked twice: do not wait for clients any longer
                    nursery.cancel_scope.cancel()
                log.info("%s: stopping", signal.Signals(number).name)
                closing.set()
