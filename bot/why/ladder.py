"""Why a step of a ladder is not said in one place. Pure."""

from collections.abc import Collection
from datetime import UTC, datetime

from bot import ladder
from bot.clock import Wait
from bot.hours import NEVER
from bot.ladder import Told
from bot.pings import Rungs
from bot.quiet import Quiet


def unsaid(
    rungs: Rungs | None,
    wait: Wait,
    step: int,
    now: datetime,
    *,
    said: Collection[int] = (),
    quiet: Quiet | None = None,
) -> str:
    """Say why a step that does not stand is not said now. `said` are the steps of this wait that stand."""
    if rungs is None:
        return "nobody knows whom it is for: Slack does not tell, and is asked again"
    if quiet:
        return f"{quiet.why}{f', until {moment(quiet.until)}' if quiet.until else ''}"
    due, top = ladder.due(rungs.ladder, rungs.hours, wait.since, now), max(said, default=-1)
    if due is None or step > due:
        at = rungs.hours.after(wait.since, ladder.limit(rungs.ladder, step))
        return f"it is due {moment(at)}" if at < NEVER else "its mailbox never opens"
    if top >= step:
        return f"{called(top)} was said before"
    return f"{called(due)} is due by now, and takes its place" if step < due else _kept(rungs, step, now)


def _kept(rungs: Rungs, step: int, now: datetime) -> str:
    """Why a step that is due and was not said is not said."""
    if not rungs.hours.open_at(now):
        opens = rungs.hours.next_open(now)
        return f"it is closed{f' until {moment(opens)}' if opens < NEVER else ' for good'}"
    return _reached(rungs.told.get(step))


def _reached(told: Told | None) -> str:
    if told and told.direct:
        return "it goes to direct messages, and not here"
    if told and told.later:
        return f"whom it is for is not to be disturbed until {moment(told.later)}"
    return "whom it is for has had enough for today, or cannot be reached"


def called(step: int) -> str:
    """What a step is called."""
    if ladder.again(step):
        return "the last step once more"
    return f"step {step}" if step else "the warning"


def moment(at: datetime) -> str:
    """A time, for people who sit in different zones."""
    return f"{at.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
