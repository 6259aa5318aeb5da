"""``gns3trio login``, ``user``, ``group``, ``role``, ``pool`` and ``acl``, on a server with a password."""

import stat
from pathlib import Path

import attrs
import pytest

from tests.e2e.conftest import StartServer
from tests.e2e.shell import Shell

PASSWORD = "chalk and blackboard"
SECRET = "a secret of mine"


@attrs.frozen
class Person(Shell):
    """Types commands with a home of their own, and perhaps a user and a password in the environment."""

    home: Path
    login: dict[str, str] = attrs.field(factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "XDG_CONFIG_HOME": str(self.home), **self.login}

    def named(self, user: str, password: str) -> "Person":
        return attrs.evolve(self, login={"GNS3TRIO_USER": user, "GNS3TRIO_PASSWORD": password})


@pytest.fixture
def teacher(start_server: StartServer, tmp_path: Path) -> Person:
    """Logged in by ``gns3trio login``."""
    server = start_server(env={"GNS3TRIO_USER": "teacher", "GNS3TRIO_PASSWORD": PASSWORD})
    person = Person(server, tmp_path / "teacher")
    person.run("login", "teacher", "--password-file", "-", text=f"{PASSWORD}\n")
    return person


def test_a_login_is_kept_until_it_is_forgotten(teacher: Person) -> None:
    (kept,) = (teacher.home / "gns3trio").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text()
    teacher.run("project", "list")
    kept.chmod(0o644)
    assert "chmod 600" in teacher.run("project", "list", status=1)
    kept.chmod(0o600)
    assert "wrong" in teacher.run("login", "teacher", "--password-file", "-", text="another\n", status=1)
    teacher.run("project", "list")
    teacher.run("login", "--forget")
    assert "asks for user and password" in teacher.run("project", "list", status=1)
    assert "asks for user and password" in teacher.run("user", "list", status=1)
    assert [each["username"] for each in teacher.named("teacher", PASSWORD).json("user", "list")] == ["teacher"]


def test_users_and_groups(teacher: Person, tmp_path: Path) -> None:
    table = tmp_path / "class.csv"
    table.write_text(f"name,password,full_name\nann,{SECRET},Ann A.\nbob,{SECRET},\n")
    teacher.run("group", "create", "students")
    teacher.run("user", "import", str(table), "--group", "students")
    refused = teacher.run("user", "import", str(table), status=1)
    assert "ann, bob" in refused
    for text, complaint in (
        ("name\nx\n", "password"),
        ("name,password,age\n", "age"),
        ("name,password\ncarl\n", "line 2"),
        ("name,password\ncarl,secret 1234,more\n", "line 2"),
        (f"name,password\ncarl,{SECRET}\ncarl,{SECRET}\n", "line 3"),
    ):
        assert complaint in teacher.run("user", "import", "-", text=text, status=1)
    assert [each["username"] for each in teacher.json("group", "show", "students")["members"]] == ["ann", "bob"]
    shown = teacher.json("user", "show", "ann")
    assert (shown["full_name"], shown["groups"][0]["name"]) == ("Ann A.", "students")
    teacher.run("group", "remove", "students", "ann")
    assert "members        bob" in teacher.run("group", "show", "students")

    teacher.run("user", "create", "carl", "--password-file", "-", "--email", "carl@example.org", text=f"{SECRET}\n")
    carl = teacher.named("carl", SECRET)
    assert carl.json("project", "list") == []
    assert "User.Audit" in carl.run("user", "list", status=1)
    teacher.run("user", "change", "carl", "--inactive")
    carl.run("project", "list", status=1)
    teacher.run("user", "change", "carl", "--active", "--password-file", "-", text="another secret\n")
    carl.run("project", "list", status=1)
    teacher.named("carl", "another secret").run("project", "list")
    assert "nothing to change" in teacher.run("user", "change", "carl", status=1)
    assert "--yes" in teacher.run("user", "delete", "carl", status=1)
    teacher.run("user", "delete", "carl", "--yes")
    teacher.run("user", "show", "carl", status=3)
    teacher.run("group", "delete", "students", "--yes")


def test_roles_pools_and_permissions(teacher: Person) -> None:
    for name in ("ann", "bob"):
        teacher.run("user", "create", name, "--password-file", "-", text=f"{SECRET}\n")
    ann, bob = (teacher.named(name, SECRET) for name in ("ann", "bob"))
    for name in ("one", "two", "three"):
        teacher.run("project", "create", name)
    assert "Node.Console" in teacher.run("role", "privileges")
    created = teacher.run("role", "create", "Watcher", "--privilege", "Project.Audit", "--privilege", "Node.Audit")
    assert "Node.Audit, Project.Audit" in created
    assert "Node.Nonsense" in teacher.run("role", "create", "Other", "--privilege", "Node.Nonsense", status=3)
    assert "Other" not in teacher.run("role", "list")
    teacher.run("role", "remove", "Watcher", "Node.Audit")
    teacher.run("role", "add", "Watcher", "Node.Audit", "Link.Audit")
    teacher.run("pool", "create", "shared")
    teacher.run("pool", "add", "shared", "two", "three")
    teacher.run("pool", "remove", "shared", "three")
    assert "two" in teacher.run("pool", "show", "shared")

    teacher.run("acl", "allow", "User", "--to-user", "ann", "--project", "one")
    teacher.run("group", "create", "everybody")
    teacher.run("group", "add", "everybody", "ann", "bob")
    teacher.run("acl", "allow", "Watcher", "--to-group", "everybody", "--pool", "shared")
    assert [[each["name"] for each in person.json("project", "list")] for person in (ann, bob)] == [
        ["one", "two"],
        ["two"],
    ]
    ann.run("node", "create", "one", "vpcs", "PC1")
    assert "Node.Allocate" in ann.run("node", "create", "two", "vpcs", "PC1", status=1)
    bob.run("node", "list", "two")
    bob.run("node", "list", "one", status=3)
    (entry,) = [each for each in teacher.json("audit", "one") if each["user"] == "ann"]
    assert (entry["action"], entry["status"]) == ("create node", 201)
    rows = [line for line in teacher.run("acl", "list").splitlines() if "user ann" in line]
    assert len(rows) == 1 and "project one" in rows[0] and "User" in rows[0]
    teacher.run("acl", "remove", rows[0].split()[-1])
    assert [each["name"] for each in ann.json("project", "list")] == ["two"]
    teacher.run("acl", "deny", "Watcher", "--to-user", "bob", "--pool", "shared")
    assert bob.json("project", "list") == []
    for kind, name in (("role", "Watcher"), ("pool", "shared")):
        teacher.run(kind, "delete", name, "--yes")
    assert ann.json("project", "list") == []
