"""The files of our page, which are part of this package.

The pages load nothing from other hosts, and their policy forbids it.

A page names its files below a path with a hash of all of them: ``static/app/HASH/app.js``. Browsers keep such a file
for ever and need no request for it; after an update of the server, the path is another one. Without the hash, or with
that of another version, a file has an entity tag, and is asked for each time.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath

from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.behind_proxy import relative_root
from gns3trio.api.content_policy import OWN_PAGE
from gns3trio.api.routing import ApiRequest
from gns3trio.classes import frozen
from gns3trio.errors import NotFound

_FOLDER = Path(__file__).parents[1] / "web"
_MEDIA_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
_COMPRESSED = ("text/", "image/svg+xml")
_ENTRY = "app.js"
# The style sheet of all pages, and the files it is joined from: the last take precedence.
_STYLE = "style.css"
_STYLE_PARTS = (
    "vendor/xterm",
    *(
        f"style/{part}"
        for part in ("tokens", "base", "map", "edit", "drawings", "panels", "forms", "drawer", "pages", "phone")
    ),
)
_HEADERS = {"content-security-policy": OWN_PAGE, "referrer-policy": "no-referrer", "vary": "accept-encoding"}
_ASK_AGAIN = "no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"
_HASH = re.compile(r"[0-9a-f]{16}")
_IMPORT = re.compile(r'^import\b[^;"]{0,2000}"(\.[^"\n]{1,200})"', re.MULTILINE)


@frozen
class _File:
    """A file as it is kept: compressed, if that makes it smaller."""

    stored: bytes
    is_compressed: bool
    etag: str
    media_type: str

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.stored) if self.is_compressed else self.stored


@frozen
class _Release:
    """All files of the page: their common hash, and the paths of the modules that every page loads."""

    version: str
    modules: tuple[str, ...]


# The files do not change while the server runs. There are no others than those in the folder, so there is no limit to
# what is kept besides their size: about a megabyte.
_known: dict[str, _File] = {}
_releases: list[_Release] = []  # one, once a page was asked for


async def file_reply(api: ApiRequest, path: str) -> Response:
    """A file of the page, unless the browser has it already. Raises NotFound."""
    version, _, rest = path.partition("/")
    is_versioned = _HASH.fullmatch(version) is not None
    file = await _file(rest if is_versioned else path)
    is_for_ever = is_versioned and version == (await _release()).version
    request = api.http.headers
    as_gzip = file.is_compressed and takes_gzip(request.get("accept-encoding", ""))
    etag = f'"{file.etag}-gzip"' if as_gzip else f'"{file.etag}"'
    headers = {**_HEADERS, "etag": etag, "cache-control": _FOR_EVER if is_for_ever else _ASK_AGAIN}
    if etag in request.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if as_gzip:
        headers["content-encoding"] = "gzip"
    content = file.stored if as_gzip else file.content
    return Response(content, media_type=None, headers={**headers, "content-type": file.media_type})


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client accepts gzip (RFC 9110 12.5.3)."""
    weights = {}
    for each in accept_encoding.lower().replace(" ", "").split(","):
        coding, _, weight = each.partition(";")
        weights[coding] = weight
    given = weights.get("gzip", weights.get("*"))
    return given is not None and given.rstrip("0.") != "q="


async def page_reply(api: ApiRequest, path: str, replacements: Mapping[str, str], status: int = 200) -> Response:
    """A page with relative addresses, because it may be below the path of a reverse proxy."""
    release = await _release()
    text = (await _file(path)).content.decode()
    root = relative_root(api.http.scope)
    app = f"{root}static/app/{release.version}/"
    # Without this, a browser finds out about a module only when it has read the module that imports it.
    preloads = "".join(f'<link rel="modulepreload" href="{app}{module}">\n' for module in release.modules)
    marks = {**replacements, "<!-- modules -->": preloads, "{app}": app, "{root}": root}
    for mark, replacement in marks.items():
        text = text.replace(mark, replacement)
    headers = {**_HEADERS, "cache-control": _ASK_AGAIN, "content-type": "text/html; charset=utf-8"}
    return Response(text, status, headers)


async def _file(path: str) -> _File:
    if path not in _known:
        _known[path] = await threads.compression.run(_make, path)
    return _known[path]


async def _release() -> _Release:
    if not _releases:
        release = await threads.disk.run(_read_all)
        if not _releases:
            _releases.append(release)
    return _releases[0]


def _make(path: str) -> _File:
    content = _read(path)
    suffix = PurePosixPath(path).suffix
    media_type = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "text/plain"
    stored, is_compressed = content, False
    if media_type.startswith(_COMPRESSED):
        smaller = gzip.compress(content, mtime=0)
        if len(smaller) < len(content):
            stored, is_compressed = smaller, True
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return _File(stored, is_compressed, hashlib.sha256(content).hexdigest(), media_type)


def _read(path: str) -> bytes:
    if path == _STYLE:
        return b"\n".join((_FOLDER / f"{part}.css").read_bytes() for part in _STYLE_PARTS)
    parts = path.split("/")
    place = _FOLDER.joinpath(*parts)
    try:
        if any(part in ("", ".", "..") for part in parts) or not place.is_file():
            raise NotFound(f"There is no file {path}")
        return place.read_bytes()
    except OSError:  # the name is too long
        raise NotFound(f"There is no file {path}") from None


def _read_all() -> _Release:
    whole = hashlib.sha256()
    for place in sorted(_FOLDER.rglob("*")):
        if place.is_file():
            content = place.read_bytes()
            whole.update(f"{place.relative_to(_FOLDER)} {len(content)}\n".encode() + content)
    return _Release(whole.hexdigest()[:16], _modules())


def _modules() -> tuple[str, ...]:
    """The modules that the page's entry point imports, and those that these import."""
    found = [_ENTRY]
    for module in found:
        for imported in _IMPORT.findall(_read(module).decode()):
            path = normpath(str(PurePosixPath(module).parent / imported))
            if path not in found:
                found.append(path)
    return tuple(found)
