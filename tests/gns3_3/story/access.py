"""Logging in; users, groups, roles, access control and pools."""

from collections.abc import Iterator

from tests.gns3_3.steps import ADMIN, NOBODY, PASSWORDS, UNKNOWN, VISITOR, WORKER, Step, delete, each_by, get, post, put

_USERS, _GROUPS, _ROLES = "/v3/access/users", "/v3/access/groups", "/v3/access/roles"
_ACL, _POOLS = "/v3/access/acl", "/v3/pools"
_LOGIN, _AUTHENTICATE = _USERS + "/login", _USERS + "/authenticate"


def log_in(user: str, password: str, label: str = "log in") -> Step:
    """A log-in whose token is used from then on."""
    body = {"username": user, "password": password}
    return post(f"{label}: {user}", _AUTHENTICATE, body, by=VISITOR, keep={f"token_{user}": "access_token"})


def logging_in() -> Iterator[Step]:
    """The first administrator logs in, and gets a password."""
    wrong = {"username": ADMIN, "password": "wrong"}
    yield post("log in with a wrong password", _AUTHENTICATE, wrong, by=VISITOR)
    yield post("log in as somebody unknown", _AUTHENTICATE, {"username": "stranger", "password": "x"}, by=VISITOR)
    yield post("log in without a password", _AUTHENTICATE, {"username": ADMIN}, by=VISITOR)
    yield post("log in without a body", _AUTHENTICATE, by=VISITOR)
    yield post("log in with a number", _AUTHENTICATE, {"username": ADMIN, "password": 5}, by=VISITOR)
    yield post("log in by a form with a wrong password", _LOGIN, form=wrong, by=VISITOR)
    yield post("log in by a form without a password", _LOGIN, form={"username": ADMIN}, by=VISITOR)
    yield post("log in by a form that is JSON", _LOGIN, wrong, by=VISITOR)
    yield get("log in by GET", _LOGIN, by=VISITOR)
    yield post("log in by a form", _LOGIN, form={"username": ADMIN, "password": ADMIN}, by=VISITOR)
    yield log_in(ADMIN, ADMIN, "first log-in")
    yield get("me", _USERS + "/me")
    yield put("set password", _USERS + "/me", {"password": PASSWORDS[ADMIN]}, keep={})
    yield get("token from before the new password", _USERS + "/me")
    yield log_in(ADMIN, PASSWORDS[ADMIN])
    yield get("me again", _USERS + "/me")
    yield put("my full name", _USERS + "/me", {"full_name": "The Administrator"})
    yield put("my username is not changed", _USERS + "/me", {"username": "other"})
    yield put("nothing of mine", _USERS + "/me", {})
    yield put("my password is too short", _USERS + "/me", {"password": "short"})
    yield put("my e-mail is wrong", _USERS + "/me", {"email": "nonsense"})


