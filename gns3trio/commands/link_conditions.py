"""Filters and impairments of links on the command line: as texts, and as fields of the API."""

import math
from typing import Any

import trio

from gns3trio.client.client import Client
from gns3trio.commands.lab import Json
from gns3trio.commands.link_direction import DIRECTION_HELP, TypedLink, split_direction
from gns3trio.conditions.impairments import IMPAIRMENT_TYPES, ImpairmentType
from gns3trio.conditions.parameters import Parameter
from gns3trio.errors import Invalid, NotFound

FILTERS = {  # those of GNS3, and their values
    "delay": "MS[,JITTER]",
    "packet_loss": "PERCENT",
    "corrupt": "PERCENT",
    "frequency_drop": "N",
    "bpf": "EXPRESSION",
}


def values_of(kind: ImpairmentType) -> str:
    """The values of a type of impairment, as they are written after it."""
    return ",".join(parameter.short_name for parameter in kind.parameters)


_MULTIPLES = {"k": 10**3, "M": 10**6, "G": 10**9}
IMPAIRMENTS_EPILOG = (
    "Impairments: "
    + " ".join(f"{name}={values_of(kind)}" for name, kind in IMPAIRMENT_TYPES.items())
    + ". They act in their order, after the filters. BITS per second may end in k, M or G. With :from:NODE or :to:NODE"
    " one acts in that direction only, such as loss=5:from:PC1. :a_to_b and :b_to_a do the same; a is the end that was"
    " typed first."
)
FILTERS_EPILOG = (
    "Filters: "
    + " ".join(f"{name}={values}" for name, values in FILTERS.items())
    + ". They act in both directions; for one direction, see gns3trio link impair."
)
NO_IMPAIRMENTS: Json = {"impairments": [], "seed": None}
_AT_ONCE = 16
_FILTER_UNITS = {"delay": "ms", "packet_loss": "%", "corrupt": "%"}


def impairment_text(impairment: Json, link: TypedLink) -> str:
    """The short form of an impairment, such as ``loss=100`` or ``rate=1Mbit/s (from PC1 to SW1)``."""
    kind = IMPAIRMENT_TYPES.get(impairment["type"])
    if kind is None:  # the server knows more of them
        values = [str(value) for name, value in impairment.items() if name not in ("type", "direction")]
    else:
        values = [_value_text(each, impairment[each.name]) for each in kind.parameters if _is_told(each, impairment)]
    way = link.words(impairment["direction"])
    return f"{impairment['type']}={','.join(values)}{f' ({way})' if way else ''}"


def _is_told(parameter: Parameter, impairment: Json) -> bool:
    is_needed = parameter in IMPAIRMENT_TYPES[impairment["type"]].needed
    return parameter.name in impairment and (
        is_needed or (parameter.is_told and impairment[parameter.name] != parameter.default)
    )


def _value_text(parameter: Parameter, value: Any) -> str:
    return _rate_text(value) if parameter.unit == "bit/s" else _number_text(value)


def _number_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _rate_text(bits_per_second: int) -> str:
    for size, unit in ((10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s")):
        if bits_per_second >= size:
            return f"{bits_per_second / size:.10g}{unit}"
    return f"{bits_per_second}bit/s"


async def impairments_of(server: Client, path: str, link: Json) -> Json:
    """The impairments of a link; none if the server is GNS3's."""
    try:
        told: Json = await server.request("GET", f"{path}/links/{link['link_id']}/impairments")
    except NotFound:
        return NO_IMPAIRMENTS
    return told


async def all_impairments(server: Client, path: str, links: list[Json]) -> dict[str, list[Json]]:
    """The impairments of each link, with several requests at once, because a lab may have hundreds of links."""
    told: dict[str, list[Json]] = {}
    limit = trio.CapacityLimiter(_AT_ONCE)

    async def ask(link: Json) -> None:
        async with limit:
            told[link["link_id"]] = (await impairments_of(server, path, link))["impairments"]

    async with trio.open_nursery() as nursery:
        for link in links:
            nursery.start_soon(ask, link)
    return told


def parse_filter(text: str) -> tuple[str, list[Any]]:
    """The name and the values of a filter. Raises Invalid."""
    name, separator, values = text.partition("=")
    if not separator or not values:
        raise Invalid(f"{text}: is not NAME=VALUES; {FILTERS_EPILOG}")
    if name == "bpf":
        return name, [values]
    unit = _FILTER_UNITS.get(name, "")
    return name, [_without_unit(value, unit) for value in values.split(",")]


def parse_impairment(text: str, link: TypedLink) -> Json:
    """The impairment of a text, as the API takes it. Raises Invalid."""
    name, separator, rest = text.partition("=")
    kind = IMPAIRMENT_TYPES.get(name)
    if not separator or not rest or kind is None:
        raise Invalid(f"{text}: is not TYPE=VALUES[:DIRECTION]; {IMPAIRMENTS_EPILOG}")
    rest, direction = split_direction(rest)
    is_text = any(isinstance(parameter.default, str) for parameter in kind.parameters)  # which may have commas
    values = [rest] if is_text else rest.split(",")
    if len(values) > len(kind.parameters):
        raise Invalid(f"{text}: there are more values than {name}={values_of(kind)}")
    fields = {
        parameter.name: value if is_text else _parse_number(text, value, parameter.unit)
        for parameter, value in zip(kind.parameters, values, strict=False)
    }
    return {"type": name, "direction": link.direction(direction), **fields}


def _without_unit(value: str, unit: str) -> str:
    """A value without its unit, which people may write: ``5%``, ``20 ms``, ``10Mbit/s``."""
    return value.removesuffix(unit).rstrip() if unit else value


def _parse_number(text: str, value: str, unit: str) -> float:
    if direction := value.partition(":")[2]:
        raise Invalid(f"{text}: {direction!r} is no direction: {DIRECTION_HELP}")
    plain = _without_unit(value, unit)
    try:
        number = float(plain[:-1]) * _MULTIPLES[plain[-1]] if plain[-1:] in _MULTIPLES else float(plain)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid(f"{text}: {value!r} is not a number")
    return int(number) if number.is_integer() else number
