"""The records in memory and in their file, and changes of both."""

from collections.abc import Callable

import trio

from gns3trio import threads
from gns3trio.controller.people.people_file import PeopleFile
from gns3trio.controller.people.records import Records


class KeptRecords:
    """``records`` are the present ones, and ``revision`` grows with each change."""

    def __init__(self, file: PeopleFile, records: Records) -> None:
        self.records = records
        self.revision = 0
        self._file = file
        self._writing = trio.Lock()
        self._changed = trio.Event()  # set and replaced by each revision

    async def change(self, function: Callable[[Records], Records], *, is_revision: bool = True) -> None:
        """Replace the records by ``function`` of them. Changes are serialised, and durable when this returns. If the
        function returns what it got, nothing is written. A change that grants and takes nothing is no revision.

        Raises the errors of ``function``, Conflict if the file would be too large, Unavailable if the disk reports an
        error; nothing is changed then.
        """
        async with self._writing:
            after = function(self.records)
            if after is self.records:
                return
            with trio.CancelScope(shield=True):
                await threads.disk.run(self._file.write, after)
            self.records = after
            if is_revision:
                self.tell()

    def tell(self) -> None:
        """Begin a revision: something has changed that those who ask for the records must look at again."""
        self.revision += 1
        self._changed.set()
        self._changed = trio.Event()

    async def changed(self) -> None:
        """Wait for the next revision."""
        await self._changed.wait()
