"""The fields of a template as clients of GNS3 3 write them: those of GNS3 2.2 and those of GNS3 3 in one object, values
perhaps as texts, and keys that nobody knows.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any

import attrs

from gns3trio.classes import define, frozen
from gns3trio.compute.node_types import node_types
from gns3trio.controller.library.templates import OtherTemplate, template_class
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid, Refused
from gns3trio.limits import MAX_FREE_TEXT, Bound

_coercing = make_strict_converter(forbid_extra_keys=False, coerces=True)
# What templates of types that this server does not run cannot lack.
_REQUIRED = {
    "dynamips": ("platform", "image"),
    "iou": ("path",),
    "virtualbox": ("vmname",),
    "vmware": ("vmx_path",),
}


@define(kw_only=True, slots=False)
class _Version:
    version: str | None = None


@define(kw_only=True, slots=False)
class _Usage(_Version):
    """Of types that have no such text in GNS3 2.2."""

    usage: Annotated[str, Bound(MAX_FREE_TEXT)] = ""


@cache
def _extras_class(template_type: str) -> type[Any]:
    traits = node_types[template_type]
    known = {field.name for field in attrs.fields(template_class(traits))}
    common = _Version if "usage" in known or template_class(traits) is OtherTemplate else _Usage
    bases = (common,) if traits.template_extras is None else (traits.template_extras, common)
    return attrs.make_class("Extras", {}, bases=bases, kw_only=True, slots=False)


@frozen
class TemplateFields:
    """The fields of a template that GNS3 2.2 has, too, and those that only GNS3 3 has."""

    shared: Mapping[str, Any]
    extras: Mapping[str, Any]

    def only(self, names: Mapping[str, Any]) -> "TemplateFields":
        """Those with these names."""
        return TemplateFields(
            {name: value for name, value in self.shared.items() if name in names},
            {name: value for name, value in self.extras.items() if name in names},
        )


def read_fields(template_type: str, given: Mapping[str, Any]) -> TemplateFields:
    """The fields of a whole template, with defaults and without unknown ones. Raises Invalid for a type without
    templates, Refused for a value that the type does not allow, or that it lacks.
    """
    traits = node_types[template_type]
    given = {"compute_id": None, **given, "template_type": template_type}
    if not traits.has_templates:
        raise Invalid(f"template_type: {template_type!r} is not a type of templates")
    try:
        extras = attrs.asdict(structure(_coercing, given, _extras_class(template_type)))
        kind = template_class(traits)
        if kind is OtherTemplate:
            if missing := [name for name in _REQUIRED.get(template_type, ()) if not given.get(name)]:
                raise Invalid(f"{missing[0]}: is missing")
            return TemplateFields({name: value for name, value in given.items() if name not in extras}, extras)
        return TemplateFields(attrs.asdict(structure(_coercing, given, kind)), extras)
    except Invalid as error:
        raise Refused(str(error)) from None


@cache
def default_extras(template_type: str) -> Mapping[str, Any]:
    """The fields that only GNS3 3 has, of a template of which none is stored."""
    return MappingProxyType(attrs.asdict(_extras_class(template_type)()))
