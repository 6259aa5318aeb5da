"""The bodies of version 1 requests. ``ApiRequest.given`` contains the fields that the client really sent."""

from typing import Literal
from uuid import UUID

from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define
from gns3trio.controller.names import Name
from gns3trio.limits import Script


@define(kw_only=True)
class ProjectCreate:
    """The body of ``POST /projects``."""

    name: Name | None = None
    path: str | None = field(default=None, validator=v.optional(v.min_len(1)))
    project_id: UUID | None = None
    temporary: bool = False


@define(kw_only=True)
class ProjectUpdate:
    """The body of ``PUT /projects/{project_id}``."""

    name: Name | None = None
    path: str | None = None
    temporary: bool = False


@define(kw_only=True)
class VpcsUpdate:
    """The body of ``PUT .../vpcs/vms/{vm_id}``."""

    name: Name | None = None
    console: int | None = field(default=None, validator=v.optional(v.PORT))
    startup_script: Script | None = None


@define(kw_only=True)
class VpcsCreate(VpcsUpdate):
    """The body of ``POST .../vpcs/vms``."""

    name: Name
    vm_id: UUID | None = None


@define(kw_only=True)
class Nio:
    """The body of ``POST .../nio``. An empty ``rhost`` means this host, as in the session of the GNS3 API
    documentation.
    """

    type: Literal["nio_udp"]
    lport: int = field(validator=v.PORT)
    rhost: str
    rport: int = field(validator=v.PORT)
