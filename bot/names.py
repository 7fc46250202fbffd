"""Names that change: what bridge.toml calls a channel or a mailbox is remembered by its id.

A name belongs to who bears it now. Where nobody does, it means who bore it last, as long as that one is
there. The operators are told what to mend.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from bot.health import Health
from bot.model import Mailbox
from bot.store import Store

log = logging.getLogger(__name__)

CHANNEL, MAILBOX = "channel", "mailbox"
_TOLD_FOR = 86_400.0
"""Seconds for which it is said that a name changed hands."""


class Names:
    """The names of one kind. `used` lists those that are written in the configuration."""

    def __init__(
        self,
        kind: str,
        store: Store,
        health: Health,
        used: Callable[[], Collection[str]],
        clock: Callable[[], float],
    ) -> None:
        self._kind = kind
        self._store = store
        self._health = health
        self._used = used
        self._clock = clock
        self._ids: dict[str, str] = {}
        self._loaded = False
        self._renamed: set[str] = set()
        self._moved: dict[str, float] = {}
        """Since when it is said that a name changed hands."""

    async def meant(self, name: str, holders: Sequence[str], listed: Mapping[str, str]) -> str | None:
        """The id that a name means; `holders` bear it now, `listed` has the names of all by their ids."""
        if not self._loaded:
            self._ids, self._loaded = await self._store.names(self._kind), True
        key = name.casefold()
        before = self._ids.get(key)
        if before in holders or (before and not holders and listed.get(before, "").casefold() == key):
            self._over(key)
            return before
        if holders:
            await self._hand_over(key, name, holders[0], before, listed)
            return holders[0]
        if before is None or before not in listed:
            return None
        self._rename(key, name, listed[before])
        return before

    def tidy(self) -> None:
        """Say no more of names that are written nowhere any more, and of what is old news."""
        used = {name.casefold() for name in self._used()}
        for key in self._renamed - used:
            self._over(key)
        for key, since in list(self._moved.items()):
            if key not in used or not 0 <= self._clock() - since < _TOLD_FOR:
                del self._moved[key]
                self._health.over(f"{self._kind} of another, {key}")

    async def mailboxes(self, boxes: Sequence[Mailbox]) -> tuple[Mailbox, ...]:
        """The mailboxes that FreeScout lists, each with its old names that are still written somewhere."""
        listed = {str(box.id): box.name for box in boxes}
        old: dict[str, list[str]] = {}
        for name in self._used():
            holders = [one for one, called in listed.items() if called.casefold() == name.casefold()]
            identity = await self.meant(name, holders, listed)
            if identity and not holders:
                old.setdefault(identity, []).append(name.casefold())
        self.tidy()
        return tuple(replace(box, known_as=tuple(old.get(str(box.id), ()))) for box in boxes)

    async def _hand_over(
        self, key: str, name: str, holder: str, before: str | None, listed: Mapping[str, str]
    ) -> None:
        self._ids[key] = holder
        await self._store.remember_name(self._kind, key, holder)
        self._over(key)
        if before is None:
            return
        former = (
            f"is called {self._bare(listed[before])} now" if before in listed else "is not there any more"
        )
        words = (
            f"{self._shown(name)} is another {self._kind} than it was: what the configuration says of it "
            f"holds for the new one. The former one {former}"
        )
        log.warning("%s", words)
        self._moved[key] = self._clock()
        self._health.stands(f"{self._kind} of another, {key}", words)

    def _rename(self, key: str, name: str, now: str) -> None:
        words = (
            f"The configuration names {self._shown(name)}, which is called {self._bare(now)} now: "
            "write the new name there. Until then the old one is taken for it"
        )
        if key not in self._renamed:
            log.warning("%s", words)
        self._renamed.add(key)
        self._health.stands(f"{self._kind} renamed, {key}", words)

    def _over(self, key: str) -> None:
        if key in self._renamed:
            self._renamed.discard(key)
            self._health.over(f"{self._kind} renamed, {key}")

    def _shown(self, name: str) -> str:
        return self._bare(name) if self._kind == CHANNEL else f"the mailbox {name}"

    def _bare(self, name: str) -> str:
        return f"#{name}" if self._kind == CHANNEL else name
