"""The users, and the groups that they are members of."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import attrs

from gns3trio.classes import frozen
from gns3trio.controller.people.kept_records import KeptRecords
from gns3trio.controller.people.passwords import hash_password
from gns3trio.controller.people.records import (
    MAX_GROUPS,
    MAX_MEMBERSHIPS,
    MAX_PASSWORD,
    MAX_USERS,
    MIN_PASSWORD,
    Group,
    Records,
    User,
    checked,
)
from gns3trio.controller.people.rules import require, require_room, require_unused_name, without, without_aces_below
from gns3trio.dates import now_text
from gns3trio.errors import Conflict, Forbidden, Invalid, LabError, NotFound, Refused

log = logging.getLogger(__name__)

_OPEN = (
    "everybody can use this server as its administrator, whose password is still the first one. Change that password "
    "(gns3trio user change admin --password, or the page /people), or start the server with the settings user and "
    "password; then users can be added"
)


@frozen
class SettingsLogin:
    """The settings ``user`` and ``password``, which are those of the first administrator."""

    username: str
    password: str


class Users:
    """The users by id. The first administrator has the name of the settings, if they have one."""

    def __init__(self, kept: KeptRecords, login: SettingsLogin | None) -> None:
        self._kept = kept
        self._login = login
        self._ids: tuple[int, Mapping[str, UUID]] = (-1, {})  # by name, with the revision

    def list(self) -> Sequence[User]:
        """All users, in the order in which they were created."""
        return [self._shown(user) for user in self._kept.records.users.values()]

    def require(self, user_id: UUID) -> User:
        """A user by id. Raises NotFound."""
        return self._shown(_require(self._kept.records, user_id))

    def named(self, username: str) -> User | None:
        """A user by name; None if there is none."""
        revision, ids = self._ids
        if revision != self._kept.revision:
            ids = {user.username: user.user_id for user in self.list()}
            self._ids = self._kept.revision, ids
        user_id = ids.get(username)
        return None if user_id is None else self.require(user_id)

    @property
    def administrator(self) -> User:
        """The first administrator."""
        return self._shown(next(user for user in self._kept.records.users.values() if user.is_superadmin))

    @property
    def is_open(self) -> bool:
        """Whether nobody has set a password for this server yet, so that versions 1 and 2 ask for none."""
        return self._login is None and not self.administrator.password_hash

    def _shown(self, user: User) -> User:
        if self._login is None or not user.is_superadmin:
            return user
        return attrs.evolve(user, username=self._login.username, password_hash="")

    async def create(
        self, username: str, password: str, *, email: str = "", full_name: str = "", is_active: bool = True
    ) -> User:
        """Add a user. Raises Invalid, Refused if the name or the e-mail address is in use, Conflict if everybody can
        use this server or there are too many users, Unavailable.
        """
        _check_password(password)
        self._require_closed()
        made = now_text()
        user = checked(
            User(
                user_id=uuid4(),
                username=username,
                password_hash=await hash_password(password),
                # A token of an earlier user with this name must not be one of this user.
                token_epoch=secrets.randbits(48),
                email=email,
                full_name=full_name,
                is_active=is_active,
                created_at=made,
                updated_at=made,
            )
        )

        def added(records: Records) -> Records:
            self._require_closed()
            require_room(len(records.users), MAX_USERS, "users")
            self._require_unused(records, user)
            return attrs.evolve(records, users={**records.users, user.user_id: user})

        await self._kept.change(added)
        return user

    async def update(
        self,
        user_id: UUID,
        *,
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        full_name: str | None = None,
        is_active: bool | None = None,
    ) -> User:
        """Change what is given; returns the user. Another password or name ends the user's tokens, and so does making
        the user inactive or active: no token becomes valid again when a change is undone.

        Raises NotFound, Invalid, Refused if the name or the e-mail address is in use, Forbidden for what cannot be
        changed of the first administrator, Unavailable.
        """
        user = self.require(user_id)
        if user.is_superadmin:
            self._check_administrator(user, username, password, is_active)
        fields: dict[str, Any] = {"username": username, "email": email, "full_name": full_name, "is_active": is_active}
        if self._login is not None and user.is_superadmin:
            del fields["username"]
        if password is not None:
            _check_password(password)
            fields["password_hash"] = await hash_password(password)
        given = {name: value for name, value in fields.items() if value is not None}

        def changed(records: Records) -> Records:
            before = _require(records, user_id)
            after = attrs.evolve(before, **given)
            if after == before:
                return records
            if password is not None or (after.username, after.is_active) != (before.username, before.is_active):
                after = attrs.evolve(after, token_epoch=before.token_epoch + 1)
            after = checked(attrs.evolve(after, updated_at=now_text()))
            self._require_unused(records, after)
            return attrs.evolve(records, users={**records.users, user_id: after})

        await self._kept.change(changed)
        return self.require(user_id)

    def _check_administrator(
        self, user: User, username: str | None, password: str | None, is_active: bool | None
    ) -> None:
        if is_active is False:
            raise Forbidden("is_active: the first administrator cannot be made inactive, or nobody could undo it")
        if self._login is not None:
            if username not in (None, user.username):
                raise Forbidden("username: is that of the setting 'user', and is changed there")
            if password is not None:
                raise Forbidden("password: is that of the setting 'password', and is changed there")

    async def delete(self, user_id: UUID) -> None:
        """Remove a user, from all groups too, with the user's access control entries.

        Raises NotFound, Forbidden for the first administrator, Unavailable.
        """

        def removed(records: Records) -> Records:
            if _require(records, user_id).is_superadmin:
                raise Forbidden("the first administrator cannot be deleted")
            records = without_aces_below(f"/access/users/{user_id}", records)
            return attrs.evolve(
                records,
                users=without(records.users, user_id),
                groups={
                    key: attrs.evolve(group, members=group.members - {user_id}) if user_id in group.members else group
                    for key, group in records.groups.items()
                },
                aces={key: ace for key, ace in records.aces.items() if ace.user_id != user_id},
            )

        await self._kept.change(removed)

    async def end_tokens(self, user_id: UUID) -> None:
        """End all tokens of a user. Raises NotFound, Unavailable."""

        def ended(records: Records) -> Records:
            before = _require(records, user_id)
            after = attrs.evolve(before, token_epoch=before.token_epoch + 1)
            return attrs.evolve(records, users={**records.users, user_id: after})

        await self._kept.change(ended)

    async def note_login(self, user_id: UUID) -> None:
        """Note that a user has logged in now. If this cannot be stored, the login goes on all the same."""

        def noted(records: Records) -> Records:
            user = records.users.get(user_id)
            moment = now_text()
            if user is None or user.last_login == moment:
                return records
            return attrs.evolve(records, users={**records.users, user_id: attrs.evolve(user, last_login=moment)})

        try:
            await self._kept.change(noted, is_revision=False)
        except LabError as error:
            log.warning("the login of a user is not noted: %s", error)

    def _require_closed(self) -> None:
        if self.is_open:
            raise Conflict(_OPEN)

    def _require_unused(self, records: Records, user: User) -> None:
        """Raises Refused if another user has the name or the e-mail address. The name that the first administrator has
        without the settings stays reserved.
        """
        others = [other for other in records.users.values() if other.user_id != user.user_id]
        taken = {other.username for other in others} | {self._shown(other).username for other in others}
        if user.username in taken:
            raise Refused(f"username: there is a user named {user.username!r} already")
        email = user.email.casefold()
        if email and any(other.email.casefold() == email for other in others):
            raise Refused(f"email: another user has the address {user.email!r}")


class Groups:
    """The groups by id."""

    def __init__(self, kept: KeptRecords, users: Users) -> None:
        self._kept = kept
        self._users = users

    def list(self) -> Sequence[Group]:
        """All groups, in the order in which they were created."""
        return [*self._kept.records.groups.values()]

    def require(self, group_id: UUID) -> Group:
        """A group by id. Raises NotFound."""
        return _require_group(self._kept.records, group_id)

    def of(self, user_id: UUID) -> Sequence[Group]:
        """The groups of a user. Raises NotFound."""
        _require(self._kept.records, user_id)
        return [group for group in self._kept.records.groups.values() if user_id in group.members]

    def members(self, group_id: UUID) -> Sequence[User]:
        """The users in a group. Raises NotFound."""
        members = self.require(group_id).members
        return [user for user in self._users.list() if user.user_id in members]

    async def create(self, name: str) -> Group:
        """Add a group. Raises Invalid, Refused if the name is in use, Conflict if there are too many, Unavailable."""
        made = now_text()
        group = checked(Group(group_id=uuid4(), name=name, created_at=made, updated_at=made))

        def added(records: Records) -> Records:
            require_room(len(records.groups), MAX_GROUPS, "groups")
            require_unused_name("group", name, records.groups.values())
            return attrs.evolve(records, groups={**records.groups, group.group_id: group})

        await self._kept.change(added)
        return group

    async def update(self, group_id: UUID, *, name: str | None = None) -> Group:
        """Change what is given; returns the group.

        Raises NotFound, Invalid, Refused if the name is in use, Forbidden for a built-in group, Unavailable.
        """

        def changed(records: Records) -> Records:
            before = _require_own_group(records, group_id)
            if name in (None, before.name):
                return records
            after = checked(attrs.evolve(before, name=name, updated_at=now_text()))
            require_unused_name("group", after.name, records.groups.values())
            return _with_group(records, after)

        await self._kept.change(changed)
        return self.require(group_id)

    async def delete(self, group_id: UUID) -> None:
        """Remove a group with its access control entries.

        Raises NotFound, Forbidden for a built-in group, Unavailable.
        """

        def removed(records: Records) -> Records:
            _require_own_group(records, group_id)
            records = without_aces_below(f"/access/groups/{group_id}", records)
            return attrs.evolve(
                records,
                groups=without(records.groups, group_id),
                aces={key: ace for key, ace in records.aces.items() if ace.group_id != group_id},
            )

        await self._kept.change(removed)

    async def add_member(self, group_id: UUID, user_id: UUID) -> None:
        """Add a user to a group. Raises NotFound, Refused if the user is in it, Conflict if there are too many
        memberships, Unavailable.
        """

        def added(records: Records) -> Records:
            group, user = _require_group(records, group_id), _require(records, user_id)
            if user_id in group.members:
                raise Refused(f"user {self._users.require(user_id).username!r} is in the group {group.name!r} already")
            require_room(sum(len(each.members) for each in records.groups.values()), MAX_MEMBERSHIPS, "memberships")
            return _with_group(records, attrs.evolve(group, members=group.members | {user.user_id}))

        await self._kept.change(added)

    async def remove_member(self, group_id: UUID, user_id: UUID) -> None:
        """Remove a user from a group. Raises NotFound, also if the user is not in it, Unavailable."""

        def removed(records: Records) -> Records:
            group = _require_group(records, group_id)
            _require(records, user_id)
            if user_id not in group.members:
                raise NotFound(f"User ID {user_id} is not in the group {group.name!r}")
            return _with_group(records, attrs.evolve(group, members=group.members - {user_id}))

        await self._kept.change(removed)


def _require(records: Records, user_id: UUID) -> User:
    return require("User", records.users, user_id)


def _require_group(records: Records, group_id: UUID) -> Group:
    return require("Group", records.groups, group_id)


def _require_own_group(records: Records, group_id: UUID) -> Group:
    group = _require_group(records, group_id)
    if group.is_builtin:
        raise Forbidden(f"group {group.name!r} is built in, and cannot be changed or deleted")
    return group


def _with_group(records: Records, group: Group) -> Records:
    return attrs.evolve(records, groups={**records.groups, group.group_id: group})


def _check_password(password: str) -> None:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"password: has {len(password)} characters, and needs {MIN_PASSWORD} to {MAX_PASSWORD}")
