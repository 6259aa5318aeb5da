"""The route tables of version 3."""

from gns3trio.api.v3 import (
    appliances,
    compute,
    compute_forwarders,
    computes,
    drawings,
    files,
    images,
    links,
    nodes,
    notifications,
    projects,
    server,
    snapshots,
    symbols,
    templates,
)
from gns3trio.api.v3.access import acl, groups, pools, roles, users

TABLES = (
    server.routes,
    notifications.routes,
    projects.routes,
    nodes.routes,
    links.routes,
    drawings.routes,
    snapshots.routes,
    files.routes,
    computes.routes,
    compute_forwarders.routes,
    templates.routes,
    images.routes,
    appliances.routes,
    symbols.routes,
    users.routes,
    groups.routes,
    roles.routes,
    acl.routes,
    pools.routes,
    compute.routes,
)