def users() -> Iterator[Step]:
    """Users come, are changed, and go."""
    new = {"username": WORKER, "password": PASSWORDS[WORKER], "email": "worker@lab.example.com", "full_name": "W"}
    other = {"username": "other", "password": "a password", "confirmPassword": "a password", "is_active": True}
    yield get("users", _USERS)
    yield post("create user", _USERS, new, keep={WORKER: "user_id"})
    yield post("create user again", _USERS, new)
    yield post("create user with a used e-mail", _USERS, {**other, "email": "worker@lab.example.com"})
    yield post("create user with a short name", _USERS, {**other, "username": "ab"})
    yield post("create user with strange characters", _USERS, {**other, "username": "a/../b;"})
    yield post("create user with a short password", _USERS, {**other, "password": "short"})
    yield post("create user without a password", _USERS, {"username": "other"})
    yield post("create user with a wrong e-mail", _USERS, {**other, "email": "nonsense"})
    yield post("create user without a body", _USERS)
    yield post("create another user", _USERS, other, keep={"other": "user_id"})
    nobody = {"username": NOBODY, "password": PASSWORDS[NOBODY]}
    yield post("create third user", _USERS, nobody, keep={NOBODY: "user_id"})
    yield get("all users", _USERS, keep={ADMIN: f"username={ADMIN}/user_id"})
    yield get("user", _USERS + "/{worker}")
    yield get("unknown user", f"{_USERS}/{UNKNOWN}")
    yield put("change user", _USERS + "/{other}", {"full_name": "Other", "email": "other@lab.example.com"})
    yield put("change user to a used name", _USERS + "/{other}", {"username": WORKER})
    yield put("change user to a used e-mail", _USERS + "/{other}", {"email": "worker@lab.example.com"})
    yield put("change user by an unknown key", _USERS + "/{other}", {"colour": "red"})
    yield put("make user a superadmin", _USERS + "/{other}", {"is_superadmin": True})
    yield get("user is no superadmin", _USERS + "/{other}")
    yield put("change unknown user", f"{_USERS}/{UNKNOWN}", {"full_name": "x"})
    yield get("groups of user", _USERS + "/{worker}/groups")
    yield get("groups of unknown user", f"{_USERS}/{UNKNOWN}/groups")
    yield log_in("other", "a password")
    yield get("me of an active user", _USERS + "/me", by="other")
    yield put("deactivate user", _USERS + "/{other}", {"is_active": False})
    yield get("me of an inactive user", _USERS + "/me", by="other")
    yield log_in("other", "a password", "log in when inactive")
    yield put("activate user", _USERS + "/{other}", {"is_active": True})
    yield delete("delete superadmin", _USERS + "/{admin}")
    yield delete("delete user", _USERS + "/{other}")
    yield get("me of a deleted user", _USERS + "/me", by="other")
    yield delete("delete user again", _USERS + "/{other}")
    yield log_in(WORKER, PASSWORDS[WORKER])
    yield log_in(NOBODY, PASSWORDS[NOBODY])
    yield from each_by(
        [WORKER, NOBODY], [get("me", _USERS + "/me"), put("my full name", _USERS + "/me", {"full_name": "me"})]
    )


def groups() -> Iterator[Step]:
    """Groups and their members."""
    yield get("groups", _GROUPS, keep={"users": "name=Users/user_group_id"})
    yield post("create group", _GROUPS, {"name": "students"}, keep={"students": "user_group_id"})
    yield post("create group again", _GROUPS, {"name": "students"})
    yield post("create group with a short name", _GROUPS, {"name": "ab"})
    yield post("create group without a name", _GROUPS, {})
    yield get("group", _GROUPS + "/{students}")
    yield put("rename group", _GROUPS + "/{students}", {"name": "pupils"})
    yield put("rename group to a used name", _GROUPS + "/{students}", {"name": "Users"})
    yield put("rename built-in group", _GROUPS + "/{users}", {"name": "People"})
    yield delete("delete built-in group", _GROUPS + "/{users}")
    yield get("members of an empty group", _GROUPS + "/{students}/members")
    yield put("add member", _GROUPS + "/{students}/members/{worker}")
    yield put("add member again", _GROUPS + "/{students}/members/{worker}")
    yield put("add unknown member", f"{_GROUPS}/{{students}}/members/{UNKNOWN}")
    yield put("add member to unknown group", f"{_GROUPS}/{UNKNOWN}/members/{{worker}}")
    yield get("members", _GROUPS + "/{students}/members")
    yield get("groups of member", _USERS + "/{worker}/groups")
    yield delete("remove member", _GROUPS + "/{students}/members/{worker}")
    yield delete("remove member again", _GROUPS + "/{students}/members/{worker}")
    yield delete("remove unknown member", f"{_GROUPS}/{{students}}/members/{UNKNOWN}")
    yield delete("delete unknown group", f"{_GROUPS}/{UNKNOWN}")


