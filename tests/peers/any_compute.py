"""A compute that takes every node and says back what it was told, so that gns3-server's controller opens projects whose
emulators are not installed here. It runs in the environment of gns3-server, whose aiohttp it uses.

Usage: ``python any_compute.py VERSION``; prints its port.
"""

import asyncio
import json
import sys
from typing import Any

from aiohttp import WSMsgType, web

NODE_TYPES = (
    *("atm_switch", "cloud", "docker", "dynamips", "ethernet_hub", "ethernet_switch", "frame_relay_switch", "iou"),
    *("nat", "qemu", "traceng", "virtualbox", "vmware", "vpcs"),
)


async def capabilities(request: web.Request) -> web.Response:
    return web.json_response({"version": sys.argv[1], "platform": "linux", "node_types": NODE_TYPES})


async def notifications(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str(json.dumps({"action": "ping", "event": {"cpu_usage_percent": 1, "memory_usage_percent": 1}}))
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            break
    return socket


projects: set[str] = set()  # that are open here


async def open_project(request: web.Request) -> web.Response:
    body: dict[str, Any] = await request.json()
    projects.add(body["project_id"])
    return web.json_response(body, status=201)


async def show_project(request: web.Request) -> web.Response:
    project_id = request.match_info["project_id"]
    return web.json_response({"project_id": project_id}, status=200 if project_id in projects else 404)


async def close_project(request: web.Request) -> web.Response:
    projects.discard(request.match_info["project_id"])
    return web.Response(status=204)


async def anything(request: web.Request) -> web.Response:
    body: dict[str, Any] = await request.json() if request.can_read_body else {}
    if request.path.endswith("/ports/udp"):
        return web.json_response({"udp_port": 20000}, status=201)
    if request.path.endswith("/network/interfaces"):
        return web.json_response([])
    if request.path.endswith("/nodes") and request.method == "POST":
        node = {"command_line": "", "console": None, "node_directory": "/", "status": "stopped", **body}
        return web.json_response({**node, "project_id": request.path.split("/")[4]}, status=201)
    return web.json_response(body, status=201 if request.method == "POST" else 200)


async def serve() -> None:
    app = web.Application(client_max_size=1 << 28)
    app.router.add_get("/v2/compute/capabilities", capabilities)
    app.router.add_get("/v2/compute/notifications/ws", notifications)
    app.router.add_post("/v2/compute/projects", open_project)
    app.router.add_get("/v2/compute/projects/{project_id}", show_project)
    app.router.add_post("/v2/compute/projects/{project_id}/close", close_project)
    app.router.add_delete("/v2/compute/projects/{project_id}", close_project)
    app.router.add_route("*", "/{path:.*}", anything)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
