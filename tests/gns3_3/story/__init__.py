"""One long story for a server of GNS3 3: right requests and wrong ones, by users with different rights."""

from collections.abc import Iterator

from tests.gns3_3.steps import Step
from tests.gns3_3.story import access, compute, labs, library, running, server, travel


def story() -> Iterator[Step]:
    """All steps, in their order."""
    yield from server.before_login()
    yield from access.logging_in()
    yield from labs.projects()
    yield from access.users()
    yield from access.groups()
    yield from access.roles()
    yield from access.access_control()
    yield from server.settings()
    yield from labs.use_of_projects()
    yield from labs.nodes()
    yield from labs.links()
    yield from labs.drawings()
    yield from labs.by_nobody()
    yield from running.running()
    yield from library.templates()
    yield from library.symbols()
    yield from library.images()
    yield from library.appliances()
    yield from library.computes()
    yield from library.by_others()
    yield from access.by_others()
    yield from access.pools()
    yield from travel.snapshots()
    yield from travel.copies()
    yield from server.transport()
    yield from compute.compute()
    yield from travel.closing()
    yield from library.the_end()
    yield from access.the_end()
