"""Files of projects and nodes in version 3."""

from tests.support.v3_lab import V3Lab


async def test_a_file_of_a_project(lab3: V3Lab) -> None:
    v3, path = lab3.v3, f"{lab3.path}/files"
    written = await v3.send("POST", f"{path}/README.txt", content=b"first")
    assert written.status_code == 204 and not written.content
    read = await v3.send("GET", f"{path}/README.txt")
    assert read.content == b"first" and read.headers["content-type"] == "application/octet-stream"
    assert read.headers["last-modified"] and read.headers["etag"]
    again = await v3.send("GET", f"{path}/README.txt")
    assert again.headers["etag"] == read.headers["etag"]
    await v3.send("POST", f"{path}/README.txt", content=b"another text")
    assert (await v3.send("GET", f"{path}/README.txt")).headers["etag"] != read.headers["etag"]
    for method, name, status in (
        ("GET", "absent.txt", 404),
        ("GET", "..%2F..%2Fetc%2Fpasswd", 403),
        ("POST", "..%2Fx.txt", 403),
        ("POST", "no/such/x.txt", 404),
    ):
        reply = await v3.send(method, f"{path}/{name}", content=b"x")
        assert reply.status_code == status and reply.json().keys() == {"message"}, (method, name)


async def test_a_file_of_a_node(lab3: V3Lab) -> None:
    node = await lab3.node()
    path = f"{lab3.of(node)}/files"
    written = await lab3.v3.send("POST", f"{path}/startup.vpc", content=b"set pcname X\n")
    assert written.status_code == 201 and written.json() is None
    read = await lab3.v3.send("GET", f"{path}/startup.vpc")
    assert read.content == b"set pcname X\n" and read.headers["content-type"] == "application/octet-stream"
    for name, status in (("absent", 404), (".hidden", 403), ("..%2F..%2Fx", 403)):
        assert (await lab3.v3.send("GET", f"{path}/{name}")).status_code == status, name
