"""What the morning digest says of a channel's day. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from bot import clock, daystats, mail, picture, roundup, waiters
from bot.cards import Block, Message, context, named, plain, richtext_block
from bot.daystats import Box, Span, Waiting
from bot.richtext import Element, link, section, text
from bot.waitlist import offers

MOST = 1_000
"""Conversations that changed since the last working day that are counted, in requests of fifty."""
_MOST_BOXES = 15


@dataclass(frozen=True, slots=True)
class Told:
    """All that a digest says."""

    today: date
    span: Span
    boxes: tuple[Box, ...]
    names: tuple[str, ...]
    """The mailboxes' names, in the order of `boxes`."""
    oldest_url: str = ""
    cut: bool = False
    """Whether more changed than was counted."""
    unread: bool = False
    """Whether there are open conversations that were not looked at."""
    unsure: int = 0
    """How many more may belong to the channel, which only their custom fields tell."""

    @property
    def whole(self) -> Box:
        """All mailboxes as one."""
        return daystats.together(self.boxes)

    @property
    def before(self) -> str:
        """What the days before are called."""
        last = self.span.first + timedelta(days=self.span.days - 1)
        return f"{self.span.first:%A}" if self.span.days == 1 else f"{self.span.first:%A} to {last:%A}"


def message(told: Told, file: str = "") -> Message:
    """Say it; `file` is Slack's id of the picture."""
    whole = told.whole
    head = f"{told.today:%A}, {told.today.day} {told.today:%B}"
    elements: list[Element] = [
        section({"type": "emoji", "name": "sunrise"}, text(f" {head}\n", bold=True), *_now(whole, told)),
        section(text(f"{told.before}: ", bold=True), text(_before(whole))),
    ]
    if len(told.boxes) > 1:
        each = list(zip(told.names, told.boxes, strict=True))
        rows = [section(text(f"{name}: ", bold=True), text(_box(box))) for name, box in each[:_MOST_BOXES]]
        elements.append({"type": "rich_text_list", "style": "bullet", "elements": rows})
    blocks: list[Block] = [richtext_block(*elements)]
    said = picture.told(whole, told.before)
    if file:
        blocks.append({"type": "image", "slack_file": {"id": file}, "alt_text": said})
    if whole.waiting:
        blocks.append(offers())
    if told.unread:
        blocks.append(context(plain(waiters.CUT)))
    if told.unsure:
        blocks.append(context(plain(roundup.unread(told.unsure))))
    if told.cut:
        blocks.append(context(plain(f"Counted from the {MOST} conversations that changed first.")))
    return Message(mail.escape(f"{head}. {said}"), tuple(blocks))


def _now(whole: Box, told: Told) -> list[Element]:
    if not whole.waiting:
        looked = " of those that were looked at" if told.unread or told.unsure else ""
        return [text(f"Nobody waits{looked}.")]
    some, first = len(whole.waiting), whole.waiting[0]
    one = first.conversation
    return [
        text(f"{some} {'customer waits' if some == 1 else 'customers wait'}", bold=True),
        text(f"{_late(whole)}. The longest: "),
        link(told.oldest_url, mail.one_line(one.title, 80)),
        text(f" · {named(one.customer)} · {_whose(first)} · {clock.spoken(first.waited)}"),
    ]


def _before(box: Box) -> str:
    first = f", median first answer {clock.spoken(box.median)}" if box.median is not None else ""
    return f"{box.new} new, {box.answered} answered{first}"


def _box(box: Box) -> str:
    waiting = f"{len(box.waiting)} waiting{_late(box)}" if box.waiting else "nobody waits"
    return f"{waiting}; {_before(box)}"


def _late(box: Box) -> str:
    return f", {box.lateness}" if box.late else ""


def _whose(one: Waiting) -> str:
    return named(one.conversation.assignee) if one.conversation.assignee else "nobody's"
