"""``gns3trio doctor``: checks this machine, and explains how to install what is missing."""

import argparse
import os
import resource
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import attrs
import trio

from gns3trio import __version__
from gns3trio.addresses import listening_socket
from gns3trio.commands.arguments import REPORT, add_output
from gns3trio.commands.docker_findings import docker_findings
from gns3trio.commands.findings import Finding
from gns3trio.commands.output import print_data, print_line, print_table
from gns3trio.commands.ways_to_hosts import ways_to_hosts
from gns3trio.compute.local.cgroups import find_place
from gns3trio.compute.local.devices import TUN_DEVICE
from gns3trio.compute.nodes.nat.node import can_join
from gns3trio.compute.nodes.nat.process import GatewayProgramFinder, may_ping
from gns3trio.compute.nodes.parts.sandbox import look_for_means
from gns3trio.compute.nodes.qemu.found import find_program, installed_programs, platform_of
from gns3trio.compute.nodes.qemu.programs import INSTALL_ADVICE, KVM, QemuPrograms, can_use_kvm
from gns3trio.compute.nodes.vpcs.process import VpcsProgramFinder
from gns3trio.config import Config, load_config
from gns3trio.errors import LabError
from gns3trio.machine import has_capability

# From Linux's capability.h.
_CAP_NET_ADMIN = 12
_CAP_NET_RAW = 13
# A running VPCS needs about five descriptors.
_MIN_DESCRIPTORS = 4096
_MIN_FREE_BYTES = 200 * 1024 * 1024
_MIN_FREE_PORTS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio doctor`` to its parser."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="TOML file with the server's settings")
    parser.add_argument(
        "--projects-path", metavar="FOLDER", help="folder of the projects, if it was given to gns3trio serve so"
    )
    add_output(parser, REPORT)


def run(arguments: argparse.Namespace) -> int:
    """Run all checks and print the results. Returns 1 if something is missing without which no lab runs."""
    flags = {} if arguments.projects_path is None else {"projects_path": arguments.projects_path}
    config = load_config(flags, os.environ, arguments.config)
    findings = [finding for check in _CHECKS for finding in check(config)]
    if arguments.json:
        print_data(arguments, [attrs.asdict(finding) for finding in findings])
    else:
        print_table(("what", "verdict", "found"), [(each.what, each.verdict, each.tells) for each in findings])
        for finding in findings:
            if finding.advice:
                print()
                print_line(f"{finding.what}: {finding.advice}")
    return int(any(finding.verdict == "missing" for finding in findings))


def _python(_: Config) -> Iterator[Finding]:
    yield Finding("gns3trio", "good", f"{__version__} on Python {sys.version.split()[0]}")
    try:
        import_module("gns3trio._udpfwd")
    except ImportError as error:
        yield Finding("core", "missing", str(error), "build and install the package: pip install .")
    else:
        yield Finding("core", "good", "loads")


def _vpcs(config: Config) -> Iterator[Finding]:
    try:
        program = trio.run(VpcsProgramFinder(config.vpcs_path).find)
    except LabError as error:
        if config.vpcs_engine == "process":
            yield Finding("VPCS", "missing", f"{config.vpcs_path!r} does not run", str(error))
        else:
            advice = f"needed for nodes with the engine process only; the others are built-in PCs. {error}"
            yield Finding("VPCS", "optional", f"{config.vpcs_path!r} does not run; built-in PCs take its place", advice)
    else:
        yield Finding("VPCS", "good", f"{program.version.text} at {program.path}")


