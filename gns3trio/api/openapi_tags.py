"""The groups in which the OpenAPI document and the reference show the operations: a name, what it is about, and the
modules of its handlers.
"""

from gns3trio.classes import frozen


@frozen
class Tag:
    """A group of operations."""

    name: str
    about: str
    modules: tuple[str, ...]


TAGS = (
    Tag(
        "Server and events",
        "What the server is and how it is, and what happens on it.",
        ("server", "events", "notifications", "health", "metrics", "server_resources"),
    ),
    Tag(
        "Projects",
        "Labs as a whole: their settings, copies and earlier versions.",
        (
            "projects",
            "project_summaries",
            "recovery",
            "project_format",
            "project_lock",
            "notes",
            "problems",
            "portable",
        ),
    ),
    Tag(
        "Nodes",
        "The machines, switches and PCs of a lab, and where they are drawn.",
        ("nodes", "node_types", "node_moves", "node_disks", "arrange", "usage"),
    ),
    Tag("Nodes as VMs", "Nodes under the name that they had before GNS3 2.0.", ("vms",)),
    Tag(
        "Links",
        "Links with their filters, impairments, captures and benchmarks.",
        ("links", "captures", "impairment_types"),
    ),
    Tag("Drawings", "Texts, shapes and pictures beside the nodes.", ("drawings",)),
    Tag("Topology", "Many changes in one request, all or none.", ("topology",)),
    Tag("Snapshots", "States of a lab that it can be put back to.", ("snapshots",)),
    Tag("Files", "The files of a lab and of its nodes.", ("files",)),
    Tag("Templates", "What new nodes are made from.", ("templates",)),
    Tag("Appliances", "Descriptions of machines that templates are made from.", ("appliances",)),
    Tag("Symbols", "The pictures of nodes.", ("symbols",)),
    Tag("Images", "Disks and containers that machines are made from.", ("images", "qemu", "docker")),
    Tag(
        "Hosts",
        "The computes of this controller, and what runs on them.",
        ("computes", "hosts", "hosted", "emulators", "compute_forwarders"),
    ),
    Tag(
        "Users and access",
        "Who may do what, and who has done what.",
        ("login", "account", "users", "groups", "roles", "acl", "pools", "audit"),
    ),
    Tag(
        "Compute API",
        "What other controllers use this host with.",
        (
            "compute",
            "compute_projects",
            "compute_batches",
            "compute_conditions",
            "compute_engines",
            "compute_files",
            "compute_nodes",
            "compute_trunks",
            "compute_emulators",
        ),
    ),
    Tag("Version 1", "The API before GNS3 2.0.", ("v1",)),
    Tag("Pages", "What browsers show, and this document.", ("pages", "web_page", "web_ui", "reference")),
)
_OF_MODULE = {module: tag.name for tag in TAGS for module in tag.modules}


def tag_of(module: str) -> str:
    """The name of the group to which the handlers of a module belong."""
    return _OF_MODULE[module]
