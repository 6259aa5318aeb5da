"""The roles, and the access control entries that give them to users and groups."""

from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import attrs

from gns3trio.controller.people.kept_records import KeptRecords
from gns3trio.controller.people.permits import canonical_path
from gns3trio.controller.people.privileges import Privilege
from gns3trio.controller.people.records import (
    MAX_ACES,
    MAX_ROLES,
    Ace,
    AceType,
    Records,
    Role,
    checked,
    wrong_subject,
)
from gns3trio.controller.people.rules import require, require_room, require_unused_name, without, without_aces_below
from gns3trio.dates import now_text
from gns3trio.errors import Forbidden, NotFound, Refused


class Roles:
    """The roles by id."""

    def __init__(self, kept: KeptRecords) -> None:
        self._kept = kept

    def list(self) -> Sequence[Role]:
        """All roles, in the order in which they were created."""
        return [*self._kept.records.roles.values()]

    def require(self, role_id: UUID) -> Role:
        """A role by id. Raises NotFound."""
        return _require_role(self._kept.records, role_id)

    async def create(self, name: str, *, description: str = "") -> Role:
        """Add a role without privileges.

        Raises Invalid, Refused if the name is in use, Conflict if there are too many, Unavailable.
        """
        made = now_text()
        role = checked(Role(role_id=uuid4(), name=name, description=description, created_at=made, updated_at=made))

        def added(records: Records) -> Records:
            require_room(len(records.roles), MAX_ROLES, "roles")
            require_unused_name("role", name, records.roles.values())
            return _with_role(records, role)

        await self._kept.change(added)
        return role

    async def update(self, role_id: UUID, *, name: str | None = None, description: str | None = None) -> Role:
        """Change what is given; returns the role.

        Raises NotFound, Invalid, Refused if the name is in use, Forbidden for a built-in role, Unavailable.
        """

        def changed(records: Records) -> Records:
            before = _require_own_role(records, role_id)
            after = attrs.evolve(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
            )
            if after == before:
                return records
            after = checked(attrs.evolve(after, updated_at=now_text()))
            require_unused_name("role", after.name, without(records.roles, role_id).values())
            return _with_role(records, after)

        await self._kept.change(changed)
        return self.require(role_id)

    async def delete(self, role_id: UUID) -> None:
        """Remove a role with its access control entries.

        Raises NotFound, Forbidden for a built-in role, Unavailable.
        """

        def removed(records: Records) -> Records:
            _require_own_role(records, role_id)
            records = without_aces_below(f"/access/roles/{role_id}", records)
            return attrs.evolve(
                records,
                roles=without(records.roles, role_id),
                aces={key: ace for key, ace in records.aces.items() if ace.role_id != role_id},
            )

        await self._kept.change(removed)

    async def grant(self, role_id: UUID, privilege: Privilege) -> None:
        """Give a privilege to a role, also to a built-in one, unless it has it. Raises NotFound, Unavailable."""
        await self._set_privileges(role_id, lambda role: role.privileges | {privilege})

    async def withdraw(self, role_id: UUID, privilege: Privilege) -> None:
        """Take a privilege from a role, also from a built-in one. Raises NotFound, also if the role does not have it,
        Unavailable.
        """

        def left(role: Role) -> frozenset[Privilege]:
            if privilege not in role.privileges:
                raise NotFound(f"role {role.name!r} does not have the privilege {privilege}")
            return role.privileges - {privilege}

        await self._set_privileges(role_id, left)

    async def _set_privileges(self, role_id: UUID, privileges: Callable[[Role], frozenset[Privilege]]) -> None:
        def changed(records: Records) -> Records:
            before = _require_role(records, role_id)
            after = attrs.evolve(before, privileges=privileges(before))
            return records if after == before else _with_role(records, attrs.evolve(after, updated_at=now_text()))

        await self._kept.change(changed)


class Aces:
    """The access control entries by id."""

    def __init__(self, kept: KeptRecords) -> None:
        self._kept = kept

    def list(self) -> Sequence[Ace]:
        """All entries, in the order in which they were created."""
        return [*self._kept.records.aces.values()]

    def require(self, ace_id: UUID) -> Ace:
        """An entry by id. Raises NotFound."""
        return _require_ace(self._kept.records, ace_id)

    async def create(
        self,
        ace_type: AceType,
        path: str,
        role_id: UUID,
        *,
        user_id: UUID | None = None,
        group_id: UUID | None = None,
        propagate: bool = True,
        allowed: bool = True,
    ) -> Ace:
        """Add an entry. Whether the API has such a path is the caller's to know.

        Raises Invalid, Refused if there is not exactly the id that ``ace_type`` names, NotFound for an unknown user,
        group or role, Conflict if there are too many, Unavailable.
        """
        made = now_text()
        ace = _settled(
            Ace(
                ace_id=uuid4(),
                ace_type=ace_type,
                user_id=user_id,
                group_id=group_id,
                role_id=role_id,
                path=path,
                propagate=propagate,
                allowed=allowed,
                created_at=made,
                updated_at=made,
            )
        )

        def added(records: Records) -> Records:
            require_room(len(records.aces), MAX_ACES, "access control entries")
            return _with_ace(records, ace)

        await self._kept.change(added)
        return ace

    async def update(
        self,
        ace_id: UUID,
        ace_type: AceType,
        path: str,
        role_id: UUID,
        *,
        user_id: UUID | None = None,
        group_id: UUID | None = None,
        propagate: bool = True,
        allowed: bool = True,
    ) -> Ace:
        """Replace an entry by another one with its id. Raises as ``create``, and NotFound."""

        def changed(records: Records) -> Records:
            before = _require_ace(records, ace_id)
            after = attrs.evolve(
                before,
                ace_type=ace_type,
                user_id=user_id,
                group_id=group_id,
                role_id=role_id,
                path=path,
                propagate=propagate,
                allowed=allowed,
            )
            after = _settled(after)
            return records if after == before else _with_ace(records, attrs.evolve(after, updated_at=now_text()))

        await self._kept.change(changed)
        return self.require(ace_id)

    async def delete(self, ace_id: UUID) -> None:
        """Remove an entry. Raises NotFound, Unavailable."""

        def removed(records: Records) -> Records:
            _require_ace(records, ace_id)
            return attrs.evolve(records, aces=without(records.aces, ace_id))

        await self._kept.change(removed)


def _require_role(records: Records, role_id: UUID) -> Role:
    return require("Role", records.roles, role_id)


def _require_own_role(records: Records, role_id: UUID) -> Role:
    role = _require_role(records, role_id)
    if role.is_builtin:
        raise Forbidden(f"role {role.name!r} is built in: only its privileges can be changed")
    return role


def _require_ace(records: Records, ace_id: UUID) -> Ace:
    return require("ACE", records.aces, ace_id)


def _with_role(records: Records, role: Role) -> Records:
    return attrs.evolve(records, roles={**records.roles, role.role_id: role})


def _settled(ace: Ace) -> Ace:
    """An entry whose path is in canonical form. Raises Invalid."""
    return attrs.evolve(ace, path=canonical_path(checked(ace).path))


def _with_ace(records: Records, ace: Ace) -> Records:
    if objection := wrong_subject(ace.ace_type, ace.user_id, ace.group_id):
        raise Refused(objection)
    require("Role", records.roles, ace.role_id)
    if ace.user_id is not None:
        require("User", records.users, ace.user_id)
    if ace.group_id is not None:
        require("Group", records.groups, ace.group_id)
    return attrs.evolve(records, aces={**records.aces, ace.ace_id: ace})
