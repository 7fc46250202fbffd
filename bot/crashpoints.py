"""The places between two steps where a process may die, named so that a test can kill it there.

Nothing arms them but the runner of the torture test: in production each is one comparison.
"""

from collections.abc import Callable

POINTS = (
    "webhook.kept",
    "work.claimed",
    "look.fetched",
    "post.begun",
    "post.made",
    "post.kept",
    "update.begun",
    "update.made",
    "look.taken",
    "look.done",
    "digest.begun",
    "digest.made",
    "digest.kept",
    "files.uploaded",
    "files.shared",
    "sweep.listed",
    "sweep.rung",
    "sweep.marked",
    "reply.held",
    "reply.shown",
    "reply.fetched",
    "reply.begun",
    "reply.made",
    "reply.recorded",
    "reply.kept",
    "claim.begun",
    "claim.assigned",
    "claim.unassigned",
    "erase.begun",
    "erase.made",
)

_armed: Callable[[str], None] | None = None


def arm(hook: Callable[[str], None] | None) -> None:
    """Have `hook` called with the name of every point that is reached."""
    global _armed  # noqa: PLW0603 - one process, one death
    _armed = hook


def reached(point: str) -> None:
    """Say that a step is done and the next one is not begun."""
    if _armed is not None:
        _armed(point)
