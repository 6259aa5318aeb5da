"""The interface of a project for its own parts."""

from pathlib import Path
from typing import Protocol
from uuid import UUID

from gns3trio.controller.changes import Change, LogLevel
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.controller.services import ProjectServices


class ProjectContext(Protocol):
    """The project, as its nodes, links and drawings use it."""

    @property
    def project_id(self) -> UUID:
        """The id of the project."""

    @property
    def folder(self) -> Path:
        """The folder of the project."""

    @property
    def settings(self) -> ProjectSettings:
        """The settings of the project."""

    @property
    def services(self) -> ProjectServices:
        """The services that the server offers to every project."""

    def require_open(self) -> None:
        """Raises Forbidden unless the project is open."""

    def publish(self, change: Change) -> None:
        """Publish a change in the project."""

    def log(self, level: LogLevel, message: str) -> None:
        """Send a message to the watchers of the project and to the server's log; ``level`` is
        error, warning or info.
        """

    def mark(self) -> None:
        """Mark the project as changed; it is saved soon."""

    async def make_durable(self) -> None:
        """Save the changed project; it is on the disk when this returns.

        Raises Forbidden if the project was closed meanwhile, Unavailable if the disk reports an error.
        """
