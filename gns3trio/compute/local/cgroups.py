"""Control groups of this host: whether the server may make some, and one for the program of each node.

Format: cgroup v2 (https://docs.kernel.org/admin-guide/cgroup-v2.html). All functions block for milliseconds.

The server's groups are those below ``Groups.folder``, which is named after its projects folder. It exists only while a
group does. A server that was killed leaves groups without processes, which the next one removes; what runs in the
groups of its own projects folder is killed, because only one server at a time uses that.
"""

import errno
import os
import time
from contextlib import suppress
from pathlib import Path

from gns3trio.classes import frozen

# The kernel ends processes at once, but one that waits for a disk takes its time. What is left, the next start removes.
_END_SECONDS = 2.0
# Nothing else may have such a name, because empty groups of this name are removed.
PREFIX = "gns3trio-nodes-"
# The group of the server itself, beside those of the nodes: a group with processes cannot limit groups in it.
SERVER_GROUP = "gns3trio-server"
# Groups without processes are removed by whoever ends the last one in a folder, and by servers that start.
_ATTEMPTS = 10
# Those that are of use here, if they are to be had.
_CONTROLLERS = ("cpu", "memory", "pids")
# What systemd says of a group whose contents belong to the service in it. Only root sees the second, which is older.
_DELEGATED = ("user.delegate", "trusted.delegate")
# The time by which the kernel divides the processor, in microseconds.
_PERIOD = 100_000


@frozen(kw_only=True)
class GroupLimits:
    """What the processes of a group may take together; None is no limit. ``cpu_percent`` is of one processor."""

    memory_bytes: int | None = None
    tasks: int | None = None
    cpu_percent: int | None = None

    def files(self) -> dict[str, str]:
        """The contents of the group's files, by their names."""
        cpu = "max" if self.cpu_percent is None else str(self.cpu_percent * _PERIOD // 100)
        return {
            "memory.max": "max" if self.memory_bytes is None else str(self.memory_bytes),
            "pids.max": "max" if self.tasks is None else str(self.tasks),
            "cpu.max": f"{cpu} {_PERIOD}",
        }


@frozen(kw_only=True)
class Place:
    """Where this process may make groups. ``folder`` is None if it may not, and ``why_not`` says why."""

    folder: Path | None = None
    why_not: str = ""

    def controllers(self) -> frozenset[str]:
        """What groups there can limit now, of cpu, memory and pids."""
        return self._names("cgroup.subtree_control")

    def possible(self) -> frozenset[str]:
        """What groups there can limit, if ``take_delegation`` succeeds."""
        return self._names("cgroup.controllers")

    def _names(self, file: str) -> frozenset[str]:
        text = read_text(self.folder / file) if self.folder is not None else ""
        return frozenset(text.split()).intersection(_CONTROLLERS)


def groups_of(process: Path, mounts: Path) -> dict[str, Path]:
    """The folders of a process's control groups: by controller in version 1, and that of version 2 by an empty name.

    ``process`` is its folder in /proc, ``mounts`` the file with the mounts of this process. What is not mounted is left
    out. Formats: cgroups(7), proc_pid_mountinfo(5).
    """
    paths, folders = dict[str, str](), dict[str, Path]()
    for line in read_text(process / "cgroup").splitlines():
        _, names, path = line.split(":", 2)
        paths.update(dict.fromkeys(names.split(","), path))
    for line in read_text(mounts).splitlines():
        words, _, rest = line.partition(" - ")
        root, mounted = words.split()[3:5]
        kind, _, options = rest.split(" ", 2)
        controllers = {"cgroup": options.split(","), "cgroup2": [""]}.get(kind, [])
        for name in paths.keys() & controllers - folders.keys():
            if root == "/" or f"{paths[name]}/".startswith(f"{root}/"):
                inside = paths[name] if root == "/" else paths[name].removeprefix(root)
                folders[name] = Path(mounted) / inside.lstrip("/")
    return folders


def find_place(process: Path = Path("/proc/self")) -> Place:
    """Where this process may make groups: in its own, if that is delegated to it."""
    if "\n0::" not in f"\n{read_text(process / 'cgroup')}":
        return Place(why_not="this host has no control groups of version 2")
    folder = groups_of(process, process / "mountinfo").get("")
    if folder is None:
        return Place(why_not="the control groups of this process are not mounted (/sys/fs/cgroup)")
    if folder.name == SERVER_GROUP:
        folder = folder.parent
    if not (folder / "cgroup.procs").exists():
        return Place(why_not=f"{folder} is no control group")
    is_top = not (folder.parent / "cgroup.procs").exists()
    if not (is_top or any(_attribute(folder, name) == b"1" for name in _DELEGATED)):
        return Place(why_not=f"the control group {folder} is not delegated to this server")
    if not (os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)):
        return Place(why_not=f"the control group {folder} cannot be written")
    return Place(folder=folder)


