"""``/v2/symbols``: the pictures of nodes."""

from typing import Any

from starlette.responses import Response

from gns3trio.api import library_views
from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.symbol_replies import picture_of, symbol_list
from gns3trio.controller.library.symbols import DEFAULT_SYMBOLS, THEMES

routes = RouteTable("/v2")


@routes.route("GET", "/symbols", reply=list[dict[str, Any]], privilege="Symbol.Audit")
async def list_symbols(api: ApiRequest) -> Response:
    """All symbols, built-in and uploaded."""
    return await symbol_list(api)


@routes.route("GET", "/symbols/{symbol_id:path}/raw", access=Access.LOGIN)
async def get_symbol(api: ApiRequest, symbol_id: str) -> Response:
    """The picture of a symbol; for an unknown id, that of a computer."""
    return await picture_of(api, symbol_id)


@routes.route("POST", "/symbols/{symbol_id:path}/raw", status=204, privilege="Symbol.Allocate")
async def upload_symbol(api: ApiRequest, symbol_id: str) -> None:
    """Upload a picture. It is stored under the last part of its id."""
    await api.controller.symbols.store(symbol_id, bytes(api.http.state.data))


@routes.route("GET", "/symbols/{symbol_id:path}/dimensions", reply=library_views.SymbolSize, privilege="Symbol.Audit")
async def get_symbol_size(api: ApiRequest, symbol_id: str) -> dict[str, int]:
    """Width and height of a symbol in pixels."""
    width, height = api.controller.symbols.size(symbol_id)
    return {"width": width, "height": height}


@routes.route(
    "GET", "/default_symbols", reply=dict[str, dict[str, str]], privilege="Symbol.Audit", at="/symbols/default_symbols"
)
async def get_default_symbols(api: ApiRequest) -> dict[str, dict[str, str]]:
    """The default symbols of each theme, by name."""
    return dict.fromkeys(THEMES, DEFAULT_SYMBOLS)
