"""``/v3/pools``: pools of projects."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from gns3trio.api.identity import require_privilege
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3.access import replies
from gns3trio.api.v3.access.bodies import PoolBody
from gns3trio.api.v3.access.views import pool_view

routes = RouteTable("/v3/pools")


@routes.route("GET", "", reply=list[replies.ResourcePool], privilege="Pool.Audit")
async def list_pools(api: ApiRequest) -> Iterator[dict[str, Any]]:
    """All pools."""
    return map(pool_view, api.controller.people.pools.list())


@routes.route("POST", "", status=201, reply=replies.ResourcePool, privilege="Pool.Allocate")
async def create_pool(api: ApiRequest, body: PoolBody) -> dict[str, Any]:
    """Create a pool. An access control entry on it applies to all projects in it."""
    return pool_view(await api.controller.people.pools.create(body.name))


@routes.route("GET", "/{resource_pool_id}", reply=replies.ResourcePool, privilege="Pool.Audit")
async def get_pool(api: ApiRequest, resource_pool_id: UUID) -> dict[str, Any]:
    """A pool."""
    return pool_view(api.controller.people.pools.require(resource_pool_id))


@routes.route("PUT", "/{resource_pool_id}", reply=replies.ResourcePool, privilege="Pool.Modify")
async def update_pool(api: ApiRequest, resource_pool_id: UUID, body: PoolBody) -> dict[str, Any]:
    """Rename a pool."""
    return pool_view(await api.controller.people.pools.update(resource_pool_id, name=body.name))


@routes.route("DELETE", "/{resource_pool_id}", status=204, privilege="Pool.Allocate")
async def delete_pool(api: ApiRequest, resource_pool_id: UUID) -> None:
    """Delete a pool, with the access control entries on it. The projects in it stay."""
    await api.controller.people.pools.delete(resource_pool_id)


@routes.route("GET", "/{resource_pool_id}/resources", reply=list[replies.Resource], privilege="Pool.Audit")
async def list_resources(api: ApiRequest, resource_pool_id: UUID) -> Iterator[dict[str, Any]]:
    """The projects in a pool, by name."""
    pool = api.controller.people.pools.require(resource_pool_id)
    names = {project_id: _name_of(api, project_id) for project_id in pool.projects}
    return (_resource_view(project_id, names[project_id]) for project_id in sorted(names, key=lambda each: names[each]))


@routes.route("PUT", "/{resource_pool_id}/resources/{resource_id}", status=204, privilege="Pool.Modify")
async def add_resource(api: ApiRequest, resource_pool_id: UUID, resource_id: UUID) -> None:
    """Add a project to a pool. 400 if it is in it. The user must see the project, or could get at any in this way."""
    require_privilege(api.http.scope, "Project.Audit", f"/projects/{resource_id}")
    api.controller.people.pools.require(resource_pool_id)
    name = api.controller.get_project(resource_id).settings.name
    await api.controller.people.pools.add_project(resource_pool_id, resource_id, name=name)


@routes.route("DELETE", "/{resource_pool_id}/resources/{resource_id}", status=204, privilege="Pool.Modify")
async def remove_resource(api: ApiRequest, resource_pool_id: UUID, resource_id: UUID) -> None:
    """Take a project out of a pool. 404 if it is not in it."""
    await api.controller.people.pools.remove_project(resource_pool_id, resource_id)


def _name_of(api: ApiRequest, project_id: UUID) -> str:
    project = api.controller.projects.get(project_id)
    return "" if project is None else project.settings.name


def _resource_view(project_id: UUID, name: str) -> dict[str, Any]:
    return {
        "resource_id": str(project_id),
        "resource_type": "project",
        "name": name,
        "created_at": None,
        "updated_at": None,
    }
