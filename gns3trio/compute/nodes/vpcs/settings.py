"""The properties of VPCS nodes in the API, whatever runs them."""

from typing import Literal, get_args

from gns3trio.classes import frozen
from gns3trio.errors import Invalid
from gns3trio.limits import Script

# The program VPCS, or a host in the core.
EngineName = Literal["process", "builtin"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

CONSOLE_TYPES = frozenset({"telnet", "none"})


@frozen(kw_only=True)
class VpcsSettings:
    """The properties of a VPCS in the API."""

    startup_script: Script | None = None
    base_script_file: str | None = None


def check_console_type(console_type: str) -> str:
    """Raises Invalid for a type of console that a VPCS does not have."""
    if console_type not in CONSOLE_TYPES:
        raise Invalid(f"console_type: {console_type!r} is neither telnet nor none")
    return console_type


def as_engine(name: str) -> EngineName:
    """Raises Invalid if there is no engine of this name."""
    for engine in ENGINES:
        if engine == name:
            return engine
    raise Invalid(f"engine: {name!r} is neither {' nor '.join(ENGINES)}")
