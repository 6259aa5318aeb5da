"""Start-up scripts: what they become for a node, and what of them VPCS may read."""

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE, VpcsVersion
from gns3trio.compute.nodes.vpcs.lines import MAX_LINE_BYTES, MAX_WORDS, refusal
from gns3trio.compute.nodes.vpcs.script import (
    MAX_SCRIPT_BYTES,
    expand_script,
    prepare_script,
    put_runnable_script,
    rename_in_script,
)
from gns3trio.compute.script_files import StartupScript, read_script, write_script
from gns3trio.errors import Invalid

OLD = VpcsVersion("0.5b2", (0, 5))
NEW = VpcsVersion("0.8.3", (0, 8))


def test_the_name_in_a_script() -> None:
    assert expand_script("set pcname %h\n# %h\n", "PC1") == "set pcname PC1\n# PC1\n"


def test_a_script_does_not_grow_beyond_all_bounds_by_a_name() -> None:
    assert len(expand_script("%h" * 1000, "n" * 1000)) == 1_000_000
    with pytest.raises(Invalid, match="startup_script"):
        expand_script("%h" * 500_000, "n" * 2000)


def test_a_rename_sets_the_last_pcname_and_nothing_else() -> None:
    script = "# PC1 is here\nset pcname first\r\n  set  pcname\tPC1\r\nping PC1\n# set pcname PC1"
    expected = "# PC1 is here\nset pcname first\r\n  set  pcname\tR\\1\r\nping PC1\n# set pcname PC1"
    assert rename_in_script(script, "R\\1") == expected


def test_a_rename_of_a_script_without_a_name_changes_nothing() -> None:
    assert rename_in_script("ip 10.0.0.1 24\n", "R1") == "ip 10.0.0.1 24\n"


def test_a_rename_costs_one_name_however_often_the_script_has_it() -> None:
    script = "set pcname e\n" * 70_000 + "e" * 100_000
    assert len(rename_in_script(script, "n" * 2000)) == len(script) + 1999


def test_a_script_that_is_fine_is_left_as_it_is() -> None:
    script = "# it's me\r\n\r\nset pcname PC1\r\nip 10.0.0.1/24\r\n"
    assert prepare_script(StartupScript(script), "other", NEW) == script
    assert prepare_script(StartupScript(""), "a name of words", NEW) == ""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("PC1", True, True),
        ("PC1234", True, True),
        ("PC12345", False, True),
        ("Workstation1", False, True),
        ("Workstation12", False, False),
        ("a/b", False, False),
        ("caf\u00e9", False, False),
        ("-", False, False),
    ],
)
def test_a_name_that_vpcs_takes_is_given_to_it(name: str, old: bool, new: bool) -> None:
    assert prepare_script(StartupScript("ip 10.0.0.1 24"), name, OLD).startswith(f"set pcname {name}\n") is old
    assert prepare_script(StartupScript("ip 10.0.0.1 24"), name, NEW).startswith(f"set pcname {name}\n") is new


@given(st.text(alphabet="ae \t\r\n#p-t\0\udce9", max_size=600), st.sampled_from([OLD, NEW]))
def test_vpcs_survives_every_line_of_what_it_reads(text: str, version: VpcsVersion) -> None:
    for line in prepare_script(StartupScript(text), "PC1", version).split("\n"):
        assert len(line.removesuffix("\r").encode(errors="surrogateescape")) <= MAX_LINE_BYTES
        assert len(line.split()) <= MAX_WORDS or line.startswith("#")
        assert "\0" not in line


def test_what_is_said_about_a_line_is_a_line_that_vpcs_survives() -> None:
    lines = ["echo " + "x" * 900_000, "echo" + " a" * 400_000, "ping " + "a." * 40, "rlogin 1", "ping 1.1.1.1 -t", "\0"]
    for line in lines:
        prepared = prepare_script(StartupScript("\n" * 999_999 + line), "PC1", NEW).split("\n")[-1]
        assert "is refused" in prepared and refusal(prepared) is None


def test_a_script_is_read_and_written_with_all_its_bytes(tmp_path: Path) -> None:
    data = b"# caf\xe9 caf\xc3\xa9\r\n\0\xff\n"
    (tmp_path / "startup.vpc").write_bytes(data)
    script = read_script(tmp_path, STARTUP_FILE, MAX_SCRIPT_BYTES)
    assert script is not None and script.is_whole
    write_script(tmp_path, STARTUP_FILE, script.text)
    assert [path.name for path in tmp_path.iterdir()] == ["startup.vpc"]
    assert (tmp_path / "startup.vpc").read_bytes() == data


def test_a_script_that_is_too_long_is_known(tmp_path: Path) -> None:
    (tmp_path / "startup.vpc").write_bytes(b"\xc3\xa9" * (MAX_SCRIPT_BYTES // 2) + b"x")
    script = read_script(tmp_path, STARTUP_FILE, MAX_SCRIPT_BYTES)
    assert script is not None and not script.is_whole
    assert "the rest is left out" in prepare_script(script, "PC1", NEW)


def test_a_link_or_a_pipe_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "startup.vpc").symlink_to(tmp_path / "secret")
    assert read_script(tmp_path, STARTUP_FILE, MAX_SCRIPT_BYTES) is None
    write_script(tmp_path, STARTUP_FILE, "echo mine\n")
    assert (tmp_path / "secret").read_text() == "x"


def test_what_a_node_runs(tmp_path: Path) -> None:
    assert put_runnable_script(tmp_path, "a/b", NEW) is None
    prepared = put_runnable_script(tmp_path, "PC1", NEW)
    assert prepared is not None and (tmp_path / prepared).read_text() == "set pcname PC1\n"
    write_script(tmp_path, STARTUP_FILE, "set pcname PC1\n")
    assert put_runnable_script(tmp_path, "PC1", NEW) == "startup.vpc"
    assert [path.name for path in tmp_path.iterdir()] == ["startup.vpc"]  # the prepared one of the run before is gone


def test_a_full_disk_costs_the_name_and_not_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_script(tmp_path, STARTUP_FILE, "ip 10.0.0.1 24\n")
    monkeypatch.setattr("gns3trio.compute.nodes.vpcs.script.write_script", refuse)
    assert put_runnable_script(tmp_path, "PC1", NEW) == "startup.vpc"
    (tmp_path / "startup.vpc").write_text("rlogin 1\n")
    with pytest.raises(OSError, match="No space"):
        put_runnable_script(tmp_path, "PC1", NEW)
