"""Each route of each version, asked by nobody, by users with and without the privileges that its table declares, and by
the first administrator.

The requests have a query that no handler accepts, so that those which are let in change nothing.
"""

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import httpx
import orjson
import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, open_websocket_url

from gns3trio.api.access import Access, AnyRoute, Need, SocketRoute
from gns3trio.api.app import TABLES
from gns3trio.api.dialects import V3, V3_COMPUTE, dialect_of
from gns3trio.config import Config
from gns3trio.controller.people.privileges import Privilege
from gns3trio.limits import MAX_TEXT
from gns3trio.server import RunningServer, open_server
from tests.support.people import PASSWORD
from tests.support.plain_http import NO_TLS

ROUTES = [route for table in TABLES for route in table.routes]
BOSS = ("boss", "boss's password")
COMPUTE = {Access.COMPUTE, Access.COMPUTE_CONSOLE}
WRONG_QUERY = f"wrong={'x' * (MAX_TEXT + 1)}"
AT_A_TIME = 8
# Which privilege each route of gns3-server 3.0.6 requires; it was measured with a user who has none.
# It names what everybody may use ``open``, and what every user may use ``login``.
MEASURED: dict[str, list[str]] = json.loads((Path(__file__).parent / "v3" / "privileges.json").read_text())
# Where ours requires another one: GNS3 asks for a login only, and its clients do not depend on that.
DIFFERENT: dict[str, str] = {
    # They concern all users.
    "POST /v3/reload": "Compute.Modify",
    "POST /v3/shutdown": "Compute.Modify",
    "PUT /v3/iou_license": "Compute.Modify",
    "PUT /v3/gns3vm": "Compute.Modify",
    # What a compute tells or does has no other guard.
    "GET /v3/computes/{}": "Compute.Audit",
    "POST /v3/computes/{}/connect": "Compute.Modify",
    "GET /v3/computes/{}/{}/{}": "Compute.Audit",
    "POST /v3/computes/{}/{}/{}": "Compute.Modify",
    "PUT /v3/computes/{}/{}/{}": "Compute.Modify",
    # It starts a router, for a new template.
    "POST /v3/computes/{}/dynamips/auto_idlepc": "Template.Allocate",
}
# In version 2, images go to other computes on these paths, and nothing else does.
ONLY_FOR_IMAGES = "/v2/computes/{compute_id}/{emulator}/{action:path}"

Case = tuple[AnyRoute, str]  # a route with one of its methods


def cases() -> list[Case]:
    found: list[Case] = []
    for route in ROUTES:
        methods = ["WS"] if isinstance(route, SocketRoute) else sorted(route.methods or ())
        found += [(route, method) for method in methods]
    return found


def example(path: str) -> str:
    """A path that fits that of a route."""
    return re.sub(r"\{[^}]+\}", "11111111-2222-4333-8444-555555555555", re.sub(r"\{\w+:number\}", "1", path))


@pytest.fixture
def config(config: Config, quick_passwords: None) -> Config:
    return attrs.evolve(config, user=BOSS[0], password=BOSS[1])


@pytest.fixture
async def running(config: Config) -> AsyncIterator[RunningServer]:
    async with open_server(config) as opened:
        yield opened


async def token_of(http: httpx.AsyncClient, name: str, password: str) -> str:
    reply = await http.post("/v3/access/users/authenticate", json={"username": name, "password": password})
    assert reply.status_code == 200, reply.text
    token: str = reply.json()["access_token"]
    return token


async def add_user(running: RunningServer, name: str, privileges: frozenset[Privilege]) -> None:
    """A user who has exactly these privileges, everywhere."""
    people = running.controller.people
    user = await people.users.create(name, PASSWORD)
    role = await people.roles.create(name)
    for privilege in privileges:
        await people.roles.grant(role.role_id, privilege)
    await people.aces.create("user", "/", role.role_id, user_id=user.user_id)


async def ask(http: httpx.AsyncClient, case: Case, who: tuple[str, str], token: str) -> str:
    """What a request is answered: ``let in``, or the status that refuses it."""
    route, method = case
    is_compute, path = route.rule.access in COMPUTE, example(route.path)
    headers = {}
    if token:
        basic = b64encode(":".join(who).encode()).decode()
        headers["Authorization"] = f"Basic {basic}" if is_compute else f"Bearer {token}"
    if method != "WS":
        reply = await http.request(method, f"{path}?{WRONG_QUERY}", headers=headers)
        return outcome(reply.status_code, route)
    url = f"{str(http.base_url).replace('http', 'ws', 1)}{path}?{WRONG_QUERY}"
    try:
        given = [(b"Authorization", each.encode()) for each in headers.values()]
        async with open_websocket_url(url, extra_headers=given) as stream:
            with trio.fail_after(30):
                told = orjson.loads(await stream.get_message())
                with pytest.raises(ConnectionClosed) as closed:
                    await stream.get_message()
            assert told["action"] == "log.error", told
            assert closed.value.reason is not None
            assert closed.value.reason.code == 1008
            return "refused in the websocket"
    except ConnectionRejected as error:
        return outcome(error.status_code, route)


