"""A message that somebody wrote in Slack → what a note or a reply takes over of it.

https://docs.slack.dev/reference/events/message
"""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot import mail, written
from bot.desk import Desk
from bot.errors import BridgeError, UserError
from bot.richtext import Element, link, section, text
from bot.slackapi import call

_FOR_NAMES = 1.0
"""Seconds of the three in which Slack wants its answer."""
_MOST_NAMES = 20
_LONGEST = 100_000
"""Characters of JSON. Slack refuses a view of 250,000, and FreeScout's database may cut what is longer."""
_ELSEWHERE = ("external", "tombstone", "hidden_by_limit")
"""Files that Slack does not hold, or not any more: https://docs.slack.dev/reference/objects/file-object"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken over. At least one of `rich` and `files` is there."""

    rich: written.Block | None
    """Its words, with mentions as names."""
    files: tuple[str, ...]
    """Slack's ids of the files that go along."""
    along: tuple[str, ...]
    """What those are called."""
    behind: tuple[str, ...]
    """What those are called that cannot."""

    @property
    def about_files(self) -> str:
        """What there is to know of its files; nothing where it has none."""
        said = [f"From the message: {', '.join(self.along)}."] if self.along else []
        if self.behind:
            said.append(f"Slack does not hold {', '.join(self.behind)}: put a link in the text.")
        return mail.one_line(" ".join(said), 300)

    def ending(self, *elements: Element) -> written.Block:
        """Its words with another paragraph behind them."""
        kept = self.rich.get("elements") if self.rich else None
        return {"type": "rich_text", "elements": [*(kept if isinstance(kept, list) else []), *elements]}


async def take(desk: Desk, message: Mapping[str, Any]) -> Taken:
    """Read a message; raise UserError where nothing of it can be taken over."""
    rich = written.from_message(message, await names(desk, written.mentioned(message)))
    if rich and len(json.dumps(rich)) > _LONGEST:
        raise UserError("That message is too long, so nothing was done: copy what matters of it.")
    files = [one for one in message.get("files") or () if isinstance(one, Mapping) and one.get("id")]
    held = [one for one in files if one.get("mode") not in _ELSEWHERE and not one.get("is_external")]
    behind = tuple(_called(one) for one in files if one not in held)
    if rich is None and not held:
        raise UserError(_nothing(message, behind))
    along = tuple(_called(one) for one in held)
    return Taken(rich, tuple(str(one["id"]) for one in held), along, behind)


def _nothing(message: Mapping[str, Any], behind: Collection[str]) -> str:
    if behind:
        return (
            f"That message has no words, and Slack does not hold {mail.one_line(', '.join(behind), 200)}, "
            "so nothing was done: write down what it is, with a link."
        )
    if message.get("blocks") or message.get("attachments"):
        return "That message has no words, only a picture or the like, so nothing was done."
    return "That message is empty, so nothing was done."


def _called(file: Mapping[str, Any]) -> str:
    return mail.one_line(str(file.get("name") or file.get("title") or ""), 100) or "a file"


async def origin(desk: Desk, message: Mapping[str, Any], channel: str, place: str) -> Element:
    """The line that says whose message it was and where it stands: `From Ben Brandt in #ops: https://…`."""
    author = str(message.get("user") or "")
    known = await names(desk, {author}) if author else {}
    app = (message.get("bot_profile") or {}).get("name") or message.get("username")
    who = mail.one_line(known.get(author) or str(app or "somebody"), 80)
    words = f"From {who} {_where(place)}"
    try:
        ts = str(message.get("ts") or "")
        told = await call(desk.web.chat_getPermalink, channel=channel, message_ts=ts)
    except BridgeError:  # a conversation that the app is not in
        return section(text(words))
    return section(text(f"{words}: "), link(str(told["permalink"]), str(told["permalink"])))


def _where(place: str) -> str:
    """Slack names only public channels."""
    special = {"directmessage": "in a direct message", "privategroup": "in a private channel"}
    if place.startswith("mpdm-"):
        return "in a group message"
    return special.get(place, f"in #{mail.one_line(place, 80)}" if place else "in Slack")


async def names(desk: Desk, ids: Collection[str]) -> dict[str, str]:
    """What people are called; who is not known in time, while Slack waits, is left out."""
    wanted = sorted(one for one in ids if one[:1] in ("U", "W"))[:_MOST_NAMES]
    told = {one: asyncio.create_task(_name(desk, one)) for one in wanted}
    if told:
        _, late = await asyncio.wait(told.values(), timeout=_FOR_NAMES)
        for task in late:
            task.cancel()
    done = {one: task for one, task in told.items() if task.done() and not task.cancelled()}
    return {one: task.result() for one, task in done.items() if not task.exception() and task.result()}


async def _name(desk: Desk, slack_user: str) -> str:
    person = (await call(desk.web.users_info, user=slack_user)).get("user") or {}
    return str(person.get("real_name") or person.get("name") or "")
