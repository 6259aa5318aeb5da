"""What clients of version 1 of the API do."""

from typing import Any

from tests.support.server import Server


def vm_path(vm: dict[str, Any]) -> str:
    return f"/v1/projects/{vm['project_id']}/vpcs/vms/{vm['vm_id']}"


def nio(lport: int, rport: int) -> dict[str, Any]:
    return {"lport": lport, "rhost": "", "rport": rport, "type": "nio_udp"}


async def wire(server: Server, vms: list[dict[str, Any]]) -> None:
    a, b = [await lease(server, vms[0]["project_id"]) for _ in range(2)]
    for vm, body in zip(vms, (nio(a, b), nio(b, a)), strict=True):
        assert await server.request("POST", f"{vm_path(vm)}/adapters/0/ports/0/nio", body, 201) == body


async def lease(server: Server, project_id: str) -> int:
    reply = await server.request("POST", f"/v1/projects/{project_id}/ports/udp", {}, 201)
    return int(reply["udp_port"])
