"""What Slack says of a reply on its way: the countdown, what stopped it, what came of it. Pure."""

import json
import math
from datetime import UTC, datetime

from bot import cards, mail, written
from bot.cards import Block, Message, coded, context, plain, richtext_block
from bot.richtext import Element, link, section, text
from bot.store import Choice, Reply, ReplyState

CANCEL, EDIT, ANYWAY, DISCARD, AGAIN, ARRIVED = (
    "reply.cancel",
    "reply.edit",
    "reply.anyway",
    "reply.discard",
    "reply.again",
    "reply.arrived",
)
_BUDGET = 8_000
"""Characters of JSON for the text of a reply."""
_REASON = 600
LESS = "less."
"""The version of what says no more than how a reply stands begins with that."""
_ELSEWHERE: dict[str, str] = {
    ReplyState.SENT: "went out",
    ReplyState.CANCELLED: "was cancelled",
    ReplyState.BLOCKED: "was stopped",
    ReplyState.FAILED: "did not go",
}


def left(reply: Reply, now: datetime) -> int:
    """Seconds until a held reply goes, in steps that are worth an edit."""
    seconds = max(0.0, reply.due - now.timestamp())
    step = 5 if seconds <= 30 else 15 if seconds <= 90 else 60
    return math.ceil(seconds / step) * step


def receipt(reply: Reply, url: str, now: datetime, *, stands: bool) -> Message | None:
    """What stands in the card's thread for everybody; None where nothing needs to be said.

    `stands` says whether something of it stands there already, which must not stay as it is then.
    """
    plainly = not stands and reply.hold == 0 and not reply.attempts
    quiet = plainly and reply.state in (ReplyState.HELD, ReplyState.SENT)
    if reply.kind == "note" or quiet or reply.state == ReplyState.SENDING:
        return None
    match reply.state:
        case ReplyState.HELD:
            return _held(reply, now)
        case ReplyState.UNKNOWN:
            return _message(reply, ":mag:", "FreeScout broke off. Whether it arrived is being looked up.", [])
        case ReplyState.SENT:
            said = f"{whose(reply)} went to {to(reply)}"
            return _line(":white_check_mark:", f"{said}. {_why(reply)}" if reply.error else said)
        case ReplyState.CANCELLED:
            return cancelled(reply)
    return stopped(reply, url)


def elsewhere(reply: Reply, *, narrowed: bool) -> Message:
    """What is left of it in a channel that does not show the conversation any more: how it stands.

    `narrowed` says that it is shown there, but no mail as a whole.
    """
    doubt = reply.state == ReplyState.FAILED and reply.choice == Choice.DOUBT
    stands = "may have gone out" if doubt else _ELSEWHERE.get(reply.state, "is on its way")
    if narrowed:
        return _line(":lock:", f"{whose(reply)} {stands}. Its words are not shown in this channel.")
    return _line(
        ":truck:", f"{whose(reply)} {stands}. The conversation is not shown in this channel any more."
    )


def cancelled(reply: Reply) -> Message:
    """What is left of one that was cancelled: its text, as long as it is not thrown away."""
    if not reply.text:
        return _line(":wastebasket:", f"{whose(reply)} to {to(reply)} was thrown away.")
    buttons = [_button(EDIT, "Edit", reply), _discard(reply)]
    return _message(reply, ":no_entry_sign:", _why(reply), buttons)


def stopped(reply: Reply, url: str) -> Message:
    """Ask the writer what is to become of one that did not go, with its text."""
    look = {**cards.button(cards.OPEN, "Open in FreeScout", str(reply.conversation)), "url": url}
    if reply.choice == Choice.DOUBT:
        arrived = _answer(ARRIVED, "It Arrived", reply)
        buttons = [look, arrived, _button(AGAIN, "Try Again", reply)]
    elif reply.choice == Choice.ANYWAY:
        anyway = _answer(ANYWAY, "Send Anyway", reply)
        buttons = [anyway, _button(EDIT, "Edit", reply), _discard(reply), look]
    else:
        buttons = [_button(AGAIN, "Try Again", reply), _discard(reply), look]
    said = "It may have gone." if reply.choice == Choice.DOUBT else "Not sent."
    return _message(reply, ":warning:", f"{said} {_why(reply)}", buttons)


def asked(reply: Reply, url: str) -> Message:
    """The same for the writer alone, who is not in the conversation's thread."""
    asks = stopped(reply, url)
    head = did_not_go(reply)
    about = richtext_block(section(text(head, bold=True)))
    return Message(mail.escape(f"{head} {_why(reply)}"), (about, *asks.blocks))


