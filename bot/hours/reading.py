"""The tables `[[hours]]` of bridge.toml → `Hours`. Every problem is told at once."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.hours import public, week
from bot.hours.business import ALWAYS, Hours
from bot.hours.week import Closed, Spans, Week
from bot.tables import Where, mailbox, unknown

KEYS = ("mailbox", "zone", "open", "holidays", "closed")
_LINE = '"mon-fri 09:00-12:00 13:00-17:30", or "2026-12-05 10:00-14:00" for one day'
_CLOSED = '"2026-12-24", "2026-12-27/2027-01-01", or "12-31" for every year'


@dataclass(frozen=True, slots=True)
class MailboxHours:
    """The hours of one mailbox, by its id or its name; with None, of all that have none of their own."""

    mailbox: int | str | None
    hours: Hours


def kept(tables: Sequence[MailboxHours], mailbox: int, *names: str) -> Hours:
    """The hours that a mailbox keeps: its own, else those for all others, else it is always open.

    Of its `names` the present one comes first, and is followed by those that it had before.
    """
    found = {table.mailbox: table.hours for table in tables}
    named = {one.casefold(): hours for one, hours in found.items() if isinstance(one, str)}
    called = next((named[name.casefold()] for name in names if name.casefold() in named), None)
    return found.get(mailbox) or called or found.get(None) or ALWAYS


def read(file: Where | str, tables: object, problems: list[str]) -> tuple[MailboxHours, ...]:
    """Read the tables of a file; what is wrong is added to `problems`."""
    root = Where.of(file)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{root.key('hours')}: opening hours are a table, written [[hours]].")
        return ()
    said: list[MailboxHours] = []
    for place, table in enumerate(tables, start=1):
        where = root.part(f"hours {place}", "hours", place - 1)
        unknown(where, table, KEYS, problems)
        one = MailboxHours(_mailbox(where.key("mailbox"), table, problems), _hours(where, table, problems))
        for earlier, other in enumerate(said, start=1):
            if one.mailbox != "" and _folded(other.mailbox) == _folded(one.mailbox):
                whose = "for all other mailboxes" if one.mailbox is None else "of the same mailbox"
                problems.append(f"{where}: hours {whose}, like hours {earlier}.")
                break
        said.append(one)
    return tuple(said)


def _folded(box: int | str | None) -> int | str | None:
    return box.casefold() if isinstance(box, str) else box


def _mailbox(where: Where, table: Mapping[str, object], problems: list[str]) -> int | str | None:
    value = table.get("mailbox")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        problems.append(f"{where}: mailbox should be a mailbox's id or its name; without it, all others.")
        return ""
    return mailbox(value)


def _hours(where: Where, table: Mapping[str, object], problems: list[str]) -> Hours:
    weekly, extra = _open(where.key("open"), table.get("open"), problems)
    return Hours(
        zone=_zone(where.key("zone"), table.get("zone"), problems),
        week=weekly,
        holidays=_holidays(where.key("holidays"), table.get("holidays", ""), problems),
        closed=_closed(where.key("closed"), table.get("closed", []), problems),
        extra=extra,
    )


@cache
def _zones() -> frozenset[str]:
    """The zones that there are; to ask the system for them takes it some time."""
    return frozenset(available_timezones())


def _zone(where: Where, value: object, problems: list[str]) -> ZoneInfo:
    known = _zones()
    if isinstance(value, str) and value.strip() in known:
        return ZoneInfo(value.strip())
    word = str(value or "").strip().replace(" ", "_").casefold()
    places = [one for one in known if "/" in one and not one.startswith("Etc/")]
    names = {one.rpartition("/")[2].casefold(): one for one in sorted(places)}
    names |= {one.casefold(): one for one in places}
    near = difflib.get_close_matches(word, sorted(names), 1, 0.75)
    hint = f"did you mean {names[near[0]]!r}?" if near else 'it is one like "Europe/Berlin".'
    said = f"zone {value!r} is unknown" if isinstance(value, str) else "zone should be a time zone"
    problems.append(f"{where}: {said}; {hint}")
    return ZoneInfo("UTC")


def _open(where: Where, value: object, problems: list[str]) -> tuple[Week, tuple[tuple[date, Spans], ...]]:
    lines: list[object] = value if isinstance(value, list) else [value]
    days: list[Spans] = [()] * 7
    extra: dict[date, Spans] = {}
    if not lines or lines == [None]:
        problems.append(f"{where}: open should be a list of lines like {_LINE}.")
    for place, line in enumerate(lines if lines != [None] else []):
        said = week.opening(line) if isinstance(line, str) and line.strip() else None
        if said is None:
            hint = _line_meant(line)
            problems.append(f"{where.key(place)}: {line!r} in open should be like {_LINE}.{hint}")
            continue
        when, spans = said
        if isinstance(when, date):
            extra[when] = (*extra.get(when, ()), *spans)
        else:
            days = [(*one, *spans) if day in when else one for day, one in enumerate(days)]
    for told, spans in (*zip(week.DAYS, days, strict=True), *extra.items()):
        if twice := week.overlap(spans):
            problems.append(f"{where}: on {told}, {twice[0]} and {twice[1]} in open overlap.")
    return tuple(tuple(sorted(one)) for one in days), tuple(extra.items())


def _line_meant(line: object) -> str:
    """Which weekdays such a line may begin with, where those alone are wrong."""
    when, _, rest = line.strip().partition(" ") if isinstance(line, str) else ("", "", "")
    return week.weekdays_meant(when) if week.opening(f"mon {rest}") and not week.weekdays(when) else ""


def _holidays(where: Where, value: object, problems: list[str]) -> str:
    if not isinstance(value, str):
        problems.append(f'{where}: holidays should be a country or a region of it, like "DE" or "DE-BE".')
        return ""
    if value.strip() and (wrong := public.problem(value.strip())):
        problems.append(f"{where}: holidays {wrong}")
        return ""
    return value.strip().upper()


def _closed(where: Where, value: object, problems: list[str]) -> tuple[Closed, ...]:
    found: list[Closed] = []
    for place, one in enumerate(value if isinstance(value, list) else [value]):
        days = week.closed(one)
        if days is None:
            problems.append(f"{where.key(place)}: {one!r} in closed should be like {_CLOSED}.")
        else:
            found.append(days)
    return tuple(found)
