"""Pools of projects."""

from uuid import uuid4

import pytest

from gns3trio.controller.people.store import People
from gns3trio.errors import Invalid, NotFound, Refused


async def test_a_pool(people: People) -> None:
    pool, project = await people.pools.create("class"), uuid4()
    await people.pools.add_project(pool.pool_id, project)
    with pytest.raises(Refused, match="is in the pool 'class' already"):
        await people.pools.add_project(pool.pool_id, project)
    assert people.pools.require(pool.pool_id).projects == {project}
    await people.pools.remove_project(pool.pool_id, project)
    with pytest.raises(NotFound, match="is not in the pool 'class'"):
        await people.pools.remove_project(pool.pool_id, project)
    assert people.pools.list() == [pool]


async def test_names_of_pools(people: People) -> None:
    pool = await people.pools.create("class")
    other = await people.pools.create("other")
    with pytest.raises(Refused, match="name: there is a pool named 'class' already"):
        await people.pools.create("class")
    with pytest.raises(Refused, match="name: there is a pool named 'class' already"):
        await people.pools.update(other.pool_id, name="class")
    with pytest.raises(Invalid, match="name: "):
        await people.pools.update(other.pool_id, name="")
    assert (await people.pools.update(pool.pool_id, name="class")) == pool
    assert (await people.pools.update(pool.pool_id)) == pool
    assert (await people.pools.update(pool.pool_id, name="class 2")).name == "class 2"


async def test_entries_go_with_their_pool(people: People) -> None:
    pool, role, user = await people.pools.create("class"), people.roles.list()[0], people.administrator
    for path in (f"/pools/{pool.pool_id}", "/pools"):
        await people.aces.create("user", path, role.role_id, user_id=user.user_id)
    await people.pools.delete(pool.pool_id)
    assert [ace.path for ace in people.aces.list()] == ["/pools"]
    for attempt in (
        lambda: people.pools.delete(pool.pool_id),
        lambda: people.pools.update(pool.pool_id, name="x"),
        lambda: people.pools.add_project(pool.pool_id, uuid4()),
        lambda: people.pools.remove_project(pool.pool_id, uuid4()),
    ):
        with pytest.raises(NotFound, match="doesn't exist"):
            await attempt()
