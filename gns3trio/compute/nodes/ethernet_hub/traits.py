"""The traits of Ethernet hubs. Sans-IO."""

import attrs

from gns3trio.classes import define
from gns3trio.compute.node_traits import Drawn, NodeTraits
from gns3trio.compute.nodes.ethernet_hub.form import FORM
from gns3trio.compute.nodes.ethernet_hub.settings import HubPort, HubSettings, default_ports
from gns3trio.compute.nodes.parts.kept_ports import numbered_ports


@define(kw_only=True, slots=False)
class HubTemplate:
    """``ports_mapping`` becomes that of a node."""

    ports_mapping: list[HubPort] = attrs.field(factory=default_ports)


TRAITS = NodeTraits(
    name="ethernet_hub",
    title="Ethernet hub",
    label="hub",
    name_format="Hub{0}",
    category="switch",
    symbol="hub",
    drawn_as=Drawn(symbol=":/symbols/hub.svg", width=72, height=32),
    template_settings=HubTemplate,
    builtin_template={},
    ports=numbered_ports,
    always_runs=True,
    settings=HubSettings,
    form=FORM,
)
