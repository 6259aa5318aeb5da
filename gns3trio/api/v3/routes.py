"""The route tables of version 3."""

from gns3trio.api.v3 import compute, server

TABLES = (server.routes, compute.routes)