def _qemu(config: Config) -> Iterator[Finding]:
    programs = QemuPrograms()
    path = next(installed_programs(), None)
    if path is None or find_program("qemu-img") is None:
        lacks = "qemu-system" if path is None else "qemu-img"
        yield Finding("QEMU", "optional", f"no {lacks} in PATH", f"needed for virtual machines only. {INSTALL_ADVICE}")
        return
    try:
        program = trio.run(programs.find, path)
    except LabError as error:
        yield Finding("QEMU", "optional", f"{path} does not run", str(error))
        return
    yield Finding("QEMU", "good", f"{program.version_text} for {', '.join(map(platform_of, installed_programs()))}")
    if can_use_kvm():
        yield Finding("KVM", "good", f"{KVM} can be used")
    elif not config.enable_hardware_acceleration or not config.require_hardware_acceleration:
        yield Finding("KVM", "optional", f"{KVM} cannot be used", "machines run all the same, ten times slower")
    else:
        advice = (
            "machines are not started without it. Enable virtualisation in the firmware of this host, and let the "
            "server's user use the device (group kvm); or set require_hardware_acceleration = false, and they run ten "
            "times slower"
        )
        yield Finding("KVM", "optional", f"{KVM} cannot be used", advice)


def _sandbox(config: Config) -> Iterator[Finding]:
    means = look_for_means()
    if not means.lacks:
        yield Finding("sandbox", "good", f"Landlock (version {means.landlock}) and seccomp")
        return
    advice = (
        "without it a node's program can use more of this host than it needs. Landlock is in Linux since 5.13, and has "
        "to be among the lsm= of the kernel's command line; a container must allow landlock_* and seccomp"
    )
    yield Finding("sandbox", "missing" if config.require_sandbox else "optional", f"no {means.lacks}", advice)


def _cgroups(config: Config) -> Iterator[Finding]:
    place = find_place()
    if place.folder is None:
        advice = (
            "nodes run without: their programs are not limited in processor time and memory. A service of systemd gets "
            "them by Delegate=cpu memory pids, a container by a writable /sys/fs/cgroup. For a server in a terminal: "
            "systemd-run --user --scope -p Delegate=yes gns3trio serve"
        )
        found = place.why_not if config.use_cgroups else "turned off by the setting use_cgroups"
        yield Finding("control groups", "optional", found, advice if config.use_cgroups else "")
        return
    has = ", ".join(sorted(place.possible())) or "no limits, only accounts and a certain end"
    yield Finding("control groups", "good", f"each node can have its own: {has}")


def _privileges(_: Config) -> Iterator[Finding]:
    python = os.path.realpath(sys.executable)
    for name, number, purpose in (
        ("CAP_NET_RAW", _CAP_NET_RAW, "clouds on interfaces of this host"),
        (
            "CAP_NET_ADMIN",
            _CAP_NET_ADMIN,
            "clouds on bridges and TAP devices, NAT through a bridge, and large socket buffers",
        ),
    ):
        if has_capability(number):
            yield Finding(name, "good", "held")
        else:
            advice = f"needed for {purpose} only. Run as root, or: setcap {name.lower()}+ep {python}"
            yield Finding(name, "optional", "not held", advice)
    if os.access(TUN_DEVICE, os.R_OK | os.W_OK):
        yield Finding(TUN_DEVICE, "good", "can be opened")
    else:
        yield Finding(TUN_DEVICE, "optional", "cannot be opened", "needed for TAP devices only: modprobe tun, as root")


def _offload(config: Config) -> Iterator[Finding]:
    try:
        import_module("gns3trio.forwarder.forwarder").check_kernel_offload()
    except ImportError:
        return  # the core is missing, which another check reports
    except LabError as error:
        advice = "needed for the setting kernel_offload only. Run as root, or with CAP_BPF and CAP_NET_ADMIN"
        yield Finding("kernel offload", "missing" if config.kernel_offload else "optional", str(error), advice)
    else:
        yield Finding("kernel offload", "good", "possible" + ("" if config.kernel_offload else ", not asked for"))


