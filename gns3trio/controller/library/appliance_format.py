"""Reads appliances, and makes templates of them. Sans-IO.

Format: GNS3's ``.gns3a``, JSON, registry versions 3 to 8. Up to version 7, an object named after the emulator has the
settings of the machine; from version 8 on, a list of settings, of which versions choose one. A version names a file for
each property that is an image; ``images`` has the checksum, the size and the origin of the files.

Everything is checked that the server uses. The rest is passed on to clients as it is.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define, frozen
from gns3trio.compute.images import IMAGE_PROPERTIES
from gns3trio.compute.node_types import node_types
from gns3trio.controller.library.templates import OtherTemplate, template_class
from gns3trio.controller.names import Name
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid, NotFound
from gns3trio.json_text import read_json
from gns3trio.limits import MAX_FREE_TEXT, Bound
from gns3trio.sizes import size_text

MAX_APPLIANCE_BYTES = 1024 * 1024
OLDEST, NEWEST = 3, 8
# The kinds of appliances.
TYPES = ("qemu", "docker", "dynamips", "iou")
_MAX_VALUES = 50_000
MAX_VERSION_NAME = 255
_lenient = make_strict_converter(forbid_extra_keys=False)
_Text = Annotated[str, Bound(MAX_FREE_TEXT)]
# Settings of appliances that have another name in a template.
_OTHER_NAMES = {"arch": "platform"}
# Fields of an appliance, or of a version, that are fields of its template.
_SHARED = ("category", "usage", "first_port_name", "port_name_format", "port_segment_size", "linked_clone")
_CATEGORIES = {"router": "router", "switch": "switch", "multilayer_switch": "switch", "firewall": "firewall"}
_SYMBOLS = {"router": "router", "switch": "ethernet_switch", "multilayer_switch": "multilayer_switch"}
_SYMBOLS |= {"firewall": "firewall"}


@define(kw_only=True)
class ApplianceImage:
    """A file that versions need. ``filesize`` is in bytes; the URLs are for people, and for their download."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True

    filename: Annotated[str, Bound(255, 1)]
    version: str = ""
    md5sum: str | None = None
    checksum: str | None = None
    checksum_type: str | None = None
    filesize: int | None = field(default=None, validator=v.optional(v.ge(0)))
    download_url: str | None = None
    direct_download_url: str | None = None
    compression: str | None = None

    @property
    def md5(self) -> str | None:
        """Its MD5 checksum, if the appliance states one."""
        stated = self.md5sum or (self.checksum if self.checksum_type in (None, "md5") else None)
        return stated.lower() if stated else None


@define(kw_only=True)
class _Version:
    IGNORES_UNKNOWN_KEYS: ClassVar = True

    name: Annotated[str, Bound(MAX_VERSION_NAME, 1)]
    images: dict[str, str] = field(factory=dict)
    settings: str | None = None
    idlepc: str | None = None


@define(kw_only=True)
class _Settings:
    IGNORES_UNKNOWN_KEYS: ClassVar = True

    template_type: str
    template_properties: dict[str, Any]
    name: str = ""
    default: bool = False
    inherit_default_properties: bool = True


@define(kw_only=True)
class _Document:
    """What the server uses of an appliance."""

    IGNORES_UNKNOWN_KEYS: ClassVar = True

    name: Name
    category: str
    status: str
    registry_version: int = field(validator=v.and_(v.ge(OLDEST), v.le(NEWEST)))
    symbol: str | None = None
    usage: _Text = ""
    images: list[ApplianceImage] = field(factory=list)
    versions: list[_Version] = field(factory=list)
    settings: list[_Settings] = field(factory=list)
    qemu: dict[str, Any] | None = None
    docker: dict[str, Any] | None = None
    dynamips: dict[str, Any] | None = None
    iou: dict[str, Any] | None = None


@frozen
class NeededImage:
    """A property of a template that is an image, and what the appliance says of the file."""

    property: str
    image: ApplianceImage


