"""The node types that GNS3 2.2 runs with emulators and this server only stores, and the error messages for them."""

from gns3trio.compute.node_traits import Category, NodeTraits
from gns3trio.errors import Conflict

# Whether they have images, whether their nodes can be suspended, and the memory in MiB that one usually needs.
_MACHINES: tuple[tuple[str, str, Category, str, bool, bool, float], ...] = (
    ("dynamips", "Dynamips", "router", "router", True, True, 128),
    ("iou", "IOU", "router", "iol_l3", True, False, 256),
    ("traceng", "TraceNG", "guest", "traceng", False, False, 4),
    ("virtualbox", "VirtualBox", "guest", "vbox_guest", False, True, 512),
    ("vmware", "VMware", "guest", "vmware_guest", False, True, 1024),
)
KEPT_TYPES = (
    NodeTraits(
        name="frame_relay_switch",
        title="Frame Relay switch",
        label="Frame Relay switch",
        name_format="FRSW{0}",
        category="switch",
        symbol="frame_relay_switch",
        builtin_template={},
        always_runs=True,
        emulator="Dynamips",
    ),
    NodeTraits(
        name="atm_switch",
        title="ATM switch",
        label="ATM switch",
        name_format="ATMSW{0}",
        category="switch",
        symbol="atm_switch",
        builtin_template={},
        always_runs=True,
        emulator="Dynamips",
    ),
    *(
        NodeTraits(
            name=name,
            title=title,
            label=f"{title} machine",
            name_format="{name}-{0}",
            category=category,
            symbol=symbol,
            emulator=title,
            has_images=has_images,
            can_suspend=can_suspend,
            memory_mib=memory_mib,
            port_names=("Ethernet{segment0}/{port0}", 4) if name == "iou" else None,
        )
        for name, title, category, symbol, has_images, can_suspend, memory_mib in _MACHINES
    ),
)

# The program that each node type needs.
EMULATOR_OF_TYPE = {traits.name: traits.emulator for traits in KEPT_TYPES}
# Those of types that this server runs where the emulator is installed.
_OTHER_EMULATORS = {"qemu": "QEMU"}


def why_not_run(node_type: str) -> str:
    """The reason why this server does not run nodes of a type."""
    if (lacking := _OTHER_EMULATORS.get(node_type)) is not None:
        return (
            f"nodes of type {node_type} need {lacking}, which is not installed on this host, or its setting "
            "forbidden_node_types has them"
        )
    emulator = EMULATOR_OF_TYPE.get(node_type)
    if emulator is not None:
        return f"this server does not run nodes of type {node_type}, which need {emulator}"
    return f"this server does not run nodes of type {node_type}: its setting forbidden_node_types has them"


def not_run(node_type: str) -> Conflict:
    """The error for a request that needs an emulator. Raises KeyError for an unknown emulator."""
    return Conflict(f"This server does not run {EMULATOR_OF_TYPE[node_type]}")
