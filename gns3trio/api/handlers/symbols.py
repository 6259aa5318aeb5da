"""What versions 2 and 3 have in common of the routes of symbols."""

from starlette.responses import Response

from gns3trio.api.routing import ApiRequest
from gns3trio.api.symbol_replies import picture_of, symbol_list


async def list_symbols(api: ApiRequest) -> Response:
    """All symbols, built-in and uploaded."""
    return await symbol_list(api)


async def get_symbol(api: ApiRequest, symbol_id: str) -> Response:
    """The picture of a symbol; for an unknown id, that of a computer."""
    return await picture_of(api, symbol_id)


async def upload_symbol(api: ApiRequest, symbol_id: str) -> None:
    """Upload a picture. It is stored under the last part of its id."""
    await api.controller.symbols.store(symbol_id, bytes(api.http.state.data))


async def get_symbol_size(api: ApiRequest, symbol_id: str) -> dict[str, int]:
    """Width and height of a symbol in pixels."""
    width, height = api.controller.symbols.size(symbol_id)
    return {"width": width, "height": height}
