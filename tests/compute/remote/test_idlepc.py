"""The search for an Idle-PC value on a compute that runs Dynamips: by a router of its own, of which nothing is left."""

from pathlib import Path

import pytest
import trio

from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.errors import Conflict
from tests.support.fake_compute import Answer, IgnoringWatcher, fake_compute, reply, says

PATIENCE = 60


def answers_to(search: Answer) -> Answer:
    """Everything below a project, whose id the compute does not know before."""

    async def answer(stream: trio.SocketStream, head: str) -> None:
        method, path, _ = head.splitlines()[0].split(" ")
        if path.endswith("/auto_idlepc"):
            await search(stream, head)
        else:
            await says(reply({}, 204 if method == "DELETE" else 201))(stream, head)

    return answer


@pytest.mark.parametrize("is_found", [True, False])
async def test_a_router_of_its_own_looks_for_it(tmp_path: Path, is_found: bool) -> None:
    found = says(reply({"idlepc": "0x60c086a8"}))
    refused = says(reply({"message": "no value was found", "status": 409}, 409))
    async with fake_compute() as fake, trio.open_nursery() as nursery:
        fake.otherwise = answers_to(found if is_found else refused)
        address = ComputeAddress(compute_id="far", name="far", protocol="http", host="127.0.0.1", port=fake.port)
        compute = RemoteCompute(address, IgnoringWatcher(), tmp_path)
        nursery.start_soon(compute.run)
        with trio.fail_after(PATIENCE):
            await compute.wait_tried()
            begun = len(fake.asked)
            if is_found:
                assert await compute.find_idlepc("c7200", "c7200.image", 512) == {"idlepc": "0x60c086a8"}
            else:
                with pytest.raises(Conflict, match="no value was found"):
                    await compute.find_idlepc("c7200", "c7200.image", 512)
        asked = [line for line in fake.asked[begun:] if "notifications" not in line]
        project = asked[-1].removeprefix("DELETE ")
        nodes = f"{project}/dynamips/nodes"
        assert project.startswith("projects/") and asked[0] == "POST projects"
        node = asked[2].split("/")[-2]
        assert asked[1:] == [
            f"POST {nodes}",
            f"POST {nodes}/{node}/start",
            f"GET {nodes}/{node}/auto_idlepc",
            f"DELETE {project}",
        ]
        nursery.cancel_scope.cancel()
