"""The types of the replies of ``/v3/compute``, where they are not those of version 2."""

from typing import Any

from gns3trio.api.replies import Whole, reply_shape


@reply_shape
class Version(Whole):
    """The version of GNS3 3."""

    version: str


@reply_shape
class Project(Whole):
    """A project of a compute. All keys are those of a project of the controller; a compute knows these three."""

    project_id: str
    name: str
    variables: list[dict[str, Any]] | None
    path: None
    filename: None
    status: None
    supplier: None
    auto_close: None
    auto_open: None
    auto_start: None
    scene_height: None
    scene_width: None
    zoom: None
    show_layers: None
    snap_to_grid: None
    show_grid: None
    grid_size: None
    drawing_grid_size: None
    show_interface_labels: None


@reply_shape
class Nio(Whole):
    """The tunnel at a port, as it was sent."""

    type: str
    lport: int
    rhost: str
    rport: int
    suspend: bool | None
    filters: dict[str, Any] | None
