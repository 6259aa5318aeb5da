"""The controller: the projects of this server, found at start, created, and closed in order at the end."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import trio

from gns3trio import threads
from gns3trio.compute.actions import StartCounts
from gns3trio.compute.clients import OWN_USER
from gns3trio.compute.host import LOCAL_COMPUTE_ID
from gns3trio.compute.hosted import HostedProjects
from gns3trio.compute.interface import Compute, PortPlace
from gns3trio.compute.node import NodeStatus
from gns3trio.compute.other_hosts import OtherCompute
from gns3trio.config import Config
from gns3trio.controller.computes import Computes, OpenCompute
from gns3trio.controller.former_computes import STATE_NAME as FORMER_COMPUTES
from gns3trio.controller.former_computes import check_stored_former_computes
from gns3trio.controller.gns3_format.records import ProjectSettings
from gns3trio.controller.gns3_format.revisions import FileVersions
from gns3trio.controller.library.appliances import Appliances
from gns3trio.controller.library.base_configs import BaseConfigs
from gns3trio.controller.library.images import images_of
from gns3trio.controller.library.symbols import Symbols
from gns3trio.controller.library.templates import Templates, check_stored_templates
from gns3trio.controller.links.link import Link, PortAddress
from gns3trio.controller.links.links import Links
from gns3trio.controller.opened_elsewhere import LEFT_STATE_NAME, check_stored_openings
from gns3trio.controller.opened_elsewhere import STATE_NAME as OPENED_ELSEWHERE
from gns3trio.controller.people.audit_trail import AuditTrail, open_audit_trail
from gns3trio.controller.people.store import People, people_of
from gns3trio.controller.placement.placement import PlacedNode, Placement, expected_mib
from gns3trio.controller.project.auto_options import Attendance, open_project
from gns3trio.controller.project.project import Project
from gns3trio.controller.project.returned import take_up_again
from gns3trio.controller.registered_computes import check_stored_computes
from gns3trio.controller.services import ProjectServices
from gns3trio.controller.storage import files as storage
from gns3trio.controller.storage import project_swap
from gns3trio.controller.storage.file_names import is_project_file, near_file_name, project_file_name
from gns3trio.controller.storage.kept_versions import VERSIONS_FOLDER
from gns3trio.controller.storage.move_journal import MoveJournal, check_stored_moves
from gns3trio.controller.storage.places import check_place, is_foreign
from gns3trio.controller.storage.remembered_places import ProjectPlaces, check_stored_projects
from gns3trio.controller.storage.search import FoundProject, copy_of, find_projects, project_folders
from gns3trio.controller.storage.server_state import ServerState, open_state
from gns3trio.errors import Conflict, LabError, NotFound
from gns3trio.notifications.feed import ChangeFeed
from gns3trio.project_layout import FOLDER_OF_USERS

log = logging.getLogger(__name__)

_DAY = 86400.0


class Controller:
    """All projects of this server. Use ``open_controller``."""

    def __init__(
        self, config: Config, services: ProjectServices, state: ServerState, people: People, audit: AuditTrail
    ) -> None:
        self.projects: dict[UUID, Project] = {}
        self.state = state
        self.people = people
        self.audit = audit
        self.hosted = HostedProjects(services.computes.own, services.changes, self._folder_of)
        self.templates = Templates(state, services.changes)
        self.symbols = Symbols(_symbols_folder(config))
        self.base_configs = BaseConfigs(_configs_folder(config))
        self.images = images_of(config, self._nodes_here)
        self.appliances = Appliances(config.appliances_folder, self.images, self.templates, self.symbols)
        self.attendance = Attendance(services.nursery, self.close_project)
        self._reserved: dict[UUID, str] = {}  # ids and names of projects that are being created
        self._records = ProjectPlaces(state, config.projects_path)
        self._loading = trio.Lock()
        # Projects that are not on the disk yet; the event is set when they are.
        self._creating: dict[UUID, trio.Event] = {}
        self._config = config
        self._services = services
        services.computes.on_return = self._compute_returned
        services.placement.count_nodes = self._placed_nodes

    @property
    def computes(self) -> Computes:
        """All computes, including those that are only registered."""
        return self._services.computes

    @property
    def starts(self) -> StartCounts:
        """How many nodes were started, and failed to."""
        return self._services.starts

    @property
    def placement(self) -> Placement:
        """What chooses the computes of nodes that name none."""
        return self._services.placement

    def _placed_nodes(self) -> Iterator[PlacedNode]:
        for project in list(self.projects.values()):
            for node in list(project.nodes.values()):
                record, waits = node.record, node.status != "started"
                mib = expected_mib(record.node_type, record.properties) if waits else 0.0
                yield PlacedNode(record.node_id, record.compute_id, mib, waits)

    def _nodes_here(self, node_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The names and properties of the nodes of a type on this host: of open projects, and of other controllers."""
        for project in self.projects.values():
            for node in project.nodes.values():
                if (node.record.node_type, node.record.compute_id) == (node_type, LOCAL_COMPUTE_ID):
                    yield f"{node.name} ({project.settings.name})", node.record.properties
        for hosted in self.hosted.all():
            for each in hosted.nodes.values():
                if each.instance.node_type == node_type:
                    yield f"{each.instance.name} ({hosted.name})", each.instance.properties()

    @property
    def changes(self) -> ChangeFeed:
        """The hub to which changes are published."""
        return self._services.changes

    @property
    def file_versions(self) -> FileVersions:
        """The GNS3 versions that are written into files."""
        return self._services.file_versions

    @property
    def is_local(self) -> bool:
        """Whether clients share this file system."""
        return self._config.local

    async def load(self) -> None:
        """Find the projects on the disk, all closed. A project that cannot be read is listed with its error."""
        async with self._loading:
            before = set(self.projects)
            found = await threads.disk.run(find_projects, self._config.projects_path, self._records.all())
            folders = {project.folder for project in self.projects.values()}
            for project in found:
                await trio.lowlevel.checkpoint()  # there may be thousands of projects
                known = self.projects.get(project.project_id)
                is_ending = known is None and project.project_id in before
                if is_ending or project.project_id in self._reserved or project.file.parent in folders:
                    continue
                if known is None:
                    await self._take_up(project)
                elif known.folder != project.file.parent:
                    await self._take_up(copy_of(known.project_id, known.folder, project))

    async def _take_up(self, found: FoundProject) -> None:
        project = self._new_project(
            found.project_id,
            found.settings,
            found.file.parent,
            found.file,
            copy_of=found.copy_of,
            refusal=found.error if found.is_refused else None,
        )
        project.error, project.other_files = found.error, found.others
        if found.error is not None:
            log.warning("project %s: %s", found.project_id, found.error)
        project.tell_of_other_files()
        self.projects[found.project_id] = project
        if found.is_guess:
            try:
                await self._records.remember(found.project_id, found.file, found.settings.name)
            except LabError as error:
                log.warning("which file is that of project %s is not noted: %s", found.project_id, error)
        if found.settings.auto_open and found.error is None:
            self._services.nursery.start_soon(open_project, project)

    async def reload(self) -> None:
        """Add projects that have appeared on the disk, and remove closed ones that have vanished."""
        closed = [
            project
            for project_id, project in self.projects.items()
            if project.status == "closed" and project_id not in self._creating
        ]
        gone = await threads.disk.run(lambda: {project for project in closed if not project.file.path.exists()})
        for project in closed:
            is_free = project.status == "closed" and not project.state_lock.locked()
            if is_free and (project in gone or project.copy_of is not None):
                self.projects.pop(project.project_id, None)
        await self.load()

    async def sweep_projects(self) -> None:
        """Delete incomplete files in projects that a killed server has left, also in hosted projects."""
        try:
            path = self._config.projects_path
            folders = await threads.disk.run(project_folders, path)
            for user in await threads.disk.run(project_folders, path / FOLDER_OF_USERS):
                folders += await threads.disk.run(project_folders, user)
            for folder in {*folders, *(project.folder for project in self.projects.values())}:
                await threads.disk.run(storage.sweep, folder)
        except (LabError, OSError) as error:
            log.warning("incomplete files of an earlier server could not be deleted: %s", error)

    def _new_project(
        self,
        project_id: UUID,
        settings: ProjectSettings,
        folder: Path,
        file: Path,
        *,
        temporary: bool = False,
        copy_of: UUID | None = None,
        refusal: str | None = None,
    ) -> Project:
        return Project(
            project_id=project_id,
            settings=settings,
            folder=folder,
            file=file,
            services=self._services,
            temporary=temporary,
            copy_of=copy_of,
            refusal=refusal,
        )

    def get_project(self, project_id: UUID) -> Project:
        """A project by its id. Raises NotFound."""
        project = self.projects.get(project_id)
        if project is None:
            raise NotFound(f"Project ID {project_id} doesn't exist")
        return project

    def links_at(self, place: PortPlace) -> list[tuple[Links, Link]]:
        """The links at a port of a node, each with the links of its project."""
        project = self.projects.get(place.project_id)
        if project is None:  # it belongs to another controller
            return []
        address = PortAddress(place.node_id, place.adapter_number, place.port_number)
        return [(project.links, link) for link in project.links.all_at(address)]

    async def wait_until_opened(self, project_id: UUID | None) -> None:
        """If the project with this id is being opened, wait until that has succeeded or failed."""
        project = self.projects.get(project_id) if project_id is not None else None
        if project is not None and project.openings.pending:
            await project.openings.wait()

    async def create_project(
        self,
        settings: ProjectSettings,
        *,
        project_id: UUID | None = None,
        path: Path | None = None,
        temporary: bool = False,
        unique_name: bool = True,
    ) -> Project:
        """Create and open a project, or return the existing one with that id, once it is on the disk.

        Raises Conflict if ``unique_name`` and the name is in use, Forbidden for a path that this client may not use.
        """
        project_id = project_id or uuid4()
        while (created := self._creating.get(project_id)) is not None:
            await created.wait()
        if project_id in self.projects:
            return self.projects[project_id]
        if project_id in self._reserved:
            raise Conflict(f"project_id: project {project_id} is being made by another request")
        self.hosted.require_free(project_id)
        if unique_name:
            self.check_unused_name(settings.name)
        file_name = project_file_name(settings.name)
        folder = self.new_folder(project_id, path)
        project = self._new_project(project_id, settings, folder, folder / file_name, temporary=temporary)
        self.projects[project_id] = project  # reserves the id and the name during the disk operations
        created = self._creating[project_id] = trio.Event()
        try:
            async with self.noted(project_id, project.file.path, settings.name):
                made = await threads.disk.run(storage.make_project_folder, folder)
                try:
                    await project.create()
                except BaseException:
                    if made:
                        with trio.CancelScope(shield=True):
                            await threads.disk.run(storage.remove_folder, folder)
                    raise
        except BaseException:
            del self.projects[project_id]
            raise
        finally:
            del self._creating[project_id]
            created.set()
        return project

    def _default_folder(self, project_id: UUID) -> Path:
        return self._config.projects_path / str(project_id)

    def _folder_of(self, user: str, project_id: UUID) -> Path:
        """The folder of the project with this id, whichever controller of this user controls it."""
        if user != OWN_USER:
            return self._config.projects_path / FOLDER_OF_USERS / user / str(project_id)
        own = self.projects.get(project_id)
        return own.folder if own is not None else self._default_folder(project_id)

    def _names(self) -> set[str]:
        return {project.settings.name for project in self.projects.values()} | set(self._reserved.values())

    def check_unused(self, project_id: UUID) -> None:
        """Raises Conflict if a project has this id."""
        if self.hosted.knows(project_id) or project_id in self.projects or project_id in self._reserved:
            raise Conflict(f"project_id: there is a project {project_id} already")

    def check_hostable(self, project_id: UUID) -> None:
        """Raises Conflict if another controller cannot create a project with this id here."""
        own = self.projects.get(project_id)
        if project_id in self._reserved or (own is not None and own.deleted):
            raise Conflict(f"project_id: project {project_id} is just being made or deleted")

    def check_unused_name(self, name: str) -> None:
        """Raises Conflict if a project has this name."""
        if name in self._names():
            raise Conflict(f"name: there is a project named {name!r} already")

    @contextmanager
    def reserve(self, project_id: UUID, name: str) -> Iterator[str]:
        """Reserve the id and a name for a project that is being created. The name is ``name``, or the first free one of
        ``name-1``, ``name-2`` and so on, or a similar name if no file can have it. The project is invisible until
        ``adopt``.

        Raises Conflict if the id is in use.
        """
        self.check_unused(project_id)
        names = self._names()
        free = next(each for n in count() if (each := near_file_name(name, f"-{n}" if n else "")) not in names)
        self._reserved[project_id] = free
        try:
            yield free
        finally:
            del self._reserved[project_id]

    def noted(self, project_id: UUID, file: Path, name: str) -> AbstractAsyncContextManager[None]:
        """While a project is being created, record its folder, so that the server finds it again wherever it is. Raises
        Unavailable if the disk reports an error.
        """
        return self._records.noted(project_id, file, name)

    async def keep_file(self, project: Project, coming: str) -> None:
        """If ``coming`` is the path of another project file, record first which file belongs to the project.

        Raises Unavailable if the disk reports an error.
        """
        if is_project_file(coming) and coming != project.file.path.name:
            await self._records.remember(project.project_id, project.file.path, project.settings.name)

    def adopt(self, project_id: UUID, settings: ProjectSettings, file: Path) -> Project:
        """Add a closed project whose files exist."""
        project = self._new_project(project_id, settings, file.parent, file)
        self.projects[project_id] = project
        return project

    def new_folder(self, project_id: UUID, path: Path | None) -> Path:
        """The folder for a new project: a default one, or ``path`` if the client may choose it.

        Raises Invalid for an invalid path, Forbidden if the client may not choose.
        """
        if path is None:
            return self._default_folder(project_id)
        return check_place(path, self._config, [project.folder for project in self.projects.values()])

    async def open_project(self, project: Project) -> None:
        """Open a project. Raises Conflict if it cannot be opened, or another controller has it open here."""
        self.hosted.require_free(project.project_id)
        await project.open()

    async def delete_project(self, project: Project) -> None:
        """Close the project and delete its folder. If the folder is gone, only the entry is removed.

        Raises Conflict for a folder outside of ``projects_path``, which may contain other files, or if another
        controller has the project open here, and Unavailable if the disk reports an error.
        """
        if project.status == "closed":
            self.hosted.require_free(project.project_id)
        if await threads.disk.run(is_foreign, project.folder, self._config.projects_path):
            raise Conflict(
                f"Project '{project.settings.name}' is in {project.folder}, outside of the folder for projects: delete "
                "that folder yourself, then the project"
            )
        await self.hosted.close_all_of(project.project_id)
        await project.delete()
        self.projects.pop(project.project_id, None)
        await self.people.forget_project(project.project_id)
        await self._records.forget(project.project_id)

    async def close_project(self, project: Project) -> None:
        """Close the project, and the hosted project with its id. A temporary project is then deleted."""
        was_open = project.status == "opened"
        await project.close()
        if was_open:
            await self.hosted.close_all_of(project.project_id)
        if project.temporary:
            self.projects.pop(project.project_id, None)
            await self.people.forget_project(project.project_id)

    def _compute_returned(self, compute: OtherCompute, lost: Mapping[UUID, NodeStatus]) -> None:
        self._services.nursery.start_soon(self._take_up_again, compute, lost)

    async def _take_up_again(self, compute: OtherCompute, lost: Mapping[UUID, NodeStatus]) -> None:
        """A compute is back: its part of the open projects is put in order."""
        for project in list(self.projects.values()):
            if project.status == "opened":
                await take_up_again(project, compute, lost)
                await project.delete_left_copies()

    async def delete_compute(self, compute_id: str) -> None:
        """Close the projects that use a compute, and remove it. Does nothing if it is unknown.

        Raises Conflict for the local compute, Unavailable if a project cannot be closed; the compute is kept then.
        """
        self.computes.require_deletable(compute_id)
        for project in list(self.projects.values()):
            if any(node.record.compute_id == compute_id for node in project.nodes.values()):
                await self.close_project(project)
        await self.computes.delete(compute_id)


