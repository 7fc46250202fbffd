"""Which channels a conversation belongs in, by routes and names alone: nobody is asked who reads there."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot import routes
from bot.audience import CODE
from bot.channels import Channels
from bot.desk import Desk
from bot.errors import BridgeError, Misconfigured
from bot.model import Conversation, Mailbox
from bot.plan import shown_in
from bot.routing import Body, Route
from bot.store import Delivery


class Belonging:
    """Holds a conversation to the routes as they are at this moment."""

    def __init__(self, desk: Desk, channels: Channels) -> None:
        self._desk = desk
        self._channels = channels

    async def matching(self, conversation: Conversation, said: Iterable[Delivery]) -> tuple[Route, ...]:
        """List the routes that take a conversation."""
        mailbox = await self._desk.people.mailbox(conversation.mailbox_id)
        settings = self._desk.settings
        return routes.matching(conversation, mailbox, settings, await self.there(settings.routes, said))

    async def leads(self, conversation: Conversation, said: Iterable[Delivery], channel: str) -> bool:
        """Whether a route that takes it leads to a channel, or may."""
        for route in await self.matching(conversation, said):
            try:
                if await self._channels.id(route.channel) == channel:
                    return True
            except BridgeError as error:
                if not is_nowhere(error):
                    return True  # nobody knows
        return False

    async def there(self, known: Iterable[Route], said: Iterable[Delivery]) -> frozenset[str]:
        """The channels, as routes name them, that show the conversation as one of theirs."""
        shown, found = shown_in(said), set[str]()
        for route in known:
            if route.rule.enters and shown:
                try:
                    if await self._channels.id(route.channel) in shown:
                        found.add(route.channel)
                except BridgeError as error:  # who leads there will say so
                    found |= set() if is_nowhere(error) else {route.channel}
        return frozenset(found)

    async def moved(self, conversation: Conversation, channel: str) -> bool:
        """Whether nothing of its mailbox is shown in a channel: then it was moved away from there."""
        mailbox = await self._desk.people.mailbox(conversation.mailbox_id)
        box = mailbox or Mailbox(conversation.mailbox_id, "")
        for route in self._desk.settings.routes:
            try:
                if routes.leads_from(route, box) and await self._channels.id(route.channel) == channel:
                    return False
            except BridgeError as error:
                if not is_nowhere(error):
                    return False  # nobody knows
        return True

    async def narrow(
        self, said: Sequence[Delivery], wanted: Mapping[str, Route], closed: Collection[str]
    ) -> dict[str, Body]:
        """The channels that show it, or did, and no mail whole any more; and the most that they show of one.

        Where it belongs no more, that is the most that any of a channel's routes shows. Those that are
        `closed`, or whose routes nobody knows in this moment, are left out.
        """
        found = {channel: route.body for channel, route in wanted.items()}
        left = {one.channel for one in said} - {*wanted, *closed}
        for route in self._desk.settings.routes if left else ():
            try:
                channel = await self._channels.id(route.channel)
            except BridgeError as error:
                if is_nowhere(error):
                    continue
                found = {channel: body for channel, body in found.items() if channel in wanted}
                break
            if channel in left:
                found[channel] = min(found.get(channel, route.body), route.body, key=list(Body).index)
        return {channel: body for channel, body in found.items() if body is not Body.FULL}


def is_nowhere(error: BridgeError) -> bool:
    """Whether Slack has no such channel, rather than not saying which it is."""
    return isinstance(error, Misconfigured) and error.code in ("channel_not_found", CODE)
