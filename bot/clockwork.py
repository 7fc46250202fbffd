"""`python -m bot clock 412`: why somebody waits, or why not: each thread's part in it, and what it makes due.

It asks FreeScout, with a copy of what the bridge remembers or without, and writes nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot import clock, ladder, mail, routes, settling
from bot.channels import hashed
from bot.clock import Entry, Wait
from bot.errors import UserError
from bot.glass import copied
from bot.hours import NEVER, Hours
from bot.model import Conversation, Mailbox, Status, Thread
from bot.quiet import Quiet, quiet
from bot.settings import Settings
from bot.staging import staged
from bot.store import Claim
from bot.why import called

_SNIPPET = 40
_TYPES = {"customer": "message", "message": "reply", "note": "note", "lineitem": "change"}


async def explained(settings: Settings, words: str, now: datetime) -> str:
    """Explain the wait of the conversation that a number or an address means, as it is at `now`.

    What was forgotten counts for nothing, as in Slack. Raises BridgeError where it cannot be explained.
    """
    with copied(settings.database_path, blank=True) as copy:
        async with staged(settings, copy, now) as there:
            desk = there.desk
            identity = await desk.meant(words)
            conversation = await desk.truth(identity)
            if conversation is None:
                raise UserError("This conversation's customer was forgotten here: nobody waits in it.")
            mailbox = await desk.people.mailbox(conversation.mailbox_id)
            calm = await settling.known(desk, identity)
            kept = await settling.opening(desk, conversation)
            held = quiet(calm.held, calm.snooze, conversation, now, kept)
            return "\n".join(_told(conversation, mailbox, desk.settings, now, held, claims=calm.claims))


def _told(
    conversation: Conversation,
    mailbox: Mailbox | None,
    settings: Settings,
    now: datetime,
    held: Quiet | None,
    *,
    claims: Sequence[Claim],
) -> Iterator[str]:
    hours = routes.opening(settings, mailbox or Mailbox(conversation.mailbox_id, ""))
    wait = clock.waiting(conversation)
    yield mail.one_line(conversation.title, 100)
    yield _keeps(mailbox, hours)
    yield ""
    yield from _table([_row(entry, hours) for entry in clock.account(conversation)])
    yield ""
    yield _freescout(conversation, wait, hours)
    yield f"At {_when(now, hours)}{_closed(hours, now)}:"
    if wait is None:
        yield f"  Nobody waits: {_why_not(conversation)}"
        return
    asked = f", asked {wait.asked} times" if wait.asked > 1 else ""
    yield f"  Somebody waits since {_when(wait.since, hours)}{asked}:"
    yield f"  {clock.spoken(now - wait.since)} by the clock{_business(wait, hours, now)}."
    if held:
        until = f" until {_when(held.until, hours)}" if held.until else ""
        yield f"  Nobody is reminded{until}: {held.why}."
    yield ""
    yield from _due(conversation, mailbox, settings, wait, now, claims=claims)


def _keeps(mailbox: Mailbox | None, hours: Hours) -> str:
    name = f"Mailbox {mailbox.name}" if mailbox else "A mailbox that FreeScout does not list"
    if hours.week is None:
        return f"{name}, always open: no [[hours]] are set for it."
    holidays = f", holidays of {hours.holidays}" if hours.holidays else ""
    return f"{name}, opening hours in {hours.zone}{holidays}."


def _closed(hours: Hours, now: datetime) -> str:
    if hours.open_at(now):
        return ""
    why = hours.day(now).why
    return f", when it is closed{f' ({why})' if why else ''}"


def _row(entry: Entry, hours: Hours) -> tuple[str, ...]:
    thread = entry.thread
    who = mail.one_line(thread.created_by.name, 30) if thread.created_by else ""
    why = f"{entry.effect}{f': {entry.why}' if entry.why else ''}"
    return _when(thread.created_at, hours), str(thread.id), _kind(thread), who, why, _beginning(thread)


def _kind(thread: Thread) -> str:
    kind = _TYPES.get(thread.type, thread.type)
    return kind if thread.state == "published" else f"{kind} ({thread.state})"


def _beginning(thread: Thread) -> str:
    if thread.type == "lineitem":
        status = f" {thread.status}" if thread.action == "changed-ticket-status" else ""
        return f"{thread.action}{status}"
    return mail.snippet(thread.body, _SNIPPET)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    lines = [("WHEN", "THREAD", "WHAT", "WHO", "THE WAIT", "BEGINNING"), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        yield "  ".join([*cells, line[5]]).rstrip()


def _freescout(conversation: Conversation, wait: Wait | None, hours: Hours) -> str:
    """What FreeScout says beside it; its time is that of the last message by anyone."""
    since = _when(conversation.waiting_since, hours) if conversation.waiting_since else "no time"
    said = f"FreeScout itself says {since}, last written by: {conversation.latest_reply_from or 'nobody'}."
    if wait and conversation.waiting_since and wait.since < conversation.waiting_since:
        return f"{said} That is the last message; the wait counts from the first without an answer."
    return said


def _business(wait: Wait, hours: Hours, now: datetime) -> str:
    return "" if hours.week is None else f", {clock.spoken(wait.passed(now, hours))} of opening hours"


def _why_not(conversation: Conversation) -> str:
    if not conversation.published:
        return f"the conversation is {conversation.state}."
    if conversation.status is not Status.ACTIVE:
        return f"the conversation is {conversation.status}."
    reasons = [entry.why for entry in clock.uncounted(conversation)]
    return f"not counted: {', '.join(reasons)}." if reasons else "the last word is an agent's."


def _due(
    conversation: Conversation,
    mailbox: Mailbox | None,
    settings: Settings,
    wait: Wait,
    now: datetime,
    *,
    claims: Sequence[Claim],
) -> Iterator[str]:
    hours = routes.opening(settings, mailbox)
    found = routes.matching(conversation, mailbox, settings)
    if not found:
        yield "No route leads from this mailbox: nothing will be said."
    for route in found:
        steps = routes.ladder(route, settings, mailbox)
        steps = ladder.climbed(steps, hours, wait.thread, wait.since, claims)
        yield f"In {hashed(route.channel)}:"
        for step in ladder.numbers(steps):
            limit = ladder.limit(steps, step)
            due = wait.due(limit, hours)
            when = "never: it does not open" if due >= NEVER else _when(due, hours)
            name = f"{called(step)}, {ladder.rung(steps, step).tell}" if step else "warning"
            yield f"  {name}: after {clock.spoken(limit)}, {'was due' if due <= now else 'due'} {when}"


def _when(moment: datetime, hours: Hours) -> str:
    return f"{hours.local(moment):%a %Y-%m-%d %H:%M:%S %Z}"
