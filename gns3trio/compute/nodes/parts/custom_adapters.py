"""The adapters of machines and containers: their MAC addresses, and what is particular of single ones. Sans-IO."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid

_HEX = frozenset("0123456789abcdefABCDEF")
_converter = make_strict_converter(forbid_extra_keys=True)


class _Numbered(Protocol):
    @property
    def adapter_number(self) -> int: ...


Custom = TypeVar("Custom", bound=_Numbered)


def check_mac(text: str) -> None:
    """Raises ValueError unless the text is a MAC address."""
    parts = text.split(":")
    if len(parts) != 6 or not all(len(part) == 2 and _HEX.issuperset(part) for part in parts):
        raise ValueError(f"{text!r} is not a MAC address such as 0c:12:34:56:00:00")


def following_mac(first: str, number: int) -> str:
    """The MAC address ``number`` after the first one, as GNS3 counts: the last one is followed by zeros."""
    digits = f"{(int(first.replace(':', ''), 16) + number) % 2**48:012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def read_custom_adapters(value: list[dict[str, Any]], kind: type[list[Custom]]) -> Mapping[int, Custom]:
    """The adapters with something particular, by number; of several for one adapter the first is used. ``kind`` is the
    list of what may be particular. Raises Invalid.
    """
    try:
        read = structure(_converter, value, kind)
    except Invalid as error:
        raise Invalid(f"custom_adapters{'' if str(error).startswith('[') else ': '}{error}") from None
    return {adapter.adapter_number: adapter for adapter in reversed(read)}
