"""What the bridge remembers: some twenty verbs over SQLite. No mail is kept, but replies on their way."""

from bot.store.people import Link, LinkCode
from bot.store.rows import Choice, Delivery, Draft, Looked, Reply, ReplyState, Work, Writing
from bot.store.sqlite import Store
from bot.store.writing import FORGOTTEN

__all__ = [
    "FORGOTTEN",
    "Choice",
    "Delivery",
    "Draft",
    "Link",
    "LinkCode",
    "Looked",
    "Reply",
    "ReplyState",
    "Store",
    "Work",
    "Writing",
]
