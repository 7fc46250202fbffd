"""The tables `[[ladder]]` and `[pings]` of bridge.toml: who is told of a wait, and when. Pure.

Every problem is told at once, with its line and the number of its table and of its step.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.tables import Where, duration, duration_meant, mailbox, meant, unknown

KEYS = ("mailbox", "warn", "on_duty", "steps")
STEP_KEYS = ("after", "tell")
PINGS_KEYS = ("budget", "list_from")
_MOST_STEPS = 20
_GROUP = re.compile(r"S[A-Z0-9]{4,}|@[^\s@]{1,80}")
_PERSON = re.compile(r"[UW][A-Z0-9]{4,}|[^\s@<>|]+@[^\s@<>|]+")
_TELL = '"thread", "channel", "assignee", "@a-user-group", or a person by address or Slack id'


class Kind(StrEnum):
    """How a step tells."""

    THREAD = "thread"
    """A line in the card's thread, to the assignee."""
    CHANNEL = "channel"
    """The same line stands in the channel, too."""
    ASSIGNEE = "assignee"
    """A direct message to the assignee."""
    GROUP = "group"
    """A user group is mentioned, in the thread and in the channel."""
    PERSON = "person"
    """A direct message to one person."""


_WORDS = (Kind.THREAD, Kind.CHANNEL, Kind.ASSIGNEE)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: so long after the wait began, in business time, this is told."""

    after: timedelta
    tell: str = Kind.THREAD

    @property
    def kind(self) -> Kind:
        """How it tells; what is none of the words is a user group or a person."""
        if self.tell in _WORDS:
            return Kind(self.tell)
        return Kind.GROUP if _GROUP.fullmatch(self.tell) else Kind.PERSON


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is told of a wait, step by step. The warning comes `warn` before the first step."""

    steps: tuple[Rung, ...] = ()
    warn: timedelta | None = None
    on_duty: str = ""
    """The user group, by its handle or its id, for what is nobody's and for who cannot be reached."""
    again: tuple[tuple[int, timedelta], ...] = ()
    """Of one wait, and not of the file: the numbers under which its last step is said once more, and when."""

    @property
    def reaches(self) -> bool:
        """Whether any step goes beyond the card's thread and its channel."""
        return any(step.kind in (Kind.ASSIGNEE, Kind.PERSON) for step in self.steps)


@dataclass(frozen=True, slots=True)
class MailboxLadder:
    """The ladder of one mailbox, by its id or its name; with None, of all that have none of their own."""

    mailbox: int | str | None
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class Pings:
    """How many direct messages and mentions one person gets a day, and what becomes a list."""

    budget: int = 20
    list_from: int = 3
    """From how many on those who wait too long in one channel are one list there."""


def of_waits(after: Sequence[timedelta]) -> Ladder:
    """The short form, `after`: a line in the thread for each wait."""
    return Ladder(tuple(Rung(limit) for limit in after))


def kept(tables: Sequence[MailboxLadder], identity: int, *names: str) -> Ladder | None:
    """The ladder of a mailbox: its own, by any of its `names`, else that of all others, else none."""
    found = {table.mailbox: table.ladder for table in tables}
    named = {one.casefold(): ladder for one, ladder in found.items() if isinstance(one, str)}
    called = next((named[name.casefold()] for name in names if name.casefold() in named), None)
    return found.get(identity) or called or found.get(None)


def read(file: Where | str, tables: object, problems: list[str]) -> tuple[MailboxLadder, ...]:
    """Read the tables of a file; what is wrong is added to `problems`."""
    root = Where.of(file)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{root.key('ladder')}: a ladder is a table, written [[ladder]].")
        return ()
    said: list[MailboxLadder] = []
    for place, table in enumerate(tables, start=1):
        where = root.part(f"ladder {place}", "ladder", place - 1)
        unknown(where, table, KEYS, problems)
        one = MailboxLadder(_mailbox(where, table, problems), _ladder(where, table, problems))
        for earlier, other in enumerate(said, start=1):
            if _folded(other.mailbox) == _folded(one.mailbox):
                whose = "for all other mailboxes" if one.mailbox is None else "of the same mailbox"
                problems.append(f"{where}: a ladder {whose}, like ladder {earlier}.")
        said.append(one)
    return tuple(said)


def read_pings(where: Where, table: Mapping[str, object], problems: list[str]) -> Pings:
    """Read the table `[pings]`."""
    return Pings(
        _number(where.key("budget"), "budget", table.get("budget", Pings().budget), 1, problems),
        _number(where.key("list_from"), "list_from", table.get("list_from", Pings().list_from), 2, problems),
    )


def _number(where: Where, key: str, value: object, least: int, problems: list[str]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 1000:
        problems.append(f"{where}: {key} should be a number from {least} to 1000, without quotes.")
        return least
    return value


def _folded(box: int | str | None) -> int | str | None:
    return box.casefold() if isinstance(box, str) else box


def _mailbox(where: Where, table: Mapping[str, object], problems: list[str]) -> int | str | None:
    value = table.get("mailbox")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        problems.append(
            f"{where.key('mailbox')}: mailbox should be a mailbox's id or its name; without it, all others."
        )
        return None
    return mailbox(value)


def _ladder(where: Where, table: Mapping[str, object], problems: list[str]) -> Ladder:
    steps = _steps(where.key("steps"), table.get("steps"), problems)
    warn = duration(table["warn"]) if "warn" in table else None
    if "warn" in table and warn is None:
        hint = duration_meant(table["warn"])
        problems.append(
            f'{where.key("warn")}: warn should be a time like "15m", so long before the first step.{hint}'
        )
    if warn and steps and warn >= steps[0].after:
        problems.append(f"{where.key('warn')}: warn should be shorter than the wait before the first step.")
    return Ladder(steps, warn, _duty(where.key("on_duty"), table.get("on_duty", ""), problems))


def _duty(where: Where, value: object, problems: list[str]) -> str:
    if isinstance(value, str) and (not value or _GROUP.fullmatch(value.strip())):
        return value.strip()
    handle = f"@{value.strip()}" if isinstance(value, str) else ""
    hint = f' Did you mean "{handle}"?' if _GROUP.fullmatch(handle) else ""
    problems.append(f'{where}: on_duty should be a user group, by its handle "@support" or by its id.{hint}')
    return ""


def _steps(where: Where, value: object, problems: list[str]) -> tuple[Rung, ...]:
    example = '{ after = "1h", tell = "thread" }'
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        problems.append(f"{where}: steps should be a list of steps like {example}.")
        return ()
    if len(value) > _MOST_STEPS:
        problems.append(f"{where}: more than {_MOST_STEPS} steps.")
    steps: list[Rung] = []
    for number, one in enumerate(value, start=1):
        step = where.part(f"step {number}", number - 1)
        unknown(step, one, STEP_KEYS, problems)
        after, tell = duration(one.get("after")), one.get("tell", Kind.THREAD)
        if after is None:
            hint = duration_meant(one.get("after"))
            problems.append(f'{step.key("after")}: after should be a wait like "2h" or "1h30m".{hint}')
        elif steps and after <= steps[-1].after:
            problems.append(f"{step.key('after')}: it should come later than the step before it.")
        if not isinstance(tell, str) or not _told(tell.strip()):
            problems.append(f"{step.key('tell')}: tell should be {_TELL}.{meant(tell, _WORDS)}")
        elif after is not None:
            steps.append(Rung(after, tell.strip()))
    return tuple(steps)


def _told(tell: str) -> bool:
    return tell in _WORDS or bool(_GROUP.fullmatch(tell) or _PERSON.fullmatch(tell))
