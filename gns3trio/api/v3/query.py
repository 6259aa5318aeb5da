"""Parameters of the query, as version 3 reads them: those that it does not know are ignored."""

from collections.abc import Sequence

from gns3trio.api.routing import ApiRequest
from gns3trio.errors import Invalid

_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_MOST_TOLD = 100


def flag(api: ApiRequest, name: str) -> bool:
    """A truth value; false if it is not given. Raises Invalid."""
    text = api.http.query_params.get(name, "false")
    truth = _TRUTHS.get(text.strip().lower()) if text else False
    if truth is None:
        raise Invalid(f"{name}: {text[:_MOST_TOLD]!r} is neither true nor false")
    return truth


def choice(api: ApiRequest, name: str, choices: Sequence[str]) -> str | None:
    """One of some words; None if it is not given. Raises Invalid."""
    text = api.http.query_params.get(name)
    if text is not None and text not in choices:
        raise Invalid(f"{name}: {text[:_MOST_TOLD]!r} is not one of {', '.join(choices)}")
    return text
