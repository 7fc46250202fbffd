"""Routes from Slack: which conversations this channel shows. Operators and FreeScout's admins change them."""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import mail
from bot.desk import excuse
from bot.errors import BridgeError, UserError
from bot.forms import View, notice
from bot.slackapi import call
from bot.store import Watch
from bot.surfaces import Action, Ask, Button, FieldError, Modal, Word
from bot.watching import book, changes, checks, dialog, lists, phrases, sight, stored
from bot.watching.dialog import Form
from bot.watching.lists import Listing, Row

_PATIENCE = 2.0
"""Seconds of the three in which Slack wants an answer to a dialog: FreeScout may take longer."""
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_NUMBER = re.compile(r"(?:(watch|route)\s+)?#?([0-9]{1,9})", re.IGNORECASE)


async def typed(ask: Ask) -> None:
    """`/freescout watch Support tag:vip`; without words, a dialog."""
    if not ask.text:
        await added(ask)
        return
    by = await changes.operator(ask.desk, ask.person)
    spec = phrases.read(await _words(ask))
    await changes.add(ask.desk, by, await changes.here(ask.desk, ask.channel), spec)


async def unwatched(ask: Ask) -> None:
    """`/freescout unwatch 3`, or with the words by which it was added."""
    by = await changes.operator(ask.desk, ask.person)
    if not ask.text:
        raise UserError("Which one? `/freescout routes` lists them: say its number, `/freescout unwatch 3`.")
    number = _NUMBER.fullmatch(ask.text.strip())
    if number:
        meant = await _numbered(ask, by, (number[1] or "").casefold(), int(number[2]))
    else:
        meant = await _worded(ask, by)
    await _remove(ask, by, meant)


async def _numbered(ask: Ask, by: changes.Who, kind: str, number: int) -> Watch:
    """Routes of the file and watches are counted apart: `route 1` is never watch 1."""
    if kind != "route" and (watch := await changes.watch_of(ask.desk, number)):
        return watch
    for route in ask.desk.settings.routes:
        if kind != "watch" and not route.watched and route.number == number:
            raise changes.fixed(ask.desk, route, by.user)
    raise UserError(f"There is no {kind or 'watch'} {number}. `/freescout routes` lists what there is.")


async def _worded(ask: Ask, by: changes.Who) -> Watch:
    place = await changes.here(ask.desk, ask.channel)
    route = await changes.meant(ask.desk, place, phrases.read(await _words(ask)))
    if route and not route.watched:
        raise changes.fixed(ask.desk, route, by.user)
    watch = await changes.watch_of(ask.desk, route.number) if route else None
    if watch is None:
        raise UserError("No route of this channel says that. `/freescout routes` lists what there is.")
    return watch


async def _remove(ask: Ask, by: changes.Who, watch: Watch) -> None:
    await changes.remove(ask.desk, by, watch)
    if watch.channel != ask.channel:
        await ask.tell(f"Watch {watch.id} is removed. Its channel was told.")


async def _words(ask: Ask) -> str:
    """What was typed; who is mentioned is meant by their address."""
    words = ask.text
    for mention in _MENTION.finditer(ask.text):
        user = (await ask.desk.people.acting(mention[1])).user
        words = words.replace(mention[0], user.email)
    return mail.from_slack(words)


async def listed(ask: Ask) -> None:
    """`/freescout routes`: those that lead to this channel; `routes all`: every one."""
    if ask.text.casefold() not in ("", "all"):
        raise UserError("`/freescout routes` lists those of this channel, `/freescout routes all` every one.")
    await _list(ask, everywhere=ask.text != "", start=0)


async def turned(ask: Ask) -> None:
    """*More*: the next page."""
    start, _, which = ask.text.partition(":")
    await _list(ask, everywhere=which == "all", start=replace(ask, text=start).number)


async def _list(ask: Ask, *, everywhere: bool, start: int) -> None:
    by = await changes.who(ask.desk, ask.person)
    rows = await _rows(ask)
    if not everywhere:
        place = await changes.here(ask.desk, ask.channel)
        rows = [one for one in rows if _leads(one, place)]
    if not by.may:
        rows = await _visible(ask, rows, start, everywhere=everywhere)
    called = checks.called(await ask.desk.people.mailboxes())
    listing = Listing(rows, called, ask.desk.settings.bridge_config, by.may, everywhere, start)
    await ask.tell(lists.title(listing), *lists.blocks(listing))


async def _rows(ask: Ask) -> list[Row]:
    """Every route, those of the file first."""
    names = {one.id: one.name for one in await ask.desk.freescout.users()}
    rows = [Row(route) for route in ask.desk.settings.routes if not route.watched]
    for watch in await ask.desk.store.watches():
        route, wrong = book.read(watch)
        rows.append(Row(route, watch, wrong, names.get(watch.user, "")))
    return rows


