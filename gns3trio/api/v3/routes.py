"""The route tables of version 3."""

from gns3trio.api.v3 import compute, drawings, files, links, nodes, projects, server, snapshots

TABLES = (
    server.routes,
    projects.routes,
    nodes.routes,
    links.routes,
    drawings.routes,
    snapshots.routes,
    files.routes,
    compute.routes,
)
