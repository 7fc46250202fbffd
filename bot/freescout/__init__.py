"""FreeScout's API, as the real server speaks it."""

from bot.freescout.breaker import Breaker
from bot.freescout.client import FreeScout, Page, Written
from bot.freescout.http import Auth, NotFound, Refused
from bot.freescout.query import Assigned, ConversationQuery, CustomerQuery, Sort
from bot.freescout.writing import NewConversation, NewCustomer, NewThread, NewUser, Upload, Whom

__all__ = [
    "Assigned",
    "Auth",
    "Breaker",
    "ConversationQuery",
    "CustomerQuery",
    "FreeScout",
    "NewConversation",
    "NewCustomer",
    "NewThread",
    "NewUser",
    "NotFound",
    "Page",
    "Refused",
    "Sort",
    "Upload",
    "Whom",
    "Written",
]
