"""`Live`: the settings that hold at this moment: the file may change, and so may the routes people add."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.health import Health
from bot.routing import Route
from bot.settings import Settings

_UNREAD = "routes from Slack"


class Live:
    """Holds what `Desk.settings` gives: the file's settings, with the routes from Slack behind its own.

    Whoever takes up a change hands all of it over: `book.take_up` the file, `book.load` the routes.
    """

    def __init__(self, settings: Settings, health: Health | None = None) -> None:
        self.settings = self._said = settings
        self.changing = asyncio.Lock()
        """Held by whoever changes routes: two at once would not see what the other does."""
        self.then: Callable[[], None] = lambda: None
        """What else follows a change."""
        self._watched: tuple[Route, ...] = ()
        self._health = health

    def file(self, settings: Settings) -> None:
        """Take up what the file says; what people added from Slack stays."""
        self._said = settings
        self._merge()

    def watch(self, routes: Sequence[Route], unread: Sequence[str] = ()) -> None:
        """Take up the routes from Slack; `unread` says of each that could not be read why."""
        self._watched = tuple(routes)
        self._merge()
        if self._health and unread:
            self._health.stands(_UNREAD, f"Not all routes from Slack can be read: {'; '.join(unread)}")
        elif self._health:
            self._health.over(_UNREAD)

    def _merge(self) -> None:
        before, routes = self.settings, (*self._said.routes, *self._watched)
        self.settings = replace(self._said, routes=routes)
        if self.settings != before:  # lines that moved change nothing
            self.then()
