"""gns3-server as a process of its own, as a compute or a controller."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.conftest import GNS3SERVER
from tests.support.compute_process import ComputeProcess, free_port

# An address for documentation (RFC 5737).
_IN_A_NAMESPACE = "198.51.100.1"


def address_of_this_machine() -> str:
    """An address that is not one of the loopback network: GNS3's controller makes no links between hosts there. A
    network namespace of a test gets one.
    """
    command = ["ip", "-4", "-o", "address", "show", "scope", "global"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if "inet" in shown:
        return shown[shown.index("inet") + 1].partition("/")[0]
    subprocess.run(["ip", "address", "add", f"{_IN_A_NAMESPACE}/24", "dev", "lo"], check=True)
    return _IN_A_NAMESPACE


def gns3_command(
    home: Path, port: int, stand_ins: tuple[Path, Path], host: str = "127.0.0.1", ports: int = 5000
) -> list[str]:
    """The command that starts gns3-server with a home and a password. Real programs where their paths are given,
    otherwise stand-ins that pass frames. Its ports begin with these.
    """
    assert GNS3SERVER is not None
    (home / "projects").mkdir(parents=True)
    ubridge = home / "ubridge"
    ubridge.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("forwarding_ubridge.py")} "$@"\n')
    ubridge.chmod(0o755)
    settings = home / "gns3_server.conf"
    settings.write_text(
        f"[Server]\nhost = {host}\nport = {port}\nprojects_path = {home}/projects\n"
        f"console_start_port_range = {ports}\nconsole_end_port_range = {ports + 500}\n"
        f"udp_start_port_range = {ports + 501}\nudp_end_port_range = {ports + 999}\n"
        f"ubridge_path = {os.environ.get('GNS3TRIO_TEST_UBRIDGE', ubridge)}\n"
        "report_errors = False\ninstall_builtin_appliances = False\nauth = True\nuser = lab\npassword = secret\n"
        f"[VPCS]\nvpcs_path = {os.environ.get('GNS3TRIO_TEST_GNS3_VPCS', stand_ins[1])}\n"
    )
    return [GNS3SERVER, "--config", str(settings)]


@contextmanager
def gns3_server(
    home: Path, name: str, stand_ins: tuple[Path, Path], host: str = "127.0.0.1", ports: int = 5000
) -> Iterator[ComputeProcess]:
    """gns3-server while the ``with`` lasts, as ``gns3_command`` starts it."""
    port = free_port()
    server = ComputeProcess(gns3_command(home, port, stand_ins, host, ports), home, port, name, "lab", host)
    server.start()
    try:
        yield server
    finally:
        server.signal(signal.SIGCONT)
        server.kill()
