"""Which channels are a conversation's by routes and names, and how much of it each may show."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.belonging import Belonging
from bot.errors import Misconfigured, Transient
from bot.routing import Body, Route
from bot.store import Delivery

FULL, SNIPPET, NONE = Body
UNKNOWN = {"away": Transient("Slack is away"), "gone": Misconfigured("no such channel", "channel_not_found")}


class Named:
    """Slack's channels, each with its name in capitals for an id."""

    async def id(self, channel: str) -> str:
        if channel in UNKNOWN:
            raise UNKNOWN[channel]
        return channel.upper()


def route(channel: str, body: Body = FULL) -> Route:
    return Route("Support", channel, body=body)


def belonging(*routes: Route) -> Belonging:
    desk: Any = SimpleNamespace(settings=SimpleNamespace(routes=routes))
    channels: Any = Named()
    return Belonging(desk, channels)


def delivery(channel: str) -> Delivery:
    return Delivery(channel, "card", "1.1", "v", 100.0)


@pytest.mark.parametrize(
    ("routes", "wanted", "closed", "narrow"),
    [
        ([route("c1", NONE)], {}, set(), {"C1": NONE}),
        ([route("c1")], {}, set(), {}),
        ([], {}, set(), {}),
        # it is as much as any of the channel's routes shows
        ([route("c1", NONE), route("c1", SNIPPET)], {}, set(), {"C1": SNIPPET}),
        ([route("c1", NONE), route("c1")], {}, set(), {}),
        ([route("c1", NONE), route("c2")], {}, set(), {"C1": NONE}),
        # where it belongs, its own route says it
        ([route("c1"), route("c1", NONE)], {"C1": route("c1", NONE)}, set(), {"C1": NONE}),
        ([route("c1", NONE), route("c1")], {"C1": route("c1")}, set(), {}),
        # what stands there stays as it is
        ([route("c1", NONE)], {}, {"C1"}, {}),
        # nobody knows whose route that is, and it may show more
        ([route("c1", NONE), route("away")], {}, set(), {}),
        ([route("c1", NONE), route("away"), route("c2")], {"C2": route("c2", NONE)}, set(), {"C2": NONE}),
        ([route("c1", NONE), route("gone")], {}, set(), {"C1": NONE}),
    ],
)
async def test_how_much_a_channel_shows_that_shows_no_mail_whole(
    routes: list[Route], wanted: dict[str, Route], closed: set[str], narrow: dict[str, Body]
) -> None:
    said = [delivery("C1"), delivery("D1")]
    assert await belonging(*routes).narrow(said, wanted, closed) == narrow
