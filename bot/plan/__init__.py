"""Truth − mirror → steps: what Slack must be told so that it shows what FreeScout holds. Pure.

What is said depends only on the truth, never on which webhooks came, or when: each thing said has a key, and
a key that stands already is not said again.
"""

from bot.plan.steps import bar, happened, history, newest, next_look, plan, shows, too_much
from bot.plan.view import (
    ANEW,
    ASKED,
    CARD,
    DIGEST,
    FILES,
    HEADS,
    LEFT,
    LIST,
    RECEIPT,
    TOP,
    UNFETCHED,
    Bar,
    Posted,
    Step,
    Urgency,
    View,
    shown_in,
)
from bot.verdicts import TOLD

__all__ = [
    "ANEW",
    "ASKED",
    "CARD",
    "DIGEST",
    "FILES",
    "HEADS",
    "LEFT",
    "LIST",
    "RECEIPT",
    "TOLD",
    "TOP",
    "UNFETCHED",
    "Bar",
    "Posted",
    "Step",
    "Urgency",
    "View",
    "bar",
    "happened",
    "history",
    "newest",
    "next_look",
    "plan",
    "shown_in",
    "shows",
    "too_much",
]
