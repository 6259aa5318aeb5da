"""The forms of all types: everything that a client can change has a field; templates have those of their class."""

import attrs
import pytest

from gns3trio.compute.node_types import node_types
from gns3trio.controller.library.templates import template_class
from gns3trio.controller.library.type_forms import node_form, template_form
from tests.support import black_hole

# Those that the server sets, and the text of a template that a node has no more.
SET_BY_THE_SERVER = {
    "cloud": {"interfaces"},
    "nat": {"ports_mapping", "gateway"},
    "docker": {"aux", "container_id"},
    "vpcs": {"base_script_file"},
    "qemu": {
        f"{image}_md5sum"
        for image in (
            *(f"hd{letter}_disk_image" for letter in "abcd"),
            "cdrom_image",
            "bios_image",
            "initrd",
            "kernel_image",
        )
    },
}


@pytest.mark.parametrize("name", [name for name, traits in node_types.items() if traits.settings is not None])
def test_every_property_has_a_field(name: str) -> None:
    settings = node_types[name].settings
    assert settings is not None
    told = {each.field.name for each in node_form(name) if each.place == "properties"}
    assert told == {field.name for field in attrs.fields(settings)} - SET_BY_THE_SERVER.get(name, set())


@pytest.mark.parametrize("name", node_types)
def test_every_node_has_a_name_and_a_symbol(name: str) -> None:
    told = {each.field.name: each for each in node_form(name) if each.place == "node"}
    assert told["symbol"].field.control == "symbol" and told["name"].field.max_length == 255
    console = told.get("console_type")
    choices = [] if console is None else [each.value for each in console.field.choices or ()]
    assert choices == (list(node_types[name].console_types) if len(node_types[name].console_types) > 1 else [])


@pytest.mark.parametrize("name", node_types)
def test_a_template_has_the_fields_of_its_class(name: str) -> None:
    form = template_form(name)
    traits = node_types[name]
    if form is None:
        assert traits.template_settings is None
        return
    told = {each.field.name for each in form}
    assert told == {field.name for field in attrs.fields(template_class(traits))} - {"template_type", "builtin"}


def test_controls_suit_what_they_are_for() -> None:
    """A switch's ports are a table with VLANs, a script has its limit, a machine takes an image."""
    switch = {each.field.name: each.field for each in node_form("ethernet_switch")}
    vlan = next(column for column in switch["ports_mapping"].columns or () if column.name == "vlan")
    assert (vlan.minimum, vlan.maximum) == (1, 4094) and switch["ports_mapping"].key == "port_number"
    script = next(each.field for each in node_form("vpcs") if each.field.name == "startup_script")
    assert (script.control, script.max_length, script.takes_effect) == ("script", 262144, "start")
    qemu = {each.field.name: each.field for each in node_form("qemu")}
    assert (qemu["hda_disk_image"].control, qemu["hda_disk_image"].suggested_by) == ("image", "images")
    assert (qemu["ram"].unit, qemu["ram"].takes_effect, qemu["adapters"].takes_effect) == ("MiB", "start", "stopped")
    assert qemu["custom_adapters"].key == "adapter_number"
    forwards = next(each.field for each in node_form("nat") if each.field.name == "port_forwards")
    assert forwards.max_length == 64


def test_a_later_type_has_a_form_without_any_notes() -> None:
    with node_types.with_package(black_hole):
        told = {each.field.name: each for each in node_form("black_hole")}
        assert (told["mass"].field.control, told["mass"].field.minimum, told["mass"].place) == (
            "number",
            0,
            "properties",
        )
        assert (told["startup_script"].field.control, told["startup_script"].field.max_length) == ("script", 1000)
        templates = template_form("black_hole")
        assert templates is not None and "mass" in {each.field.name for each in templates}
