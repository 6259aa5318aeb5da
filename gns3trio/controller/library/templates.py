"""Templates: what nodes are made from. GNS3's built-in ones with their fixed ids, and those of users.

A template of a type that this server does not run is kept for its clients; only a node cannot be made from it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Literal
from uuid import NAMESPACE_DNS, UUID, uuid3, uuid4

import attrs
from attrs import field
from attrs import validators as v

from gns3trio.compute.nodes.ethernet_hub.node import HubPort
from gns3trio.compute.nodes.ethernet_switch.node import SwitchPort
from gns3trio.controller.changes import TemplateChanged, TemplateCreated, TemplateDeleted
from gns3trio.controller.library.symbols import SYMBOL_OF_TYPE
from gns3trio.controller.names import Name
from gns3trio.controller.storage.files import is_plain_name
from gns3trio.controller.storage.server_state import ServerState
from gns3trio.convert import make_strict_converter, parse_uuid, structure
from gns3trio.errors import Conflict, Invalid, NotFound
from gns3trio.limits import MAX_ITEMS
from gns3trio.notifications.feed import ChangeFeed

VPCS_BASE_SCRIPT = "vpcs_base_config.txt"

Category = Literal["router", "switch", "guest", "firewall"]
_CATEGORIES = ("router", "switch", "guest", "firewall")
_not_empty: Any = v.min_len(1)


def _is_config_name(template: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not is_plain_name(value):
        raise ValueError(f"{attribute.name}: {value!r} is not the name of a base configuration")


@attrs.define(kw_only=True)
class TemplateBase:
    """What every template has. ``category`` is where clients list it; GNS3 also knows it as a number."""

    name: Name
    template_type: str
    compute_id: str | None
    category: str = "guest"
    default_name_format: Name = "{name}-{0}"
    symbol: str = field(default=":/symbols/computer.svg", validator=_not_empty)
    builtin: bool = False


@attrs.define(kw_only=True)
class VpcsTemplate(TemplateBase):
    """``vpcs``: ``base_script_file`` is the base configuration that becomes a node's start-up script."""

    default_name_format: Name = "PC{0}"
    symbol: str = field(default=":/symbols/vpcs_guest.svg", validator=_not_empty)
    base_script_file: str = field(default=VPCS_BASE_SCRIPT, validator=[_not_empty, _is_config_name])
    console_type: Literal["telnet", "none"] = "telnet"
    console_auto_start: bool = False


@attrs.define(kw_only=True)
class SwitchTemplate(TemplateBase):
    """``ethernet_switch``."""

    category: str = "switch"
    default_name_format: Name = "Switch{0}"
    symbol: str = field(default=":/symbols/ethernet_switch.svg", validator=_not_empty)
    ports_mapping: list[SwitchPort] = field(
        factory=lambda: [SwitchPort(name=f"Ethernet{n}", port_number=n, type="access") for n in range(8)]
    )
    console_type: Literal["telnet", "none"] = "none"


@attrs.define(kw_only=True)
class HubTemplate(TemplateBase):
    """``ethernet_hub``."""

    category: str = "switch"
    default_name_format: Name = "Hub{0}"
    symbol: str = field(default=":/symbols/hub.svg", validator=_not_empty)
    ports_mapping: list[HubPort] = field(
        factory=lambda: [HubPort(name=f"Ethernet{n}", port_number=n) for n in range(8)]
    )


@attrs.define(kw_only=True)
class CloudTemplate(TemplateBase):
    """``cloud``."""

    default_name_format: Name = "Cloud{0}"
    symbol: str = field(default=":/symbols/cloud.svg", validator=_not_empty)
    ports_mapping: list[dict[str, Any]] = field(factory=list)
    remote_console_host: str = "127.0.0.1"
    remote_console_port: int = field(default=23, validator=[v.ge(1), v.le(65535)])
    remote_console_type: Literal["telnet", "vnc", "spice", "http", "https", "none"] = "none"
    remote_console_http_path: str = "/"


