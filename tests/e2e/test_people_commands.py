"""``gns3trio login``, ``user``, ``group``, ``role``, ``pool`` and ``acl``, on a server with a password."""

import json
import stat
import subprocess
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
    wrong = teacher.run("login", "teacher", "--password-file", "-", text="another\n", status=1)
    assert "wrong" in wrong and "get-back-in.md" in wrong and "--user" not in wrong
    assert "gns3trio login NAME" in teacher.run("login", status=2)
    teacher.run("project", "list")
    (token,) = json.loads(kept.read_text()).values()
    told = teacher.run("login", "--forget")
    assert "logged out" in told and "nobody was logged in" in teacher.run("login", "--forget")
    ended = subprocess.run(
        ["curl", "-sS", "-H", f"Authorization: Bearer {token}", f"{teacher.server.url}/v2/projects"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"status": 401' in ended.stdout or '"status":401' in ended.stdout
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
        ("name,password\ncarl\n", "line 2 (carl)"),
        ("name,password\ncarl,short\n", "line 2 (carl): password: has 5 characters"),
        (f"name;password;email\ncarl;{SECRET};\ndora;{SECRET};nowhere\n", "line 3 (dora): "),
        ("name,password\ncarl,secret 1234,more\n", "line 2"),
        (f"name,password\ncarl,{SECRET}\ncarl,{SECRET}\n", "line 3"),
    ):
        assert complaint in teacher.run("user", "import", "-", text=text, status=1)
    assert [each["username"] for each in teacher.json("group", "show", "students")["members"]] == ["ann", "bob"]
    shown = teacher.json("user", "show", "ann")
    assert (shown["full_name"], shown["groups"][0]["name"]) == ("Ann A.", "students")
    teacher.run("group", "remove", "students", "ann")
    assert "members        bob" in teacher.run("group", "show", "students")

    # The table with carl and dora was refused as a whole.
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
    changes_own_account(teacher)
    assert "--yes" in teacher.run("user", "delete", "carl", status=1)
    teacher.run("user", "delete", "carl", "--yes")
    teacher.run("user", "show", "carl", status=3)
    teacher.run("group", "delete", "students", "--yes")


def changes_own_account(teacher: Person) -> None:
    """Which needs no privilege. The command logs in again where somebody was logged in."""
    bob = attrs.evolve(teacher, home=teacher.home.parent / "bob")
    bob.run("login", "bob", "--password-file", "-", text=f"{SECRET}\n")
    told = bob.run("user", "change", "--password-file", "-", "--full-name", "Bob B.", text="secret number two\n")
    assert "logged in again" in told and "Bob B." in told
    bob.run("user", "change", "bob", "--email", "bob@example.org")
    assert bob.json("project", "list") == []
    assert "User.Modify" in bob.run("user", "change", "bob", "--name", "bobby", status=1)
    assert "User.Audit" in bob.run("user", "change", "ann", "--full-name", "A.", status=1)


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
    assert "project 'two' is in the pool 'shared' already" in teacher.run("pool", "add", "shared", "two", "two")

    shown = teacher.run("acl", "allow", "User", "--to-user", "ann", "--project", "one")
    assert "user ann" in shown and "project one" in shown and "User" in shown
    assert "already" in teacher.run("acl", "allow", "User", "--to-user", "ann", "--project", "one")
    assert "gns3trio acl list" in teacher.run("acl", "remove", "nix", "--yes", status=3)
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
    assert "node PC1 in project one" in teacher.run(
        "audit", "--by", "ann", "--action", "create node", "--target", "PC1"
    )
    closed = teacher.run("project", "show", "one")
    assert "format" in closed and "GNS3 2.2" in closed
    teacher.run("project", "close", "one")
    assert "nodes       1" in teacher.run("project", "show", "one")
    assert "nothing to convert" in teacher.run("project", "convert", "one", "--to", "2.2")
    rows = [line for line in teacher.run("acl", "list").splitlines() if "user ann" in line]
    assert len(rows) == 1 and "project one" in rows[0] and "User" in rows[0]
    teacher.run("acl", "remove", rows[0].split()[-1])
    assert [each["name"] for each in ann.json("project", "list")] == ["two"]
    teacher.run("acl", "deny", "Watcher", "--to-user", "bob", "--pool", "shared")
    assert bob.json("project", "list") == []
    for kind, name in (("role", "Watcher"), ("pool", "shared")):
        teacher.run(kind, "delete", name, "--yes")
    assert ann.json("project", "list") == []


def test_the_way_back_in(start_server: StartServer, tmp_path: Path) -> None:
    """An open server tells how to close it. A stored password counts for the addresses, and can be replaced by whoever
    has the files.
    """
    server = start_server()
    assert server.process.stdout is not None
    assert server.process.stdout.readline() == (
        f"nobody has to log in; set the administrator's password at {server.url}/people\n"
    )
    folder = str(server.projects)
    refused = Person(server, tmp_path).run("user", "reset-password", "--projects-path", folder, status=1, text=SECRET)
    assert "--password-file" in refused
    words = ("user", "reset-password", "--projects-path", folder, "--password-file", "-")
    assert "Stop it first" in Person(server, tmp_path).run(*words, text=f"{SECRET}\n", status=1)
    server.stop()
    assert "gns3trio login admin" in Person(server, tmp_path).run(*words, text=f"{SECRET}\n")
    again = Person(start_server("--host", "0.0.0.0"), tmp_path)
    url = again.server.url.replace("0.0.0.0", "127.0.0.1")
    again.run("login", "admin", "--password-file", "-", text=f"{SECRET}\n", url=url)
    again.run("project", "create", "lab", url=url)
    again.run("node", "create", "lab", "vpcs", "PC1", url=url)
    assert "reset password" in again.run("audit", url=url)