def _nat(config: Config) -> Iterator[Finding]:
    bridge = config.default_nat_interface
    if config.nat_gateway == "bridge" or (config.nat_gateway == "auto" and can_join(bridge)):
        if can_join(bridge):
            yield Finding("NAT", "good", f"through the bridge {bridge}")
        else:
            advice = (
                f"the setting nat_gateway requires the bridge {bridge} and CAP_NET_ADMIN; user or auto need neither"
            )
            yield Finding("NAT", "optional", f"cannot join the bridge {bridge}", advice)
        return
    try:
        program = trio.run(GatewayProgramFinder(config.libslirp_path).find)
    except LabError as error:
        yield Finding("NAT", "optional", f"no bridge {bridge} to join, and no libslirp", str(error))
        return
    yield Finding("NAT", "good", f"in user mode, with libslirp {program.version}")
    if not may_ping():
        advice = (
            "hosts behind a NAT in user mode get no answer to a ping, everything else works. Allow it, as root: "
            "sysctl -w net.ipv4.ping_group_range='0 2147483647'"
        )
        yield Finding("NAT pings", "optional", "not permitted to this user", advice)


def _limits(_: Config) -> Iterator[Finding]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY or hard >= _MIN_DESCRIPTORS:
        yield Finding("open files", "good", f"up to {hard}")
    else:
        advice = "each running node needs about five: raise the hard limit in /etc/security/limits.conf"
        yield Finding("open files", "optional", f"up to {hard}", advice)


def _ports(config: Config) -> Iterator[Finding]:
    yield _port_range(
        "console ports", socket.SOCK_STREAM, config.console_start_port_range, config.console_end_port_range
    )
    yield _port_range("UDP tunnel ports", socket.SOCK_DGRAM, config.udp_start_port_range, config.udp_end_port_range)
    for address in config.addresses:
        with listening_socket(address, config.addresses) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((address, config.port))
            except OSError as error:
                advice = "a server may be running already; choose another port with: gns3trio serve --port"
                yield Finding("API port", "optional", f"{address}:{config.port}: {error.strerror}", advice)
            else:
                yield Finding("API port", "good", f"{address}:{config.port} is free")


def _port_range(what: str, kind: socket.SocketKind, first: int, last: int) -> Finding:
    free = 0
    for port in range(first, last + 1):
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        free += 1
        if free == _MIN_FREE_PORTS:
            return Finding(what, "good", f"{first}-{last}")
    if free:
        advice = "each node needs one, and each end of a link: choose a larger range in the settings"
        return Finding(what, "optional", f"only {free} of {first}-{last} are free", advice)
    return Finding(what, "missing", f"none of {first}-{last} is free", "choose another range in the settings")


def _folders(config: Config) -> Iterator[Finding]:
    folder = config.projects_path
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        advice = f"let {existing} be written to, or choose another projects_path in the settings"
        yield Finding("projects", "missing", f"{folder} cannot be written", advice)
        return
    free = shutil.disk_usage(existing).free
    tells = f"{folder}, {free / 1e9:.1f} GB free"
    if free < _MIN_FREE_BYTES:
        yield Finding("projects", "optional", tells, "captures and snapshots need room")
    else:
        yield Finding("projects", "good", tells)


def _extras(config: Config) -> Iterator[Finding]:
    program = shutil.which("wireshark") or shutil.which("tshark")
    if program:
        yield Finding("Wireshark", "good", program)
    else:
        advice = "needed for gns3trio capture --wireshark only: apt install wireshark, or tshark"
        yield Finding("Wireshark", "optional", "not installed", advice)
    if (config.web_ui_folder / "index.html").exists():
        yield Finding("GNS3 web UI", "good", str(config.web_ui_folder))
    else:
        advice = "this server has a page of its own; to install GNS3's: gns3trio web-ui install"
        yield Finding("GNS3 web UI", "optional", "not installed", advice)


_CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    _python,
    _vpcs,
    _qemu,
    docker_findings,
    _sandbox,
    _cgroups,
    _privileges,
    _nat,
    _offload,
    _limits,
    _ports,
    _folders,
    ways_to_hosts,
    _extras,
)
