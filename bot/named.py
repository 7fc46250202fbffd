"""Every name that the configuration writes: of channels, and of mailboxes. Pure."""

from bot.settings import Settings


def channels(settings: Settings) -> frozenset[str]:
    """The channels that are named, some of them by their ids."""
    routed = {route.channel for route in settings.routes}
    return frozenset({*routed, *settings.digest.channels, settings.operators} - {""})


def mailboxes(settings: Settings) -> frozenset[str]:
    """The mailboxes that are called by a name, as it is written."""
    routed = [box for route in settings.routes for box in route.mailboxes]
    kept = [table.mailbox for table in settings.hours] + [table.mailbox for table in settings.ladders]
    return frozenset(box for box in (*routed, *kept) if isinstance(box, str) and box)
