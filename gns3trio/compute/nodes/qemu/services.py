"""What nodes of the type ``qemu`` use of the compute, and what this host can do for them."""

import trio

from gns3trio.classes import define
from gns3trio.compute.images import FOLDERS, ImageFolder
from gns3trio.compute.local.admission import Admission
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.compute.nodes.parts.sandbox import require_means
from gns3trio.compute.nodes.qemu.disks import DiskTool
from gns3trio.compute.nodes.qemu.found import native_platforms
from gns3trio.compute.nodes.qemu.options import chooses_accelerator, parse_options
from gns3trio.compute.nodes.qemu.programs import QemuProgram, QemuPrograms, can_use_kvm
from gns3trio.compute.nodes.qemu.settings import QemuSettings
from gns3trio.console.acceptor import ConsoleAcceptor
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Forwarder


@define(kw_only=True)
class QemuServices:
    """Nodes run in ``nursery``. The last four are settings of the server."""

    nursery: trio.Nursery
    running: RunningPrograms
    admission: Admission
    forwarder: Forwarder
    link_ends: LinkEnds
    console_ports: ConsolePorts
    console_acceptor: ConsoleAcceptor
    images: ImageFolder
    programs: QemuPrograms
    disks: DiskTool
    enable_hardware_acceleration: bool
    require_hardware_acceleration: bool
    allow_unsafe_options: bool
    require_sandbox: bool

    def use_kvm(self, program: QemuProgram, settings: QemuSettings) -> bool:
        """Whether the host's processor runs the guest's code itself. Raises Conflict if it must, and cannot."""
        if chooses_accelerator(parse_options(settings.options)):
            return can_use_kvm()  # whatever they choose
        if program.platform not in native_platforms() or not self.enable_hardware_acceleration:
            return False
        if can_use_kvm():
            return True
        if self.require_hardware_acceleration:
            raise Conflict(
                "This host has no hardware acceleration: the server cannot use /dev/kvm (is virtualisation enabled in "
                "the firmware, and is the server's user in the group kvm?). The setting "
                "require_hardware_acceleration = false lets machines run all the same, ten times slower"
            )
        return False

    def require_confinement(self, what: str) -> None:
        """Raises Conflict if programs must be confined, and this kernel cannot."""
        if self.require_sandbox:
            require_means(what)


def open_qemu_services(services: LocalServices) -> QemuServices:
    """What nodes of this type use of this compute."""
    config, builtin = services.config, services.builtin
    images = ImageFolder(config.images_folder / FOLDERS["qemu"])
    programs = QemuPrograms()
    return QemuServices(
        nursery=builtin.nursery,
        running=builtin.running,
        admission=builtin.admission,
        forwarder=builtin.forwarder,
        link_ends=builtin.link_ends,
        console_ports=builtin.console_ports,
        console_acceptor=builtin.console_acceptor,
        images=images,
        programs=programs,
        disks=DiskTool(programs, images),
        enable_hardware_acceleration=config.enable_hardware_acceleration,
        require_hardware_acceleration=config.require_hardware_acceleration,
        allow_unsafe_options=config.allow_unsafe_options,
        require_sandbox=config.require_sandbox,
    )
