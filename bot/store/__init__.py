"""What the bridge remembers: some twenty verbs over SQLite. No mail is kept, but replies on their way."""

from bot.store.rows import Delivery, Draft, Looked, Reply, ReplyState, Work
from bot.store.sqlite import Store

__all__ = ["Delivery", "Draft", "Looked", "Reply", "ReplyState", "Store", "Work"]
