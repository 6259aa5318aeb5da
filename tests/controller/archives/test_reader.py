"""Archives from anywhere: whatever is in them, only files below the target come out, or an error that says why."""

import io
import itertools
import os
import shutil
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gns3trio.controller.archives import reader as archive_module
from gns3trio.controller.archives.entry_names import name_of, named_info
from gns3trio.controller.archives.file_tree import Tree
from gns3trio.controller.archives.reader import Budget, unpack
from gns3trio.controller.archives.writer import COMPRESSIONS, check_compression, write_archive, zip_pieces
from gns3trio.controller.archives.zip_files import zipfile
from gns3trio.errors import Conflict, LabError, Unavailable

BYTES = st.binary(max_size=2000)


def files(*names: str) -> Tree:
    return Tree(list(names), [], {})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


def leads_to(path: Path) -> Path:
    """Where a file is, all links followed; of what leads in a circle, where it begins."""
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    except OSError:
        return path.parent.resolve() / path.name


def try_unpack(place: Path, data: bytes, budget: Budget | None = None) -> dict[str, bytes] | LabError:
    """Unpack in a folder of its own; checks that nothing but the target changed."""
    cell = place / uuid4().hex
    target = cell / "deep" / "target"
    target.mkdir(parents=True)
    source = cell / "archive"
    source.write_bytes(data)
    try:
        names = unpack(source, target, budget or Budget(reserve=0))
    except LabError as error:
        return error
    finally:
        assert set(cell.rglob("*")) - set(target.rglob("*")) == {source, cell / "deep", target}
        assert source.read_bytes() == data
        for path in target.rglob("*"):
            assert leads_to(path).is_relative_to(os.path.realpath(target))
    found = {
        str(path.relative_to(target)): os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes()
        for path in target.rglob("*")
        if path.is_symlink() or path.is_file()
    }
    assert sorted(found) == sorted(names)
    return found


