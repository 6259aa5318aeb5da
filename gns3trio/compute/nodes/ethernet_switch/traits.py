"""The traits of Ethernet switches. Sans-IO."""

from typing import Literal

import attrs

from gns3trio.classes import define
from gns3trio.compute.node_traits import Drawn, NodeTraits
from gns3trio.compute.nodes.ethernet_switch.form import FORM
from gns3trio.compute.nodes.ethernet_switch.settings import SwitchPort, SwitchSettings, default_ports
from gns3trio.compute.nodes.parts.kept_ports import numbered_ports


@define(kw_only=True, slots=False)
class SwitchTemplate:
    """``ports_mapping`` becomes that of a node."""

    ports_mapping: list[SwitchPort] = attrs.field(factory=default_ports)
    console_type: Literal["telnet", "none"] = "none"


TRAITS = NodeTraits(
    name="ethernet_switch",
    title="Ethernet switch",
    label="switch",
    name_format="Switch{0}",
    category="switch",
    symbol="ethernet_switch",
    drawn_as=Drawn(symbol=":/symbols/ethernet_switch.svg", width=72, height=32),
    template_settings=SwitchTemplate,
    builtin_template={"console_type": "none"},
    ports=numbered_ports,
    console_types=("telnet", "none"),
    always_runs=True,
    abilities=frozenset({"mac_table"}),
    settings=SwitchSettings,
    form=FORM,
)
