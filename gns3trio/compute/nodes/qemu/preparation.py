"""What a machine needs before it can be started: its program, images and disks, and what the sandbox lets it use."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.nodes.parts.sandbox import Sandbox
from gns3trio.compute.nodes.qemu.command import Adapter, Disk, Machine
from gns3trio.compute.nodes.qemu.config_disk import ConfigDisk, disk_of, prepare_config_disk
from gns3trio.compute.nodes.qemu.disks import prepare_firmware
from gns3trio.compute.nodes.qemu.process import qemu_sandbox
from gns3trio.compute.nodes.qemu.services import QemuServices
from gns3trio.compute.nodes.qemu.settings import QemuSettings
from gns3trio.compute.nodes.qemu.tpm import DEVICES, require_tpm
from gns3trio.errors import Conflict


@frozen(kw_only=True)
class Plan:
    """What a run needs to know of its node."""

    node_id: str
    name: str
    folder: Path
    settings: QemuSettings
    adapters: Sequence[Adapter]
    console_type: str


@frozen
class Prepared:
    """A machine that can be started."""

    machine: Machine
    sandbox: Sandbox
    config_disk: ConfigDisk | None


async def prepare(services: QemuServices, plan: Plan) -> Prepared:
    """Find and make all that a machine needs. Raises Conflict with what is missing, or Unavailable."""
    settings = plan.settings
    what = f"QEMU '{plan.name}'"
    services.require_confinement(what)
    refuse_missing(settings)
    program = await services.programs.find(services.programs.path_of(settings.qemu_path, settings.platform))
    use_kvm = services.use_kvm(program, settings)
    if settings.tpm:
        await threads.disk.run(require_tpm, program.platform)
    disks = await services.disks.prepare(settings, plan.folder)
    load_state = False
    for disk in disks:
        if disk.format == "qcow2":
            load_state = await services.disks.has_saved_state(Path(disk.file))
            break
    config_disk: ConfigDisk | None = None
    if settings.create_config_disk:
        config_disk = await threads.disk.run(prepare_config_disk, plan.folder)
        disks.append(disk_of(config_disk, settings))
    files = await threads.disk.run(_files, services, settings)
    cdrom: Disk | None = None
    if (path := files.get("cdrom_image")) is not None:
        cdrom = Disk(2, "ide", path, await services.disks.format_of(Path(path)))
    firmware = await threads.disk.run(prepare_firmware, plan.folder, program.platform) if settings.uefi else None
    machine = Machine(
        program=program.executable,
        version=program.version,
        platform=program.platform,
        name=plan.name,
        node_id=plan.node_id,
        ram=settings.ram,
        cpus=settings.cpus,
        use_kvm=use_kvm,
        boot_priority=settings.boot_priority,
        console_type=plan.console_type,
        disks=disks,
        cdrom=cdrom,
        kernel=files.get("kernel_image"),
        initrd=files.get("initrd"),
        kernel_command_line=settings.kernel_command_line,
        bios=files.get("bios_image"),
        firmware=firmware,
        tpm=DEVICES[program.platform] if settings.tpm else None,
        adapters=plan.adapters,
        options=settings.options,
        load_state=load_state,
    )
    images = [disk.backing[0] if disk.backing is not None else disk.file for disk in disks]
    sandbox = await threads.disk.run(
        lambda: qemu_sandbox(
            program,
            plan.folder,
            reads=[services.images.folder, *images, *files.values()],
            writes=[disk.file for disk in disks if disk.backing is None],
            ram=settings.ram,
            cpus=settings.cpus,
            use_kvm=use_kvm,
        )
    )
    return Prepared(machine, sandbox, config_disk)


def _files(services: QemuServices, settings: QemuSettings) -> Mapping[str, str]:
    """The paths of the images that are not disks."""
    found: dict[str, str] = {}
    for name in ("cdrom_image", "bios_image", "kernel_image", "initrd"):
        if image := getattr(settings, name):
            md5sum = getattr(settings, f"{name}_md5sum")
            found[name] = str(services.images.find(image, md5sum, f"properties.{name}"))
    return found


def refuse_missing(settings: QemuSettings) -> None:
    """Raises Conflict for a property that this server does not have."""
    if settings.legacy_networking:
        raise Conflict("properties.legacy_networking: QEMU has it no longer, since version 2.9")
