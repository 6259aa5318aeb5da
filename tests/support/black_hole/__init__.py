"""A type of node that only tests have: one port, which takes frames and gives none."""

from typing import Literal

import attrs

from gns3trio import field_checks as v
from gns3trio.compute.node_traits import Drawn, NodeTraits, ScriptTraits
from gns3trio.compute.nodes.parts.kept_ports import one_port


@attrs.frozen(kw_only=True)
class BlackHoleSettings:
    """The properties in the API."""

    mass: int = attrs.field(default=1, validator=v.ge(0))
    startup_script: str | None = None


@attrs.define(kw_only=True, slots=False)
class BlackHoleTemplate:
    """``mass`` is that of a node."""

    mass: int = 3
    console_type: Literal["none"] = "none"


TRAITS = NodeTraits(
    name="black_hole",
    title="Black hole",
    label="black hole",
    name_format="Hole{0}",
    category="firewall",
    symbol="firewall",
    drawn_as=Drawn(symbol=":/symbols/firewall.svg", width=66, height=45),
    template_settings=BlackHoleTemplate,
    builtin_template={"properties": {"mass": 9}},
    ports=one_port,
    script=ScriptTraits(
        file_name="startup.txt",
        max_bytes=1000,
        default="spin %h\n",
        expand=lambda text, name: text.replace("%h", name),
        rename=lambda text, name: text,
        base_configs={"black_hole_base_config.txt": "spin\n"},
    ),
    can_suspend=True,
    settings=BlackHoleSettings,
)
