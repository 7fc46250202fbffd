"""What a person's action lends an app for a while: a trigger for modals, and an address to answer."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.slack.errors import SlackError
from sandbox.slack.model import Message


@dataclass
class Trigger:
    person: str
    born: float
    view: str | None  # the view it was pulled in, for views.push
    used: bool = False


class Triggers:
    """Trigger ids: good once, and for three seconds of real time."""

    def __init__(self) -> None:
        self.life = 3.0
        self._known: dict[str, Trigger] = {}

    def pull(self, person: str, view: str | None = None) -> str:
        """A new trigger id for what this person just did."""
        name = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._known[name] = Trigger(person, time.monotonic(), view)
        return name

    def exchange(self, name: str | None) -> Trigger:
        """Use a trigger up; raises Slack's error for one that is unknown, old or used."""
        trigger = self._known.get(name or "")
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.born > self.life:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger


@dataclass
class Reply:
    """An address to answer one action: five times, within thirty minutes."""

    person: str
    channel: str
    source: Message | None
    thread_ts: str | None
    until: datetime
    left: int = 5


class Replies:
    """The `response_url`s that were given out."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, Reply] = {}

    def lend(self, person: str, channel: str, source: Message | None, thread_ts: str | None = None) -> str:
        """The path of a new address."""
        name = secrets.token_urlsafe(18)
        until = self._now() + timedelta(minutes=30)
        self._known[name] = Reply(person, channel, source, thread_ts, until)
        return f"/responses/{name}"

    def use(self, name: str) -> Reply:
        """Use an address once; raises `expired_url` or `used_url`."""
        reply = self._known.get(name)
        if reply is None or self._now() > reply.until:
            raise SlackError("expired_url", status=404)
        if reply.left == 0:
            raise SlackError("used_url", status=404)
        reply.left -= 1
        return reply
