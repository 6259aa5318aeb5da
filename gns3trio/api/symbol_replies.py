"""Replies with symbols, which several versions of the API have."""

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.etags import with_etag
from gns3trio.api.library_views import symbol_view
from gns3trio.api.routing import ApiRequest
from gns3trio.encoding import dumps_sorted


async def symbol_list(api: ApiRequest) -> Response:
    """All symbols, built-in and uploaded."""
    views = list(map(symbol_view, await threads.disk.run(api.controller.symbols.all)))
    return with_etag(api, dumps_sorted(views), {"content-type": "application/json"})


async def picture_of(api: ApiRequest, symbol_id: str) -> Response:
    """The picture of a symbol; for an unknown id, that of a computer."""
    data, media_type = await threads.disk.run(api.controller.symbols.picture, symbol_id)
    return with_etag(api, data, {"content-type": media_type})
