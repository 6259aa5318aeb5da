"""The additional ``options`` of a QEMU node: parsed as a shell would, and the dangerous ones refused. Sans-IO.

Whoever may create nodes chooses them. The sandbox keeps QEMU from files and sockets that are not its own, whatever the
options are; these lists keep users from options that cannot work there, or that take what the server manages. GNS3
refuses some of them too, when the machine is started.

An option must be known, because a word behind one without a value is a disk for QEMU.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gns3trio.errors import Conflict, Invalid

_FIELD = "properties.options"
_NETWORK = "the server connects adapters"
_DISKS = "disks are properties of the node"
_MONITOR = "the server controls the machine by its own monitor"
_CONSOLE = "the type of the console is a property of the node"
_FILES = "it reads or writes files of this host"
_PROCESS = "it changes how the program runs"
_FORBIDDEN: Mapping[str, str] = {
    **dict.fromkeys(("net", "netdev", "nic", "tftp", "bootp", "redir", "smb"), _NETWORK),
    **dict.fromkeys(("hda", "hdb", "hdc", "hdd", "drive", "blockdev", "fda", "fdb", "cdrom", "sd", "mtdblock"), _DISKS),
    **dict.fromkeys(("pflash", "kernel", "initrd", "bios", "dtb", "shim"), "images are properties of the node"),
    **dict.fromkeys(("monitor", "mon", "qmp", "qmp-pretty", "gdb", "s", "S", "incoming", "only-migratable"), _MONITOR),
    **dict.fromkeys(("preconfig", "-preconfig"), _MONITOR),
    **dict.fromkeys(("serial", "parallel", "chardev", "debugcon", "vnc", "spice", "curses", "sdl"), _CONSOLE),
    **dict.fromkeys(("fsdev", "virtfs", "mem-path", "option-rom", "L", "readconfig", "writeconfig", "loadvm"), _FILES),
    **dict.fromkeys(("D", "d", "dfilter", "trace", "pidfile", "plugin", "semihosting-config", "semihosting"), _FILES),
    **dict.fromkeys(("record", "replay", "perfmap", "dump-vmstate", "accel-replay", "acpitable", "iscsi"), _FILES),
    **dict.fromkeys(("daemonize", "runas", "run-with", "user", "chroot", "sandbox", "add-fd", "set"), _PROCESS),
    **dict.fromkeys(("xen-attach", "xen-domid", "prom-env-file", "async-teardown"), _PROCESS),
    "m": "the memory is a property of the node",
    "snapshot": "it writes files of this host; a linked clone leaves the image as it is, too",
    "tpmdev": "a TPM is a property of the node",
    "uuid": "it is the id of the node",
    "name": "it is the name of the node",
}
# All others, also those of older versions, by whether QEMU takes the next word as their value.
# fmt: off
_WITHOUT_VALUE = frozenset({
    "nographic", "enable-kvm", "no-kvm", "no-kvm-irqchip", "no-kvm-pit", "no-kvm-pit-reinjection", "usb",
    "no-reboot", "no-shutdown", "no-acpi", "no-hpet", "no-fd-bootchk", "nodefaults", "no-user-config",
    "full-screen", "portrait", "win2k-hack", "rtc-td-hack", "tdf", "localtime", "singlestep", "one-insn-per-tb",
    "mem-prealloc", "alt-grab", "ctrl-grab", "no-quit", "no-frame", "enable-fips", "enable-sync-profile",
})
_WITH_VALUE = frozenset({
    "accel", "action", "append", "audio", "audiodev", "balloon", "boot", "clock", "compat", "cpu", "device",
    "display", "echr", "fw_cfg", "g", "global", "icount", "k", "machine", "M", "msg", "numa", "object",
    "overcommit", "prom-env", "rotate", "rtc", "seed", "smbios", "smp", "soundhw", "startdate", "usbdevice", "vga",
    "watchdog", "watchdog-action",
})
# fmt: on
# Harmless values of options that are forbidden otherwise, and options of which only the value ``none`` is harmless.
_HARMLESS: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("net", "nic", "serial", "parallel", "monitor"), ("none", "null")
)
_ONLY_NONE = frozenset({"display", "audiodev", "audio"})
# Devices that lead to the host, by the beginning of their name.
_HOST_DEVICES: tuple[str, ...] = (
    *("vfio-", "vhost-", "usb-host", "usb-mtp", "scsi-generic", "scsi-block", "ivshmem", "pci-assign", "loader"),
    *("pvrdma", "igd-passthrough", "u2f-", "ccid-card-", "guest-loader", "xen-", "virtio-gpu-rutabaga"),
)
# Objects that are nothing but memory, threads or random numbers.
_OBJECTS = frozenset({"rng-builtin", "iothread", "memory-backend-ram", "throttle-group", "can-bus", "authz-list"})
# Parameters whose value is a file or a descriptor, whole or by their end.
# fmt: off
_FILE_PARAMETERS = frozenset({
    "rootdir", "sysfsdev", "host", "sock", "kernel", "initrd", "dtb", "dumpdtb", "firmware", "pflash0",
    "pflash1", "script", "downscript", "splash", "data", "db", "rrsnapshot",
})
# fmt: on
_FILE_ENDS = ("file", "path", "filename", "dir", "fd", "fds")
# Texts for the guest only, in which a slash does not lead to a file.
_TEXTS = frozenset({"append", "prom-env", "smbios", "rtc", "fw_cfg", "startdate"})
# Those whose whole value is a text.
_WHOLE_TEXTS = frozenset({"append", "prom-env"})
_ADVICE = "The setting allow_unsafe_options allows it"


def parse_options(options: str) -> list[str]:
    """The arguments. Raises Invalid for a quotation without an end."""
    try:
        return shlex.split(options)
    except ValueError as error:
        raise Invalid(f"{_FIELD}: {str(error)[:1].lower()}{str(error)[1:]}") from None


def check_options(options: str, *, unsafe: bool) -> None:
    """Raises Invalid if they cannot be parsed, Conflict for a forbidden one; with ``unsafe``, none is forbidden."""
    arguments = parse_options(options)
    if any("\0" in argument or "\n" in argument for argument in arguments):
        raise Invalid(f"{_FIELD}: have a line end or a null character")
    if not unsafe:
        for option, value in _pairs(arguments):
            _check(option, value)


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each option without its hyphens, with its value; empty if it has none. Raises Conflict for another word."""
    words = iter(arguments)
    for word in words:
        if not word.startswith("-") or len(word) == 1:
            raise Conflict(f"{_FIELD}: {word!r} is not an option: a disk without one is not allowed")
        option = word[2:] if word.startswith("--") else word[1:]
        yield option, "" if option in _WITHOUT_VALUE else next(words, "")


