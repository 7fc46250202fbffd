"""Put a conversation aside until a time: nobody is reminded of it. Whoever may see its mailbox may do it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot import claimcards, claiming, mail, until
from bot.cards import context, plain
from bot.errors import UserError
from bot.forms import View, modal, moment_input, select_input
from bot.model import Conversation
from bot.quiet import newest_message
from bot.surfaces import Action, Ask, FieldError, Modal, Option, Word

CALLBACK = "snooze"
CHOICE, MOMENT = "choice", "moment"
_WAITS = (("1h", "In 1 hour"), ("3h", "In 3 hours"))
_MORNINGS = (("tomorrow", "Tomorrow morning"), ("monday", "Monday morning"))


async def typed(ask: Ask) -> None:
    """`/freescout snooze 412 2h`."""
    quoted, words = ask.split()
    if not quoted or not words:
        raise UserError(f"Which one, and until when? For example `/freescout snooze 412 2h`. {until.SAY}")
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(await ask.desk.meant(quoted), user)
    zone = await claiming.zone(ask.desk, ask.person)
    hours = await claiming.hours(ask.desk, conversation)
    end = until.until(words, ask.desk.now(), zone, hours)
    await claiming.snooze(ask.desk, ask.person, user, conversation, end, channel=ask.channel)
    await ask.tell(_asleep(conversation, end, zone))


async def asked(ask: Ask) -> None:
    """*Snooze…*: ask until when."""

    async def build() -> View:
        user = await ask.desk.people.user(ask.person)
        conversation = await ask.desk.workable(ask.number, user)
        zone = await claiming.zone(ask.desk, ask.person)
        hours, now = await claiming.hours(ask.desk, conversation), ask.desk.now()
        options = list(_WAITS)
        for word, label in _MORNINGS:
            options.append(
                (word, f"{label}, {until.until(word, now, zone, hours).astimezone(zone):%a %H:%M}")
            )
        kept = {
            "conversation": conversation.id,
            "channel": ask.channel,
            "thread": ask.thread,
            "alone": ask.alone,
            "zone": zone.key,
            "newest": newest_message(conversation),
        }
        blocks = [
            context(plain(mail.one_line(conversation.title, 200))),
            select_input(CHOICE, "Until", options, options[0][0]),
            moment_input(MOMENT, "Or until", hint="If you choose one here, it counts instead of the above."),
        ]
        return modal(CALLBACK, "Snooze", "Snooze", blocks, kept)

    await ask.open("Snooze", build)


async def submitted(ask: Ask) -> None:
    """Snooze until what was chosen. What is amiss with that is said in the dialog, all else after it."""
    zone, now = until.zone_named(str(ask.kept["zone"])), ask.desk.now()
    chosen = ask.fields.get(MOMENT, "")
    end: datetime | None = None
    if chosen.isdecimal():
        try:
            end = until.checked(datetime.fromtimestamp(int(chosen), UTC), now, zone)
        except UserError as error:
            raise FieldError(MOMENT, str(error)) from error
    if ask.lead is not None:
        await ask.lead()
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(int(ask.kept["conversation"]), user)
    if end is None:
        hours = await claiming.hours(ask.desk, conversation)
        end = until.until(ask.fields.get(CHOICE, ""), now, zone, hours)
    newest = int(ask.kept["newest"])
    await claiming.snooze(ask.desk, ask.person, user, conversation, end, channel=ask.channel, newest=newest)
    await ask.done(_asleep(conversation, end, zone))


async def woken(ask: Ask) -> None:
    """*Wake Up*."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(ask.number, user)
    await claiming.wake(ask.desk, ask.person, user, conversation)
    await ask.done(_awake(conversation))


async def unsnoozed(ask: Ask) -> None:
    """`/freescout unsnooze 412`."""
    user = await ask.desk.people.user(ask.person)
    conversation = await ask.desk.workable(await ask.desk.meant(ask.text), user)
    await claiming.wake(ask.desk, ask.person, user, conversation)
    await ask.tell(_awake(conversation))


def _asleep(conversation: Conversation, end: datetime, zone: ZoneInfo) -> str:
    return (
        f"#{conversation.number} is snoozed until {end.astimezone(zone):%a %Y-%m-%d %H:%M} ({zone.key}). "
        f"It wakes up if the customer writes; `/freescout unsnooze {conversation.number}` wakes it now."
    )


def _awake(conversation: Conversation) -> str:
    return f"#{conversation.number} is awake, and reminders go on."


ACTION = Action(
    "snooze",
    words=(
        Word(
            "snooze", "412 2h", "puts it aside: `2h`, `tomorrow`, `monday 14:30`, `2026-12-01 09:00`", typed
        ),
        Word("unsnooze", "412", "wakes it up", unsnoozed),
    ),
    options=(Option(claimcards.SNOOZE, asked), Option(claimcards.WAKE, woken)),
    modals=(Modal(CALLBACK, submitted, kept=True),),
)
