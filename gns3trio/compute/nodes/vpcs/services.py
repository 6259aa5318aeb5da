"""The services of the compute that nodes of the type ``vpcs`` use, and the choice of their engine."""

import logging
import shutil
from typing import TYPE_CHECKING

import attrs
import trio

from gns3trio.classes import define
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.vpcs.macs import VpcsMacs
from gns3trio.compute.nodes.vpcs.process import VpcsPorts, VpcsProgramFinder
from gns3trio.compute.nodes.vpcs.settings import EngineName, as_engine
from gns3trio.config import Config
from gns3trio.console.acceptor import ConsoleAcceptor
from gns3trio.forwarder.forwarder import Forwarder

if TYPE_CHECKING:  # loaded with the first built-in PC
    from gns3trio.forwarder.pc import Pcs

log = logging.getLogger(__name__)


@define(kw_only=True)
class VpcsServices:
    """Nodes run in ``nursery``. ``default_engine`` runs those for which none was chosen."""

    nursery: trio.Nursery
    forwarder: Forwarder
    link_ends: LinkEnds
    console_ports: ConsolePorts
    console_acceptor: ConsoleAcceptor
    programs: VpcsProgramFinder
    default_engine: EngineName
    vpcs_ports: VpcsPorts = attrs.field(factory=VpcsPorts)
    macs: VpcsMacs = attrs.field(factory=VpcsMacs)
    running: RunningPrograms = attrs.field(factory=RunningPrograms)
    require_sandbox: bool = False
    pcs: "Pcs | None" = None  # opened by the first node that the engine of built-in PCs starts

    def engine_name(self, engine: str | None) -> EngineName:
        """The engine of a node for which this one was chosen; None is the default one. Raises Invalid."""
        return as_engine(engine) if engine is not None else self.default_engine

    def require_engine(self, engine: str | None) -> None:
        """Raises Invalid if there is no such engine, Conflict if it cannot run nodes here. None is the default one."""
        if engine is not None and as_engine(engine) == "process":
            self.programs.require_installed("engine")


def open_vpcs_services(services: LocalServices) -> VpcsServices:
    """What nodes of this type use of this compute."""
    config, builtin = services.config, services.builtin
    return VpcsServices(
        nursery=builtin.nursery,
        running=builtin.running,
        forwarder=builtin.forwarder,
        link_ends=builtin.link_ends,
        console_ports=builtin.console_ports,
        console_acceptor=builtin.console_acceptor,
        programs=VpcsProgramFinder(config.vpcs_path),
        default_engine=_default_engine(config),
        require_sandbox=config.require_sandbox,
    )


def _default_engine(config: Config) -> EngineName:
    if config.vpcs_engine == "builtin":
        return "builtin"
    if shutil.which(config.vpcs_path) is not None:
        return "process"
    if config.vpcs_engine == "auto":
        log.info("VPCS is not installed (%r was not found): VPCS nodes are built-in PCs", config.vpcs_path)
        return "builtin"
    log.warning("VPCS is not installed (%r was not found): VPCS nodes cannot be started", config.vpcs_path)
    return "process"
