"""The privileges that routes require and roles give, and the roles that every server has.

The names are those of GNS3 3. ``Allocate`` stands for creation and deletion, ``Audit`` for reading.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

Privilege = Literal[
    "User.Allocate",
    "User.Audit",
    "User.Modify",
    "Group.Allocate",
    "Group.Audit",
    "Group.Modify",
    "Role.Allocate",
    "Role.Audit",
    "Role.Modify",
    "ACE.Allocate",
    "ACE.Audit",
    "ACE.Modify",
    "Pool.Allocate",
    "Pool.Audit",
    "Pool.Modify",
    "Template.Allocate",
    "Template.Audit",
    "Template.Modify",
    "Project.Allocate",
    "Project.Audit",
    "Project.Modify",
    "Node.Allocate",
    "Node.Audit",
    "Node.Modify",
    "Link.Allocate",
    "Link.Audit",
    "Link.Modify",
    "Drawing.Allocate",
    "Drawing.Audit",
    "Drawing.Modify",
    "Compute.Allocate",
    "Compute.Audit",
    "Compute.Modify",
    "Node.Console",
    "Node.PowerMgmt",
    "Link.Capture",
    "Snapshot.Allocate",
    "Snapshot.Audit",
    "Snapshot.Restore",
    "Symbol.Allocate",
    "Symbol.Audit",
    "Image.Allocate",
    "Image.Audit",
    "Appliance.Allocate",
    "Appliance.Audit",
]

PRIVILEGES: Mapping[Privilege, str] = {
    "User.Allocate": "Create and delete users",
    "User.Audit": "See users",
    "User.Modify": "Change users",
    "Group.Allocate": "Create and delete groups",
    "Group.Audit": "See groups",
    "Group.Modify": "Change groups",
    "Role.Allocate": "Create and delete roles",
    "Role.Audit": "See roles",
    "Role.Modify": "Change roles",
    "ACE.Allocate": "Create and delete access control entries",
    "ACE.Audit": "See access control entries",
    "ACE.Modify": "Change access control entries",
    "Pool.Allocate": "Create and delete resource pools",
    "Pool.Audit": "See resource pools",
    "Pool.Modify": "Change resource pools",
    "Template.Allocate": "Create and delete templates",
    "Template.Audit": "See templates",
    "Template.Modify": "Change templates",
    "Project.Allocate": "Create and delete projects",
    "Project.Audit": "See projects",
    "Project.Modify": "Change projects",
    "Node.Allocate": "Create and delete nodes",
    "Node.Audit": "See nodes",
    "Node.Modify": "Change nodes",
    "Link.Allocate": "Create and delete links",
    "Link.Audit": "See links",
    "Link.Modify": "Change links",
    "Drawing.Allocate": "Create and delete drawings",
    "Drawing.Audit": "See drawings",
    "Drawing.Modify": "Change drawings",
    "Compute.Allocate": "Create and delete computes",
    "Compute.Audit": "See computes",
    "Compute.Modify": "Change computes",
    "Node.Console": "Use the consoles of nodes",
    "Node.PowerMgmt": "Start, stop, suspend and reload nodes",
    "Link.Capture": "Capture the packets of links",
    "Snapshot.Allocate": "Create and delete snapshots",
    "Snapshot.Audit": "See snapshots",
    "Snapshot.Restore": "Restore snapshots",
    "Symbol.Allocate": "Upload symbols",
    "Symbol.Audit": "See symbols",
    "Image.Allocate": "Upload and delete images",
    "Image.Audit": "See images",
    "Appliance.Allocate": "Install appliances",
    "Appliance.Audit": "See appliances",
}


def refusal(path: str, *privileges: Privilege) -> str:
    """What a user is told who lacks all these privileges on a path, of which one is enough."""
    what = PRIVILEGES[privileges[-1]]
    return f"Forbidden: you may not {what[0].lower()}{what[1:]} here ({' or '.join(privileges)} is required for {path})"


def _of(*areas: str) -> Iterable[Privilege]:
    return (name for name in PRIVILEGES if name.partition(".")[0] in areas)


def _audits(*areas: str) -> Iterable[Privilege]:
    return (name for name in _of(*areas) if name.endswith(".Audit"))


_LAB = ("Project", "Snapshot", "Node", "Link", "Drawing")

# The privileges of each role, by its name.
BUILT_IN_ROLES: Mapping[str, frozenset[Privilege]] = {
    "Administrator": frozenset(PRIVILEGES),
    "User": frozenset([*_of(*_LAB, "Appliance"), *_audits("Template", "Symbol", "Image", "Compute")]),
    "Auditor": frozenset(_audits(*_LAB, "Template", "Symbol", "Image", "Compute", "Appliance")),
    "Template manager": frozenset(_of("Template", "Symbol", "Image", "Appliance")),
    "User manager": frozenset(_of("User", "Group")),
    "ACL manager": frozenset(_of("Role", "ACE")),
    "No Access": frozenset(),
}
