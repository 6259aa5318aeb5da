"""The composition root: builds the server from its parts. The nesting of ``async with`` is the order of shutdown: the
API stops first, then projects close and nodes stop, and last the forwarder, whose ports the nodes used.
"""

import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import attrs
import trio

from gns3trio.addresses import is_loopback
from gns3trio.api.app import Application
from gns3trio.api.audited import RefusedEntries
from gns3trio.api.context import ApiContext
from gns3trio.api.credentials import Credentials
from gns3trio.api.events import ApiEvents, open_events
from gns3trio.api.identity import Gate
from gns3trio.api.password_guesses import Guesses
from gns3trio.classes import frozen
from gns3trio.compute.local_compute import LocalCompute, open_local_compute
from gns3trio.compute.other_hosts import ComputeAddress, ComputeWatcher, OtherCompute
from gns3trio.config import Config, require_password
from gns3trio.controller.controller import Controller, open_controller
from gns3trio.controller.links.traffic import LinkStats
from gns3trio.controller.people.logins import Logins
from gns3trio.controller.people.permits import Permits
from gns3trio.controller.people.store import People, people_of
from gns3trio.controller.people.tokens import Tokens
from gns3trio.controller.storage.server_folders import locked_folders
from gns3trio.freed_memory import FreedMemory
from gns3trio.http.serve import HttpSettings, serve_http
from gns3trio.memory import Memory
from gns3trio.service_manager import ServiceManager
from gns3trio.watchdog import Watchdog, watch_loop

log = logging.getLogger(__name__)


@frozen
class RunningServer:
    """A server that answers requests at ``urls``. Setting ``closing`` makes it stop."""

    urls: list[str]
    controller: Controller
    events: ApiEvents
    closing: trio.Event
    watchdog: Watchdog
    memory: Memory


@asynccontextmanager
async def open_server(config: Config) -> AsyncIterator[RunningServer]:
    """Run a server for as long as the ``async with`` lasts, then shut it down in order.

    Raises Unavailable or Invalid if the address, the certificate, the projects folder or the kernel cannot be used as
    the settings require.
    """
    memory = Memory()
    closing = trio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(locked_folders(config))
        people = await people_of(config)
        if not people.is_open:
            config = attrs.evolve(config, has_password=True)
        require_password(config)
        watchdog = await stack.enter_async_context(watch_loop())
        events = await stack.enter_async_context(open_events())
        compute = await stack.enter_async_context(open_local_compute(config, memory.captures))
        open_compute = partial(_open_compute, config, memory)
        controller = await stack.enter_async_context(
            open_controller(config, [compute], events.changes, open_compute, people)
        )
        nursery = await stack.enter_async_context(trio.open_nursery())
        link_stats = LinkStats(
            controller.computes.driven,
            controller.links_at,
            events.changes,
            config.stats_interval,
            controller.hosted.reports.counted,
        )
        statistics = await nursery.start(_run_until_cancelled, partial(link_stats.follow, compute))
        controller.computes.attend(link_stats.follow)
        settings = HttpSettings(
            addresses=config.addresses,
            port=config.port,
            certfile=config.certfile if config.ssl else None,
            certkey=config.certkey if config.ssl else None,
            memory=memory,
        )
        freed_memory = await nursery.start(_run_until_cancelled, FreedMemory().run)
        tokens = Tokens(config.state_folder, config.jwt_access_token_expire_minutes)
        logins = Logins(people, tokens, config.password)
        refused = RefusedEntries(controller.audit)
        app = Application(
            ApiContext(
                config,
                controller,
                events,
                link_stats,
                closing,
                watchdog,
                memory,
                compute.qemu_host,
                compute.docker_images,
                Gate(people, logins, Permits(people)),
                Credentials(logins, config.passwords_of_compute_users, Guesses(), refused.wrong_password),
                refused,
            )
        )
        serve = partial(serve_http, app, settings, closing=closing)
        urls: list[str] = await nursery.start(serve)
        nursery.start_soon(_give_up_starts, closing, compute)
        consoles = await nursery.start(_run_until_cancelled, partial(_tell_of_open_consoles, config, people))
        controller.computes.local_port = int(urls[0].rpartition(":")[2])
        yield RunningServer(urls, controller, events, closing, watchdog, memory)
        closing.set()
        statistics.cancel()
        freed_memory.cancel()
        consoles.cancel()


def _open_compute(config: Config, memory: Memory, address: ComputeAddress, watcher: ComputeWatcher) -> OtherCompute:
    """A compute on another host. The libraries for this are loaded with the first one."""
    from gns3trio.compute.remote.compute import RemoteCompute

    return RemoteCompute(address, watcher, config.projects_path, memory.captures)


async def _give_up_starts(closing: trio.Event, compute: LocalCompute) -> None:
    """The requests that wait for them are answered, and the server does not wait for programs that hang."""
    await closing.wait()
    compute.end_starts()


async def _tell_of_open_consoles(config: Config, people: People) -> None:
    """If the first password is set while the server runs, telnet consoles stay where they are."""
    if config.console_host or all(is_loopback(address) for address in config.console_addresses):
        return
    while people.is_open:
        await people.changed()
    if not config.has_password:
        log.warning(
            "telnet consoles, which ask for no password, still listen on %s: start the server again, or set "
            "console_host",
            ", ".join(config.console_addresses),
        )


async def _run_until_cancelled(
    run: Callable[[], Awaitable[None]], task_status: trio.TaskStatus[trio.CancelScope]
) -> None:
    with trio.CancelScope() as scope:
        task_status.started(scope)
        await run()


async def run_server(
    config: Config, on_ready: Callable[[list[str], bool], None], manager: ServiceManager | None = None
) -> None:
    """Serve until SIGTERM, SIGINT or SIGQUIT. A second signal ends the waiting for clients.

    ``on_ready`` gets the URLs when the server answers requests, and whether nobody has to log in; the service manager
    ``manager`` is told too. Raises as ``open_server``.
    """
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT) as signals:
        async with trio.open_nursery() as nursery:

            async def stop_on_signals() -> None:
                async for number in signals:
                    log.info("%s: stopping", signal.Signals(number).name)
                    if server.closing.is_set():
                        nursery.cancel_scope.cancel()
                    server.closing.set()

            async with open_server(config) as server:
                nursery.start_soon(stop_on_signals)
                on_ready(server.urls, server.controller.people.is_open)
                if manager is not None:
                    nursery.start_soon(manager.report, f"ready on {' '.join(server.urls)}", server.closing)
                await server.closing.wait()
            nursery.cancel_scope.cancel()
