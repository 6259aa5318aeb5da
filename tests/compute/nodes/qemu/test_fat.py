"""Disks with a FAT file system: what is written can be read, also by others, and hostile disks are harmless."""

import base64
import os
import random
import shutil
import subprocess
import time
import zlib
from pathlib import Path

import pytest

from gns3trio.compute.nodes.qemu.fat import DISK_BYTES, MAX_FILES, check_name, make_disk, read_disk
from gns3trio.errors import Invalid

FILES = {
    "ios_config.txt": b"hostname R1\n",
    "NVRAM": b"",
    "a.b.c": bytes(range(256)) * 20,
    "sub/one.conf": b"1",
    "sub/deep/Ein sehr langer Name für eine Datei.conf": os.urandom(700),
    "exactly13char": b"x" * 512,
    "empty/": b"",
    **{f"many/file number {number}.conf": b"%d" % number for number in range(100)},
}
# A disk of gns3-server 2.2.61 with files of its own and of a guest, compressed.
OF_GNS3 = zlib.decompress(
    base64.b64decode("""
eNrt3M9Lk3EcB/DPluaoYEKXuj0du4xm0akO0yyE3EJnPw4iEm4J/gBdoCDiXyD9E3XwL8iE8h/w3t9gxy4jAnu2RJlY1CXMvV6H59mzz3d7f/
lsX9j3sCeC/9dGJhOZfC6fSx83+/7+9RNbeggAANAdvtx7M1qtVO7cGrgd2XQ3mY1ss695MXLRH7mjUTd37t+tlytJuTQ6nKQelqrFgfT8rbi7
+Xlz9/t2ZD7G2qfY+Pp2/2lE7n0muxNrHzZiOxN7V5d692MtYu+6dp8xE1vNg2P6AQAA55vf/wAA0D2GR59UXzwYGUuSpD8XE7X1yfXJaJ+z7f
rgTBTiZSzGQuTjXS195ni30Dpm5tq1eiSt+kJMx3zMpBetkbMxF48r5Ufl0npxqFJOouP9L0QrYXxiMDl0Ir/nZ37jKDIfNw46divt/Nk0fzmm
0jmm9dZUamluPZ10RCNWYqQyPjVUWS9Wn1dP5F+MK+mY8vCzdnirfq2j3heXfT0AAAAAAAAAAAAAAAAAAAD4RwrJkf445f//hcKv6np3Hqyu6o
H1f9r67vmj9V86LLbu4tF5/4zeuKS9Z97KEb3oRq8WlxsL0/MzyVjRcu1CtaXF+aT+ema54eMHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD4nR8OO7gv
""")
)


def test_what_is_written_is_read() -> None:
    disk = make_disk(FILES)
    assert len(disk) == DISK_BYTES
    folders = {"sub/": b"", "sub/deep/": b"", "many/": b""}
    assert read_disk(disk) == FILES | folders
    assert read_disk(make_disk(read_disk(disk))) == FILES | folders
    assert read_disk(make_disk({})) == {}


def test_a_disk_of_gns3_is_read() -> None:
    assert read_disk(OF_GNS3) == {
        "emptydir/": b"",
        "ios_config.txt": b"hostname R1\n",
        "long name file.conf": b"yy",
        "new.txt": b"from guest\n",
        "sub/": b"",
        "sub/a.b": b"x" * 10,
    }


@pytest.mark.skipif(shutil.which("mcopy") is None, reason="mtools is not installed, which reads such disks too")
def test_another_program_reads_it(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(make_disk(FILES))
    (tmp_path / "out").mkdir()
    command = ["mcopy", "-s", "-i", f"{tmp_path}/disk@@4096", "::*", f"{tmp_path}/out"]
    subprocess.run(command, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    for name, content in FILES.items():
        if not name.endswith("/"):
            assert (tmp_path / "out" / name).read_bytes() == content


def test_a_disk_without_a_table_of_partitions_is_read() -> None:
    assert read_disk(make_disk(FILES)[8 * 512 :])["NVRAM"] == b""


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a": bytes(DISK_BYTES)}, "too large"),
        ({str(number): b"" for number in range(600)}, "too many files in the first folder"),
        ({f"x/{number}": b"" for number in range(MAX_FILES + 1)}, "more than 2000"),
        ({"x": b"", "x/y": b""}, "below a file"),
        ({"x": b"", "X": b""}, "is there twice"),
        ({"/".join("abcdefghijklmnopqrst"): b""}, "too many folders"),
        *(({name: b""}, "is not a name") for name in ("", "..", "../x", "/x", "a\\b", "a\0", "a\n", "x" * 256, "c:")),
    ],
)
def test_what_does_not_fit_is_refused(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        make_disk(files)


def test_damaged_disks_are_refused_or_read() -> None:
    """Whatever a guest writes: no other error, no endless loop, and never a name that leads elsewhere."""
    good = make_disk(FILES)
    chance = random.Random(1)
    for disk in (b"", bytes(DISK_BYTES), b"\xff" * DISK_BYTES, good[:5000]):
        with pytest.raises(Invalid):
            read_disk(disk)
    began = time.process_time()
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(chance.randrange(1, 40)):
            bad[chance.choice((450, 4096, 4608, 10752, 26624)) + chance.randrange(1200)] = chance.randrange(256)
        try:
            files = read_disk(bytes(bad))
        except Invalid:
            continue
        for name in files:
            for part in name.removesuffix("/").split("/"):
                check_name(part)
        assert sum(map(len, files.values())) <= DISK_BYTES
    assert time.process_time() - began < 60


def test_a_chain_of_clusters_in_a_circle_is_refused() -> None:
    disk = bytearray(make_disk({"file": bytes(2000)}))
    fat = 9 * 512
    disk[fat + 3 : fat + 6] = (3 | 2 << 12).to_bytes(3, "little")  # 2 leads to 3, and 3 to 2
    with pytest.raises(Invalid, match="damaged"):
        read_disk(bytes(disk))


def test_a_disk_with_too_many_files_is_refused() -> None:
    """Each takes 32 bytes there, and thousands with its path here."""
    disk = bytearray(make_disk({f"x/{number}": b"" for number in range(MAX_FILES - 1)}))
    assert len(read_disk(bytes(disk))) == MAX_FILES
    end = disk.index(b"0          ") + (MAX_FILES - 1) * 32  # behind the entry of its last file
    assert disk[end : end + 32] == bytes(32)
    disk[end : end + 32] = b"ONE MORE   " + bytes(21)
    with pytest.raises(Invalid, match="more than 2000"):
        read_disk(bytes(disk))
