"""The filters and impairments of a link as a short text for a drawn project. Sans-IO."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from gns3trio.conditions.impairments import IMPAIRMENT_TYPES

Json = dict[str, Any]
Place = tuple[float, float]

_MOST_LETTERS = 60
# Filters and impairments of these names, by their values in the order of the API.
_TEXTS: dict[str, Callable[..., str]] = {
    "delay": lambda delay, jitter=0, *_: f"{delay:g}{f' ± {jitter:g}' if jitter else ''} ms",
    "packet_loss": lambda percent, *_: f"{percent:g} % loss",
    "loss": lambda percent, *_: f"{percent:g} % loss",
    "corrupt": lambda percent, *_: f"{percent:g} % corrupt",
    "duplicate": lambda percent, *_: f"{percent:g} % duplicated",
    "reorder": lambda percent, *_: f"{percent:g} % reordered",
    "frequency_drop": lambda nth, *_: _each(nth),
    "frequency": lambda nth, *_: _each(nth),
    "rate": lambda bits, *_: _rate(bits),
}


def _each(nth: float) -> str:
    return "drops all" if nth == -1 else f"drops each {nth:g}th"


def _rate(bits: float) -> str:
    for size, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if bits >= size:
            return f"{bits / size:.3g} {unit}"
    return f"{bits:g} bit/s"


def conditions_text(filters: Json, impairments: Iterable[Json], start: Place, end: Place) -> str:
    """All conditions of a link; empty if it has none. An impairment of one direction has an arrow from the start of the
    drawn wire, which is end ``a``, to its end, or back.
    """
    text = " · ".join([*_filter_texts(filters), *(_impairment_text(each, start, end) for each in impairments)])
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _filter_texts(filters: Json) -> Iterator[str]:
    for name, values in filters.items():
        yield _text(str(name), values if isinstance(values, list) else [])


def _impairment_text(impairment: Json, start: Place, end: Place) -> str:
    name, way = str(impairment.get("type")), impairment.get("direction")
    kind = IMPAIRMENT_TYPES.get(name)
    values = [impairment[each.name] for each in kind.parameters if each.name in impairment] if kind is not None else []
    if way == "both":
        return _text(name, values)
    return f"{_text(name, values)} {_arrow(start, end) if way == 'a_to_b' else _arrow(end, start)}"


def _text(name: str, values: Sequence[Any]) -> str:
    """The text of a condition; its name if it is of another kind, or its values are not those of its kind."""
    try:
        return _TEXTS[name](*values)
    except (KeyError, TypeError, ValueError):
        return "BPF" if name == "bpf" else name


def _arrow(start: Place, end: Place) -> str:
    across, down = end[0] - start[0], end[1] - start[1]
    if abs(across) >= abs(down):
        return "→" if across >= 0 else "←"
    return "↓" if down > 0 else "↑"
