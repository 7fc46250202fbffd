"""Waiting: since when, and which step of the ladder that makes due. Reads no clock: `now` is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Conversation, Status, Thread


@dataclass(frozen=True, slots=True)
class Wait:
    """A customer waits. `thread`, the first message that nobody answered, tells one wait from the next."""

    since: datetime
    thread: int
    asked: int = 1
    """How many messages of theirs nobody has answered."""

    def step(self, after: Sequence[timedelta], now: datetime) -> int:
        """How many of the waits in `after` have passed: 0 before the first."""
        return sum(now - self.since >= limit for limit in after)

    def next_due(self, after: Sequence[timedelta], now: datetime) -> datetime | None:
        """When the next step is due, or None after the last."""
        return next((self.since + limit for limit in after if self.since + limit > now), None)


def waiting(conversation: Conversation) -> Wait | None:
    """Say whether a customer waits for an answer, and since which of their messages.

    FreeScout's own `customerWaitingSince.time` moves with every new customer message, so that whoever asks
    again would wait anew; the first unanswered message is the true start. A note answers nobody.
    """
    if conversation.status is not Status.ACTIVE or not conversation.published:
        return None
    if conversation.latest_reply_from != "customer":
        return None
    unanswered: list[Thread] = []
    for thread in conversation.threads:
        if thread.type == "message":
            unanswered = []
        elif thread.type == "customer":
            unanswered.append(thread)
    if not unanswered:  # a row of a list comes without threads
        return Wait(conversation.waiting_since or conversation.created_at, 0)
    return Wait(unanswered[0].created_at, unanswered[0].id, len(unanswered))


def spoken(wait: timedelta) -> str:
    """Say a wait as people do: `45 s`, `5 min`, `2 h 05 min`, `3 d 4 h`."""
    seconds = max(0, int(wait.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
