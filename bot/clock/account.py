"""What each thread does to a wait: the honest clock, and its account of itself.

FreeScout's own `customerWaitingSince.time` moves with every new message of the customer's, so that whoever
asks again would wait anew; the first message that nobody answered is the true start.

What FreeScout's API does not tell, and how it is settled:
- which of two merged conversations a thread comes from: before the merge, a reply answers only the customer
  that it went to, and a closing settles nothing;
- whether an agent or a rule started a workflow that replied: no workflow's message counts as an answer;
- that a status was set without a line item: what was closed and is active again waits on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.clock import automatic
from bot.clock.wait import Wait
from bot.model import Conversation, Person, Status, Thread

_SETTLED = (Status.CLOSED, Status.PENDING, Status.SPAM)


class Effect(StrEnum):
    """What a thread does to the wait."""

    BEGINS = "begins"
    AGAIN = "asked again"
    ENDS = "ends"
    RESUMES = "begins anew"
    UNCOUNTED = "not counted"
    NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a thread does to the wait, and why."""

    thread: Thread
    effect: Effect
    why: str = ""
    since: datetime | None = None
    """Since when the customer waits, where this begins a wait or takes one up again."""


def waiting(conversation: Conversation) -> Wait | None:
    """Say whether a customer waits for an answer, and since when.

    The threads go before what FreeScout says of itself; a row of a list, which has none, is believed.
    """
    if conversation.status is not Status.ACTIVE or not conversation.published:
        return None
    books = _Books(conversation)
    books.read()
    if unanswered := books.unanswered():
        first = books.resumed or unanswered[0]
        return Wait(first.created_at, first.id, len(unanswered))
    if books.last == "customer" or conversation.latest_reply_from != "customer":
        return None
    return Wait(conversation.waiting_since or conversation.created_at, 0)


def awaited(conversation: Conversation, thread: int) -> bool:
    """Whether the wait goes on that began with a thread; a merge may have put an older one before it."""
    wait = waiting(conversation)
    if wait is None or wait.thread == thread:
        return wait is not None
    begun = next((one for one in conversation.threads if one.id == thread), None)
    if begun is None or begun.created_at < wait.since:
        return False
    books = _Books(conversation)
    books.read()
    return begun.type == "lineitem" or begun in books.unanswered()


def account(conversation: Conversation) -> list[Entry]:
    """Say of every thread what it does to the wait, oldest first."""
    books = _Books(conversation, judging=True)
    books.read()
    return books.entries


def counted(conversation: Conversation, after: int) -> list[Thread]:
    """What was said after a thread and counts: what the customer asks, and what an agent answers."""
    newer = [one for one in conversation.threads if one.id > after and one.state == "published"]
    asked = [one for one in newer if one.type == "customer" and not automatic.reason(conversation, one)]
    told = [one for one in newer if one.type == "message" and not automatic.no_answer(conversation, one)]
    return [*asked, *told]


def uncounted(conversation: Conversation) -> tuple[Entry, ...]:
    """What the customer wrote since the last answer that nobody has to answer, each with the reason why."""
    books = _Books(conversation)
    books.read()
    found = ((one, automatic.reason(conversation, one)) for one in books.open)
    return tuple(Entry(one, Effect.UNCOUNTED, why) for one, why in found if why)


def unwaited(conversation: Conversation) -> str:
    """Why the customer's last words do not make them wait, as the card says it; nothing where they do."""
    if conversation.status is not Status.ACTIVE:
        return ""
    reasons = dict.fromkeys(entry.why for entry in uncounted(conversation))
    return f"nobody waits: {', '.join(reasons)}" if reasons else ""


