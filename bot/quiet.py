"""What keeps a wait quiet: somebody is on it, or it is put aside. Pure: `now` is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import clock
from bot.hours import ALWAYS, Hours
from bot.model import Conversation, Status, Thread
from bot.store import Claim, ClaimState, Snooze

TAKE, YES, RELEASE = "claim.take", "claim.yes", "claim.release"
"""The buttons: *I'm On It* holds a conversation's id, the answers to "Still on it?" a claim's."""
EYES = "eyes"
"""The reaction that says the same as *I'm On It*."""
QUESTION, ROUSED = "claim:", "snooze:"
"""How the keys begin of "Still on it?" and of "Snooze is over"; then come the seconds of what has ended."""
_OPEN = (Status.ACTIVE, Status.PENDING)
_SAID = ("customer", "message")


@dataclass(frozen=True, slots=True)
class Quiet:
    """While it holds, nobody is reminded. `until` is None where only an answer in Slack tells its end."""

    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Calm:
    """All that the bridge remembers of one conversation's claims and snooze, as it is now."""

    claims: tuple[Claim, ...] = ()
    """Every one that is remembered, oldest first: what was asked about each is kept true."""
    snooze: Snooze | None = None
    also: str = ""
    """The Slack id of whom the end of the snooze concerns beside whoever snoozed it."""
    home: str = ""
    """The channel in which is asked and told; somebody's direct messages where no channel shows it."""
    grace: timedelta = timedelta(0)
    """How long whoever is asked may take to answer, in business time."""
    hours: Hours = ALWAYS
    """When the mailbox is open: nobody is asked while it is not."""

    @property
    def held(self) -> Claim | None:
        """The claim that holds."""
        return next((one for one in self.claims if one.state == ClaimState.HELD), None)


def quiet(
    claim: Claim | None,
    snooze: Snooze | None,
    conversation: Conversation | None,
    now: datetime,
    hours: Hours = ALWAYS,
) -> Quiet | None:
    """Say what keeps a conversation quiet. A claim does until its question was answered by silence."""
    if snooze and now < snooze.until_at and not roused(snooze, conversation):
        return Quiet(snooze.until_at, f"snoozed by {snooze.name}")
    if claim is None or claim.state != ClaimState.HELD or ended(claim, conversation):
        return None
    if now < claim.until_at:
        return Quiet(claim.until_at, f"{claim.name} is on it")
    if (asks := asks_at(claim, now, hours)) > now:
        return Quiet(asks, f"{claim.name} is on it")
    asked = f"{claim.name} is asked whether they are still on it"
    if not claim.lapses:
        return Quiet(None, asked)
    return Quiet(claim.lapses_at, asked) if now < claim.lapses_at else None


def asks_at(claim: Claim, now: datetime, hours: Hours) -> datetime:
    """From when one may ask whether they are still on it: while it is open, unless it was asked already."""
    return claim.until_at if claim.lapses else hours.next_open(max(now, claim.until_at))


def ended(claim: Claim, conversation: Conversation | None) -> ClaimState | None:
    """How the truth has ended a claim, if it has: by an answer, or because it is theirs no more."""
    if conversation is None or not clock.awaited(conversation, claim.thread):
        return ClaimState.OVER
    return None if assigned_to(conversation, claim.user) else ClaimState.GONE


def roused(snooze: Snooze, conversation: Conversation | None) -> bool:
    """Whether the truth has ended a snooze before its time: it was closed, the customer wrote, or an agent.

    What the clock does not count rouses nobody, nor does a reply that was on its way when the snooze began.
    """
    if conversation is None or not conversation.published or conversation.status not in _OPEN:
        return True
    return any(not _was_on_its_way(one, snooze) for one in clock.counted(conversation, snooze.newest))


def _was_on_its_way(one: Thread, snooze: Snooze) -> bool:
    """Whether a message is a reply that was submitted before. One that goes just now has no thread yet."""
    writer = one.created_by.id if one.created_by else 0
    return one.type == "message" and (one.id in snooze.sent or writer in snooze.sending)


def newest_message(conversation: Conversation) -> int:
    """The id of the newest message between the customer and us; 0 where there is none."""
    said = (one.id for one in conversation.threads if one.type in _SAID and one.state == "published")
    return max(said, default=0)


def assigned_to(conversation: Conversation, user: int) -> bool:
    """Whether a conversation is this user's."""
    assignee = conversation.assignee
    return assignee is not None and assignee.id == user
