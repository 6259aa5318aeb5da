"""How each version of the API reads requests and words refusals.

The version is known from the path, so that also a request that reaches no route gets the answer of its version.
"""

from typing import Literal

from gns3trio.classes import frozen


@frozen
class Dialect:
    """The habits of one version.

    - ``invalid_status``: the status of a request with a wrong value.
    - ``strict_ids``: a malformed id is a wrong value; otherwise it is the id of something that does not exist (404).
    - ``merges_query``: parameters of the query are fields of the body, too.
    - ``needs_body``: a body that is described cannot be left out, and its Content-Type, if there is one, is JSON.
    - ``ignores_unknown_keys``: unknown fields of a body are no error.
    - ``coerces``: ``"50"`` is a number, and ``"yes"`` is true. A null counts as a field that was left out, where the
      field cannot be null.
    - ``redirects_slashes``: a path with a slash too many is redirected (307), and everybody is told that a path has no
      route.
    - ``errors``: the form of an error. ``detailed`` has the status and the request, ``message`` has the message only,
      and ``validation`` is that of FastAPI, in which the computes of GNS3 3 tell wrong values.
    """

    invalid_status: int = 400
    strict_ids: bool = False
    merges_query: bool = True
    needs_body: bool = False
    ignores_unknown_keys: bool = False
    coerces: bool = False
    redirects_slashes: bool = False
    errors: Literal["detailed", "message", "validation"] = "detailed"


V1 = Dialect(strict_ids=True)
V2 = Dialect()
V2_COMPUTE = Dialect(strict_ids=True)
V3 = Dialect(
    invalid_status=422,
    strict_ids=True,
    merges_query=False,
    needs_body=True,
    ignores_unknown_keys=True,
    coerces=True,
    redirects_slashes=True,
    errors="message",
)
V3_COMPUTE = Dialect(
    invalid_status=422,
    strict_ids=True,
    merges_query=False,
    ignores_unknown_keys=True,
    coerces=True,
    errors="validation",
)

# The longest prefix decides.
_OF_PREFIX = (("/v3/compute/", V3_COMPUTE), ("/v3/", V3), ("/v2/compute/", V2_COMPUTE), ("/v1/", V1))


def dialect_of(path: str) -> Dialect:
    """The dialect of the version to which a path belongs. A path outside of all versions has that of version 2."""
    below = f"{path}/"
    return next((dialect for prefix, dialect in _OF_PREFIX if below.startswith(prefix)), V2)
