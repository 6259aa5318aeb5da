"""GNS3 3's rule of what users may do, in a table: each case gives the entries, and what they say of paths."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import attrs
import pytest

from gns3trio.controller.people.permits import Permits, canonical_path
from gns3trio.controller.people.privileges import Privilege
from gns3trio.controller.people.records import MAX_ACE_PATH, Ace, Group, Pool, Records, Role, User, first_records

NOW = "2026-11-29T21:16:38"
X, Y, Z = (UUID(f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}") for digit in "abc")
N = UUID("11111111-2222-4333-8444-555555555555")
POOL, POOL2 = uuid4(), uuid4()


@attrs.define
class Store:
    """The records of a test, and how often they changed."""

    records: Records
    revision: int = 1

    def put(self, **parts: Iterable[object]) -> None:
        for kind, values in parts.items():
            by_id = {getattr(value, attrs.fields(type(value))[0].name): value for value in values}
            self.records = attrs.evolve(self.records, **{kind: {**getattr(self.records, kind), **by_id}})
        self.revision += 1


ALICE, BOB, ROOT = (
    User(
        user_id=uuid4(),
        username=name,
        password_hash="-",
        token_epoch=1,
        is_superadmin=name == "root",
        created_at=NOW,
        updated_at=NOW,
    )
    for name in ("alice", "bob", "root")
)
TEAM, OTHERS = (
    Group(group_id=uuid4(), name=name, members=frozenset({member.user_id}), created_at=NOW, updated_at=NOW)
    for name, member in (("team", ALICE), ("others", BOB))
)


def role(name: str, *privileges: Privilege) -> Role:
    return Role(role_id=uuid4(), name=name, privileges=frozenset(privileges), created_at=NOW, updated_at=NOW)


AUDIT = role("audit", "Project.Audit", "Node.Audit")
NODES = role("nodes", "Node.Audit", "Node.Modify")
EMPTY = role("empty")
ROLES = {"audit": AUDIT, "nodes": NODES, "empty": EMPTY}


def entry(text: str) -> Ace:
    """``allow|deny PATH [only] [ROLE] [@group|@other|@bob]``; by default of alice, with the role audit, and it
    propagates.
    """
    verb, path, *more = text.split()
    user = BOB if "@bob" in more else ALICE
    group = next((group for word, group in (("@group", TEAM), ("@other", OTHERS)) if word in more), None)
    chosen = next((ROLES[word] for word in more if word in ROLES), AUDIT)
    return Ace(
        ace_id=uuid4(),
        ace_type="user" if group is None else "group",
        user_id=user.user_id if group is None else None,
        group_id=None if group is None else group.group_id,
        role_id=chosen.role_id,
        path=path.format(X=X, Y=Y, Z=Z, N=N, P=POOL, Q=POOL2),
        propagate="only" not in more,
        allowed=verb == "allow",
        created_at=NOW,
        updated_at=NOW,
    )


def store_of(*entries: str) -> Store:
    store = Store(first_records())
    store.put(users=[ALICE, BOB, ROOT], groups=[TEAM, OTHERS], roles=ROLES.values())
    pools = [
        Pool(pool_id=POOL, name="pool", projects=frozenset({X, Z}), created_at=NOW, updated_at=NOW),
        Pool(pool_id=POOL2, name="pool 2", projects=frozenset({X}), created_at=NOW, updated_at=NOW),
    ]
    store.put(pools=pools, aces=map(entry, entries))
    return store


IN_X = "/projects/{X}"
NODE = "/projects/{X}/nodes/{N}"
# The entries, then for paths whether Project.Audit (or, with a +, Node.Audit) is permitted there.
CASES: list[tuple[list[str], dict[str, bool]]] = [
    ([], {"/": False, "/projects": False, IN_X: False}),
    # --- allowed on a path and below, not beside or above ---
    (["allow /"], {"/": True, "/projects": True, IN_X: True, NODE: True, "/templates": True}),
    (["allow /projects"], {"/": False, "/projects": True, IN_X: True, NODE: True, "/projectsx": False}),
    ([f"allow {IN_X}"], {"/projects": False, IN_X: True, "/projects/{Y}": False, f"{IN_X}/nodes": True}),
    ([f"allow {IN_X}/nodes"], {IN_X: False, f"{IN_X}/nodes": True, NODE: True, f"{IN_X}/links": False}),
    ([f"allow {NODE}"], {f"{IN_X}/nodes": False, NODE: True, f"{NODE}/start": True}),
    # --- a denial ---
    (["deny /"], {"/": False, IN_X: False}),
    (["allow /", f"deny {IN_X}"], {"/projects": True, IN_X: False, NODE: False, "/projects/{Y}": True}),
    (["deny /", f"allow {IN_X}"], {"/": False, "/projects": False, IN_X: True, NODE: True}),
    (["deny /projects", "allow /"], {"/": True, "/projects": False, IN_X: False}),
    (["allow /projects", "deny /projects"], {"/projects": False, IN_X: False}),
    (["deny /projects", "allow /projects @group"], {"/projects": False, IN_X: False}),
    (["deny /", f"allow {IN_X}", f"deny {NODE}"], {IN_X: True, f"{IN_X}/nodes": True, NODE: False}),
    # --- what does not propagate decides all the same where it is, and ends the walk above ---
    (["allow / only"], {"/": True, "/projects": False, IN_X: False}),
    (["allow /", "allow /projects only"], {"/projects": True, IN_X: False, NODE: False}),
    (["allow /", f"deny {IN_X} only"], {IN_X: False, NODE: False, "/projects/{Y}": True}),
    (["deny / only", "allow /projects"], {"/": False, "/projects": True, IN_X: True}),
    (["allow /projects only", f"allow {IN_X}"], {"/projects": True, IN_X: True, "/projects/{Y}": False}),
    (["allow /projects only", "allow /projects @group"], {"/projects": True, IN_X: True}),
    (["allow /projects", "deny /projects only"], {"/projects": False, IN_X: False}),
    # --- a role without the privilege says nothing about it ---
    (["allow /", f"allow {IN_X} empty"], {IN_X: True, NODE: True}),
    (["allow /", f"deny {IN_X} empty"], {IN_X: True, NODE: True}),
    (["allow /", f"deny {IN_X} nodes"], {IN_X: True, f"+{NODE}": False}),
    (["allow / nodes"], {IN_X: False, f"+{NODE}": True}),
    (["deny / empty", "allow /projects"], {"/": False, IN_X: True}),
    (["allow / empty only", "allow /"], {IN_X: True}),
    # --- entries of the user and of the groups are one set; those of others do not count ---
    (["allow / @group"], {IN_X: True}),
    (["allow / @other"], {IN_X: False}),
    (["allow / @bob"], {IN_X: False}),
    (["allow /", "deny / @other", "deny /projects @bob"], {IN_X: True}),
    (["allow /", f"deny {IN_X} @group"], {IN_X: False, "/projects/{Y}": True}),
    (["deny / @group", f"allow {IN_X}"], {IN_X: True}),
    # --- pools count for their projects alone ---
    (["allow /pools/{P}"], {"/": False, "/projects": False, IN_X: True, NODE: True, "/projects/{Z}": True}),
    (["allow /pools/{P}"], {"/projects/{Y}": False, "/projects/{Y}/nodes/{X}": False, "/pools/{P}": True}),
    (["allow /pools/{Q}"], {IN_X: True, "/projects/{Z}": False}),
    (["allow /pools/{P} @group"], {IN_X: True}),
    (["allow /pools"], {"/pools/{P}": True, IN_X: False}),
    (["allow /pools/{P}", f"deny {IN_X}"], {IN_X: False, "/projects/{Z}": True}),
    (["deny /pools/{P}", f"allow {IN_X}"], {IN_X: True, "/projects/{Z}": False}),
    (["deny /projects", "allow /pools/{P}"], {"/projects": False, IN_X: True, "/projects/{Y}": False}),
    (["allow /projects", "deny /pools/{P}"], {"/projects": True, IN_X: False, "/projects/{Y}": True}),
    (["allow /pools/{P}", "deny /pools/{Q}"], {IN_X: False, "/projects/{Z}": True}),
    (["allow /", "allow /pools/{P} only"], {IN_X: False, "/projects/{Y}": True, "/pools/{P}": True}),
    (["allow /pools/{P}", f"deny {NODE}"], {NODE: False, f"{IN_X}/nodes": True}),
    (["deny /pools/{P} empty", "allow /"], {IN_X: True}),
    # --- an id counts however it is written; a path that only begins alike does not ---
    (["allow /projects/AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA"], {IN_X: True}),
    (["allow /images/a"], {"/images/a": True, "/images/a/b.qcow2": True, "/images/ab": False, "/images": False}),
]


@pytest.mark.parametrize(("entries", "answers"), CASES)
def test_what_entries_permit(entries: list[str], answers: dict[str, bool]) -> None:
    permits = Permits(store_of(*entries))
    for path, answer in answers.items():
        privilege: Privilege = "Node.Audit" if path.startswith("+") else "Project.Audit"
        where = path.removeprefix("+").format(X=X, Y=Y, Z=Z, N=N, P=POOL, Q=POOL2)
        assert permits.permits(ALICE, privilege, where) is answer, path


def test_a_superadmin_needs_no_entry() -> None:
    assert Permits(store_of("deny / @group", "deny /")).permits(ROOT, "User.Allocate", "/access/users")


@pytest.mark.parametrize("name", ["User", "Auditor", "Administrator"])
def test_the_roles_that_every_server_has(name: str) -> None:
    store = store_of()
    known = next(each for each in store.records.roles.values() if each.name == name)
    store.put(aces=[attrs.evolve(entry(f"allow {IN_X}"), role_id=known.role_id)])
    permits = Permits(store)
    may = {
        privilege: permits.permits(ALICE, privilege, f"/projects/{X}/nodes/{N}")
        for privilege in ("Node.Audit", "Node.Console", "Node.PowerMgmt", "Link.Capture", "Template.Modify")
    }
    changes = name != "Auditor"
    assert may == {
        "Node.Audit": True,
        "Node.Console": changes,
        "Node.PowerMgmt": changes,
        "Link.Capture": changes,
        "Template.Modify": name == "Administrator",
    }


def test_a_change_counts_at_once() -> None:
    """Of entries, members, roles, pools and users."""
    store = store_of(f"allow {IN_X} @group", "allow /pools/{P} nodes")
    permits, records = Permits(store), store.records
    assert permits.sees_project(ALICE, X)
    assert not permits.sees_project(BOB, X)
    store.put(groups=[attrs.evolve(TEAM, members=frozenset({BOB.user_id}))])
    assert not permits.sees_project(ALICE, X)
    assert permits.sees_project(BOB, X)
    store.put(roles=[attrs.evolve(NODES, privileges=frozenset({"Project.Audit"}))])
    assert permits.sees_project(ALICE, X)
    store.put(pools=[attrs.evolve(records.pools[POOL], projects=frozenset())])
    assert not permits.sees_project(ALICE, X)
    store.records = attrs.evolve(store.records, aces={})
    store.revision += 1
    assert not permits.sees_project(BOB, X)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("/", "/"),
        ("/projects/", "/projects"),
        (f"/projects/{str(X).upper()}/nodes", f"/projects/{X}/nodes"),
        (f"/projects/{X.hex}----", f"/projects/{X}"),  # of 36 characters, which the routes take for the same id
        (f"/images/{X.hex}", f"/images/{X.hex}"),
    ],
)
def test_ids_have_one_form(written: str, canonical: str) -> None:
    assert canonical_path(written) == canonical


def test_paths_longer_than_any_entry() -> None:
    place = f"/projects/{X}/" + "a/" * 400
    place += "b" * (MAX_ACE_PATH - len(place))
    permits = Permits(store_of(f"allow /projects/{X}", f"deny {place}"))
    for path, answer in (
        (place, False),
        (f"{place}/c/d", False),
        (f"{place}c", True),
        (f"{place}c/{'d' * 3000}/e", True),
        ("/" + "x" * 3000, False),
    ):
        assert permits.permits(ALICE, "Project.Audit", path) is answer, path[-40:]


def test_what_is_permitted_somewhere_below_a_path() -> None:
    nodes = f"/projects/{X}/nodes/{N}"
    permits = Permits(store_of("allow /projects/{X}", f"allow {nodes} nodes", "allow /projects/{Y} nodes @other"))
    assert permits.permitted_below(ALICE, f"/projects/{X}") == NODES.privileges
    assert permits.permitted_below(ALICE, "/") == NODES.privileges | AUDIT.privileges
    assert permits.permitted_below(ALICE, nodes) == frozenset()
    assert permits.permitted_below(ALICE, f"/projects/{Y}") == frozenset()
    assert Permits(store_of(f"deny {nodes}")).permitted_below(ALICE, "/") == frozenset()
