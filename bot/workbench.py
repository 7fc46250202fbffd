"""`python -m bot work`: what waits, what is parked and why; look again at it, or drop it.

It works on the database beside a running bridge, which takes up what changed within a second.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import clock
from bot.settings import Settings
from bot.store import Store

Row = dict[str, Any]


async def work(settings: Settings, what: str, conversations: Sequence[int], now: datetime) -> tuple[str, int]:
    """Do what was asked; return what to print, and the exit status.

    `what` is list, show, retry or drop. Without numbers, retry means everything that is parked.
    """
    store = Store(settings.database_path, lambda: now, visiting=True)
    try:
        rows = await store.work(conversations)
        if what == "list":
            return _listed(rows, await store.counts(), now), 0
        parked = [row["conversation"] for row in rows if row["parked"]]
        chosen = list(conversations) or (parked if what == "retry" else [])
        missing = set(conversations) - {row["conversation"] for row in rows}
        if missing:
            hint = "Say the id in FreeScout's address, not the #number."
            return f"Nothing was done: there is nothing to do for {_names(sorted(missing))}. {hint}", 1
        if not chosen:
            return "Nothing is parked.", 0
        if what == "show":
            return "\n\n".join(_shown(row, settings, now) for row in rows), 0
        change: Callable[[Sequence[int]], Any] = store.retry if what == "retry" else store.drop
        changed = await change(chosen)
        if changed < len(chosen):
            return "Some of that is being looked at in this moment: try again.", 1
        done = "looked at again at once" if what == "retry" else "dropped until the next webhook"
        return f"{_names(chosen).capitalize()}: {done}.", 0
    finally:
        await store.close()


def _listed(rows: Sequence[Row], counts: dict[str, int], now: datetime) -> str:
    later = [row for row in rows if row["reason"] == "clock" and _moment(row["due"]) > now]
    later = [row for row in later if not (row["parked"] or row["waits"] or row["error"])]
    rows = [row for row in rows if row not in later]
    timers = f"Reminders that are set: {len(later)}. " if later else ""
    if not rows:
        return f"Nothing is to do. {timers}{_outbox(counts)}"
    lines = [("CONVERSATION", "STATE", "SINCE", "TRIES", "WHY", "WHAT WENT WRONG")]
    for row in rows:
        since = clock.spoken(now - _moment(row["first_rung"]))
        lines.append(
            (
                str(row["conversation"]),
                _state(row, now),
                since,
                str(row["attempts"]),
                row["reason"],
                row["error"][:100],
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[5]]).rstrip()
        for line in lines
    ]
    return "\n".join([*table, "", timers + _outbox(counts)])


def _outbox(counts: dict[str, int]) -> str:
    return (
        f"Replies and notes: {counts['outbox']} on their way, {counts['failed']} given back to their writers."
    )


def _state(row: Row, now: datetime) -> str:
    if row["parked"] and row["again"] > now.timestamp():
        return f"parked in part; goes on in {clock.spoken(_moment(row['again']) - now)}"
    if row["parked"]:
        return "parked"
    if row["claimed"]:
        return "in hand"
    if row["waits"]:
        return f"waits for its turn in {row['waits']}"
    pause = _moment(row["due"]) - now
    return f"in {clock.spoken(pause)}" if pause > timedelta(0) else "due"


def _shown(row: Row, settings: Settings, now: datetime) -> str:
    facts = {
        "Conversation": f"{row['conversation']}  {settings.conversation_url(row['conversation'])}",
        "State": _state(row, now),
        "Asked for by": f"{row['reason']}, {_times(row['rung'])}, first {_when(row['first_rung'])}",
        "Tries": row["attempts"],
        "Waits for Slack since": _when(row["held"]) if row["held"] else "",
        "What went wrong": row["error"],
    }
    shown = "\n".join(f"{name + ':':<24}{value}" for name, value in facts.items() if value not in ("", None))
    hint = "\nThe code in brackets stands in the log beside the whole story." if "[" in row["error"] else ""
    return shown + hint


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _when(at: float) -> str:
    return f"{_moment(at):%Y-%m-%d %H:%M:%S} UTC"


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _names(conversations: Sequence[int]) -> str:
    some = ", ".join(str(one) for one in conversations)
    return f"conversation {some}" if len(conversations) == 1 else f"conversations {some}"
