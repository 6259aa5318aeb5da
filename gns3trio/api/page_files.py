"""The files of our page, which are part of this package.

The pages load nothing from other hosts, and their policy forbids it.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.behind_proxy import relative_root
from gns3trio.api.content_policy import OWN_PAGE
from gns3trio.api.routing import ApiRequest
from gns3trio.classes import frozen
from gns3trio.errors import NotFound

_FOLDER = Path(__file__).parents[1] / "web"
_MEDIA_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
# The style sheet of all pages, and the files it is joined from: the last take precedence.
_STYLE = "style.css"
_STYLE_PARTS = ("tokens", "base", "map", "panels", "drawer", "pages", "phone")
_HEADERS = {
    "content-security-policy": OWN_PAGE,
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",  # revalidate each time, so that no old page is used after an update of the server
}


@frozen
class _File:
    content: bytes
    etag: str
    media_type: str


_known: dict[str, _File] = {}  # they do not change while the server runs


async def file_reply(api: ApiRequest, path: str) -> Response:
    """A file of the page, unless the browser has it already. Raises NotFound."""
    file = await _file(path)
    headers = {**_HEADERS, "etag": file.etag}
    if file.etag in api.http.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=None, headers={**headers, "content-type": file.media_type})


async def _file(path: str) -> _File:
    if path not in _known:
        _known[path] = await threads.disk.run(_read, path)
    return _known[path]


async def page_reply(api: ApiRequest, path: str, replacements: Mapping[str, str], status: int = 200) -> Response:
    """A page with relative addresses, because it may be below the path of a reverse proxy."""
    text = (await _file(path)).content.decode()
    for mark, replacement in (*replacements.items(), ("{root}", relative_root(api.http.scope))):
        text = text.replace(mark, replacement)
    return Response(text, status, {**_HEADERS, "content-type": "text/html; charset=utf-8"})


def _read(path: str) -> _File:
    parts = path.split("/")
    place = _FOLDER.joinpath(*parts)
    try:
        if path == _STYLE:
            content = b"\n".join((_FOLDER / "style" / f"{part}.css").read_bytes() for part in _STYLE_PARTS)
        elif any(part in ("", ".", "..") for part in parts) or not place.is_file():
            raise NotFound(f"There is no file {path}")
        else:
            content = place.read_bytes()
    except OSError:  # the name is too long
        raise NotFound(f"There is no file {path}") from None
    suffix = "." + path.rpartition(".")[2]
    media_type = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "text/plain"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return _File(content, f'"{hashlib.sha256(content).hexdigest()[:16]}"', media_type)
