"""``/v2/symbols``: the pictures of nodes."""

from typing import Any

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.handlers import symbols as handlers
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.controller.library.symbols import DEFAULT_SYMBOLS, THEMES

routes = RouteTable("/v2")


routes.route("GET", "/symbols", reply=list[dict[str, Any]], privilege="Symbol.Audit")(handlers.list_symbols)
routes.route("GET", "/symbols/{symbol_id:path}/raw", access=Access.LOGIN)(handlers.get_symbol)
routes.route("POST", "/symbols/{symbol_id:path}/raw", status=204, privilege="Symbol.Allocate")(handlers.upload_symbol)


@routes.route("DELETE", "/symbols/{symbol_id:path}/raw", status=204, privilege="Symbol.Allocate")
async def delete_symbol(api: ApiRequest, symbol_id: str) -> None:
    """Delete an uploaded picture; an extension."""
    await api.controller.symbols.delete(symbol_id)


routes.route("GET", "/symbols/{symbol_id:path}/dimensions", reply=library_views.SymbolSize, privilege="Symbol.Audit")(
    handlers.get_symbol_size
)


@routes.route(
    "GET", "/default_symbols", reply=dict[str, dict[str, str]], privilege="Symbol.Audit", at="/symbols/default_symbols"
)
async def get_default_symbols(api: ApiRequest) -> dict[str, dict[str, str]]:
    """The default symbols of each theme, by name."""
    return dict.fromkeys(THEMES, DEFAULT_SYMBOLS)