def _symbols_folder(config: Config) -> Path:
    return config.symbols_path or config.state_folder / "symbols"


def _configs_folder(config: Config) -> Path:
    return config.configs_path or config.state_folder / "configs"


def _sweep(config: Config) -> None:
    """Delete incomplete files that a killed server has left."""
    state = config.state_folder
    for folder in (state, state / VERSIONS_FOLDER, _symbols_folder(config), _configs_folder(config)):
        storage.sweep(folder, below=False)
    storage.sweep(config.images_folder, unused_for=_DAY)  # another server may use it too
    project_swap.recover(config.projects_path)


@asynccontextmanager
async def open_controller(
    config: Config,
    computes: Iterable[Compute],
    changes: ChangeFeed,
    open_compute: OpenCompute | None = None,
    people: People | None = None,
) -> AsyncIterator[Controller]:
    """Run the controller with the projects on the disk. ``computes`` are the computes that it uses; the one of its own
    server has the id ``local``. ``open_compute`` connects to those that clients register. ``people`` are its users, if
    they have been read. At the end every open project is closed and saved.
    """
    async with open_audit_trail(config.state_folder) as audit, trio.open_nursery() as nursery:
        await threads.disk.run(_sweep, config)
        state = await open_state(
            config.state_folder,
            {
                "computes": check_stored_computes,
                "templates": check_stored_templates,
                "projects": check_stored_projects,
                "moves": check_stored_moves,
                OPENED_ELSEWHERE: check_stored_openings,
                FORMER_COMPUTES: check_stored_former_computes,
                LEFT_STATE_NAME: check_stored_openings,
            },
        )
        if people is None:
            people = await people_of(config)
        all_computes = Computes(config, changes, state, computes, open_compute)
        services = ProjectServices(
            computes=all_computes,
            placement=Placement(all_computes, config.placement),
            moves=MoveJournal(state),
            changes=changes,
            nursery=nursery,
            projects_path=config.projects_path,
            file_versions=FileVersions(config.gns3_version, config.gns3_3_version),
            console_host=config.told_console_host,
            starts=StartCounts(),
        )
        controller = Controller(config, services, state, people, audit)
        await nursery.start(controller.computes.run)
        await controller.load()
        nursery.start_soon(controller.sweep_projects)
        if config.close_abandoned_after:
            nursery.start_soon(controller.hosted.close_abandoned, config.close_abandoned_after)
        try:
            yield controller
        finally:
            all_computes.hurry()
            with trio.CancelScope(shield=True):
                async with trio.open_nursery() as closing:
                    for project in controller.projects.values():
                        closing.start_soon(partial(project.close, force=True))
        nursery.cancel_scope.cancel()
