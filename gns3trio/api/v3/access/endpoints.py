"""The paths of what exists, as the list from which the GNS3 web UI lets one choose."""

from collections.abc import Iterable, Iterator
from typing import Any

from gns3trio.compute.images import Image
from gns3trio.controller.controller import Controller
from gns3trio.controller.project.project import Project


def endpoints(controller: Controller, images: Iterable[Image]) -> Iterator[dict[str, Any]]:
    """An endpoint for everything, one for each collection, and one for each object in them. The objects may change
    while this is iterated.
    """
    people = controller.people
    yield _endpoint("/", "Everything", "root")
    yield _endpoint("/projects", "All projects", "project")
    yield _endpoint("/images", "All images", "image")
    yield _endpoint("/templates", "All templates", "template")
    yield _endpoint("/access/users", "All users", "user")
    yield _endpoint("/access/groups", "All groups", "group")
    yield _endpoint("/access/roles", "All roles", "role")
    yield _endpoint("/pools", "All pools", "pool")
    for project in list(controller.projects.values()):
        yield from _of_project(project)
    for image in images:
        yield _endpoint(f"/images/{image.path}", f'Image "{image.path}"', "image")
    for template in list(controller.templates.values()):
        yield _endpoint(f"/templates/{template['template_id']}", f'Template "{template["name"]}"', "template")
    for user in people.users.list():
        yield _endpoint(f"/access/users/{user.user_id}", f'User "{user.username}"', "user")
    for group in people.groups.list():
        yield _endpoint(f"/access/groups/{group.group_id}", f'Group "{group.name}"', "group")
    for role in people.roles.list():
        yield _endpoint(f"/access/roles/{role.role_id}", f'Role "{role.name}"', "role")
    for pool in people.pools.list():
        yield _endpoint(f"/pools/{pool.pool_id}", f'Pool "{pool.name}"', "pool")


def _of_project(project: Project) -> Iterator[dict[str, Any]]:
    path, name = f"/projects/{project.project_id}", f'project "{project.settings.name}"'
    yield _endpoint(path, f"P{name[1:]}", "project")
    for node in list(project.nodes.values()):
        yield _endpoint(f"{path}/nodes/{node.node_id}", f'Node "{node.name}" in {name}', "node")
    for link in list(project.links.values()):
        nodes = (project.nodes.get(end.node_id) for end in link.record.nodes)
        ends = " to ".join(f'"{node.name}"' for node in nodes if node is not None)
        yield _endpoint(f"{path}/links/{link.link_id}", f"Link {ends} in {name}", "link")


def _endpoint(path: str, name: str, kind: str) -> dict[str, Any]:
    return {"endpoint": path, "name": name, "endpoint_type": kind}
