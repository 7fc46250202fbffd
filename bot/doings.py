"""Which changes of a conversation came of what somebody did in Slack. Pure.

The record says what each act made of it, and FreeScout's line item whose change it is and to what. One act
makes one line item: what the same person does beside it in FreeScout's own pages is news like any other's.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from bot.assigning import named
from bot.model import Conversation, Thread
from bot.store import Act

_AT_ONCE = 60.0
"""Seconds between an act in Slack and what FreeScout writes down of it."""
_ASSIGNS = ("assign", "claim", "release", "release after silence")
_SETS = "set "


def of_acts(conversation: Conversation, acts: Iterable[Act]) -> frozenset[int]:
    """The line items that came of these acts. The nearest belong together, each of them once."""
    acts = tuple(acts)
    pairs = sorted(
        (apart, line.id, place)
        for line in conversation.threads
        for place, act in enumerate(acts)
        if _made(act, line) and (apart := _apart(act, line)) <= _AT_ONCE
    )
    found: dict[int, int] = {}
    for _, line_id, place in pairs:
        if line_id not in found and place not in found.values():
            found[line_id] = place
    return frozenset(found)


def _apart(act: Act, line: Thread) -> float:
    return abs((line.created_at - datetime.fromtimestamp(act.at, UTC)).total_seconds())


def _made(act: Act, line: Thread) -> bool:
    """Whether an act makes such a line item. What was so before is no change, and FreeScout writes none."""
    by = line.created_by
    if line.type != "lineitem" or by is None or by.id != act.user or act.before == act.after:
        return False
    if line.action == "changed-ticket-assignee":
        return act.action in _ASSIGNS and _ended(act.after) == _ended(named(line.assigned_to))
    if line.action == "changed-ticket-status":
        return act.action.startswith(_SETS) and act.after == line.status
    return False


def _ended(called: str) -> str:
    """The id, as the record calls somebody: their name may be another by now."""
    return called.rpartition(" ")[2]
