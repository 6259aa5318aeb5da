"""What the parts of a project need from it."""

from pathlib import Path
from typing import Protocol
from uuid import UUID

from gns3trio.controller.changes import Change, LogLevel
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.controller.services import ProjectServices


class ProjectContext(Protocol):
    """The project as its nodes, links and drawings know it."""

    @property
    def project_id(self) -> UUID:
        """The project's id."""

    @property
    def folder(self) -> Path:
        """Where its files are."""

    @property
    def settings(self) -> ProjectSettings:
        """Its name and how it is drawn."""

    @property
    def services(self) -> ProjectServices:
        """What the server offers to every project."""

    def require_open(self) -> None:
        """Raises Forbidden unless the project is opened."""

    def publish(self, change: Change) -> None:
        """Say that something of the project has changed."""

    def log(self, level: LogLevel, message: str) -> None:
        """Tell those who watch the project, and who reads the server's log; ``level`` is error, warning or info."""

    def mark(self) -> None:
        """The project has changed: it is saved soon."""

    async def make_durable(self) -> None:
        """The project has changed: it is on the disk when this returns.

        Raises Forbidden when the project was closed meanwhile, Unavailable when the disk refuses.
        """
