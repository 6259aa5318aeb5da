"""The folders of a server, which no other one may use."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from gns3trio.config import Config
from gns3trio.controller.storage.files import lock_folder


@contextmanager
def locked_folders(config: Config) -> Iterator[None]:
    """Lock the folders of projects and of the server's state for as long as the ``with`` lasts. Raises Unavailable if
    another server uses one of them, Invalid if one cannot be a folder.
    """
    with lock_folder("projects_path", config.projects_path), ExitStack() as stack:
        is_another = config.state_folder.resolve() != config.projects_path.resolve()
        if is_another and (config.state_path is not None or config.state_folder.exists()):
            stack.enter_context(lock_folder("state_path", config.state_folder))
        yield
