"""The users of this server, their groups, roles and permissions, and the pools of projects: one file, one owner."""

import logging
from pathlib import Path
from uuid import UUID

from gns3trio import threads
from gns3trio.config import Config
from gns3trio.controller.people.kept_records import KeptRecords
from gns3trio.controller.people.people_file import PeopleFile
from gns3trio.controller.people.pools import Pools
from gns3trio.controller.people.records import MIN_PASSWORD, Records, User, first_records
from gns3trio.controller.people.roles import Aces, Roles
from gns3trio.controller.people.users import Groups, SettingsLogin, Users
from gns3trio.errors import Invalid, LabError

log = logging.getLogger(__name__)


class People:
    """Everybody who may use this server, and what they may do. Use ``open_people``."""

    def __init__(self, kept: KeptRecords, login: SettingsLogin | None) -> None:
        self._kept = kept
        self.users = Users(kept, login)
        self.groups = Groups(kept, self.users)
        self.roles = Roles(kept)
        self.aces = Aces(kept)
        self.pools = Pools(kept)

    @property
    def records(self) -> Records:
        """All records as they are stored, which are replaced by each change. The name and the password of the first
        administrator may be those of the settings instead (``users``).
        """
        return self._kept.records

    @property
    def revision(self) -> int:
        """Grows with each change of what anybody is or may do."""
        return self._kept.revision

    def tell(self) -> None:
        """Begin a revision, because a login has ended that no record tells."""
        self._kept.tell()

    async def changed(self) -> None:
        """Wait for the next revision."""
        await self._kept.changed()

    @property
    def administrator(self) -> User:
        """The first administrator. Without a ``password_hash``, the password is that of the settings, or, on a server
        that ``is_open``, the first one.
        """
        return self.users.administrator

    @property
    def is_open(self) -> bool:
        """Whether nobody has set a password for this server yet, so that versions 1 and 2 ask for none."""
        return self.users.is_open

    def user_named(self, name: str) -> User | None:
        """A user by name; None if there is none."""
        return self.users.named(name)

    async def forget_project(self, project_id: UUID) -> None:
        """A project was deleted, so it leaves its pools, and the access control entries on it are removed."""
        try:
            await self.pools.forget_project(project_id)
        except LabError as error:
            log.error("project %s, which was deleted, is still in its pools: %s", project_id, error)


async def open_people(folder: Path, login: SettingsLogin | None = None) -> People:
    """The people in the file in ``folder``; without a file, only the first administrator, who has the ``login`` of the
    settings if there is one.

    Raises Invalid if the file is damaged, was removed, or does not agree with the settings, Unavailable if the disk
    reports an error: a server without its users would be open to everybody.
    """
    file = PeopleFile(folder)
    records = await threads.disk.run(file.read)
    people = People(KeptRecords(file, first_records() if records is None else records), login)
    if login is not None:
        if any(user.username == login.username and not user.is_superadmin for user in people.records.users.values()):
            raise Invalid(
                f"user: {file.path} has another user named {login.username!r}; choose another name for the setting"
            )
    elif people.is_open and len(people.records.users) > 1:
        raise Invalid(
            f"user and password: {file.path} has users, but the first administrator has no password of its own: set "
            "both, as they were before, or give it one with gns3trio user reset-password"
        )
    return people


async def people_of(config: Config) -> People:
    """The users of the server with these settings. Raises Invalid, Unavailable."""
    login = SettingsLogin(config.user, config.password) if config.user else None
    if login is not None and len(login.password) < MIN_PASSWORD:
        log.warning(
            "password: the setting has %d characters; users need %d at least", len(login.password), MIN_PASSWORD
        )
    return await open_people(config.state_folder, login)
