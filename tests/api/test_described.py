"""What the OpenAPI document says of replies. ``Server.request`` holds every reply of these tests against it."""

import jsonschema_rs
import pytest

from tests.support.described import DOCUMENT, check_reply


def test_every_json_reply_has_a_shape() -> None:
    shapeless = [
        f"{method} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        for reply in operation["responses"].values()
        if reply.get("content", {}).get("application/json", {"schema": True}) == {}
    ]
    assert not shapeless


@pytest.mark.parametrize("reply", [{"version": "2.2.61"}, {"version": "2.2.61", "local": False, "more": 1}])
def test_a_reply_of_another_shape_is_found(reply: object) -> None:
    check_reply("GET", "/v2/compute/version", 200, {"version": "2.2.61", "local": False})
    with pytest.raises(jsonschema_rs.ValidationError):
        check_reply("GET", "/v2/compute/version", 200, reply)


def test_the_statistics_of_a_node_have_the_keys_that_python_reserves() -> None:
    schema = DOCUMENT["components"]["schemas"]["PortStatistics"]
    assert {"in", "out"} <= set(schema["required"]) <= set(schema["properties"])
