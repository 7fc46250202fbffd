"""The store over SQLite: one file, one writer, the verbs of every table."""

from collections.abc import Callable
from datetime import datetime

from bot.store.audit import AuditTable
from bot.store.claims import ClaimsTable
from bot.store.forgotten import ForgottenTable
from bot.store.leases import LeaseTable
from bot.store.names import NamesTable
from bot.store.outbox import OutboxTable
from bot.store.overdue import OverdueTable
from bot.store.people import PeopleTable
from bot.store.pinged import PingedTable
from bot.store.posts import PostsTable
from bot.store.record import RecordTable
from bot.store.routes import RoutesTable
from bot.store.schema import open_database
from bot.store.work import WorkTable
from bot.store.writer import Writer
from bot.store.writing import WritingTable
from bot.store.wrote import WroteTable


class Store(
    WorkTable,
    PostsTable,
    OutboxTable,
    RecordTable,
    AuditTable,
    WritingTable,
    PeopleTable,
    LeaseTable,
    ClaimsTable,
    OverdueTable,
    PingedTable,
    NamesTable,
    RoutesTable,
    ForgottenTable,
    WroteTable,
):
    """What the bridge remembers. With `visiting`, another process's claims are left alone."""

    def __init__(self, path: str, now: Callable[[], datetime], *, visiting: bool = False) -> None:
        super().__init__(Writer(lambda: open_database(path, visiting=visiting)), now)

    async def close(self) -> None:
        """Finish what is being written and close the file."""
        await self._writer.close()
