"""How users of the page log in: a form, and a token in a cookie."""

from collections.abc import AsyncIterator

import attrs
import httpx
import pytest
from trio_websocket import ConnectionRejected, open_websocket_url

from gns3trio.api.password_guesses import PER_NAME
from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.plain_http import NO_TLS

USER, PASSWORD = "lab", "päss:word"
PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def http(config: Config) -> AsyncIterator[httpx.AsyncClient]:
    """Of a server with a password; cookies are kept."""
    config = attrs.evolve(config, user=USER, password=PASSWORD)
    async with (
        open_server(config) as running,
        httpx.AsyncClient(base_url=running.urls[0], timeout=30, verify=NO_TLS) as http,
    ):
        yield http


async def log_in(http: httpx.AsyncClient, password: str = PASSWORD, target: str = "") -> httpx.Response:
    return await http.post("/login", data={"username": USER, "password": password, "next": target})


async def test_a_page_leads_to_the_login_and_back(http: httpx.AsyncClient) -> None:
    reply = await http.get("/hosts", headers=PAGE)
    assert (reply.status_code, reply.headers["location"]) == (303, "./login?next=/hosts")
    form = await http.get("/login?next=/hosts")
    assert 'value="/hosts"' in form.text and "script-src" in form.headers["content-security-policy"]
    reply = await log_in(http, target="/hosts")
    assert (reply.status_code, reply.headers["location"]) == (303, "./hosts")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=" not in cookie
    (entry,) = (await http.get("/v2/audit?limit=1")).json()
    assert (entry["user"], entry["action"], entry["path"]) == (USER, "log in", "/login")
    assert "<main" in (await http.get("/hosts", headers=PAGE)).text


async def test_the_cookie_counts_in_all_versions_until_the_user_logs_out(http: httpx.AsyncClient) -> None:
    await log_in(http)
    (cookie,) = http.cookies.jar
    header = [("Cookie", f"{cookie.name}={cookie.value}")]
    for path in ("/v1/version", "/v2/projects", "/v3/access/users", "/docs"):
        assert (await http.get(path)).status_code == 200, path
    socket = str(http.base_url.join("/v2/events/ws")).replace("http", "ws")
    async with open_websocket_url(socket, extra_headers=[(n.encode(), v.encode()) for n, v in header]):
        pass
    account = (await http.get("/v2/account?path=/projects/x")).json()
    assert (account["username"], account["is_superadmin"], account["is_open"]) == (USER, True, False)
    assert "Node.Console" in account["privileges"]
    reply = await http.post("/logout")
    assert (reply.status_code, reply.headers["location"]) == (303, "./login")
    assert not http.cookies
    assert (await http.get("/v2/projects")).status_code == 401
    with pytest.raises(ConnectionRejected):
        async with open_websocket_url(socket):
            pass


async def test_a_page_of_another_site_cannot_use_the_cookie(http: httpx.AsyncClient) -> None:
    await log_in(http)
    foreign = {"origin": "https://example.org"}
    for method, path in (("POST", "/v2/projects"), ("POST", "/logout"), ("POST", "/login")):
        assert (await http.request(method, path, headers=foreign)).status_code == 403, path
    assert "access-control-allow-origin" not in (await http.get("/v2/projects", headers=foreign)).headers


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("", "./"),
        ("/", "./"),
        ("/projects/1", "./projects/1"),
        ("//example.org/x", "./"),
        ("https://example.org", "./"),
        ("/\\example.org", "./"),
        ("\\\\example.org", "./"),
        ("javascript:alert(1)", "./"),
        ("///example.org", "./example.org"),
        ("/x\r\nset-cookie: a=b", "./xset-cookie: a=b"),
        ("/\u20ac\x01", "./%E2%82%AC%01"),
        ("/%0d%0ax", "./%250d%250ax"),
        ("http://[", "./"),
    ],
)
async def test_a_login_leads_to_no_other_site(http: httpx.AsyncClient, target: str, location: str) -> None:
    reply = await log_in(http, target=target)
    assert (reply.status_code, reply.headers["location"].replace("%20", " ")) == (303, location)
    assert reply.headers.get_list("set-cookie") == [reply.headers["set-cookie"]]