@attrs.define(kw_only=True)
class OtherTemplate(TemplateBase):
    """A type that this server does not run; its further settings are kept as they came."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True


_KINDS: dict[str, type[TemplateBase]] = {
    "vpcs": VpcsTemplate,
    "ethernet_switch": SwitchTemplate,
    "ethernet_hub": HubTemplate,
    "cloud": CloudTemplate,
}
# The settings of a template that are not those of its node's properties.
_NOT_PROPERTIES = frozenset(
    {field.name for field in attrs.fields(TemplateBase)} | {"template_id", "console_type", "console_auto_start"}
)
# What a template stays.
FIXED = ("template_id", "template_type", "builtin")
_strict = make_strict_converter(forbid_extra_keys=True)
_lenient = make_strict_converter(forbid_extra_keys=False)


def _builtin(template_type: str, name: str, name_format: str, category: Category, **more: Any) -> dict[str, Any]:
    return {
        "builtin": True,
        "category": category,
        "compute_id": None,
        "default_name_format": name_format,
        "name": name,
        "symbol": f":/symbols/{SYMBOL_OF_TYPE[template_type]}.svg",
        "template_id": str(uuid3(NAMESPACE_DNS, template_type)),
        "template_type": template_type,
        **more,
    }


BUILTIN_TEMPLATES = {
    UUID(template["template_id"]): template
    for template in (
        _builtin("cloud", "Cloud", "Cloud{0}", "guest"),
        _builtin("nat", "NAT", "NAT{0}", "guest"),
        _builtin("vpcs", "VPCS", "PC{0}", "guest", properties={"base_script_file": VPCS_BASE_SCRIPT}),
        _builtin("ethernet_switch", "Ethernet switch", "Switch{0}", "switch", console_type="none"),
        _builtin("ethernet_hub", "Ethernet hub", "Hub{0}", "switch"),
        _builtin("frame_relay_switch", "Frame Relay switch", "FRSW{0}", "switch"),
        _builtin("atm_switch", "ATM switch", "ATMSW{0}", "switch"),
    )
}


@attrs.define(kw_only=True)
class _StoredTemplate(TemplateBase):
    """What the rest of the server needs of a stored template."""

    template_id: UUID
    name: str = field(validator=_not_empty)
    category: str
    default_name_format: str = field(validator=_not_empty)
    symbol: str = field(validator=_not_empty)
    builtin: bool
    properties: dict[str, Any] | None = None


def check_stored_templates(value: object) -> None:
    """Raises Invalid for what ``Templates`` cannot have stored."""
    structure(_lenient, value, list[_StoredTemplate])


class Templates(Mapping[UUID, dict[str, Any]]):
    """All templates in the shape of the API, by their id. Changes are durable when they return."""

    def __init__(self, state: ServerState, changes: ChangeFeed) -> None:
        self._state = state
        self._changes = changes

    def _own(self) -> dict[UUID, dict[str, Any]]:
        return {parse_uuid(template["template_id"]): template for template in self._state.get("templates", [])}

    def __getitem__(self, template_id: UUID) -> dict[str, Any]:
        """Raises NotFound."""
        template = BUILTIN_TEMPLATES.get(template_id) or self._own().get(template_id)
        if template is None:
            raise NotFound(f"Template ID {template_id} doesn't exist")
        return template

    def __contains__(self, template_id: object) -> bool:
        return template_id in BUILTIN_TEMPLATES or template_id in self._own()

    def __iter__(self) -> Iterator[UUID]:
        yield from BUILTIN_TEMPLATES
        yield from self._own()

    def __len__(self) -> int:
        return len(BUILTIN_TEMPLATES) + len(self._own())

    async def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add a template. Raises Invalid (names the field), Conflict for an id in use, Unavailable."""
        fields = dict(body)
        template_id = _take_id(fields.pop("template_id", None))
        template = {**_checked(fields), "template_id": str(template_id), "builtin": False}

        def add(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if len(stored) >= MAX_ITEMS:
                raise Conflict(f"there are {MAX_ITEMS} templates, and can be no more")
            if template_id in self:
                raise Conflict(f"template_id: template {template_id} exists already")
            return [*stored, template]

        await self._change(add)
        self._changes.publish(TemplateCreated(template))
        return template

    async def update(self, template_id: UUID, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change a template, but for what is ``FIXED``.

        Raises NotFound, Conflict for a built-in one, Invalid, Unavailable.
        """
        _require_own(self[template_id])
        changes = {name: value for name, value in body.items() if name not in FIXED}
        template: dict[str, Any] = {}

        def replace(stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
            nonlocal template
            old = self[template_id]
            fixed = {name: old[name] for name in ("template_id", "builtin")}
            template = {**_checked({**_without_identity(old), **changes}), **fixed}
            return [template if each["template_id"] == str(template_id) else each for each in stored]

        await self._change(replace)
        self._changes.publish(TemplateChanged(template))
        return template

    async def duplicate(self, template_id: UUID) -> dict[str, Any]:
        """A copy with an id of its own. Raises as ``update``."""
        source = self[template_id]
        _require_own(source)
        return await self.create(
            {name: value for name, value in source.items() if name not in ("template_id", "builtin")}
        )

    async def delete(self, template_id: UUID) -> None:
        """Remove a template. Raises NotFound, Conflict for a built-in one, Unavailable."""
        template = self[template_id]
        _require_own(template)
        await self._change(lambda stored: [each for each in stored if each["template_id"] != str(template_id)])
        self._changes.publish(TemplateDeleted(template))

    async def _change(self, function: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        await self._state.change("templates", [], function)


def _take_id(value: object) -> UUID:
    if value is None:
        return uuid4()
    try:
        return parse_uuid(value)
    except ValueError as error:
        raise Invalid(f"template_id: {error}") from None


def _require_own(template: Mapping[str, Any]) -> None:
    if template["builtin"]:
        raise Conflict(f"Template '{template['name']}' is built in: it cannot be changed, copied or deleted")


def _without_identity(template: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name not in ("template_id", "builtin")}


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The template with its defaults. Raises Invalid."""
    template_type = body.get("template_type")
    if template_type == "nat" or template_type not in SYMBOL_OF_TYPE:
        raise Invalid(f"template_type: {template_type!r} is not a type of templates")
    fields = dict(body)
    if isinstance(fields.get("category"), int):
        fields["category"] = _CATEGORIES[fields["category"] % len(_CATEGORIES)]
    if fields.get("category", "guest") not in _CATEGORIES:
        raise Invalid(f"category: {fields['category']!r} is not one of {', '.join(_CATEGORIES)}")
    kind = _KINDS.get(template_type, OtherTemplate)
    if kind is OtherTemplate:
        fields.setdefault("symbol", f":/symbols/{SYMBOL_OF_TYPE[template_type]}.svg")
        return {**fields, **attrs.asdict(structure(_lenient, fields, kind))}
    return attrs.asdict(structure(_strict, fields, kind))


def node_fields(template: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a node made from the template, and its unchecked ``properties``."""
    properties = dict(template.get("properties") or {})
    if not template["builtin"]:
        properties |= {name: value for name, value in template.items() if name not in _NOT_PROPERTIES}
    fields = {
        "node_type": template["template_type"],
        "name": template["default_name_format"].replace("{name}", template["name"]),
        "symbol": template["symbol"],
        "template_id": UUID(template["template_id"]),
        "properties": properties,
    }
    for name in ("console_type", "console_auto_start"):
        if name in template:
            fields[name] = template[name]
    return fields
