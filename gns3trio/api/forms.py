"""Forms that browsers send."""

from urllib.parse import parse_qs

from gns3trio.api.routing import ApiRequest
from gns3trio.errors import Invalid
from gns3trio.sizes import size_text

FORM = "application/x-www-form-urlencoded"
# A name and a password, and a path; encoded, each character may take 12.
_MAX_FORM_BYTES = 32 * 1024


async def read_form(api: ApiRequest) -> dict[str, str]:
    """The fields of a form (WHATWG URL 5.1), each at most once. Raises Invalid."""
    kind = api.http.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind != FORM:
        raise Invalid(f"Content-Type: {kind} is not {FORM}")
    data = bytearray()
    async for piece in api.http.stream():
        data += piece
        if len(data) > _MAX_FORM_BYTES:
            raise Invalid(f"body: has more than {size_text(_MAX_FORM_BYTES)}")
    try:
        fields = parse_qs(data.decode("ascii"), keep_blank_values=True, max_num_fields=16, errors="strict")
    except ValueError:
        raise Invalid("body: is no form of a few fields") from None
    return {name: values[0] for name, values in fields.items()}
