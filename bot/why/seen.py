"""An explanation for whoever may not change routes: it says no more of those than their list does. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bot import routing
from bot.routing import Choice, Route, Routing
from bot.watching import sight
from bot.watching.lists import NO_CHANNEL
from bot.watching.sight import Sight
from bot.why.telling import Facts, Place

_MOST = 40
"""Channels of which Slack is asked whether somebody may know of them: it answers some fifty such a minute."""
_ELSEWHERE = NO_CHANNEL.removeprefix("to ")


def channels(facts: Facts) -> tuple[str, ...]:
    """The channels that are spoken of, by id or as routes name them: not too many, the weightiest first."""
    places = [one.channel for one in facts.places if not _direct(one)]
    taking = [one.route.channel for one in facts.choices if one.taken]
    every = [one.route.channel for one in facts.choices]
    return tuple(dict.fromkeys((*places, *taking, *every)))[:_MOST]


def seen(facts: Facts, by: Sight) -> Facts:
    """The same facts as somebody may read them; `by` says which of these `channels` they may know of."""
    asked = channels(facts)
    routes = [sight.read(one.route, by) for one in facts.choices]
    read = {id(whole.route): (route, why) for whole, (route, why) in zip(facts.choices, routes, strict=True)}
    again = _again(facts, [route for route, _ in routes])
    shown = [
        replace(one, hidden=why)
        for one, (_, why) in zip(again, routes, strict=True)
        if one.route.channel in asked
    ]
    places = [one for one in facts.places if _direct(one) or one.channel in by.channels]
    return replace(
        facts,
        choices=tuple(shown),
        unread=len(again) - len(shown),
        places=tuple(
            replace(one, routes=tuple(read[id(route)][0] for route in one.routes)) for one in places
        ),
        work=_work(facts.work, _secret(facts, places, by)),
    )


def _direct(place: Place) -> bool:
    return place.channel.startswith("D")


def _again(facts: Facts, routes: list[Route]) -> tuple[Choice, ...]:
    """What each route has to do with it, in the words that its reader may read."""
    if facts.conversation is None:
        return ()
    known = routing.facts(facts.conversation, facts.mailbox, facts.hours)
    return routing.choices(known, routes, Routing(first=facts.first), facts.there)


def _secret(facts: Facts, places: list[Place], by: Sight) -> frozenset[str]:
    """All that channels are called of which somebody may not know."""
    gone = [one for one in facts.places if one not in places]
    names = {name for one in gone for name in (one.channel, one.name.removeprefix("#"))}
    return frozenset(names | {one.route.channel for one in facts.choices} - by.channels)


def _work(row: Mapping[str, Any] | None, secret: Collection[str]) -> Mapping[str, Any] | None:
    """What is to do, without the names of such channels: a lane is one, and an error may speak of one."""
    if row is None:
        return None
    lanes = [one for one in str(row["waits"]).split(", ") if one]
    waits = dict.fromkeys(_ELSEWHERE if one.removeprefix("#") in secret else one for one in lanes)
    error = str(row["error"])
    if any(one.casefold() in error.casefold() for one in secret):
        error = f"what only operators are told, as it speaks of {_ELSEWHERE}."
    return {**row, "waits": ", ".join(waits), "error": error}
