"""The traits of cloud nodes. Sans-IO."""

from typing import Any, Literal

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import define
from gns3trio.compute.node_traits import Drawn, NodeTraits
from gns3trio.compute.nodes.cloud.form import FORM
from gns3trio.compute.nodes.cloud.settings import CloudSettings
from gns3trio.compute.nodes.parts.kept_ports import named_ports


@define(kw_only=True, slots=False)
class CloudTemplate:
    """The template's settings become the properties of a node."""

    ports_mapping: list[dict[str, Any]] = attrs.field(factory=list)
    remote_console_host: str = "127.0.0.1"
    remote_console_port: int = attrs.field(default=23, validator=v.PORT)
    remote_console_type: Literal["telnet", "vnc", "spice", "http", "https", "none"] = "none"
    remote_console_http_path: str = "/"


TRAITS = NodeTraits(
    name="cloud",
    title="Cloud",
    label="cloud",
    name_format="Cloud{0}",
    category="guest",
    symbol="cloud",
    drawn_as=Drawn(symbol=":/symbols/cloud.svg", width=159, height=71),
    template_settings=CloudTemplate,
    builtin_template={},
    ports=named_ports,
    can_be_duplicated=False,
    always_runs=True,
    reaches_host=True,
    settings=CloudSettings,
    form=FORM,
)
