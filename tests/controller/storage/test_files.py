"""A save that is cut off between two of its system calls leaves the old file or the new one, and hinders no other."""

import subprocess
import sys
from pathlib import Path

import pytest

from gns3trio.controller.storage.files import sweep, write_all, write_atomic
from gns3trio.errors import Unavailable

# Dies at the call of this number; says DONE when there was none.
SAVER = """
import builtins, io, os, sys
from pathlib import Path
from gns3trio.controller.storage.files import write_all

left = int(sys.argv[1])

def dying(function):
    def call(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(7)
        return function(*arguments, **options)
    return call

for name in ("open", "fsync", "replace", "close", "unlink", "rename"):
    setattr(os, name, dying(getattr(os, name)))
Path.unlink = dying(Path.unlink)
real_open = builtins.open

class File:
    def __init__(self, file):
        self.file = file
        self.write, self.flush = dying(self.write_half), dying(file.flush)
        self.fileno = file.fileno
    def write_half(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        dying(lambda: None)()
        self.file.write(data[len(data) // 2 :])
    def __enter__(self):
        return self
    def __exit__(self, *error):
        self.file.close()

def opened(path, mode="r", **options):
    file = real_open(path, mode, **options)
    return File(file) if "w" in mode else file

builtins.open = dying(opened)
folder = Path(sys.argv[2])
extras = None if sys.argv[3] == "-" else b"new extras"
write_all({folder / "extras.json": extras, folder / "lab.gns3": b"new state" * 1000})
print("DONE")
"""


@pytest.mark.parametrize("extras", ["-", "written"])
def test_a_crash_at_every_step(tmp_path: Path, extras: str) -> None:
    file, beside = tmp_path / "lab.gns3", tmp_path / "extras.json"
    old, new = b"old state" * 500, b"new state" * 1000
    seen: set[bytes] = set()
    for step in range(100):
        write_all({beside: b"old extras", file: old})
        command = [sys.executable, "-c", SAVER, str(step), str(tmp_path), extras]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert file.read_bytes() in (old, new)
        assert not beside.exists() or beside.read_bytes() in (b"old extras", b"new extras")
        seen.add(file.read_bytes())
        if "DONE" in result.stdout:
            break
        assert result.returncode == 7, result.stderr
    else:
        pytest.fail("the save never ended")
    assert step > 6
    assert seen == {old, new}
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / f".gns3trio-{'0' * 32}").write_bytes(b"half")
    (tmp_path / ".gns3trio-versions").mkdir()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} <= {"lab.gns3", "extras.json", "folder", ".gns3trio-versions"}
    assert (tmp_path / ".gns3trio-versions").is_dir()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from gns3trio.controller.storage.files import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomic(Path(sys.argv[1]), b"x" * 100_000)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_file_that_does_not_fit(tmp_path: Path) -> None:
    file = tmp_path / "lab.gns3"
    write_atomic(file, b"old")
    result = subprocess.run([sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("Unavailable")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_read_only_folder(tmp_path: Path) -> None:
    """Linux lets root write everywhere but on /proc and the like."""
    with pytest.raises(Unavailable, match="cannot be written"):
        write_atomic(Path("/proc/lab.gns3"), b"x")
