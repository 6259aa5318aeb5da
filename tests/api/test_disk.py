"""Runs the tests of ``namespace_disk.py`` in a namespace of mounts, where disks can really be full or read-only."""

import subprocess
import sys
from pathlib import Path

import pytest

# As a user a namespace of users gives the privilege to mount; root may do without where those are not allowed.
WAYS = (["unshare", "-Urm"], ["unshare", "-m"])
PATIENCE = 300


def test_real_disks(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    tries = [(way, subprocess.run([*way, *mount], capture_output=True, text=True, check=False)) for way in WAYS]
    way = next((way for way, tried in tries if tried.returncode == 0), None)
    if way is None:
        pytest.skip(f"no file system can be mounted here: {tries[-1][1].stderr.strip()}")
    file = Path(__file__).with_name("namespace_disk.py")
    base = tmp_path / "tests"  # its own: in the common place pytest removes what older runs have left
    command = [*way, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={base}", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert result.returncode == 0, result.stdout + result.stderr