async def _visible(ask: Ask, rows: list[Row], start: int, *, everywhere: bool) -> list[Row]:
    """The rows with one page as whoever asks may read it; who asks for a channel's own is in it."""
    page = rows[start : start + lists.MOST]
    channels = [one.channel for one in page]
    asked = await sight.sight(ask.desk, ask.person, channels if everywhere else ())
    by = asked if everywhere else replace(asked, channels=frozenset(channels))
    return [*rows[:start], *(sight.row(one, by) for one in page), *rows[start + lists.MOST :]]


def _leads(row: Row, place: changes.Here) -> bool:
    return row.watch.channel == place.id if row.watch else row.route is not None and place.leads(row.route)


async def added(ask: Ask) -> None:
    """*Add Route*, for the channel in which it was pressed."""

    async def build() -> View:
        await changes.operator(ask.desk, ask.person)
        place = await changes.here(ask.desk, ask.channel)
        kept = {"channel": ask.channel, "thread": ask.thread, "leads": place.id}
        return dialog.view(Form({}, await ask.desk.people.mailboxes(), kept))

    await ask.open("Add Route", build)


async def edited(ask: Ask) -> None:
    """*Edit*."""

    async def build() -> View:
        await changes.operator(ask.desk, ask.person)
        watch = await _there(ask, ask.number)
        kept = {"channel": ask.channel, "thread": ask.thread, "leads": watch.channel, "watch": watch.id}
        kept["seen"] = _seen(watch)
        return dialog.view(Form(stored.loads(watch.spec), await ask.desk.people.mailboxes(), kept))

    await ask.open("Edit Route", build)


async def removed(ask: Ask) -> None:
    """*Remove*, and yes."""
    by = await changes.operator(ask.desk, ask.person)
    await _remove(ask, by, await _there(ask, ask.number))


async def _there(ask: Ask, identity: int) -> Watch:
    if watch := await changes.watch_of(ask.desk, identity):
        return watch
    raise UserError(f"Watch {identity} was removed already. `/freescout routes` lists what there is.")


def _seen(watch: Watch) -> str:
    return hashlib.sha256(watch.spec.encode()).hexdigest()[:16]


async def submitted(ask: Ask) -> None:
    """Keep what the dialog says, unless something in it is wrong: that is said at its fields."""
    watch = await _there(ask, int(ask.kept["watch"])) if ask.kept.get("watch") else None
    before = stored.loads(watch.spec) if watch else {}
    if watch and _seen(watch) != ask.kept.get("seen"):
        raise UserError("Somebody changed this route meanwhile: close this and press Edit again.")
    spec, wrong = dialog.read(ask.fields, before)
    known = {one.key for one in wrong}
    _, more = stored.read(spec, str(ask.kept["leads"]))
    wrong = (*wrong, *(one for one in more if one.key not in known and not (known and not one.key)))
    if wrong:
        raise _at_fields(wrong)
    saving = asyncio.ensure_future(_save(ask, watch, spec))
    done, _ = await asyncio.wait({saving}, timeout=_PATIENCE)
    if not done:
        await _late(ask, saving, spec)
        return
    try:
        saving.result()
    except changes.Wrong as error:
        raise _at_fields(error.problems) from error


async def _save(ask: Ask, watch: Watch | None, spec: stored.Table) -> None:
    by = await changes.operator(ask.desk, ask.person)
    place = await changes.here(ask.desk, str(ask.kept["leads"]))
    if watch:
        await changes.change(ask.desk, by, place, watch, spec)
    else:
        await changes.add(ask.desk, by, place, spec)


async def _late(ask: Ask, saving: "asyncio.Future[None]", spec: stored.Table) -> None:
    """Wait for FreeScout with the dialog open; where something is wrong, show it again as it was filled."""
    if ask.lead is not None:
        await ask.lead(response_action="update", view=notice("Route", "Asking FreeScout…"))
    try:
        await saving
    except BridgeError as error:
        form = Form(spec, await ask.desk.people.mailboxes(), ask.kept, excuse(error))
        await call(ask.desk.web.views_update, view_id=ask.view, view=dialog.view(form))
        if not isinstance(error, changes.Wrong):
            raise  # a refusal goes on record
        return
    done = notice("Route", "It holds from now on. The channel was told.")
    await call(ask.desk.web.views_update, view_id=ask.view, view=done)


def _at_fields(problems: tuple[stored.Problem, ...]) -> FieldError:
    fields: Mapping[str, Any] = dialog.at_fields(problems)
    first, *_ = fields
    return FieldError(first, fields[first], fields)


ACTION = Action(
    "watch",
    words=(
        Word("watch", "Support tag:vip", "shows such conversations in this channel, too", typed),
        Word("unwatch", "3", "ends that, by the route's number or its words", unwatched),
        Word("routes", "", "lists the routes that lead to this channel; `routes all` every one", listed),
    ),
    buttons=(
        Button(lists.ADD, added),
        Button(lists.EDIT, edited),
        Button(lists.REMOVE, removed),
        Button(lists.FURTHER, turned),
    ),
    modals=(Modal(dialog.CALLBACK, submitted, kept=True),),
)
