"""What ``gns3trio node usage`` shows."""

from gns3trio.commands.node_usage import row

NODE = {"name": "R1", "node_type": "qemu", "status": "started"}
USAGE = {
    "processes": 1,
    "cpu_seconds": 3.14159,
    "cpu_percent": 99.6,
    "memory_bytes": 200_000_000,
    "configured_memory_bytes": 268_435_456,
    "disk_bytes": 31_460_000,
    "disk_is_whole": True,
}


def test_a_machine() -> None:
    assert row(NODE, USAGE) == ("R1", "qemu", "started", "100 %", "3.1 s", "200 MB", "268 MB", "31.5 MB")


def test_what_is_not_known_is_empty() -> None:
    nothing = {name: None for name in USAGE if name != "disk_is_whole"} | {"disk_is_whole": True}
    assert row(NODE, nothing) == ("R1", "qemu", "started", "", "", "", "", "")


def test_a_folder_with_too_many_files() -> None:
    assert row(NODE, {**USAGE, "disk_is_whole": False})[-1] == "more than 31.5 MB"
