"""What a step of a ladder says, and what comes to stand there when the wait ends. Pure.

Whom it calls is one element of Slack's, or an id of Slack's in the fallback text; every word of a customer's
is foreign text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import clock, mail
from bot.cards import REPLY, Block, Message, Place, button, context, named, plain, richtext_block, when
from bot.hours import ALWAYS, Hours
from bot.ladder import Told
from bot.model import Conversation, Person, Status, Thread
from bot.quiet import TAKE, Quiet
from bot.richtext import Element, link, section, text

_SET: dict[str, str] = {
    Status.CLOSED: "Closed",
    Status.SPAM: "Marked as spam",
    Status.PENDING: "Set to Pending",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a wait."""

    how: str
    at: datetime | None = None
    sign: str = "white_check_mark"


def line(
    conversation: Conversation,
    place: Place,
    told: Told,
    hours: Hours = ALWAYS,
    left: timedelta | None = None,
) -> Message:
    """A customer waits: the line in the card's thread. With time `left` before the first step it warns."""
    who, whose = named(conversation.customer), _whose(conversation)
    waited = f"{who} has waited {_waited(place, hours)}"
    mine = told.mention and conversation.assignee and not told.mention.startswith("S")
    leaves: list[Element] = [_emoji("hourglass_flowing_sand" if left else "bell"), text(" ")]
    leaves += [call(told.mention), text(" ")] if told.mention else []
    leaves.append(text(f"{waited}.", bold=True))
    leaves.append(text(" It is yours." if mine else f" {whose}"))
    leaves += [text(f" {_left(left)}")] if left else []
    leaves += [text(f" For {mail.one_line(told.name, 80)}.")] if told.name else []
    words = " ".join(
        filter(None, (f"{waited} on {_subject(conversation)}{_asked(place)}.", whose, _left(left)))
    )
    calls = f"{called(told.mention)} " if told.mention else ""
    return Message(calls + mail.escape(words), (_about(leaves), *_more(conversation, place)))


def direct(conversation: Conversation, place: Place, hours: Hours = ALWAYS) -> Message:
    """The same as a direct message, which must say for itself what it is about."""
    assignee = conversation.assignee
    who, whose = (
        named(conversation.customer),
        f"Assigned to {named(assignee)}." if assignee else "Nobody is assigned.",
    )
    waited = f"{who} has waited {_waited(place, hours)}"
    leaves = [
        _emoji("bell"),
        text(" "),
        text(f"{waited}.", bold=True),
        text(f" {whose}\n"),
        _title(place, conversation),
    ]
    words = f"{waited} on {_subject(conversation)}{_asked(place)}. {whose}"
    return Message(mail.escape(words), (_about(leaves), *_more(conversation, place)))


def ended(conversation: Conversation | None, place: Place, thread: int, hours: Hours = ALWAYS) -> Message:
    """What came of a wait that began with this thread: nobody is called, nothing is left to press."""
    came = _came(conversation, place, thread)
    words = came.how
    begun = next(
        (one.created_at for one in (conversation.threads if conversation else ()) if one.id == thread), None
    )
    if came.at and begun and came.at >= begun:
        words += f" after {clock.spoken(came.at - begun)}{_open(begun, came.at, hours)}"
    return over(conversation, place, words, came.sign)


def over(conversation: Conversation | None, place: Place, words: str, sign: str) -> Message:
    """What stands where somebody was called, and need not come any more."""
    about: list[str | Block] = [f":{sign}:", plain(words)]
    if conversation:
        about += [plain(_subject(conversation)), f"<{place.url}|Open in FreeScout>"]
        words = f"{words} · {_subject(conversation)}"
    return Message(mail.escape(words), (context(*about),))


def quieted(conversation: Conversation, place: Place, quiet: Quiet) -> Message:
    """What stands there while somebody is on it, or it is put aside."""
    why = mail.one_line(quiet.why, 120)
    made = over(conversation, place, f"{why[:1].upper()}{why[1:]}", "zzz")
    if quiet.until is None:
        return made
    return Message(made.text, (*made.blocks, context(f"until {when(quiet.until)}")))


def elsewhere(conversation: Conversation, place: Place) -> Message:
    """What stands in a direct message when it went to somebody else meanwhile."""
    whose = f"It went to {named(conversation.assignee)}" if conversation.assignee else "It went to others"
    return over(conversation, place, whose, "arrow_right")


def enough(count: int, *, own: bool) -> Message:
    """One message a day for all that is beyond a person's budget: their `own`, or of others as well."""
    words, command = f"{count} more wait{'s' if count == 1 else ''}", "/freescout mine"
    command = command if own else "/freescout waiting"
    return Message(f"{words}: {command}", (context(f":bell: {words}: `{command}`"),))


