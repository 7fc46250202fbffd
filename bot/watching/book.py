"""The routes from Slack, taken up beside those of the file: at the start, and after each change of either."""

import logging
from dataclasses import replace

from bot.live import Live
from bot.routing import Route
from bot.settings import Settings
from bot.store import Store, Watch
from bot.watching import stored

log = logging.getLogger(__name__)


async def take_up(live: Live, store: Store, settings: Settings) -> None:
    """Take up what the file says from now on, each of its routes with the time since when it is there."""
    names: dict[str, set[str]] = {}
    for route in settings.routes:
        names.setdefault(stored.placed(route), set()).add(stored.formerly(route))
    dates = await store.date_routes(names)
    routes = tuple(replace(route, since=dates[stored.placed(route)]) for route in settings.routes)
    live.file(replace(settings, routes=routes))


async def load(live: Live, store: Store) -> None:
    """Take up the routes from Slack as they are kept. One that nobody can read is told of, and stays."""
    routes: list[Route] = []
    unread: list[str] = []
    for watch in await store.watches():
        route, why = read(watch)
        routes += [route] if route else []
        if not route:
            log.error("watch %d of channel %s cannot be read: %s", watch.id, watch.channel, why)
            unread.append(f"watch {watch.id} of {watch.channel}: {why}")
    live.watch(routes, unread)


def read(watch: Watch) -> tuple[Route | None, str]:
    """A kept route; or why it is none, say for this version of the bridge."""
    route, problems = stored.read(stored.loads(watch.spec), watch.channel)
    if route is None:
        return None, " ".join(one.words for one in problems) or "nobody knows why"
    return replace(route, number=watch.id, watched=True, since=watch.since), ""