def make(*entries: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, data in entries:
            made.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def valid() -> list[bytes]:
    return [
        make(("project.gns3", b"{}"), ("project-files/vpcs/a/startup.vpc", b"ip 10.0.0.1\n" * 20), compression=number)
        for number, _ in COMPRESSIONS.values()
    ]


@settings(deadline=None)
@given(data=BYTES)
def test_arbitrary_bytes_are_refused(place: Path, data: bytes) -> None:
    assert isinstance(try_unpack(place, data), Conflict)


@settings(deadline=None, max_examples=300)
@given(
    which=st.integers(0, len(COMPRESSIONS) - 1),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_damaged_archive_is_refused_or_unpacked(
    place: Path, valid: list[bytes], which: int, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(valid[which])
    for position, value in changes:
        data[position % len(data)] = value
    try_unpack(place, bytes(data))


NAMES = st.text(max_size=12) | st.lists(
    st.sampled_from(["..", ".", "", "a", "b", "/", "~", "project-files", "a" * 300, "\0", "\\", "C:", "\ud800"]),
    max_size=6,
).map("/".join)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(deadline=None, max_examples=300)
@given(names=st.lists(NAMES, min_size=1, max_size=4), mode=st.integers(0, 0xFFFF))
def test_arbitrary_names_and_kinds_stay_inside(place: Path, names: list[str], mode: int) -> None:
    infos = []
    for name in names:
        info = zipfile.ZipInfo("x")
        info.filename = name
        info.external_attr = mode << 16
        infos.append((info, name.encode(errors="replace")))
    try:
        data = make(*infos)
    except ValueError:  # zipfile does not write such a name
        return
    found = try_unpack(place, data)
    if isinstance(found, dict):
        assert all(not os.path.isabs(name) and ".." not in name.split("/") for name in found)


@pytest.mark.parametrize(
    "names",
    [
        ["../a"],
        ["a/../../b"],
        ["/etc/passwd"],
        ["a//b"],
        ["./a"],
        ["a", "a"],
        ["a", "a/"],
        ["a", "a/b"],
        ["x" * 256],
        ["/".join("a" * 70)],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_refused(place: Path, names: list[str]) -> None:
    assert isinstance(try_unpack(place, make(*((name, b"") for name in names))), Conflict)


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_devices_are_refused(place: Path, kind: int) -> None:
    info = zipfile.ZipInfo("device")
    info.external_attr = (kind | 0o777) << 16
    error = try_unpack(place, make((info, b"/etc/passwd")))
    assert isinstance(error, Conflict)
    assert "is a device" in str(error)


def link(name: str, target: str | bytes) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target if isinstance(target, bytes) else os.fsencode(target)


NODE = "project-files/vpcs/6c7b6f6a-2f1c-4c47-9dd5-0c9b0fb4e9a1"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("a", "/etc/passwd"),
        ("a", "//etc"),
        ("a", ".."),
        ("a", "../x"),
        ("b/a", "../../x"),
        ("b/a", "c/../../../x"),
        ("b/a", "../c/.."),  # up again after a folder, which may be a link itself
        ("a", "x/.."),
        ("a", ""),
        ("a", b"b\0c"),
        ("a", "x" * 1025),
        ("a", "x" * 3_000_000),
        ("a/", "b"),
        ("../a", "b"),
        ("/a", "b"),
        ("project.gns3", "other"),
        ("project-files", "other"),
        ("snapshots", "project-files"),
        ("project-files/captures", "vpcs"),
        ("project-files/gns3trio.json", "x"),
        (NODE, "../../other"),
    ],
)
def test_links_that_lead_out_are_refused(place: Path, name: str, target: str | bytes) -> None:
    """So are those in the places of what the server writes."""
    error = try_unpack(place, make(link(name, target), ("b/file", b"x")))
    assert isinstance(error, Conflict), error


def test_links_that_stay_inside_are_kept(place: Path) -> None:
    """To files and folders, in chains, in circles, to nothing."""
    links = {
        "a": "b/file",
        "b/up": "../a",
        "chain": "b/up",
        "to a folder": "b",
        "through it": "to a folder/file",
        f"{NODE}/startup.vpc": "../../../b/file",
        "root": ".",
        "b/root": "..",
        "one": "other",
        "other": "one",
        "itself": "itself",
        "dangling": "nowhere/at/all",
        "b/plain": ".//file/./",
        "not text": b"b/f\xffle".decode(errors="surrogateescape"),
    }
    found = try_unpack(place, make(("b/file", b"x"), *(link(*each) for each in links.items())))
    assert found == {"b/file": b"x", **{name: os.fsencode(target) for name, target in links.items()}}


@pytest.mark.parametrize(
    "entries",
    [
        [link("a", "b"), ("a/file", b"x")],
        [("a/file", b"x"), link("a", "b")],
        [link("a", "b"), ("a", b"x")],
        [("a", b"x"), link("a", "b")],
        [("a/", b""), link("a", "b")],
        [link("a", "b"), link("a", "c")],
        [link("a", "b"), link("a/b", "c")],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_nothing_is_written_through_a_link_or_over_one(
    place: Path, entries: list[tuple[str | zipfile.ZipInfo, bytes]]
) -> None:
    assert isinstance(try_unpack(place, make(*entries, ("b/x", b""))), Conflict)


def test_names_that_differ_in_case_only(place: Path) -> None:
    assert try_unpack(place, make(("A", b"1"), ("a", b"2"), ("B/x", b"3"), link("b", "B"))) == {
        **{"A": b"1", "a": b"2", "B/x": b"3"},
        "b": b"B",
    }


TARGETS = st.lists(st.sampled_from(["..", ".", "", "a", "b", "c", "d"]), min_size=1, max_size=6).map("/".join)
PLACES = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4).map("/".join)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(deadline=None, max_examples=500)
@given(links=st.dictionaries(PLACES, TARGETS, min_size=1, max_size=8))
def test_no_chain_of_links_leads_out(place: Path, links: dict[str, str]) -> None:
    try_unpack(place, make(*(link(*each) for each in links.items())))


def test_modes_do_not_come_in(place: Path, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("program")
    info.external_attr = (stat.S_IFREG | 0o6777) << 16
    (tmp_path / "z").write_bytes(make((info, b"#!")))
    unpack(tmp_path / "z", tmp_path, Budget(reserve=0))
    assert stat.S_IMODE((tmp_path / "program").stat().st_mode) & ~0o755 == 0


@pytest.mark.parametrize("compression", [method for method, _ in COMPRESSIONS.values()])
def test_an_empty_disk_image_is_unpacked(place: Path, compression: int) -> None:
    data = make(("disk.img", bytes(20_000_000)), compression=compression)
    assert try_unpack(place, data) == {"disk.img": bytes(20_000_000)}


def test_a_bomb_is_refused_before_it_is_unpacked(place: Path) -> None:
    data = make(("first", b"x"), ("bomb", bytes(3_000_000)))
    error = try_unpack(place, data, Budget(0, bytes_left=2_000_000))
    assert isinstance(error, Conflict)
    assert "unpacks to more than" in str(error)
    error = try_unpack(place, data, Budget(reserve=shutil.disk_usage(place).free - 1_000_000))
    assert isinstance(error, Unavailable)
    assert "no room for it: 2.86 MiB more" in str(error)
    assert not list(place.rglob("first")), "it was written in part"


def test_a_disk_that_others_fill_meanwhile_keeps_its_reserve(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter(range(10_000_000, 0, -1_000_000))
    monkeypatch.setattr(archive_module, "_free_bytes", lambda _: next(free))
    error = try_unpack(place, make(("a", bytes(5_000_000))), Budget(reserve=5_000_000))
    assert isinstance(error, Unavailable)


def test_the_reserve_of_a_nearly_full_disk_is_a_tenth(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, reserve in ((1 << 40, archive_module.RESERVE_BYTES), (1_000_000, 100_000)):
        monkeypatch.setattr(archive_module, "_free_bytes", lambda _, free=free: free)
        assert Budget.for_disk(place).reserve == reserve


def test_entries_that_share_bytes_are_refused(place: Path) -> None:
    """As in a bomb that is a thousand times what any compression reaches."""
    data = make(("a", bytes(1000)), ("b", bytes(1000)))
    first, second = (struct.pack("<I", data.index(b"PK\x03\x04", at)) for at in (0, 1))
    at = data.rindex(second, 0, data.index(b"PK\x05\x06"))
    directory = data[:at] + first + data[at + 4 :]
    error = try_unpack(place, directory)
    assert isinstance(error, Conflict)
    assert "overlaps" in str(error)


def test_a_bomb_that_lies_about_its_size_is_refused(place: Path) -> None:
    data = make(("bomb", b"\0" * 3_000_000))
    size = struct.pack("<I", 3_000_000)
    assert data.count(size) == 2
    assert isinstance(try_unpack(place, data.replace(size, struct.pack("<I", 10))), Conflict)


def test_too_many_entries_are_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make(*((f"f{number}", b"") for number in range(20)))
    assert isinstance(try_unpack(place, data, Budget(0, 1000, entries_left=19)), Conflict)
    assert isinstance(try_unpack(place, data, Budget(0, 1000, entries_left=20)), dict)
    monkeypatch.setattr(archive_module, "MAX_DIRECTORY_BYTES", 500)
    error = try_unpack(place, make(*((f"{number:0200}", b"") for number in range(20))))
    assert isinstance(error, Conflict)
    assert "list of entries" in str(error)


def test_a_decoder_that_wants_much_memory_is_refused(place: Path) -> None:
    data = make(("a", b"some text" * 50), compression=zipfile.ZIP_LZMA)
    at = data.index(b"a", 30) + 1 + 5  # the name, then version, size of the properties, lc/lp/pb
    error = try_unpack(place, data[:at] + struct.pack("<I", 0xFFFFFFF0) + data[at + 4 :])
    assert isinstance(error, Conflict)
    assert "needs more than" in str(error)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "project"
    (place / "sub").mkdir(parents=True)
    (place / "sub" / "noise").write_bytes(os.urandom(1_000_000))
    (place / "empty").write_bytes(b"")
    (place / "old").write_bytes(b"old")
    os.utime(place / "old", (0, 0))
    (place / "link").symlink_to("/etc/passwd")
    yield place


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_is_written_is_read(folder: Path, place: Path, compression: str) -> None:
    pieces = list(
        zip_pieces(
            folder, files("sub/noise", "empty", "gone", "old"), {"made": b"made"}, check_compression(compression)
        )
    )
    assert max(map(len, pieces)) < 1_500_000
    assert try_unpack(place, b"".join(pieces)) == {
        "made": b"made",
        "sub/noise": (folder / "sub" / "noise").read_bytes(),
        "empty": b"",
        "old": b"old",
    }


def test_a_file_larger_than_memory_should_hold_goes_in_pieces(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(50_000_000)
    assert max(map(len, zip_pieces(tmp_path, files("large"), {}))) < 1_000_000


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_its_maker_may_stop_after_every_part_of_what_shrinks_to_nothing(tmp_path: Path, compression: str) -> None:
    zeros = 16 * 256 * 1024
    with open(tmp_path / "zeros", "xb") as file:
        file.truncate(zeros)
    pieces = list(zip_pieces(tmp_path, Tree(["zeros"], [], {}), {"made": bytes(zeros)}, check_compression(compression)))
    assert len(pieces) >= 2 * 16
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert {name: len(archive.read(name)) for name in archive.namelist()} == {"made": zeros, "zeros": zeros}


def test_a_folder_that_is_replaced_ends_the_archive(folder: Path) -> None:
    pieces = zip_pieces(folder, files("sub/noise", "empty"), {"made": b"made"})
    next(pieces)
    folder.rename(folder.with_name("elsewhere"))
    (folder.with_name("elsewhere") / "empty").unlink()
    with pytest.raises(Conflict):
        list(pieces)


def test_a_folder_that_is_gone_has_no_archive(folder: Path) -> None:
    pieces = zip_pieces(folder, files("sub/noise"), {"made": b"made"})
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(Conflict):
        next(pieces)


def test_writing_over_a_file_or_a_link_is_refused(folder: Path) -> None:
    with pytest.raises(LabError):
        write_archive(folder / "old", folder, files(), {})
    with pytest.raises(LabError):
        write_archive(folder / "link", folder, files(), {})


def test_thousands_of_names_that_look_the_same_stay_short_and_apart() -> None:
    names = ["".join(parts) for parts in itertools.product(("%FF", "\udcff"), repeat=11)]
    infos: dict[str, zipfile.ZipInfo] = {}
    for name in names:
        info = named_info(name, infos)
        assert info.filename not in infos
        assert len(info.filename) <= 11 * 3 + 33
        infos[info.filename] = info
    assert [name_of(info) for info in infos.values()] == names
