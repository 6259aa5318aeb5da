"""What versions 2 and 3 have in common of the routes of server resources."""

from typing import Any

from gns3trio.api.routing import ApiRequest
from gns3trio.api.server_values import (
    IOU_LICENSE,
    gns3vm_engines,
    gns3vm_machines,
    require_local,
    statistics_of_computes,
)


async def get_statistics(api: ApiRequest) -> list[dict[str, Any]]:
    """The load of each connected compute that answers within three seconds."""
    return await statistics_of_computes(api.controller)


async def list_gns3vm_engines(api: ApiRequest) -> list[dict[str, Any]]:
    """The programs that could run the GNS3 virtual machine."""
    return gns3vm_engines()


async def list_gns3vm_machines(api: ApiRequest, engine: str) -> list[dict[str, Any]]:
    """The virtual machines of an engine: always none."""
    return gns3vm_machines(engine)


async def get_iou_license(api: ApiRequest) -> dict[str, Any]:
    """The licence of IOU, which is only stored for clients."""
    return IOU_LICENSE.get(api.controller)


async def shutdown(api: ApiRequest) -> None:
    """Close all projects and stop the server (setting `local`)."""
    require_local(api.context.config.local)
    api.context.closing.set()


async def reload_controller(api: ApiRequest) -> None:
    """Search the projects folder again: add new projects, and remove those that have vanished."""
    await api.controller.reload()
