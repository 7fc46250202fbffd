"""The list of routes: those of the file, and those that people added from Slack, with their buttons. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import mail
from bot.cards import Block, button, context, plain, richtext_block
from bot.channels import is_id
from bot.richtext import Element, section, text
from bot.routing import Route
from bot.store import Watch
from bot.watching import stored

ADD, EDIT, REMOVE, FURTHER = "watch.add", "watch.edit", "watch.remove", "watch.more"
"""The value of *More* is where to go on, a colon, and `all` where all routes are listed."""
MOST = 8
"""Routes in one answer: more would be more than Slack takes at once."""
NO_MAILBOX, NO_CHANNEL = "for a mailbox that you may not see", "to a channel that you are not in"
"""Why a route is listed without what it says."""
_LONGEST = 400
"""Characters of what one route says."""


@dataclass(frozen=True, slots=True)
class Row:
    """A route as it is listed. One from Slack has its `watch`; where nobody can read that, only this."""

    route: Route | None
    watch: Watch | None = None
    wrong: str = ""
    by: str = ""
    """Who wrote it last, where FreeScout knows their name."""
    hidden: str = ""
    """Why its reader is not told what it says: `NO_MAILBOX` or `NO_CHANNEL`."""

    @property
    def channel(self) -> str:
        """Where it leads, by id or by name."""
        return self.watch.channel if self.watch else self.route.channel if self.route else ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is made of. `may` says whether its reader may change routes."""

    rows: Sequence[Row]
    called: Mapping[int, str]
    """The names of mailboxes, by their ids."""
    file: str
    may: bool
    everywhere: bool = False
    start: int = 0


def title(listing: Listing) -> str:
    """What the list is called."""
    of = "All routes" if listing.everywhere else "Routes of this channel"
    return f"{of}: {len(listing.rows)}"


def blocks(listing: Listing) -> list[Block]:
    """Make one page of the list."""
    page = listing.rows[listing.start : listing.start + MOST]
    made = [richtext_block(section(text(title(listing), bold=True)))]
    for row in page:
        made += [{"type": "divider"}, *_row(row, listing)]
    if not listing.may:
        made.append(
            context("FreeScout's admins can change those from Slack, and whom the configuration names.")
        )
    rest = len(listing.rows) - listing.start - MOST
    buttons = [button(ADD, "Add Route", "new")] if listing.may else []
    if rest > 0:
        value = f"{listing.start + MOST}:{'all' if listing.everywhere else ''}"
        buttons.append(button(FURTHER, f"{rest} More", value))
    return [*made, {"type": "actions", "elements": buttons}] if buttons else made


def _row(row: Row, listing: Listing) -> list[Block]:
    leads = _leads(row) if listing.everywhere and row.hidden != NO_CHANNEL else []
    if row.hidden:
        return [richtext_block(section(text(_numbered(row), bold=True), text(f" · {row.hidden}"), *leads))]
    said = _said(row, listing.called)
    if row.watch is None:
        line = f", line {row.route.line}" if row.route and row.route.line else ""
        whence = context(plain(f"From {listing.file}{line}: change it there"))
        return [richtext_block(section(*said, *leads)), whence]
    shown = [richtext_block(section(*said, *leads, *_added(row.watch, row.by)))]
    if not listing.may:
        return shown
    identity = str(row.watch.id)
    buttons = [button(EDIT, "Edit", identity)] if row.route else []
    return [*shown, {"type": "actions", "elements": [*buttons, _remove(identity)]}]


def _numbered(row: Row) -> str:
    """What a route is called, without the name that somebody gave it."""
    return f"watch {row.watch.id}" if row.watch else f"route {row.route.number if row.route else 0}"


def _said(row: Row, called: Mapping[int, str]) -> list[Element]:
    if row.route is None:
        words = mail.one_line(f"cannot be read and does nothing: {row.wrong}", _LONGEST)
        return [text(_numbered(row), bold=True), text(f" {words}")]
    what = "; ".join((stored.told(row.route, called), *stored.manner(row.route)))
    return [text(row.route.called, bold=True), text(f" · {mail.one_line(what, _LONGEST)}")]


def _leads(row: Row) -> list[Element]:
    channel = row.channel
    return [
        text(" → "),
        {"type": "channel", "channel_id": channel} if is_id(channel) else text(f"#{channel}"),
    ]


def _added(watch: Watch, by: str) -> list[Element]:
    who: Element = text(mail.one_line(by, 80)) if by else {"type": "user", "user_id": watch.slack_user}
    return [text("\nby "), who, text(", "), _when(watch.at)]


def _when(at: float) -> Element:
    """A time that each reader sees in their own zone."""
    return {
        "type": "date",
        "timestamp": int(at),
        "format": "{date_short_pretty} {time}",
        "fallback": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC",
    }


def _remove(identity: str) -> Block:
    words = f"Watch {identity} ends. What no other route brings here shrinks to a line when it changes next."
    confirm = {
        "title": plain("Remove this route?"),
        "text": plain(words),
        "confirm": plain("Remove"),
        "deny": plain("Keep"),
        "style": "danger",
    }
    return {**button(REMOVE, "Remove", identity), "confirm": confirm}