@dataclass(slots=True)
class _Books:
    """What waits for an answer, as the threads go by."""

    conversation: Conversation
    judging: bool = False
    """Whether every message is read for what it says, not only those that nobody has answered."""
    entries: list[Entry] = field(default_factory=list)
    open: list[Thread] = field(default_factory=list)
    """What the customer wrote that nobody answered."""
    aside: list[Thread] = field(default_factory=list)
    """What nobody had answered when an agent closed the conversation, or set it to pending."""
    as_spam: bool = False
    resumed: Thread | None = None
    """The line item by which an agent took up again what was put aside."""
    last: str = ""
    """The type of the last message or reply."""
    merged: int = 0
    """How many threads come before the last merge."""

    def counted(self, threads: Iterable[Thread]) -> list[Thread]:
        """Those of the customer's messages that need an answer."""
        return [one for one in threads if not automatic.reason(self.conversation, one)]

    def unanswered(self) -> list[Thread]:
        """What waits for an answer: what was put aside does where nothing else is open."""
        return self.counted(self.open or self.aside)

    def read(self) -> None:
        """Go through the threads, oldest first."""
        threads = self.conversation.threads
        self.merged = max((at for at, one in enumerate(threads) if one.action == "merged"), default=0)
        for at, thread in enumerate(threads):
            effect, why = self._enter(thread, before_merge=at < self.merged)
            begins = effect in (Effect.BEGINS, Effect.RESUMES)
            since = (self.resumed or self.open[0]).created_at if begins else None
            self.entries.append(Entry(thread, effect, why, since))

    def _enter(self, thread: Thread, *, before_merge: bool) -> tuple[Effect, str]:
        if thread.state != "published":
            return Effect.NONE, f"{thread.state}: the customer has not got it"
        if thread.type == "customer":
            self.last = thread.type
            return self._asks(thread)
        if thread.type == "message":
            self.last = thread.type
            return self._answers(thread, before_merge)
        if thread.action == "changed-ticket-status" or (thread.type == "note" and thread.status in _SETTLED):
            return self._turns(thread, before_merge)
        return Effect.NONE, "nobody but agents sees it" if thread.type == "note" else "the customer waits on"

    def _asks(self, thread: Thread) -> tuple[Effect, str]:
        if self.judging and (why := automatic.reason(self.conversation, thread)):
            return Effect.UNCOUNTED, why
        self.open.append(thread)
        return (Effect.AGAIN, "") if len(self.open) > 1 else (Effect.BEGINS, "")

    def _answers(self, thread: Thread, before_merge: bool) -> tuple[Effect, str]:
        if why := automatic.no_answer(self.conversation, thread):
            return Effect.UNCOUNTED, f"no answer: {why}"
        waited = bool(self.open)
        others = [one for one in self.open if before_merge and _another(one.customer, thread.customer)]
        self.open, self.aside, self.resumed = others, [], None
        if others:
            return Effect.NONE, "went to another customer, in one of the conversations that were merged"
        return (Effect.ENDS, "answered") if waited else (Effect.NONE, "nobody waited")

    def _turns(self, thread: Thread, before_merge: bool) -> tuple[Effect, str]:
        """An agent changes the status: what is closed waits for nobody, what is active again waits anew."""
        if thread.status not in _SETTLED:
            return self._resumes(thread)
        if before_merge:
            return Effect.NONE, "nobody knows which of the conversations that were merged"
        if not self.open:
            return Effect.NONE, "nobody waited"
        self.open, self.aside, self.resumed = [], self.open, None
        self.as_spam = thread.status == Status.SPAM
        return Effect.ENDS, f"set to {thread.status}"

    def _resumes(self, thread: Thread) -> tuple[Effect, str]:
        unanswered = self.counted(self.aside)
        if thread.status != Status.ACTIVE or not unanswered:
            return Effect.NONE, "nobody waited"
        self.open, self.aside = [*unanswered, *self.open], []
        if self.as_spam:
            return Effect.RESUMES, "it was no spam: the wait counts from its beginning"
        self.resumed = thread
        return Effect.RESUMES, "an agent took it up again"


def _another(one: Person | None, other: Person | None) -> bool:
    return one is not None and other is not None and one.id != other.id