async def test_what_a_wrong_password_is_told(http: httpx.AsyncClient) -> None:
    reply = await log_in(http, "wrong", '"><script>alert(1)</script>')
    assert reply.status_code == 401 and "is wrong" in reply.text and "<script>alert" not in reply.text
    assert "set-cookie" not in reply.headers and "www-authenticate" not in reply.headers
    assert (await http.post("/login", data={"username": USER})).status_code == 400
    for _ in range(PER_NAME.burst):
        reply = await log_in(http, "wrong")
    assert reply.status_code == 429 and "Too many" in reply.text


async def test_a_browser_is_told_what_is_wrong_by_a_page(http: httpx.AsyncClient) -> None:
    """Where a program gets JSON."""
    wrong = httpx.BasicAuth(USER, "wrong<b>")
    reply = await http.get("/hosts", headers=PAGE, auth=wrong)
    assert (reply.status_code, reply.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "The user or the password is wrong." in reply.text and "script-src" not in reply.text
    assert reply.headers["www-authenticate"].startswith("Basic")  # the browser asks again
    for sent in ({"username": USER}, {"username": USER, "password": "x" * 100_000}):
        reply = await http.post("/login", data=sent, headers=PAGE)
        assert reply.status_code in (400, 413) and "<h1>This does not work</h1>" in reply.text
    reply = await http.post("/login", data={}, headers={**PAGE, "origin": "https://example.org"})
    assert reply.status_code == 403 and "allowed_origins" in reply.text and "<h1>" in reply.text
    assert (await http.get("/hosts", auth=wrong)).json()["status"] == 401
    assert (await http.post("/login", data={"username": USER})).json()["status"] == 400
    for _ in range(PER_NAME.burst):
        reply = await http.get("/hosts", headers=PAGE, auth=wrong)
    assert reply.status_code == 429 and "<h1>Please wait a moment</h1>" in reply.text


async def test_programs_are_not_led_to_a_page(http: httpx.AsyncClient) -> None:
    """Nor is a browser whose requests are not for a page."""
    for headers in ({}, {"accept": "application/json"}, {"accept": "*/*"}):
        reply = await http.get("/", headers=headers)
        assert reply.status_code == 401 and reply.headers["www-authenticate"].startswith("Basic")
    for path in ("/v2/projects", "/v3/projects"):
        assert (await http.get(path, headers=PAGE)).status_code == 401
    assert (await http.post("/", headers=PAGE)).status_code in (401, 405)


@pytest.mark.parametrize("cookie", ["gns3trio=x", "gns3trio", 'gns3trio="', "gns3trio=a; gns3trio=b", "\xff=gns3trio"])
async def test_bad_cookies(http: httpx.AsyncClient, cookie: str) -> None:
    reply = await http.get("/v2/projects", headers=[(b"Cookie", cookie.encode("latin-1"))])
    assert reply.status_code == 401


@pytest.mark.parametrize("other", ['x={"a": 1}', "x=a b", "weird", 'x="', "\xe9=\xe9", "=", "a@b=1", "gns3trio=x"])
async def test_cookies_of_other_servers_on_this_host_do_not_matter(http: httpx.AsyncClient, other: str) -> None:
    await log_in(http)
    (cookie,) = http.cookies.jar
    http.cookies.clear()
    for text in (f"{other}; {cookie.name}={cookie.value}", f"{cookie.name}={cookie.value};{other}"):
        reply = await http.get("/v2/projects", headers=[(b"Cookie", text.encode("latin-1"))])
        assert reply.status_code == 200, text


async def test_an_open_server_has_an_account(config: Config) -> None:
    async with open_server(config) as running, httpx.AsyncClient(base_url=running.urls[0], verify=NO_TLS) as http:
        account = (await http.get("/v2/account")).json()
        assert (account["username"], account["is_open"]) == ("admin", True)
        assert (await http.get("/", headers=PAGE)).status_code == 200
