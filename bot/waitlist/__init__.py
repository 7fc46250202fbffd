"""A channel's list: where several wait too long at once, one message says so and is kept true."""

from bot.waitlist.keeping import Waitlist
from bot.waitlist.listing import ALL, MOST, MOVED, NEXT, NOBODY, Entry, entry, goes_on, listing, offers, plan

__all__ = [
    "ALL",
    "MOST",
    "MOVED",
    "NEXT",
    "NOBODY",
    "Entry",
    "Waitlist",
    "entry",
    "goes_on",
    "listing",
    "offers",
    "plan",
]
