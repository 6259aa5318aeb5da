"""GNS3's filters of a link: one dictionary, ``{"delay": [20, 5]}``, whose five filters act in both directions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gns3trio.conditions.core_filter import MAX_FILTERS, MAX_MS, CoreFilter, chance, delay_filter
from gns3trio.errors import Invalid

GNS3_FILTERS: list[dict[str, Any]] = [
    {
        "type": "frequency_drop",
        "name": "Frequency drop",
        "description": "Drops every n-th packet; -1 drops all of them, 0 none.",
        "parameters": [
            {"name": "Frequency", "type": "int", "minimum": -1, "maximum": 32767, "unit": "th packet"},
        ],
    },
    {
        "type": "packet_loss",
        "name": "Packet loss",
        "description": "Drops packets at random, with this chance for each.",
        "parameters": [{"name": "Chance", "type": "int", "minimum": 0, "maximum": 100, "unit": "%"}],
    },
    {
        "type": "delay",
        "name": "Delay",
        "description": "Delays packets by a time that varies by up to the jitter.",
        "parameters": [
            {"name": "Latency", "type": "int", "minimum": 0, "maximum": MAX_MS, "unit": "ms"},
            {"name": "Jitter (-/+)", "type": "int", "minimum": 0, "maximum": MAX_MS, "unit": "ms"},
        ],
    },
    {
        "type": "corrupt",
        "name": "Corrupt",
        "description": "Damages packets at random, with this chance for each.",
        "parameters": [{"name": "Chance", "type": "int", "minimum": 0, "maximum": 100, "unit": "%"}],
    },
    {
        "type": "bpf",
        "name": "Berkeley Packet Filter (BPF)",
        "description": "Drops packets that match one of these expressions, one on each line.",
        "parameters": [{"name": "Filters", "type": "text"}],
    },
]
_PARAMETERS = {entry["type"]: entry["parameters"] for entry in GNS3_FILTERS}
_OPTIONAL_PARAMETERS = {"delay": 1}  # the number of optional values at the end: the jitter


def check_gns3_filters(filters: Mapping[str, Any], check_expression: Callable[[str], None]) -> dict[str, list[Any]]:
    """Check and normalise filters: numbers become integers, text is stripped, and filters without effect are removed.

    As in GNS3, a filter whose first value is 0 or empty is removed, and numbers may be given as text. Raises Invalid
    with the name of the filter and parameter. ``check_expression`` raises Invalid for a wrong BPF expression.
    """
    return {name: kept for name, values in filters.items() if (kept := _check_one(name, values, check_expression))}


def _check_one(name: str, values: Any, check_expression: Callable[[str], None]) -> list[Any]:
    parameters = _PARAMETERS.get(name)
    if parameters is None:
        raise Invalid(f"filters.{name}: there is no such filter; there are {', '.join(_PARAMETERS)}")
    if type(values) is not list:
        raise Invalid(f"filters.{name}: expected a list of values")
    if not values or values[0] == 0 or values[0] == "":
        return []
    if not len(parameters) - _OPTIONAL_PARAMETERS.get(name, 0) <= len(values) <= len(parameters):
        raise Invalid(f"filters.{name}: expected {len(parameters)} values, got {len(values)}")
    checked = [_check_value(name, p, value) for p, value in zip(parameters, values, strict=False)]
    if checked[0] in (0, ""):
        return []
    lines = _lines(checked[0]) if name == "bpf" else []
    if len(lines) > MAX_FILTERS:
        raise Invalid(f"filters.bpf: Filters: {len(lines)} expressions, more than {MAX_FILTERS}")
    for number, expression in enumerate(lines, 1):
        try:
            check_expression(expression)
        except Invalid as error:
            raise Invalid(f"filters.bpf: line {number}: {error}") from None
    return checked


def _check_value(name: str, parameter: Mapping[str, Any], value: Any) -> Any:
    where = f"filters.{name}: {parameter['name']}"
    if parameter["type"] == "text":
        if not isinstance(value, str):
            raise Invalid(f"{where}: expected text")
        return value.strip()
    if isinstance(value, str):
        try:
            value = int(value.strip())
        except ValueError:
            raise Invalid(f"{where}: {value!r} is not a whole number") from None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise Invalid(f"{where}: expected an integer")
    if not parameter["minimum"] <= value <= parameter["maximum"]:
        raise Invalid(f"{where}: {value} is not from {parameter['minimum']} to {parameter['maximum']}")
    return value


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


# The core's filters for the values of each, in the order in which they act.
_CORE: dict[str, Callable[[Sequence[Any]], Iterable[CoreFilter]]] = {
    "bpf": lambda values: [CoreFilter("bpf", "both", expression=line) for line in _lines(values[0])],
    "frequency_drop": lambda values: [CoreFilter("frequency", "both", (values[0],))],
    "packet_loss": lambda values: [CoreFilter("loss", "both", (chance(values[0]),))],
    "corrupt": lambda values: [CoreFilter("corrupt", "both", (chance(values[0]),))],
    "delay": lambda values: [delay_filter("both", values[0], values[1] if len(values) > 1 else 0)],
}


def gns3_core_filters(filters: Mapping[str, Sequence[Any]]) -> list[CoreFilter]:
    """The core's filters for GNS3's."""
    return [each for name, core in _CORE.items() if name in filters for each in core(filters[name])]
