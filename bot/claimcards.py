"""What Slack shows of claims and snoozes: on the card, in its thread, to whom it concerns. Pure."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import clock, mail
from bot.cards import Block, Message, button, context, named, plain, richtext_block, when
from bot.hours import ALWAYS, Hours
from bot.model import Conversation, Status
from bot.quiet import QUESTION, RELEASE, ROUSED, YES, Calm, asks_at, roused
from bot.richtext import Element, link, section, text
from bot.store import Claim, ClaimState, Snooze
from bot.until import worded

CLAIM, SNOOZE, WAKE = "claim", "snooze", "wake"
"""The options of the card's menu."""
ON_IT = "I'm On It"
_TODAY = timedelta(hours=12)
"""How far a time may be off to be told without its day."""
_LETTING_GO = (ClaimState.RELEASING, ClaimState.LAPSING)


def lines(calm: Calm, now: datetime) -> tuple[Block, ...]:
    """What the card says of who is on it, and until when it is put aside."""
    said: list[Block] = []
    claim, snooze = calm.held, calm.snooze
    if claim and (asked := asks_at(claim, now, calm.hours)) > now:
        words = f"{_name(claim.name)} is on it until"
        said.append(context(":eyes:", plain(words), until(asked, claim.since)))
    elif claim:
        said.append(context(":eyes:", plain(f"{_name(claim.name)} is asked whether they are still on it")))
    if snooze and now < snooze.until_at:
        words = f"Snoozed by {_name(snooze.name)} until"
        said.append(context(":zzz:", plain(words), until(snooze.until_at, snooze.since)))
    return tuple(said)


def taken(conversation: Conversation, claim: Claim, now: datetime, hours: Hours, zone: ZoneInfo) -> str:
    """Say to whoever is on it from `now` until when, by the clock of their own `zone`."""
    end = worded(asks_at(claim, now, hours), now, zone)
    return f"You are on #{conversation.number} until {end}. Nobody is reminded of it until then."


def menu(conversation: Conversation, calm: Calm, now: datetime) -> tuple[tuple[str, str], ...]:
    """What the card's menu offers of this: each option's words, and the word of its value."""
    if not conversation.published or conversation.status not in (Status.ACTIVE, Status.PENDING):
        return ()
    asleep = calm.snooze is not None and now < calm.snooze.until_at
    offered = [("Wake Up", WAKE) if asleep else ("Snooze…", SNOOZE)]
    return ((ON_IT, CLAIM), *offered) if clock.waiting(conversation) else tuple(offered)


def told(
    conversation: Conversation, calm: Calm, now: datetime, standing: Collection[str]
) -> Iterator[tuple[str, str, Message]]:
    """What belongs in the card's thread: each with its key and its version."""
    for claim in calm.claims:
        key = f"{QUESTION}{int(claim.until)}"
        due = now >= claim.until_at and (calm.hours.open_at(now) or key in standing)
        if claim.state == ClaimState.HELD and due:
            yield key, "asked", question(conversation, claim, calm.grace, calm.hours)
        elif claim.state not in (ClaimState.HELD, ClaimState.TAKING, *_LETTING_GO) and key in standing:
            yield key, claim.state, outcome(claim)
    snooze = calm.snooze
    if snooze and now >= snooze.until_at and not roused(snooze, conversation):
        yield f"{ROUSED}{int(snooze.until)}", "1", over(conversation, snooze, calm.also, now)


def question(conversation: Conversation, claim: Claim, grace: timedelta, hours: Hours = ALWAYS) -> Message:
    """Ask whoever is on it."""
    title = mail.one_line(conversation.title, 100)
    wait = clock.spoken(grace) + ("" if hours.week is None else " of opening hours")
    what = f"Without an answer it is released in {wait}, and reminders go on."
    ask: list[Element] = [{"type": "user", "user_id": claim.slack_user}, text(" Still on it?", bold=True)]
    value = str(claim.id)
    answers: list[Block] = [
        {**button(YES, "Yes", value), "style": "primary"},
        button(RELEASE, "Release", value),
    ]
    blocks = (
        richtext_block(section(*ask)),
        context(plain(what)),
        _row(answers),
    )
    return Message(f"<@{claim.slack_user}> {mail.escape(f'Still on it? {title}')}", blocks)


def outcome(claim: Claim) -> Message:
    """What came of the question."""
    who, by = _name(claim.name), _name(claim.by)
    words = {
        ClaimState.RENEWED: f"{who} is still on it.",
        ClaimState.RELEASED: f"{by} released it." if claim.by else f"{who} released it.",
        ClaimState.LAPSED: f"{who} did not say whether they are still on it, so it is released.",
        ClaimState.TAKEN: f"{by} is on it now.",
        ClaimState.SNOOZED: f"{by} snoozed it.",
        ClaimState.GONE: f"It is not {who}'s any more.",
    }
    said = words.get(ClaimState(claim.state), "Nobody waits for that answer any more.")
    return Message(mail.escape(said), (context(":eyes:", plain(said)),))


def over(conversation: Conversation, snooze: Snooze, also: str, now: datetime) -> Message:
    """Say that a snooze is over, to whoever snoozed it and to `also`."""
    wait = clock.waiting(conversation)
    whom = [one for one in dict.fromkeys((snooze.slack_user, also)) if one]
    waits = ""
    if wait:
        waits = f" {named(conversation.customer)} has waited {clock.spoken(now - wait.since)}."
    leaves: list[Element] = [{"type": "emoji", "name": "alarm_clock"}, text(" ")]
    for one in whom:
        leaves += [{"type": "user", "user_id": one}, text(" ")]
    leaves += (
        [text("Snooze is over.", bold=True), text(waits)] if waits else [text("Snooze is over.", bold=True)]
    )
    mentions = " ".join(f"<@{one}>" for one in whom)
    said = mail.escape(f"Snooze is over: {mail.one_line(conversation.title, 100)}.{waits}")
    return Message(f"{mentions} {said}", (richtext_block(section(*leaves)),))


def notice(conversation: Conversation, url: str, words: str) -> Message:
    """Tell somebody what a colleague did with a conversation that was theirs to care for."""
    title = mail.one_line(conversation.title, 150)
    shown = richtext_block(section(link(url, title, bold=True), text(f"\n{words}")))
    return Message(mail.escape(f"{title}: {words}"), (shown,))


def until(moment: datetime, since: float) -> str:
    """A time that each reader sees in their own zone, with its day where that is not plain."""
    if timedelta(0) <= timedelta(seconds=moment.timestamp() - since) < _TODAY:
        return f"<!date^{int(moment.timestamp())}^{{time}}|{moment:%H:%M} UTC>"
    return when(moment)


def _row(buttons: list[Block]) -> Block:
    return {"type": "actions", "elements": buttons}


def _name(name: str) -> str:
    return mail.one_line(name, 80) or "Somebody"
