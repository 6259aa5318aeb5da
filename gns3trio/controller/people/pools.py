"""The pools: projects that access control entries name together."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import attrs

from gns3trio.controller.people.kept_records import KeptRecords
from gns3trio.controller.people.records import MAX_POOLS, MAX_RESOURCES, Pool, Records, checked
from gns3trio.controller.people.rules import require, require_room, require_unused_name, without, without_aces_below
from gns3trio.dates import now_text
from gns3trio.errors import NotFound, Refused


class Pools:
    """The pools by id."""

    def __init__(self, kept: KeptRecords) -> None:
        self._kept = kept

    def list(self) -> Sequence[Pool]:
        """All pools, in the order in which they were created."""
        return [*self._kept.records.pools.values()]

    def require(self, pool_id: UUID) -> Pool:
        """A pool by id. Raises NotFound."""
        return _require_pool(self._kept.records, pool_id)

    async def create(self, name: str) -> Pool:
        """Add a pool. Raises Invalid, Refused if the name is in use, Conflict if there are too many, Unavailable."""
        made = now_text()
        pool = checked(Pool(pool_id=uuid4(), name=name, created_at=made, updated_at=made))

        def added(records: Records) -> Records:
            require_room(len(records.pools), MAX_POOLS, "pools")
            require_unused_name("pool", name, records.pools.values())
            return _with_pool(records, pool)

        await self._kept.change(added)
        return pool

    async def update(self, pool_id: UUID, *, name: str | None = None) -> Pool:
        """Change what is given; returns the pool.

        Raises NotFound, Invalid, Refused if the name is in use, Unavailable.
        """

        def changed(records: Records) -> Records:
            before = _require_pool(records, pool_id)
            if name is None or name == before.name:
                return records
            require_unused_name("pool", name, records.pools.values())
            return _with_pool(records, checked(attrs.evolve(before, name=name, updated_at=now_text())))

        await self._kept.change(changed)
        return self.require(pool_id)

    async def delete(self, pool_id: UUID) -> None:
        """Remove a pool with the access control entries on it. Raises NotFound, Unavailable."""

        def removed(records: Records) -> Records:
            _require_pool(records, pool_id)
            records = without_aces_below(f"/pools/{pool_id}", records)
            return attrs.evolve(records, pools=without(records.pools, pool_id))

        await self._kept.change(removed)

    async def add_project(self, pool_id: UUID, project_id: UUID, *, name: str = "") -> None:
        """Add a project to a pool. Whether there is one is the caller's to know, and its ``name``, for messages.

        Raises NotFound, Refused if it is in it, Conflict if the pools have too many projects, Unavailable.
        """

        def added(records: Records) -> Records:
            pool = _require_pool(records, pool_id)
            if project_id in pool.projects:
                raise Refused(f"project {name or project_id} is in the pool {pool.name!r} already")
            require_room(sum(len(each.projects) for each in records.pools.values()), MAX_RESOURCES, "projects in pools")
            return _with_pool(records, attrs.evolve(pool, projects=pool.projects | {project_id}))

        await self._kept.change(added)

    async def remove_project(self, pool_id: UUID, project_id: UUID) -> None:
        """Take a project out of a pool. Raises NotFound, also if it is not in it, Unavailable."""

        def removed(records: Records) -> Records:
            pool = _require_pool(records, pool_id)
            if project_id not in pool.projects:
                raise NotFound(f"Project ID {project_id} is not in the pool {pool.name!r}")
            return _with_pool(records, attrs.evolve(pool, projects=pool.projects - {project_id}))

        await self._kept.change(removed)

    async def forget_project(self, project_id: UUID) -> None:
        """A project was deleted: it leaves its pools, and the access control entries on it are removed. Raises
        Unavailable.
        """

        def forgotten(records: Records) -> Records:
            records = without_aces_below(f"/projects/{project_id}", records)
            if not any(project_id in pool.projects for pool in records.pools.values()):
                return records
            pools = {
                key: attrs.evolve(pool, projects=pool.projects - {project_id}) for key, pool in records.pools.items()
            }
            return attrs.evolve(records, pools=pools)

        await self._kept.change(forgotten)


def _require_pool(records: Records, pool_id: UUID) -> Pool:
    return require("Pool", records.pools, pool_id)


def _with_pool(records: Records, pool: Pool) -> Records:
    return attrs.evolve(records, pools={**records.pools, pool.pool_id: pool})