def outcome(status: int, route: AnyRoute) -> str:
    return "let in" if status == dialect_of(route.path).invalid_status else str(status)


def expected(route: AnyRoute, method: str) -> list[str]:
    """For nobody, a user without privileges, one who has those of the route, and the first administrator."""
    rule, dialect = route.rule, dialect_of(route.path)
    if rule.access is Access.ANYBODY:
        return ["let in"] * 4
    nobody, without = "401", "403"
    if method == "WS" and dialect is V3:
        nobody, without = "403", "refused in the websocket"
    if method == "WS" and dialect is V3_COMPUTE:
        nobody = without = "refused in the websocket"
    if rule.access in COMPUTE:
        return [nobody, without, without, "let in"]
    if not rule.needs:
        return [nobody, "let in", "let in", "let in"]
    return [nobody, without, "let in", "let in"]


async def test_each_route_lets_in_whom_its_table_says(running: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=running.urls[0], timeout=60, verify=NO_TLS) as http:
        await add_user(running, "nothing", frozenset())
        sets = {frozenset(need.privilege for need in route.rule.needs) for route in ROUTES}
        names = {privileges: f"user-{number}" for number, privileges in enumerate(sets)}
        for privileges, name in names.items():
            await add_user(running, name, privileges)
        who = {"boss": BOSS, "nothing": ("nothing", PASSWORD), **{name: (name, PASSWORD) for name in names.values()}}
        tokens = {name: await token_of(http, *credentials) for name, credentials in who.items()}
        wrong: list[str] = []
        turn = trio.CapacityLimiter(AT_A_TIME)

        async def check(case: Case) -> None:
            route, method = case
            right = names[frozenset(need.privilege for need in route.rule.needs)]
            async with turn:
                seen = [await ask(http, case, ("", ""), "")]
                seen += [await ask(http, case, who[name], tokens[name]) for name in ("nothing", right, "boss")]
            if seen != expected(route, method):
                wrong.append(f"{method} {route.path}: {seen}, and not {expected(route, method)}")

        async with trio.open_nursery() as nursery:
            for case in cases():
                nursery.start_soon(check, case)
        assert not wrong, "\n".join(wrong)


def test_each_route_declares_who_may_use_it() -> None:
    assert [route.path for route in ROUTES if route.rule.access is Access.UNDECLARED] == []


def requirement(route: AnyRoute) -> str:
    """In the words of what was measured."""
    if route.rule.access is Access.ANYBODY:
        return "open"
    return route.rule.needs[0].privilege if route.rule.needs else "login"


def form(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]+\}", "{}", path)


def test_version_3_requires_what_gns3_requires() -> None:
    measured = {form(case): privilege for privilege, routes in MEASURED.items() for case in routes}
    ours = {f"{method} {form(route.path)}": requirement(route) for route, method in cases() if method != "HEAD"}
    different = {case: ours[case] for case, privilege in measured.items() if case in ours and ours[case] != privilege}
    assert different == DIFFERENT
    assert all(measured[case] == "login" for case in different)


def test_the_other_versions_require_what_version_3_requires() -> None:
    """For what has the same path there."""
    newest = {
        (form(route.path).removeprefix("/v3"), method): route for route, method in cases() if "/v3/" in route.path
    }
    compared = 0
    for route, method in cases():
        path = form(re.sub("^/v[12]", "", route.path).replace("/vpcs/vms", "/nodes").replace("/vms", "/nodes"))
        twin = newest.get((path, method))
        if twin is None or not route.path.startswith(("/v1/", "/v2/")) or route.rule.access in COMPUTE:
            continue
        if route.path == ONLY_FOR_IMAGES and method not in ("GET", "HEAD"):
            assert list(route.rule.needs) == [Need("Image.Allocate", "/images")]
            continue
        compared += 1
        if twin.rule.access is not Access.ANYBODY:
            ours, theirs = ({(need.privilege, form(need.path)) for need in each.rule.needs} for each in (route, twin))
            assert ours == theirs, f"{method} {route.path}"
    assert compared > 100
