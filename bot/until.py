"""The times that people say: `2h`, `tomorrow`, `monday 14:30`, `2026-12-01 09:00`. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot import mail
from bot.errors import UserError
from bot.hours import NEVER, Hours
from bot.tables import duration

LONGEST = timedelta(days=366)
MORNING = time(9)
"""When a day begins whose mailbox has no hours."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_DAY = timedelta(days=1)
_LAST = date(9000, 1, 1)
SAY = "Say `2h`, `3d`, `tomorrow`, `monday`, `14:30`, `2026-12-01` or `2026-12-01 09:00`."


def until(words: str, now: datetime, zone: ZoneInfo, hours: Hours) -> datetime:
    """Read a time still to come, in UTC; raise UserError, with what to say instead, for any other.

    Times are those of the person's own `zone`. A day without a time means when the mailbox opens on it, or
    next after it; without hours, nine in the morning.
    """
    said = " ".join(words.strip().strip("`").lower().split())
    if wait := duration(said.replace(" ", "")):
        return checked(now + wait, now, zone)
    *first, last = said.split(" ") if said else [""]
    at = _clock(last)
    when = " ".join(first) if at else said
    day = _day(when, now.astimezone(zone).date()) if when else now.astimezone(zone).date()
    if day is None or (not when and at is None):
        shown = mail.one_line(words, 40)
        raise UserError(f"`{shown}` is no time that is understood here, so nothing was done. {SAY}")
    if at is None:
        return checked(opening(day, now, zone, hours), now, zone)
    return checked(_moment(day, at, now, zone), now, zone)


def checked(moment: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """The same moment, if it is still to come and within a year; else raise UserError."""
    if moment <= now:
        local = moment.astimezone(zone)
        later = f"{now.astimezone(zone) + _DAY:%Y-%m-%d} {local:%H:%M}"
        raise UserError(
            f"{local:%Y-%m-%d %H:%M} ({zone.key}) has passed, so nothing was done. "
            f"Say a time to come, like `2h`, `tomorrow` or `{later}`."
        )
    if moment - now > LONGEST:
        last = (now + LONGEST).astimezone(zone)
        raise UserError(
            f"That is more than a year away, so nothing was done. Say at most `{last:%Y-%m-%d}`, "
            "or close the conversation."
        )
    return moment.astimezone(UTC)


def opening(day: date, now: datetime, zone: ZoneInfo, hours: Hours) -> datetime:
    """When work begins on a day: the mailbox opens, or it is nine where it has no hours or never closes."""
    nine = _moment(day, MORNING, now, zone)
    if hours.week is None:
        return nine
    midnight = datetime.combine(day, time(), hours.zone).astimezone(UTC)
    opens = hours.next_open(max(midnight, now))
    if opens == NEVER or opens in (midnight, now):
        return nine if nine > now else opens
    return opens


def tomorrow(now: datetime, zone: ZoneInfo) -> date:
    """The day after this one, where the person is."""
    return now.astimezone(zone).date() + _DAY


def monday(now: datetime, zone: ZoneInfo) -> date:
    """The next Monday, where the person is: on a Monday, that in a week."""
    return _next(0, now.astimezone(zone).date())


def worded(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:30`, with the day before it where that is not today, in the person's own `zone`."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else f"{local:%a %Y-%m-%d %H:%M}"


def zone_named(name: str) -> ZoneInfo:
    """A time zone by its name, as Slack tells it; UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _day(words: str, today: date) -> date | None:
    if words == "today":
        return today
    if words in ("tomorrow", "tmr"):
        return today + _DAY
    named = [place for place, name in enumerate(_WEEKDAYS) if len(words) > 2 and name.startswith(words)]
    if len(named) == 1:
        return _next(named[0], today)
    if not _DATE.fullmatch(words):
        return None
    try:
        found = date(*map(int, words.split("-")))
    except ValueError:
        return None
    return min(found, _LAST)  # what is years away is refused; the calendar must not end before


def _next(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _clock(words: str) -> time | None:
    found = _CLOCK.fullmatch(words)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def _moment(day: date, at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """That time on the clock on their wall. Of an hour that is repeated, the first that is still to come."""
    first, second = (datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if first <= now < second else first
