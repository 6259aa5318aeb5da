"""Docker nodes: containers, whose interfaces are TAP devices of the core in the container's network namespace.

The node is built from the other modules. See ``ARCHITECTURE.md``.
"""