def going(reply: Reply, there: str) -> Message:
    """Tell the writer, where they acted, that it is held; `there` is the address of the countdown."""
    head = f"Your reply on #{reply.number} goes to {to(reply)} at "
    leaves: list[Element] = [text(head), _clock(reply), text(". Until then you can stop it here or in ")]
    leaves += [link(there, "its thread"), text(".")] if there else [text("its thread.")]
    block = richtext_block(section(*leaves))
    return Message(mail.escape(f"{head}{_hour(reply)}"), (block, _row([*_held_buttons(reply)])))


def whose(reply: Reply) -> str:
    """`Ana Alves's reply`."""
    return f"{mail.one_line(reply.name, 80) or 'Somebody'}'s {reply.word}"


def to(reply: Reply) -> str:
    """Who gets it."""
    return mail.one_line(reply.customer_email, 120)


def did_not_go(reply: Reply) -> str:
    """The headline of one that was stopped, or that nobody knows about."""
    if reply.choice == Choice.DOUBT:
        return f"Nobody can say whether your {reply.word} on #{reply.number} went."
    return f"Your {reply.word} on #{reply.number} did not go."


def content(reply: Reply) -> Block:
    """The text of a reply, as it was written."""
    block = json.loads(reply.rich) if reply.rich else written.from_text(reply.text)
    shown = written.shown(block, _BUDGET) or [section(text("(no text)", italic=True))]
    return richtext_block(*shown)


def _why(reply: Reply) -> str:
    return mail.one_line(reply.error, _REASON) or "Nobody said why."


def _held(reply: Reply, now: datetime) -> Message:
    if reply.attempts:
        words = f"It waits: {_why(reply)}. It goes as soon as that passes."
        return _message(reply, ":hourglass_flowing_sand:", words, _held_buttons(reply))
    seconds = left(reply, now)
    span = f"in {seconds} s" if seconds else "now"
    words = f"It goes {span}, at "
    return _message(reply, ":hourglass_flowing_sand:", words, _held_buttons(reply), _clock(reply))


def _message(
    reply: Reply, sign: str, words: str, buttons: list[Block], after: Element | None = None
) -> Message:
    head = f"{whose(reply)} to {to(reply)}" if reply.kind == "message" else whose(reply)
    leaves = [text(f"{head}\n", bold=True), *coded(words), *([after, text(".")] if after else [])]
    emoji: Element = {"type": "emoji", "name": sign.strip(":")}
    blocks: list[Block] = [richtext_block(section(emoji, text(" "), *leaves))]
    if reply.text:
        blocks += [content(reply), *_beside(reply)]
    if buttons:
        blocks.append(_row(buttons))
    said = f"{head}: {words}{_hour(reply) if after else ''} · {mail.one_line(reply.text, 200)}"
    return Message(mail.escape(said), tuple(blocks))


def _beside(reply: Reply) -> list[Block]:
    """Who else gets it, what goes along, and what is done with the conversation afterwards."""
    parts = [
        f"{label} {mail.one_line(', '.join(addresses.split()), 300)}"
        for label, addresses in (("Cc", reply.cc), ("Bcc", reply.bcc))
        if addresses
    ]
    if count := len(reply.files.split()):
        parts.append("1 file" if count == 1 else f"{count} files")
    if reply.status:
        parts.append(f"{reply.status} afterwards")
    if reply.assign:
        parts.append(f"assigned to {mail.one_line(reply.name, 80)}")
    return [context(plain(" · ".join(parts)))] if parts else []


def _line(sign: str, words: str) -> Message:
    return Message(mail.escape(words), (context(sign, plain(words)),))


def _row(buttons: list[Block]) -> Block:
    return {"type": "actions", "elements": buttons}


def _held_buttons(reply: Reply) -> list[Block]:
    return [_button(CANCEL, "Cancel", reply), _button(EDIT, "Edit", reply)]


def _button(action: str, label: str, reply: Reply) -> Block:
    return cards.button(action, label, str(reply.id))


def _answer(action: str, label: str, reply: Reply) -> Block:
    """A button that answers this question alone: an older message may ask about something else."""
    return cards.button(action, label, f"{reply.id}:{reply.changed}")


def _discard(reply: Reply) -> Block:
    confirm = {
        "title": cards.label_text("Throw it away?"),
        "text": cards.label_text("The text is not kept."),
        "confirm": cards.label_text("Discard"),
        "deny": cards.label_text("Keep It"),
        "style": "danger",
    }
    return {**_answer(DISCARD, "Discard", reply), "style": "danger", "confirm": confirm}


def _clock(reply: Reply) -> Element:
    """https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#date-element-type"""
    return {"type": "date", "timestamp": int(reply.due), "format": "{time_secs}", "fallback": _hour(reply)}


def _hour(reply: Reply) -> str:
    return f"{datetime.fromtimestamp(reply.due, UTC):%H:%M:%S} UTC"
