"""The node types that GNS3 2.2 runs with emulators and this server only stores, and the error messages for them."""

from gns3trio.compute.node_traits import Category, NodeTraits
from gns3trio.errors import Conflict

_MACHINES: tuple[tuple[str, str, Category, str, bool], ...] = (
    ("docker", "Docker", "guest", "docker_guest", True),
    ("dynamips", "Dynamips", "router", "router", True),
    ("iou", "IOU", "router", "iol_l3", True),
    ("qemu", "QEMU", "guest", "qemu_guest", True),
    ("traceng", "TraceNG", "guest", "traceng", False),
    ("virtualbox", "VirtualBox", "guest", "vbox_guest", False),
    ("vmware", "VMware", "guest", "vmware_guest", False),
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
        )
        for name, title, category, symbol, has_images in _MACHINES
    ),
)

# The program that each node type needs.
EMULATOR_OF_TYPE = {traits.name: traits.emulator for traits in KEPT_TYPES}
# The emulators with images on a GNS3 compute.
WITH_IMAGES = tuple(traits.name for traits in KEPT_TYPES if traits.has_images)


def why_not_run(node_type: str) -> str:
    """The reason why this server does not run nodes of a type."""
    emulator = EMULATOR_OF_TYPE.get(node_type)
    need = f", which need {emulator}" if emulator is not None else ""
    return f"this server does not run nodes of type {node_type}{need}"


def not_run(node_type: str) -> Conflict:
    """The error for a request that needs an emulator. Raises KeyError for an unknown emulator."""
    return Conflict(f"This server does not run {EMULATOR_OF_TYPE[node_type]}")
