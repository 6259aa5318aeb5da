"""Our own link filters are said once, in one table: whatever shows, checks or writes them takes them from there."""

import re
from typing import Any, get_args

import attrs

from gns3trio.commands.completion import complete
from gns3trio.commands.link_conditions import values_of
from gns3trio.conditions.core_filter import FilterKind
from gns3trio.conditions.gns3_filters import GNS3_FILTERS, gns3_core_filters
from gns3trio.conditions.impairments import (
    IMPAIRMENT_TYPES,
    Impairment,
    ImpairmentName,
    describe,
    impairment_core_filter,
)
from gns3trio.conditions.parameters import Parameter
from tests.docs.reference import FOLDER
from tests.support.lab import Lab
from tests.support.server import Server

WEB = FOLDER.parent.parent / "gns3trio" / "web"
PARAMETERS = {parameter.name: parameter for kind in IMPAIRMENT_TYPES.values() for parameter in kind.parameters}


def some(parameter: Parameter) -> Any:
    """A value that means something."""
    if isinstance(parameter.default, str):
        return "arp"
    return min(1.5 if isinstance(parameter.default, float) else 1_000_000, parameter.most)


def test_the_table_and_the_class_that_requests_hold_are_one() -> None:
    assert {*get_args(ImpairmentName)} == {*IMPAIRMENT_TYPES}
    fields = {field.name: field for field in attrs.fields(Impairment)}
    assert [*fields][:2] == ["type", "direction"] and {*fields} == {"type", "direction", *PARAMETERS}
    for name, parameter in PARAMETERS.items():
        assert (fields[name].default, fields[name].type) == (parameter.default, type(parameter.default))


def test_each_type_is_a_filter_of_the_core_and_each_of_these_a_type() -> None:
    made = {}
    for name, kind in IMPAIRMENT_TYPES.items():
        impairment = Impairment(type=name, **{parameter.name: some(parameter) for parameter in kind.needed})
        made[name] = impairment_core_filter(impairment, "out")
        assert made[name].direction == "out"
        assert [*describe(impairment)] == ["type", "direction", *(parameter.name for parameter in kind.parameters)]
    assert {each.kind for each in made.values()} == {*get_args(FilterKind)}


def test_what_a_filter_of_gns3_does_too_is_known() -> None:
    """The page has a field for each of these; of ours it shows the others."""
    gns3 = {each["type"]: len(each["parameters"]) for each in GNS3_FILTERS}
    ours = {kind.gns3_filter: kind for kind in IMPAIRMENT_TYPES.values() if kind.gns3_filter is not None}
    assert ours.keys() == gns3.keys()
    for name, kind in ours.items():
        values = ["arp"] if name == "bpf" else [7] * gns3[name]
        (same,) = gns3_core_filters({name: values})
        fields = dict(zip((parameter.name for parameter in kind.parameters), values, strict=True))
        assert impairment_core_filter(Impairment(type=kind.name, **fields), "both") == same


async def test_the_api_tells_the_table(server: Server) -> None:
    told = await server.request("GET", "/v2/impairment_types", None, 200)
    assert [each["type"] for each in told] == [*IMPAIRMENT_TYPES]
    for each, kind in zip(told, IMPAIRMENT_TYPES.values(), strict=True):
        assert (each["title"], each["effect"]) == (kind.title, kind.effect)
        assert [p["name"] for p in each["parameters"]] == [p.name for p in kind.parameters]
        assert [p["name"] for p in each["parameters"] if p["required"]] == [p.name for p in kind.needed]
        for shown, parameter in zip(each["parameters"], kind.parameters, strict=True):
            assert (shown["unit"], shown["description"]) == (parameter.unit, parameter.description)
            most = shown["max_length"] if isinstance(parameter.default, str) else shown["maximum"]
            assert most == parameter.most


async def test_the_description_of_the_api_is_made_from_the_table(server: Server) -> None:
    document = (await server.http.get("/openapi.json")).json()
    schema = document["components"]["schemas"]["Impairment"]
    assert {*schema["properties"]["type"]["enum"]} == {*IMPAIRMENT_TYPES}
    assert {*schema["properties"]} == {"type", "direction", *PARAMETERS}
    for name, parameter in PARAMETERS.items():
        told = schema["properties"][name]
        assert told["description"] == parameter.description
        if not isinstance(parameter.default, str):
            assert (told["minimum"], told["maximum"]) == (parameter.least, parameter.most)
    for name, kind in IMPAIRMENT_TYPES.items():
        assert f"``{name}``" in schema["description"] and kind.effect in schema["description"]


async def test_each_type_is_taken_checked_and_put_in_force(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    link = await lab.link((await lab.node("ethernet_hub"), 0), (await lab.node("ethernet_hub"), 0))
    path = f"{lab.path}/links/{link['link_id']}/impairments"
    for name, kind in IMPAIRMENT_TYPES.items():
        sent = {"type": name, **{parameter.name: some(parameter) for parameter in kind.needed}}
        (kept,) = (await server.request("PUT", path, {"impairments": [sent]}, 200))["impairments"]
        rest = {parameter.name: parameter.default for parameter in kind.possible}
        assert kept == {"direction": "both", **sent, **rest}
        for parameter in kind.needed:
            less = {key: value for key, value in sent.items() if key != parameter.name}
            refused = await server.request("PUT", path, {"impairments": [less]}, 400)
            assert f"impairments[0].{parameter.name}: required for {name}" in refused["message"]
        for parameter in kind.parameters:
            much = "x" * (int(parameter.most) + 1) if isinstance(parameter.default, str) else parameter.most + 1
            refused = await server.request("PUT", path, {"impairments": [{**sent, parameter.name: much}]}, 400)
            assert parameter.name in refused["message"]
        for other in PARAMETERS.keys() - {parameter.name for parameter in kind.parameters}:
            refused = await server.request(
                "PUT", path, {"impairments": [{**sent, other: some(PARAMETERS[other])}]}, 400
            )
            assert f"impairments[0].{other}: means nothing for {name}" in refused["message"]


def test_the_command_line_offers_the_table(capsys: Any) -> None:
    from gns3trio.cli import make_parser

    assert complete("fish", ["link", "impair", "lab", "PC1-PC2", ""], make_parser) == 0
    offered = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert offered == {f"{name}=": values_of(kind) for name, kind in IMPAIRMENT_TYPES.items()}


def test_the_page_has_no_list_of_its_own() -> None:
    """Of what GNS3's filters do too it has a field for these; the others it asks for."""
    alone = [kind for kind in IMPAIRMENT_TYPES.values() if kind.gns3_filter is None]
    words = {kind.name for kind in alone} | {parameter.name for kind in alone for parameter in kind.parameters}
    for name in ("panels/filter_values.js", "panels/link_filters.js", "lab.js"):
        text = (WEB / name).read_text()
        assert not [word for word in words if re.search(rf"\b{word}\b(?!\()", text)], name


def test_the_reference_has_the_table() -> None:
    text = (FOLDER / "impairments.md").read_text()
    for name, kind in IMPAIRMENT_TYPES.items():
        assert f"| `{name}` |" in text and kind.effect in text
    for parameter in PARAMETERS.values():
        assert f"| `{parameter.name}` |" in text and parameter.description in text