def roles() -> Iterator[Step]:
    """Roles and their privileges."""
    privilege = {"console": "name=Node.Console/privilege_id"}
    yield get("privileges", "/v3/access/privileges", keep=privilege)
    yield post("create privilege", "/v3/access/privileges", {"name": "x"})
    builtin = {"role_user": "name=User/role_id", "role_auditor": "name=Auditor/role_id"}
    yield get("roles", _ROLES, keep=builtin)
    yield post("create role", _ROLES, {"name": "typist", "description": "opens consoles"}, keep={"typist": "role_id"})
    yield post("create role again", _ROLES, {"name": "typist"})
    yield post("create role without a name", _ROLES, {})
    yield get("role", _ROLES + "/{typist}")
    yield get("built-in role", _ROLES + "/{role_user}")
    yield put("change role", _ROLES + "/{typist}", {"description": "types"})
    yield put("rename role to a used name", _ROLES + "/{typist}", {"name": "User"})
    yield put("rename built-in role", _ROLES + "/{role_user}", {"name": "Human"})
    yield delete("delete built-in role", _ROLES + "/{role_user}")
    yield get("privileges of a new role", _ROLES + "/{typist}/privileges")
    yield put("add privilege", _ROLES + "/{typist}/privileges/{console}")
    yield put("add privilege again", _ROLES + "/{typist}/privileges/{console}")
    yield put("add unknown privilege", f"{_ROLES}/{{typist}}/privileges/{UNKNOWN}")
    yield get("privileges of role", _ROLES + "/{typist}/privileges")
    yield delete("remove privilege", _ROLES + "/{typist}/privileges/{console}")
    yield delete("remove privilege again", _ROLES + "/{typist}/privileges/{console}")
    yield delete("remove unknown privilege", f"{_ROLES}/{{typist}}/privileges/{UNKNOWN}")
    yield delete("delete role", _ROLES + "/{typist}")
    yield delete("delete role again", _ROLES + "/{typist}")


def access_control() -> Iterator[Step]:
    """Entries of access control. The worker may use the project p; a group of nobody reads nothing."""
    entry = {"ace_type": "user", "user_id": "{worker}", "role_id": "{role_user}", "path": "/projects/{p}"}
    of_group = {"ace_type": "group", "group_id": "{students}", "role_id": "{role_auditor}", "path": "/pools"}
    yield get("no entries yet", _ACL)
    yield get("endpoints", _ACL + "/endpoints")
    yield post("create entry", _ACL, entry, keep={"entry": "ace_id"})
    yield post("create entry again", _ACL, entry, keep={"twin": "ace_id"})
    yield post("create entry of a group", _ACL, of_group, keep={"of_group": "ace_id"})
    yield post("create entry of a strange path", _ACL, {**entry, "path": "/nowhere"})
    yield post("create entry of a version's path", _ACL, {**entry, "path": "/v3/projects"})
    yield post("create entry of an unknown user", _ACL, {**entry, "user_id": UNKNOWN})
    yield post("create entry of an unknown role", _ACL, {**entry, "role_id": UNKNOWN})
    yield post("create entry of a group without one", _ACL, {**entry, "ace_type": "group", "user_id": None})
    yield post("create entry of a strange kind", _ACL, {**entry, "ace_type": "robot"})
    yield post("create entry without a role", _ACL, {"ace_type": "user", "user_id": "{worker}", "path": "/"})
    yield get("entries", _ACL)
    yield get("entry", _ACL + "/{entry}")
    yield put("change entry", _ACL + "/{of_group}", {**of_group, "path": "/images", "propagate": False})
    yield put("change half an entry", _ACL + "/{entry}", {"allowed": False})
    yield put("change unknown entry", f"{_ACL}/{UNKNOWN}", entry)
    yield delete("delete entry", _ACL + "/{twin}")
    yield delete("delete entry again", _ACL + "/{twin}")


