"""The traits of VPCS nodes. Sans-IO."""

from typing import Literal

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define
from gns3trio.compute.node_traits import NodeTraits, ScriptTraits
from gns3trio.compute.nodes.parts.kept_ports import one_port
from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE
from gns3trio.compute.nodes.vpcs.form import FORM
from gns3trio.compute.nodes.vpcs.script import MAX_SCRIPT_BYTES, expand_script, rename_in_script
from gns3trio.compute.nodes.vpcs.settings import ENGINES, EngineName, VpcsSettings
from gns3trio.printable import is_plain_name

BASE_SCRIPT = "vpcs_base_config.txt"
_BASE_SCRIPT_TEXT = """\
# This is what %h runs when it starts.
# An address from a DHCP server:
# dhcp
# or an address, a network mask and a gateway:
# ip 192.168.1.10/24 192.168.1.1
set pcname %h
"""


def _is_config_name(template: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_plain_name(value):
        raise ValueError(f"{attribute.name}: {value!r} is not the name of a base configuration")


@define(kw_only=True, slots=False)
class VpcsTemplate:
    """``base_script_file`` is the base configuration that becomes a node's start-up script. ``engine``, an extension,
    runs the nodes; without it, the server's default does.
    """

    base_script_file: str = field(default=BASE_SCRIPT, validator=v.and_(v.min_len(1), _is_config_name))
    console_type: Literal["telnet", "none"] = "telnet"
    console_auto_start: bool = False
    engine: EngineName | None = None


TRAITS = NodeTraits(
    is_numbered=True,
    memory_mib=4.0,
    name="vpcs",
    title="VPCS",
    label="VPCS",
    name_format="PC{0}",
    category="guest",
    symbol="vpcs_guest",
    template_settings=VpcsTemplate,
    builtin_template={"properties": {"base_script_file": BASE_SCRIPT}},
    ports=one_port,
    script=ScriptTraits(
        file_name=STARTUP_FILE,
        max_bytes=MAX_SCRIPT_BYTES,
        default="set pcname %h\n",  # without it every VPCS has the prompt VPCS
        expand=expand_script,
        rename=rename_in_script,
        base_configs={BASE_SCRIPT: _BASE_SCRIPT_TEXT},
    ),
    console_types=("telnet", "none"),
    abilities=frozenset({"ping"}),
    engines=ENGINES,
    settings=VpcsSettings,
    form=FORM,
)
