"""The server itself, and how requests are to look."""

from collections.abc import Iterator

from tests.gns3_3.steps import NOBODY, STRANGER, UNKNOWN, VISITOR, WORKER, Step, delete, each_by, get, post, put


def before_login() -> Iterator[Step]:
    """What is open, and what is not."""
    open_to_all = [
        get("version", "/v3/version"),
        get("raw symbol", "/v3/symbols/:/symbols/vpcs_guest.svg/raw"),
        post("right version", "/v3/version", {"version": "3.0.6"}),
        post("wrong version", "/v3/version", {"version": "1.0.0"}),
        post("no version", "/v3/version", {}),
        get("description", "/openapi.json", without_keys=True),
        get("unknown path", "/v3/nothing"),
        get("version 2 is another server", "/v3/v2/version"),
        delete("wrong method", "/v3/version"),
        get("trailing slash", "/v3/version/"),
        get("trailing slash of a closed route", "/v3/access/users/me/?x=1"),
        get("page", "/"),
        get("page of the web UI", "/static/web-ui/bundled"),
    ]
    closed_to_visitors = [
        get("me", "/v3/access/users/me"),
        get("projects", "/v3/projects"),
        post("new project", "/v3/projects", {"name": "of a visitor"}),
        get("a project", f"/v3/projects/{UNKNOWN}"),
        get("a malformed id", "/v3/projects/nonsense"),
        get("templates", "/v3/templates"),
        get("computes", "/v3/computes"),
        get("symbols", "/v3/symbols"),
        get("users", "/v3/access/users"),
        get("privileges", "/v3/access/privileges"),
        get("statistics", "/v3/statistics"),
        get("images", "/v3/images"),
        post("reload", "/v3/reload"),
        Step("notifications", "STREAM", "/v3/notifications"),
    ]
    yield from each_by([VISITOR], open_to_all)
    yield from each_by([VISITOR, STRANGER], closed_to_visitors)
    yield Step("websocket", "WS", "/v3/notifications/ws", by=VISITOR)
    yield Step("websocket", "WS", "/v3/notifications/ws?token=not.a.token", by=STRANGER)


def settings() -> Iterator[Step]:
    """Settings and counts of the server, by everybody who is logged in."""
    license_ = {"iourc_content": "x", "license_check": False}
    reading = [
        get("statistics", "/v3/statistics"),
        get("gns3vm", "/v3/gns3vm"),
        get("gns3vm engines", "/v3/gns3vm/engines"),
        get("iou license", "/v3/iou_license"),
        get("unknown path", "/v3/nothing"),
        Step("notifications", "STREAM", "/v3/notifications"),
    ]
    writing = [
        put("set iou license", "/v3/iou_license", license_),
        put("set gns3vm", "/v3/gns3vm", {"enable": False, "engine": "vmware", "ram": 1024}),
        post("reload", "/v3/reload"),
        post("shutdown", "/v3/shutdown"),
    ]
    yield from reading
    yield from writing
    yield from each_by([WORKER, NOBODY], reading)
    yield from each_by([NOBODY], writing)
    yield put("set half an iou license", "/v3/iou_license", {"iourc_content": "x"})
    yield put("set gns3vm of a strange engine", "/v3/gns3vm", {"engine": "bochs"})
    yield put("set gns3vm of a strange exit", "/v3/gns3vm", {"when_exit": "run"})
    yield get("vms of an engine", "/v3/gns3vm/engines/vmware/vms")
    yield get("vms of a strange engine", "/v3/gns3vm/engines/bochs/vms")
    yield Step("websocket", "WS", "/v3/notifications/ws?token={token_admin}")
    yield Step("websocket", "WS", "/v3/notifications/ws?token={token_nobody}", by=NOBODY)
    yield Step("websocket with a header", "WS", "/v3/notifications/ws")
    yield Step("websocket that is none", "GET", "/v3/notifications/ws?token={token_admin}")


def transport() -> Iterator[Step]:
    """Media types, bodies, methods, slashes and ids."""
    projects, project = "/v3/projects", "/v3/projects/{p}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    yield put("body of a form", project, content='{"zoom": 80}', headers=form)
    yield put("body of text", project, content='{"zoom": 80}', headers={"Content-Type": "text/plain"})
    yield put("body of a JSON kind", project, content='{"zoom": 80}', headers={"Content-Type": "application/x+json"})
    yield put("body of no type", project, content='{"zoom": 80}')
    yield put("body that is no JSON", project, content="{zoom", headers={"Content-Type": "application/json"})
    yield put("body of a list", project, [])
    yield put("body of a text", project, "zoom")
    yield put("body of null", project, None)
    yield put("no body", project)
    yield put("unknown key", project, {"colour": "red"})
    yield put("number as text", project, {"zoom": "90"})
    yield put("truth as text", project, {"show_grid": "yes"})
    yield put("fraction as number", project, {"zoom": 90.5})
    yield put("text as number", project, {"zoom": "far"})
    yield put("number as name", project, {"name": 5})
    yield get("unknown query", project + "?colour=red")
    yield get("token in the query", project + "?token={token_admin}", by=VISITOR)
    yield get("wrong token in the query", project + "?token=not.a.token", by=VISITOR)
    yield get("another scheme", project, headers={"Authorization": "Basic YWRtaW46YWRtaW4="})
    yield get("lower case scheme", project, headers={"Authorization": "bearer {token_admin}"})
    yield get("slash after a project", project + "/")
    yield get("slash after projects and a query", projects + "/?x=1")
    yield post("slash after projects by POST", projects + "/", {"name": "slash"})
    yield get("doubled slash", "/v3//projects")
    yield Step("HEAD", "HEAD", "/v3/version")
    yield Step("OPTIONS", "OPTIONS", "/v3/version")
    yield Step("PATCH", "PATCH", project, {"zoom": 80})
    yield put("PUT of a list", projects, {})
    preflight = {"Origin": "http://127.0.0.1:8080", "Access-Control-Request-Method": "PUT"}
    yield Step("preflight", "OPTIONS", projects, headers=preflight, by=VISITOR)
    stranger = preflight | {"Origin": "http://elsewhere.example"}
    yield Step("preflight of a stranger", "OPTIONS", projects, headers=stranger, by=VISITOR)
    for what in ("projects", "templates", "access/users", "access/groups", "access/roles", "access/acl", "pools"):
        yield get(f"malformed id in {what}", f"/v3/{what}/nonsense")
        yield get(f"unknown id in {what}", f"/v3/{what}/{UNKNOWN}")
    for what in ("nodes", "links", "drawings"):
        yield get(f"malformed id in {what}", f"{project}/{what}/nonsense")
        yield get(f"unknown id in {what}", f"{project}/{what}/{UNKNOWN}")
    yield get("malformed id", "/v3/projects/nonsense", by=NOBODY)
    yield get("gone: settings", "/v3/settings")
    yield get("gone: debug", "/v3/debug")
    yield get("gone: default symbols", "/v3/default_symbols")
    yield get("gone: endpoints of computes", "/v3/computes/endpoint/local/qemu/images")
