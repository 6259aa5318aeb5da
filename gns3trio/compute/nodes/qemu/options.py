"""The additional ``options`` of a QEMU node: parsed as a shell would, and the dangerous ones refused. Sans-IO.

Whoever may create nodes chooses them. The sandbox keeps QEMU from files and sockets that are not its own, whatever the
options are; this list keeps users from options that cannot work there, or that take what the server manages. GNS3
refuses some of them too.
"""

import shlex
from collections.abc import Iterable, Mapping

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
    **dict.fromkeys(("serial", "parallel", "chardev", "debugcon", "vnc", "spice", "curses"), _CONSOLE),
    **dict.fromkeys(("fsdev", "virtfs", "mem-path", "option-rom", "L", "readconfig", "writeconfig", "loadvm"), _FILES),
    **dict.fromkeys(("D", "d", "dfilter", "trace", "pidfile", "plugin", "semihosting-config", "semihosting"), _FILES),
    **dict.fromkeys(("record", "replay", "perfmap", "dump-vmstate", "accel-replay"), _FILES),
    **dict.fromkeys(("daemonize", "runas", "run-with", "user", "chroot", "sandbox", "add-fd", "set"), _PROCESS),
    **dict.fromkeys(("xen-attach", "xen-domid", "prom-env-file", "async-teardown"), _PROCESS),
    "tpmdev": "a TPM is a property of the node",
    "uuid": "it is the id of the node",
    "name": "it is the name of the node",
}
# Devices that lead to the host, by the beginning of their name.
_HOST_DEVICES: tuple[str, ...] = (
    "vfio-",
    "vhost-",
    "usb-host",
    "usb-mtp",
    "scsi-generic",
    "scsi-block",
    "ivshmem",
    "pci-assign",
    "loader",
)
_HOST_DEVICES += ("pvrdma", "igd-passthrough", "u2f-passthrough", "ccid-card-passthru", "guest-loader")
# Objects that are nothing but memory, threads or random numbers.
_OBJECTS = frozenset({"rng-builtin", "iothread", "memory-backend-ram", "throttle-group", "can-bus", "authz-list"})
# Parameters whose value is a file or a descriptor.
_FILE_PARAMETERS = frozenset(
    {
        *(
            "file",
            "path",
            "filename",
            "rootdir",
            "romfile",
            "sysfsdev",
            "host",
            "fd",
            "fds",
            "dir",
            "sock",
            "addr.path",
        ),
        *("mem-path", "kernel", "initrd", "dtb", "firmware", "pflash0", "pflash1", "script", "downscript", "logfile"),
    }
)
# Numbers and texts for the guest only, which may contain anything.
_TEXTS = frozenset({"append", "prom-env", "smbios", "rtc", "icount"})
_ACCELERATOR = ("no-kvm", "enable-kvm", "accel")


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


def _pairs(arguments: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Each option without its hyphens, with the argument behind it; empty if the next one is an option too."""
    words = list(arguments)
    for index, word in enumerate(words):
        if word.startswith("-") and len(word) > 1:
            following = words[index + 1] if index + 1 < len(words) else ""
            yield word[2:] if word.startswith("--") else word[1:], "" if following.startswith("-") else following
        elif index == 0 or not words[index - 1].startswith("-"):
            raise Conflict(f"{_FIELD}: {word!r} is not an option: a disk without one is not allowed")


def _check(option: str, value: str) -> None:
    if option in ("net", "nic", "serial", "parallel", "monitor", "vga") and value in ("none", "std"):
        return
    if (reason := _FORBIDDEN.get(option)) is not None:
        raise Conflict(f"{_FIELD}: -{option} is forbidden, because {reason}. {_ADVICE}")
    kind, _, rest = value.partition(",")
    if option == "device" and _name(kind).startswith(_HOST_DEVICES):
        raise Conflict(f"{_FIELD}: the device {_name(kind)} is forbidden, because it leads to this host. {_ADVICE}")
    if option == "object" and _name(kind) not in _OBJECTS:
        raise Conflict(f"{_FIELD}: the object {_name(kind)} is forbidden, because it may use this host. {_ADVICE}")
    if option == "usbdevice" and not value.isidentifier():
        raise Conflict(f"{_FIELD}: -usbdevice {value} is forbidden, because it leads to this host. {_ADVICE}")
    if value.lstrip().startswith(("{", "json:")):
        raise Conflict(f"{_FIELD}: -{option} with JSON is forbidden, because it is not examined. {_ADVICE}")
    parameters = value if option in ("smbios", "acpitable", "fw_cfg", "machine", "M") else rest
    for parameter in parameters.split(","):
        name, has_value, text = parameter.partition("=")
        if has_value and (name in _FILE_PARAMETERS or (option not in _TEXTS and "/" in text)):
            raise Conflict(f"{_FIELD}: {name}= of -{option} is forbidden, because it names a file. {_ADVICE}")


_ADVICE = "The setting allow_unsafe_options allows it"


def _name(kind: str) -> str:
    """The name of a device or object, which may be given as ``driver=NAME`` or ``qom-type=NAME``."""
    return kind.partition("=")[2] or kind


def chooses_accelerator(arguments: Iterable[str]) -> bool:
    """Whether the options say themselves what runs the guest's code."""
    return any(
        option in _ACCELERATOR or (option in ("machine", "M") and "accel=" in value)
        for option, value in _pairs(arguments)
    )


def without_old_accelerator(arguments: Iterable[str]) -> list[str]:
    """The arguments for a QEMU that knows ``-no-kvm`` and ``-enable-kvm`` no longer."""
    known = {"-no-kvm": ["-accel", "tcg"], "-enable-kvm": ["-accel", "kvm"]}
    return [word for argument in arguments for word in known.get(argument, [argument])]