def _check(option: str, value: str) -> None:
    if value in _HARMLESS.get(option, ()):
        return
    if (reason := _FORBIDDEN.get(option)) is not None:
        raise _forbidden(f"-{option}", reason)
    if option not in _WITHOUT_VALUE and option not in _WITH_VALUE:
        raise _forbidden(f"-{option}", "this server does not know it")
    if option in _WHOLE_TEXTS:
        return
    if value.lstrip().startswith(("{", "json:")):
        raise _forbidden(f"-{option} with JSON", "it is not examined")
    parameters = [parameter.partition("=") for parameter in value.split(",")]
    kinds = [name for name, equals, _ in parameters[:1] if not equals]
    kinds += [text for name, _, text in parameters if name in ("driver", "qom-type", "type", "model")]
    for kind in kinds:
        if option == "device" and kind.startswith(_HOST_DEVICES):
            raise _forbidden(f"the device {kind}", "it leads to this host")
        if option == "object" and kind not in _OBJECTS:
            raise _forbidden(f"the object {kind}", "it may use this host")
    if option == "usbdevice" and not value.isidentifier():
        raise _forbidden(f"-usbdevice {value}", "it leads to this host")
    if option in _ONLY_NONE and set(kinds) != {"none"}:
        raise _forbidden(f"-{option} {value}", "it leads to this host")
    for name, equals, text in parameters:
        # -global has DRIVER.PROPERTY=VALUE, or the three of them as parameters.
        names = [name.rpartition(".")[2], text] if option == "global" else [name]
        if equals and any(each in _FILE_PARAMETERS or each.endswith(_FILE_ENDS) for each in names):
            raise _forbidden(f"{name}= of -{option}", "it names a file")
        if option not in _TEXTS and "/" in f"{name}{text}":
            raise _forbidden(f"{name}= of -{option}" if text else f"-{option} {name}", "it names a file")


def _forbidden(what: str, reason: str) -> Conflict:
    return Conflict(f"{_FIELD}: {what} is forbidden, because {reason}. {_ADVICE}")


def chooses_accelerator(arguments: Sequence[str]) -> bool:
    """Whether the options say themselves what runs the guest's code."""
    return any(
        option in ("-no-kvm", "-enable-kvm", "-accel") or (option in ("-machine", "-M") and "accel=" in value)
        for option, value in zip(arguments, [*arguments[1:], ""], strict=False)
    )


def without_old_accelerator(arguments: Iterable[str]) -> list[str]:
    """The arguments for a QEMU that knows ``-no-kvm`` and ``-enable-kvm`` no longer."""
    known = {"-no-kvm": ["-accel", "tcg"], "-enable-kvm": ["-accel", "kvm"]}
    return [word for argument in arguments for word in known.get(argument, [argument])]
