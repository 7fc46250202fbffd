"""The scan for waiting customers: ring for each whom no look has seen since they may be waiting too long.

A look rings for itself when the next step of a wait is due, and the sweep finds what changed: the scan finds
what slipped through both, what waited before the bridge first came, and whoever other rules now concern. It
asks for two pages at a time, however many conversations are open:

- the *front* goes from the longest wait to the newest that may be too long, and remembers how far it came;
  what it passed once it does not read again;
- the *round* reads one page after the other from the newest wait back to the longest, again and again. Pages
  are offsets over a set that moves, and what leaves the set moves the rest to pages that are still ahead.
"""

import hashlib
import logging
from datetime import datetime, timedelta

from bot import routes
from bot.desk import Desk
from bot.errors import BridgeError
from bot.freescout import ConversationQuery, Page, Sort
from bot.health import Health
from bot.ladder import WARNING, limit
from bot.model import Conversation, Mailbox, Status
from bot.routing import Route
from bot.watching.stored import stable

log = logging.getLogger(__name__)

_ROWS = 100
"""To a page."""
_MOST = 4
"""Pages that the front reads at a time where it has to catch up."""
_TRIES = 3
"""How often the round asks for a page that FreeScout cannot give, before it goes on without."""
_SINCE, _AT, _ROUND = "scan since", "scan page", "scan round"
_RULES, _RULES_SINCE = "scan rules", "scan rules since"


class StaleScan:
    """Finds conversations whose customer may have waited longer than any rule lets them."""

    def __init__(self, desk: Desk, health: Health, *, rows: int = _ROWS) -> None:
        self._desk = desk
        self._health = health
        self._query = ConversationQuery(statuses=(Status.ACTIVE,), sort=Sort.WAITING, page_size=rows)
        self._failed = 0
        self._last = 1
        """How many pages there are, as the front was told."""

    async def run(self) -> None:
        """Scan once; a failure is told, and the next scan makes up for it."""
        for part in (self._check_routes, self._front, self._round):
            try:
                await part()
            except BridgeError as error:
                log.warning("the scan for waiting customers failed: %s", error)
                self._health.ill(str(error))

    async def _front(self) -> None:
        """Read on from where the last scan ended, until the waits are young."""
        store = self._desk.store
        rules, since = await self._rules()
        if since is None:  # other rules: from the beginning, whatever was seen under the old ones
            now = self._desk.now().timestamp()
            await store.set_marks(
                **{_RULES: rules, _RULES_SINCE: now, _SINCE: 0.0, _AT: 1.0}  # together, or not at all
            )
        reached, at = await store.mark(_SINCE) or 0.0, int(await store.mark(_AT) or 1)
        page = await self._page(at)
        if at > 1 and not _begins_by(page, reached):
            at, page = await self._back(reached, min(at, page.last + 1))
        for left in reversed(range(_MOST)):
            old = await self._ring(page)
            reached = max([reached, *(_since(row) for row in old)])
            if len(old) < len(page.rows) or at >= page.last or not left:
                break
            following = await self._page(at + 1)
            if following.total < page.total:
                break  # somebody left, and others may have moved up to where we were: see from there again
            at, page = at + 1, following
        await store.set_marks(**{_SINCE: reached, _AT: float(at)})

    async def _back(self, reached: float, after: int) -> tuple[int, Page]:
        """Find the page that the front had reached, before page `after`: the set has become shorter."""
        step, at = 1, max(1, after - 1)
        page = await self._page(at)
        while at > 1 and not _begins_by(page, reached):
            after, step = at, step * 2
            at = max(1, after - step)
            page = await self._page(at)
        while after - at > 1:
            middle = (at + after) // 2
            one = await self._page(middle)
            if _begins_by(one, reached):
                at, page = middle, one
            else:
                after = middle
        return at, page

    async def _round(self) -> None:
        """Read the next page of the round."""
        store = self._desk.store
        at = int(await store.mark(_ROUND) or 0)
        at = min(at, self._last) if at > 0 else self._last
        try:
            await self._ring(await self._page(at))
        except BridgeError:
            self._failed += 1
            if self._failed < _TRIES:
                raise
        self._failed = 0
        await store.set_marks(**{_ROUND: float(at - 1)})

    async def _page(self, number: int) -> Page:
        page = await self._desk.freescout.page(self._query, number)
        self._last = page.last
        return page

    async def _ring(self, page: Page) -> list[Conversation]:
        """Ring for those who may wait too long and whom no look has seen.

        Return those who do so by FreeScout's own time, which is that of the last message: who has asked again
        since may wait as long as the conversation is old.
        """
        desk = self._desk
        youngest = desk.now() - await soonest(desk)
        old = [row for row in page.rows if row.status is Status.ACTIVE and earliest(row) <= youngest]
        routed = [row for row in old if await self._is_routed(row)]
        since = await desk.store.mark(_RULES_SINCE) or 0.0
        unmet = await desk.store.unmet([(row.id, row.updated_at.timestamp()) for row in routed], since)
        if unmet:
            await desk.store.ring(unmet, "clock", priority=6)
        return [row for row in page.rows if _since(row) <= youngest.timestamp()]

    async def _is_routed(self, row: Conversation) -> bool:
        mailbox = await self._desk.people.mailbox(row.mailbox_id)
        box = mailbox or Mailbox(row.mailbox_id, "")  # a row tells neither tags nor fields: looks decide
        return any(routes.leads_from(route, box) for route in self._desk.settings.routes)

    async def _rules(self) -> tuple[float, float | None]:
        """The rules that hold, as a number, and since when they do; None where they are new."""
        settings = self._desk.settings
        said = (settings.routes, settings.routing, settings.stale, settings.hours, settings.ladders)
        told = repr(stable(said))  # a set has another order in each process
        rules = float(int(hashlib.sha256(told.encode()).hexdigest()[:12], 16))
        known = await self._desk.store.mark(_RULES) == rules
        return rules, (await self._desk.store.mark(_RULES_SINCE) if known else None)

    async def _check_routes(self) -> None:
        """Say which routes lead from nowhere: what is misspelt would be silent for ever."""
        known = await self._desk.people.mailboxes()
        for route in self._desk.settings.routes:
            for named in route.mailboxes:
                if not any(routes.leads_from(Route(named, ""), mailbox) for mailbox in known):
                    problem = f"FreeScout has no mailbox {named!r}, which a route names"
                    if problem not in self._health.problems:
                        log.error(problem)
                    self._health.ill(problem)


async def soonest(desk: Desk) -> timedelta:
    """The shortest wait after which anything is said. Business time is no longer than a clock's."""
    settings, known = desk.settings, await desk.people.mailboxes()
    here = [(route, box) for route in settings.routes for box in known if routes.leads_from(route, box)]
    ladders = [routes.ladder(route, settings, box) for route, box in here]
    return min((limit(one, WARNING) for one in ladders if one.steps), default=timedelta(0))


def earliest(row: Conversation) -> datetime:
    """Since when somebody may wait there at the longest; clocks may have been put back in between."""
    return min(row.created_at, row.waiting_since or row.created_at)


def _since(row: Conversation) -> float:
    """Since when somebody waits as FreeScout sees it, which sorts by this: the last message's time."""
    moment: datetime = row.waiting_since or row.created_at
    return moment.timestamp()


def _begins_by(page: Page, reached: float) -> bool:
    return bool(page.rows) and _since(page.rows[0]) <= reached