def version(conversation: Conversation, place: Place, told: Told, hours: Hours) -> tuple[object, ...]:
    """All of a ping but the time: what else it says, and what makes an edit of it."""
    asked = place.wait.asked if place.wait else 0
    people = (named(conversation.customer), _whose(conversation))
    return ("ping", conversation.title, people, asked, place.url, told.mention, told.name, hours.week is None)


def _about(leaves: Sequence[Element]) -> Block:
    return richtext_block(section(*leaves))


def _more(conversation: Conversation, place: Place) -> list[Block]:
    """Since when, how often they asked, about what; and what one can do."""
    parts: list[str | Block] = []
    if place.wait:
        parts.append(f"since {when(place.wait.since)}")
        if place.wait.asked > 1:
            parts.append(plain(f"asked {place.wait.asked} times"))
    parts.append(plain(_subject(conversation)))
    value = str(conversation.id)
    reply: Block = {**button(REPLY, "Reply", value), "style": "primary"}
    return [context(*parts), {"type": "actions", "elements": [reply, button(TAKE, "I'm On It", value)]}]


def _title(place: Place, conversation: Conversation) -> Element:
    return link(place.url, mail.one_line(conversation.title, 200))


def _subject(conversation: Conversation) -> str:
    return mail.one_line(conversation.title, 100)


def _asked(place: Place) -> str:
    return f", asked {place.wait.asked} times" if place.wait and place.wait.asked > 1 else ""


def _whose(conversation: Conversation) -> str:
    """Whose it is, as a sentence."""
    assignee = conversation.assignee
    return f"{named(assignee)}, it is yours." if assignee else "Nobody is assigned."


def _waited(place: Place, hours: Hours) -> str:
    if place.wait is None:
        return "a while"
    return clock.spoken(place.now - place.wait.since) + _open(place.wait.since, place.now, hours)


def _open(begun: datetime, at: datetime, hours: Hours) -> str:
    """How much of that it was open, where there are hours and that is another time."""
    passed = hours.passed(begun, at)
    same = hours.week is None or clock.spoken(passed) == clock.spoken(at - begun)
    return "" if same else f" ({clock.spoken(passed)} of opening hours)"


def _left(left: timedelta | None) -> str:
    return f"{clock.spoken(left)} are left for an answer." if left else ""


def _emoji(name: str) -> Element:
    return {"type": "emoji", "name": name}


def call(mention: str) -> Element:
    """Mention a person or a user group, by Slack's id."""
    if mention.startswith("S"):
        return {"type": "usergroup", "usergroup_id": mention}
    return {"type": "user", "user_id": mention}


def called(mention: str) -> str:
    """The same in a fallback text."""
    return f"<!subteam^{mention}>" if mention.startswith("S") else f"<@{mention}>"


def _came(conversation: Conversation | None, place: Place, thread: int) -> Ended:
    """How a wait ended, as far as FreeScout tells; of several things the first."""
    if conversation is None or not conversation.published:
        return Ended("Deleted from FreeScout for good" if conversation is None else "Deleted in FreeScout")
    later = [one for one in conversation.threads if one.id > thread and one.state == "published"]
    end = next(
        (one.thread for one in clock.account(conversation) if one.thread.id > thread and _ends(one)), None
    )
    if end and end.type == "message":
        return Ended(f"Answered by {_by(end.created_by)}", end.created_at)
    if end and end.status in _SET:
        return Ended(f"{_SET[end.status]} by {_by(end.created_by)}", end.created_at)
    change = _change(later, conversation.status)
    at, by = (change.created_at, change.created_by) if change else (None, None)
    if conversation.status is Status.CLOSED:
        return Ended(f"Closed by {_by(conversation.closed_by or by)}", conversation.closed_at or at)
    if conversation.status in _SET:
        return Ended(f"{_SET[conversation.status]} by {_by(by)}", at)
    return _unended(conversation, place, thread)


def _unended(conversation: Conversation, place: Place, thread: int) -> Ended:
    """Why a wait that nothing has ended is not told of under its first message any more."""
    if place.wait is None:
        return Ended("Nobody waits for an answer any more")
    if place.wait.thread != thread and clock.awaited(conversation, thread):
        return Ended("The wait goes on: an older one was merged into it", sign="arrow_right")
    return Ended(f"Moved to {_mailbox(place)}")


def _ends(entry: clock.Entry) -> bool:
    """Whether a thread ends a wait, or answers its customer alone; a workflow's message does neither."""
    thread = entry.thread
    replies = thread.type == "message" and thread.state == "published"
    return entry.effect is clock.Effect.ENDS or (replies and entry.effect is not clock.Effect.UNCOUNTED)


def _mailbox(place: Place) -> str:
    return mail.one_line(place.mailbox.name, 60) if place.mailbox else "another mailbox"


def _change(later: Sequence[Thread], status: Status) -> Thread | None:
    """The last change to this status."""
    changes = [one for one in later if one.action == "changed-ticket-status" and one.status == status]
    return changes[-1] if changes else None


def _by(person: Person | None) -> str:
    return named(person) if person else "somebody"
