"""The shapes of version 1 replies, for OpenAPI."""

from typing import Literal
from uuid import UUID

from gns3trio.api.replies import Whole, reply_shape


@reply_shape
class V1Project(Whole):
    """A project in version 1."""

    project_id: UUID
    name: str
    location: str
    path: str
    temporary: bool


@reply_shape
class V1Vpcs(Whole):
    """A VPCS in version 1."""

    vm_id: UUID
    project_id: UUID
    name: str
    console: int | None
    status: Literal["stopped", "started"]
    startup_script: str | None
    startup_script_path: str | None
    vm_directory: str | None
    command_line: str | None
