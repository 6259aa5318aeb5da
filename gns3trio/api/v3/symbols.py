"""``/v3/symbols``: the pictures of nodes."""

from typing import Any

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.handlers import symbols as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.library.symbols import DEFAULT_SYMBOLS, THEMES

routes = RouteTable("/v3/symbols")

# Names that GNS3 3 has changed.
_NEW_NAMES = {"ethernet_hub": "hub"}
_DEFAULTS = {_NEW_NAMES.get(name, name): symbol for name, symbol in DEFAULT_SYMBOLS.items()}


routes.route("GET", "", reply=list[dict[str, Any]], privilege="Symbol.Audit")(handlers.list_symbols)


@routes.route("GET", "/default_symbols", reply=dict[str, dict[str, str]], privilege="Symbol.Audit")
async def get_default_symbols(api: ApiRequest) -> dict[str, dict[str, str]]:
    """The default symbols of each theme, by name."""
    return dict.fromkeys(THEMES, _DEFAULTS)


# Browsers load pictures without a token.
routes.route("GET", "/{symbol_id:path}/raw", access=Access.ANYBODY)(handlers.get_symbol)
routes.route("POST", "/{symbol_id:path}/raw", status=204, privilege="Symbol.Allocate")(handlers.upload_symbol)
routes.route("GET", "/{symbol_id:path}/dimensions", reply=library_views.SymbolSize, privilege="Symbol.Audit")(
    handlers.get_symbol_size
)
