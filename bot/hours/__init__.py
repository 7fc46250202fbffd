"""Business time: when somebody is there, and how much of a wait that makes. Pure; reads no clock.

`passed` and `after` are each other's inverse, to the second, over every change of a zone's clocks.
"""

from bot.hours.business import ALWAYS, NEVER, Day, Hours
from bot.hours.reading import KEYS, MailboxHours, kept, read
from bot.hours.week import Closed, Span, weekdays, weekdays_meant

__all__ = [
    "ALWAYS",
    "KEYS",
    "NEVER",
    "Closed",
    "Day",
    "Hours",
    "MailboxHours",
    "Span",
    "kept",
    "read",
    "weekdays",
    "weekdays_meant",
]
