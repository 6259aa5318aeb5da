"""The properties of a type of nodes on the command line."""

from gns3trio.api.v2.form_replies import placed_field_view
from gns3trio.commands.node_types import property_rows, values_text
from gns3trio.compute.node_types import node_types
from gns3trio.controller.library.type_forms import node_form


def test_the_columns_of_a_table_are_properties_too() -> None:
    fields = [placed_field_view(each) for each in node_form("ethernet_switch")]
    (ports,) = [each for each in fields if each["name"] == "ports_mapping"]
    rows = {str(row[0]): row[1:] for row in property_rows(ports)}
    assert rows["ports_mapping"][:3] == ("list", "", "now")
    assert rows["ports_mapping[].type"][0] == "access|dot1q|qinq"
    assert rows["ports_mapping[].vlan"][0] == "number 1..4094"
    assert "native VLAN" in str(rows["ports_mapping[].vlan"][3])
    assert "ports_mapping[].name" not in rows  # it is made of the number


def test_all_properties_of_all_types_can_be_shown() -> None:
    for name in node_types:
        for placed in node_form(name):
            assert list(property_rows(placed_field_view(placed)))


def test_values() -> None:
    assert values_text({"control": "number", "minimum": 1, "unit": "MB"}) == "number 1.. MB"
    assert values_text({"control": "number"}) == "number"
    assert values_text({"control": "flag"}) == "true|false"
    choices = [{"value": each, "label": each} for each in ("", *"abcdefg")]
    assert values_text({"control": "choice", "choices": choices}) == '""|a|b|c|d|e|...'