def take_delegation(place: Place) -> None:
    """Let groups in this place have limits. Call it once in a process that is a server, before it starts others.

    The kernel allows it only if the group above has no processes itself. So this process, and others there, go into a
    group beside those of the nodes. Does nothing if that is not possible: then groups have no limits.
    """
    if place.folder is None:
        return
    wanted = place.possible() - place.controllers()
    if not wanted:
        return
    if (place.folder / "cgroup.type").exists():  # only the group at the top of all has none, and may have processes
        with suppress(OSError):
            own = place.folder / SERVER_GROUP
            own.mkdir(exist_ok=True)
            for pid in read_text(place.folder / "cgroup.procs").split():
                with suppress(ProcessLookupError):
                    _write(own / "cgroup.procs", pid)
    for name in wanted:
        with suppress(OSError):
            _write(place.folder / "cgroup.subtree_control", f"+{name}")


class Group:
    """The group of one program. Use ``Groups.make``, and ``end`` afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def limit(self, limits: GroupLimits) -> frozenset[str]:
        """Set all limits. Returns the names of the controllers that have taken them."""
        taken = set()
        for name, text in limits.files().items():
            with suppress(OSError):
                _write(self.folder / name, text)
                taken.add(name.partition(".")[0])
        return frozenset(taken)

    def end(self) -> bool:
        """Kill all processes in it, and remove it. Returns False if that could not be done in two seconds."""
        return _end(self.folder)


class Groups:
    """The groups of a server's nodes in a place. ``identity`` is a name that only this server has, such as that of its
    projects folder.
    """

    def __init__(self, place: Path, identity: str) -> None:
        self._place = place
        self.folder = place / f"{PREFIX}{identity}"

    def make(self, name: str, limits: GroupLimits, pid: int) -> Group:
        """A new group, and the process moves into it with all its threads. Raises OSError, also if it has ended."""
        group = Group(self.folder / name)
        for _ in range(_ATTEMPTS):
            with suppress(FileNotFoundError):
                self._make_folder()
                group.folder.mkdir(exist_ok=True)
                if limits != GroupLimits():
                    group.limit(limits)
                try:
                    _write(group.folder / "cgroup.procs", str(pid))
                except ProcessLookupError:
                    self.end(group)
                    raise
                return group
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(group.folder))

    def _make_folder(self) -> None:
        with suppress(FileExistsError):
            self.folder.mkdir()
            for controller in Place(folder=self._place).controllers():
                with suppress(OSError):
                    _write(self.folder / "cgroup.subtree_control", f"+{controller}")

    def end(self, group: Group) -> bool:
        """End a group, and the folder of all if it was the last. Returns False if its processes do not end."""
        ended = group.end()
        with suppress(OSError):
            self.folder.rmdir()
        return ended

    def remove_left(self) -> None:
        """Remove what killed servers have left: groups without processes, and all in the folder of this server."""
        with suppress(OSError):
            for folder in self._place.glob(f"{PREFIX}*"):
                is_own = folder == self.folder
                if is_own or not _is_populated(folder):
                    for group in [each for each in folder.iterdir() if each.is_dir()]:
                        if is_own or not _is_populated(group):
                            _end(group)
                    with suppress(OSError):
                        folder.rmdir()


def _end(folder: Path) -> bool:
    until = time.monotonic() + _END_SECONDS
    with suppress(OSError):  # Linux before 5.14 has no such file; the program itself is killed elsewhere
        if _is_populated(folder):
            _write(folder / "cgroup.kill", "1")
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        else:
            return True


def _is_populated(folder: Path) -> bool:
    return "populated 1" in read_text(folder / "cgroup.events")


def read_text(path: Path) -> str:
    """The text of a file of the kernel; empty if it cannot be read."""
    try:
        return path.read_text(errors="surrogateescape")
    except OSError:
        return ""


def read_table(path: Path) -> dict[str, int]:
    """A file of the kernel with a name and a number in each line."""
    pairs = (line.split() for line in read_text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)  # not created: the kernel makes these files
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _attribute(folder: Path, name: str) -> bytes:
    try:
        return os.getxattr(folder, name)
    except OSError:
        return b""
