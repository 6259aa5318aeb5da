"""gns3-server made to run VPCS on a machine that has no ubridge and a VPCS older than it accepts.

What stands in for the two programs only makes gns3-server faster: ubridge answers and forwards nothing, and VPCS is the
real one, which starts in the foreground at once and gets the late timers that gns3trio gives it.
"""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from benchmarks.servers import Candidate

SOURCES = Path(__file__).parent

# What gns3-server needs of the image of a container: a list of users, and folders for the state of its network.
IMAGE_FILES = {"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/run/network/keep": "", "/var/run/keep": ""}

# Its folder is the present one.
_COMMAND = """\
#!/bin/sh
mkdir -p home
cat >gns3.conf <<END
[Server]
host = 127.0.0.1
port = $1
projects_path = $2
ubridge_path = {ubridge}
report_errors = False
install_builtin_appliances = False
[VPCS]
vpcs_path = {vpcs}
END
HOME=$PWD/home exec {gns3server} --quiet --config gns3.conf
"""


def build(folder: Path) -> tuple[Path, Path]:
    """Compile the stand-ins for ubridge and VPCS into ``folder``; returns their paths."""
    real = shutil.which("vpcs")
    if real is None:
        raise SystemExit("vpcs is not installed")
    foreground, ubridge, vpcs = folder / "foreground.so", folder / "ubridge", folder / "vpcs"
    _compile(ubridge, "ubridge.c")
    _compile(foreground, "foreground.c", "-shared", "-fPIC")
    _compile(vpcs, "vpcs.c", f'-DVPCS="{real}"', f'-DFOREGROUND="{foreground}"')
    return ubridge, vpcs


def _compile(program: Path, source: str, *options: str) -> None:
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-O2", "-Wall", "-Wextra", *options, "-o", str(program), str(SOURCES / source)]
    subprocess.run(command, check=True)


def candidate(gns3server: Path, folder: Path, real_ubridge: Path | None = None, api: str = "v2") -> Candidate:
    """gns3-server with stand-ins, which are made in ``folder``; ``api`` is the version of its API."""
    ubridge, vpcs = build(folder)
    ubridge = real_ubridge.absolute() if real_ubridge is not None else ubridge
    script = folder / "gns3server.sh"
    script.write_text(_COMMAND.format(ubridge=ubridge, vpcs=vpcs, gns3server=shlex.quote(str(gns3server.absolute()))))
    script.chmod(0o755)
    return Candidate("gns3-server", f"{shlex.quote(str(script))} {{port}} {{projects}}", api)