@frozen
class Appliance:
    """An appliance. ``document`` is all of it. Use ``read_appliance``."""

    document: dict[str, Any]
    template_type: str
    _known: _Document

    @property
    def name(self) -> str:
        """Its name."""
        return self._known.name

    @property
    def versions(self) -> list[str]:
        """The names of its versions, in the order of the file. A container has none."""
        return [version.name for version in self._known.versions]

    def needs(self, version: str | None) -> list[NeededImage]:
        """The images of a version. Raises NotFound."""
        found = self._version(version)
        if found is None:
            return []
        described = {image.filename: image for image in reversed(self._known.images)}
        described |= {image.filename: image for image in self._known.images if image.version == found.name}
        return [
            NeededImage(name, described.get(file, ApplianceImage(filename=file)))
            for name, file in found.images.items()
            if name in IMAGE_PROPERTIES.get(self.template_type, ())
        ]

    def _version(self, name: str | None) -> _Version | None:
        if name is None and len(self._known.versions) == 1:
            return self._known.versions[0]
        if name is None and not self._known.versions:
            return None
        found = next((version for version in self._known.versions if version.name == name), None)
        if found is None:
            raise NotFound(
                f"version: {self.name!r} has no version {name!r}; it has {', '.join(self.versions[:50]) or 'none'}"
                if name is not None
                else f"version: {self.name!r} has several, choose one: {', '.join(self.versions[:50])}"
            )
        return found

    def template(self, version: str | None, images: Mapping[str, str]) -> dict[str, Any]:
        """The body of a template of a version. ``images`` has the image for each property that is one. Raises
        NotFound.
        """
        found = self._version(version)
        own = {} if found is None else self._of_version(found.name)
        fields = {**_shared(self.document), **self._settings(found), **_shared(own), **images}
        if found is not None and found.idlepc:
            fields["idlepc"] = found.idlepc
        kind = template_class(node_types[self.template_type])
        if kind is not OtherTemplate:
            known = {each.name for each in attrs.fields(kind)}
            fields = {name: value for name, value in fields.items() if name in known}
        fields.setdefault("symbol", own.get("symbol") or self._known.symbol)
        if found is not None:
            fields["name"] = f"{self.name} {found.name}"
        else:
            fields["name"] = self.name
        fields["category"] = _CATEGORIES.get(fields["category"], "guest")
        return {**fields, "template_type": self.template_type, "compute_id": "local"}

    def _of_version(self, name: str) -> dict[str, Any]:
        versions: list[dict[str, Any]] = self.document["versions"]
        return next(version for version in versions if version["name"] == name)

    def _settings(self, version: _Version | None) -> dict[str, Any]:
        """The settings of the machine, with the names of a template."""
        if self._known.settings:
            chosen = _chosen(self._known.settings, version)
            settings = dict(chosen.template_properties)
            default = next((each for each in self._known.settings if each.default), chosen)
            if chosen.inherit_default_properties and default.template_type == chosen.template_type:
                settings = {**default.template_properties, **settings}
        else:
            settings = dict(getattr(self._known, self.template_type) or {})
        named = {_OTHER_NAMES.get(name, name): value for name, value in settings.items()}
        # GNS3's GUI does the same.
        if named.pop("kvm", None) == "disable":
            named["options"] = f"{named.get('options') or ''} -machine accel=tcg".strip()
        return named


def _shared(source: Mapping[str, Any]) -> dict[str, Any]:
    return {name: source[name] for name in _SHARED if source.get(name) is not None}


def _chosen(settings: list[_Settings], version: _Version | None) -> _Settings:
    name = version.settings if version is not None else None
    if name is not None:
        for each in settings:
            if each.name == name:
                return each
        raise NotFound(f"settings: there are none of the name {name!r}")
    return next((each for each in settings if each.default), settings[0])


def default_symbol(category: object) -> str:
    """The symbol of appliances whose own one is not here."""
    return f":/symbols/{_SYMBOLS.get(str(category), 'computer')}.svg"


def read_appliance(data: bytes) -> Appliance:
    """Raises Invalid, with the name of the field, for what is no appliance."""
    if len(data) > MAX_APPLIANCE_BYTES:
        raise Invalid(f"is larger than {size_text(MAX_APPLIANCE_BYTES)}")
    document = read_json(data, most=_MAX_VALUES)
    if not isinstance(document, dict):
        raise Invalid("is no object")
    known = structure(_lenient, document, _Document)
    types = [each.template_type for each in known.settings] or [
        name for name in TYPES if getattr(known, name) is not None
    ]
    if not types or types[0] not in TYPES or set(types) != {types[0]}:
        raise Invalid(f"is none of these kinds, or of several: {', '.join(TYPES)}")
    for number, version in enumerate(known.versions):
        for name, file in version.images.items():
            if PurePosixPath(file).name != file:
                raise Invalid(f"versions[{number}].images.{name}: {file!r} is not the name of a file")
    return Appliance(document, types[0], known)
