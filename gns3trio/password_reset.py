"""Sets the password of a user while no server runs: the way back in when nobody knows the password of the first
administrator any more. It needs no password, but the files of the server: whoever may write them could do so anyway.
"""

import os
import pwd
from pathlib import Path

from gns3trio import threads
from gns3trio.config import Config
from gns3trio.controller.people.audit_trail import open_audit_trail
from gns3trio.controller.people.kept_records import KeptRecords
from gns3trio.controller.people.people_file import PeopleFile
from gns3trio.controller.people.records import first_records
from gns3trio.controller.people.users import Users
from gns3trio.controller.storage.server_folders import locked_folders
from gns3trio.errors import Invalid, NotFound, Unavailable

ACTION = "reset password"


async def reset_password(config: Config, name: str | None, password: str) -> str:
    """Replace the stored password of a user, by default of the first administrator, for good. Ends the user's tokens,
    and is told in the audit trail. Returns the user's name.

    Raises Invalid, NotFound, and Unavailable if a server runs or the disk reports an error.
    """
    _require_owner(config)
    try:
        with locked_folders(config):
            return await _reset(config, name, password)
    except Unavailable as error:
        if "another gns3trio server" not in str(error):
            raise
        raise Unavailable(
            f"{error}. Stop it first; or let an administrator who is logged in do it: gns3trio user change NAME "
            "--password"
        ) from None


async def _reset(config: Config, name: str | None, password: str) -> str:
    file = PeopleFile(config.state_folder)
    records = await threads.disk.run(file.read) or first_records()
    users = Users(KeptRecords(file, records), None)
    administrator = users.administrator
    wanted = {None: administrator, config.user or None: administrator}.get(name) or users.named(name or "")
    if wanted is None:
        raise NotFound(f"there is no user {name!r}; there are: {_some_names(users)}")
    if wanted.is_superadmin and config.user:
        raise Invalid(
            f"{config.user!r} is the user of the setting 'user', whose password is the setting 'password': change it "
            "there, or remove both settings"
        )
    await users.update(wanted.user_id, password=password)
    async with open_audit_trail(config.state_folder) as audit:
        entry = {"user": None, "address": "", "action": ACTION, "method": "", "path": "", "status": 200}
        audit.add({**entry, "target": {"kind": "user", "name": wanted.username}})
    return wanted.username


def _some_names(users: Users) -> str:
    names = [user.username for user in users.list()]
    return ", ".join(names if len(names) <= 10 else [*names[:10], "..."])


def _require_owner(config: Config) -> None:
    """Raises Invalid unless this account has the server's folder: the server could not read files of another one."""
    folder: Path = config.state_folder if config.state_folder.exists() else config.projects_path
    try:
        owner = folder.stat().st_uid
    except OSError as error:
        raise Invalid(
            f"{folder} cannot be used: {error.strerror}. Name the folders of the server with --config, "
            "--projects-path or --state-path, as for gns3trio serve"
        ) from None
    if owner != os.geteuid():
        try:
            account = pwd.getpwuid(owner).pw_name
        except KeyError:
            account = f"the account with the number {owner}"
        raise Invalid(f"{folder} belongs to {account}: run this command as {account}, such as with sudo -u")
