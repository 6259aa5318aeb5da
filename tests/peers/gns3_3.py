"""gns3-server 3.0.6 as a process of its own, with a home of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.e2e.conftest import PATIENCE
from tests.gns3_3.appliance import write_appliance

COMPUTE_USER = ("controller", "the password of controllers")
GNS3_3_PYTHON = os.environ.get("GNS3_3_PYTHON", "")

_SETTINGS = """\
[Server]
host = 127.0.0.1
port = {port}
projects_path = {home}/projects
images_path = {home}/images
symbols_path = {home}/symbols
appliances_path = {home}/appliances
ubridge_path = {ubridge}
report_errors = False
install_builtin_appliances = False
compute_username = {compute_user[0]}
compute_password = {compute_user[1]}
[VPCS]
vpcs_path = {vpcs}
[Dynamips]
dynamips_path = {home}/dynamips
"""


def web_ui_of_gns3_3() -> Path:
    """The folder of the web UI that came with gns3-server."""
    [folder] = Path(GNS3_3_PYTHON).parent.parent.glob("lib/python*/site-packages/gns3server/static/web-ui")
    return folder


@contextmanager
def running_gns3_3(home: Path, stand_ins: tuple[Path, Path]) -> Iterator[str]:
    """The address of a gns3-server that runs while the ``with`` lasts. Its administrator is ``admin``, ``admin``."""
    for folder in ("projects", "images", "symbols"):
        (home / folder).mkdir(parents=True)
    write_appliance(home / "appliances")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _write_dynamips(home / "dynamips")
    ubridge, vpcs = stand_ins
    settings = home / "gns3_server.conf"
    settings.write_text(_SETTINGS.format(port=port, home=home, ubridge=ubridge, vpcs=vpcs, compute_user=COMPUTE_USER))
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(Path(GNS3_3_PYTHON).with_name("gns3server")), "--config", str(settings)],
            stdout=log,
            stderr=log,
            cwd=home,
            env={**os.environ, "HOME": str(home)},
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(url, process, home / "log")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)
        with suppress(ProcessLookupError):  # it leaves the Dynamips of routers that it could not start
            os.killpg(process.pid, signal.SIGKILL)


def _write_dynamips(program: Path) -> None:
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("dynamips.py")} "$@"\n')
    program.chmod(0o755)


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(url + "/v3/version").raise_for_status()
            return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