def pools() -> Iterator[Step]:
    """Pools of projects. The worker may use the project q as long as it is in the pool."""
    yield get("no pools yet", _POOLS)
    yield post("create pool", _POOLS, {"name": "class"}, keep={"pool": "resource_pool_id"})
    yield post("create pool again", _POOLS, {"name": "class"})
    yield post("create pool without a name", _POOLS, {})
    yield get("pools", _POOLS)
    yield get("pool", _POOLS + "/{pool}")
    yield put("rename pool", _POOLS + "/{pool}", {"name": "course"})
    yield put("rename pool without a name", _POOLS + "/{pool}", {})
    yield get("resources of an empty pool", _POOLS + "/{pool}/resources")
    yield get("project outside of the pool", "/v3/projects/{q}", by=WORKER)
    yield put("add project", _POOLS + "/{pool}/resources/{q}")
    yield put("add project again", _POOLS + "/{pool}/resources/{q}")
    yield put("add unknown project", f"{_POOLS}/{{pool}}/resources/{UNKNOWN}")
    yield get("resources", _POOLS + "/{pool}/resources")
    entry = {"ace_type": "user", "user_id": "{worker}", "role_id": "{role_user}", "path": "/pools/{pool}"}
    yield post("create entry of the pool", _ACL, entry, keep={"of_pool": "ace_id"})
    yield get("project of the pool", "/v3/projects/{q}", by=WORKER)
    yield get("nodes of the project of the pool", "/v3/projects/{q}/nodes", by=WORKER)
    yield get("projects with the pool", "/v3/projects", by=WORKER)
    yield delete("remove project", _POOLS + "/{pool}/resources/{q}")
    yield delete("remove project again", _POOLS + "/{pool}/resources/{q}")
    yield get("project that left the pool", "/v3/projects/{q}", by=WORKER)
    yield delete("delete pool", _POOLS + "/{pool}")
    yield delete("delete pool again", _POOLS + "/{pool}")


def by_others() -> Iterator[Step]:
    """What the area answers to the worker and to nobody: refused, whatever the request."""
    user, group = {"username": "x", "password": "y"}, {"name": "mine"}
    steps = [
        get("users", _USERS),
        post("create user", _USERS, user),
        get("another user", _USERS + "/{admin}"),
        get("unknown user", f"{_USERS}/{UNKNOWN}"),
        get("malformed user", _USERS + "/nonsense"),
        put("change user", _USERS + "/{admin}", {"password": "a new password"}),
        put("change myself as a user", _USERS + "/{nobody}", {"full_name": "x"}),
        delete("delete user", _USERS + "/{admin}"),
        get("groups of user", _USERS + "/{worker}/groups"),
        get("groups", _GROUPS),
        post("create group", _GROUPS, group),
        put("add member", _GROUPS + "/{students}/members/{worker}"),
        get("roles", _ROLES),
        post("create role", _ROLES, group),
        put("add privilege", _ROLES + "/{role_user}/privileges/{console}"),
        get("privileges", "/v3/access/privileges"),
        get("entries", _ACL),
        post("create entry", _ACL, {"ace_type": "user", "user_id": "{nobody}", "role_id": "{role_user}", "path": "/"}),
        delete("delete entry", _ACL + "/{entry}"),
        get("endpoints", _ACL + "/endpoints"),
        get("pools", _POOLS),
        post("create pool", _POOLS, group),
    ]
    yield from each_by([WORKER, NOBODY], steps)


def the_end() -> Iterator[Step]:
    """People go."""
    yield delete("delete group", _GROUPS + "/{students}")
    yield get("entry of a deleted group", _ACL + "/{of_group}")
    yield put("set password of another", _USERS + "/{worker}", {"password": "another password"})
    yield get("me after my password was set", _USERS + "/me", by=WORKER)
    yield post(
        "log in with the old password", _AUTHENTICATE, {"username": WORKER, "password": PASSWORDS[WORKER]}, by=VISITOR
    )
    yield delete("delete worker", _USERS + "/{worker}")
    yield get("entry of a deleted user", _ACL + "/{entry}")
    yield get("me after I was deleted", _USERS + "/me", by=WORKER)
