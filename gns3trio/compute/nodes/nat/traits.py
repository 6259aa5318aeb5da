"""The traits of NAT nodes. Sans-IO."""

from gns3trio.compute.node_traits import Drawn, NodeTraits
from gns3trio.compute.nodes.nat.form import FORM
from gns3trio.compute.nodes.nat.settings import NatSettings
from gns3trio.compute.nodes.parts.kept_ports import named_ports

TRAITS = NodeTraits(
    name="nat",
    title="NAT",
    label="NAT",
    name_format="NAT{0}",
    category="guest",
    symbol="nat",
    drawn_as=Drawn(symbol=":/symbols/nat.svg", width=159, height=71),
    has_templates=False,
    builtin_template={},
    ports=named_ports,
    can_be_duplicated=False,
    always_runs=True,
    reaches_host=True,
    memory_mib=16.0,
    own_properties=frozenset({"port_forwards", "gateway"}),
    settings=NatSettings,
    form=FORM,
)
