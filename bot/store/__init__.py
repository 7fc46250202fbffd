"""What the bridge remembers: some twenty verbs over SQLite. No mail is kept, but replies on their way."""

from bot.store.audit import Act
from bot.store.claims import Claim, ClaimState, Ended, Snooze
from bot.store.outbox import LATE, TYPED
from bot.store.people import Link, LinkCode
from bot.store.routes import Watch
from bot.store.rows import FOR_EVER, Choice, Delivery, Draft, Looked, Reply, ReplyState, Work, Writing
from bot.store.sqlite import Store
from bot.store.writing import FORGOTTEN

__all__ = [
    "FORGOTTEN",
    "FOR_EVER",
    "LATE",
    "TYPED",
    "Act",
    "Choice",
    "Claim",
    "ClaimState",
    "Delivery",
    "Draft",
    "Ended",
    "Link",
    "LinkCode",
    "Looked",
    "Reply",
    "ReplyState",
    "Snooze",
    "Store",
    "Watch",
    "Work",
    "Writing",
]
