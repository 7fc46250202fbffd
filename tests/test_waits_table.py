"""Waits against answers that were worked out by hand, with a calendar and a pencil.

A row says who did what, when it is now, whose hours count, and what should come out: since when, how often they
asked, how long by the clock and how long in business time. Times are those of the wall where the mailbox is; what
names another offset is the customer's own.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from bot.clock import account, waiting
from bot.hours import ALWAYS, Hours, read
from bot.model import Conversation, Person, Status, Thread

PROFILE = profile(max_examples=150, deadline=None, derandomize=True)
MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
EVE = Person(2, "customer", "Eve", "", "eve@example.org")
DAEMON = Person(3, "customer", "", "", "mailer-daemon@example.net")
ANA = Person(7, "user", "Ana", "Alves", "ana@example.org")
ROBOT = Person(8, "user", "Workflow", "", "fsworkflow@example.org")


def hours(zone: str, *lines: str, holidays: str = "", closed: tuple[str, ...] = ()) -> Hours:
    problems: list[str] = []
    table = {"zone": zone, "open": list(lines), "holidays": holidays, "closed": list(closed)}
    (one,) = read("bridge.toml", [table], problems)
    assert problems == []
    return one.hours


BERLIN = hours("Europe/Berlin", "mon-fri 09:00-17:00", holidays="DE-BE", closed=("12-24", "12-31"))
SHOP = hours("Europe/Berlin", "mon-fri 09:00-12:00 13:00-17:30", "sat 10:00-14:00")
NIGHT = hours("Europe/Berlin", "sat,sun 22:00-06:00")
EARLY = hours("Europe/Berlin", "sun 02:30-05:00")
NEW_YORK = hours("America/New_York", "mon-fri 09:00-17:00", holidays="US")
TOKYO = hours("Asia/Tokyo", "mon-fri 10:00-19:00", holidays="JP")
NEPAL = hours("Asia/Kathmandu", "sun-fri 10:00-17:00")
ISLAND = hours("Australia/Lord_Howe", "sun 00:00-24:00")

# What may happen: type, who did it, for whom, and what else is so.
KINDS: dict[str, tuple[str, Person, Person, dict[str, str]]] = {
    "asks": ("customer", MARK, MARK, {"body": "It burns."}),
    "eve": ("customer", EVE, EVE, {"body": "Here, too."}),
    "thanks": ("customer", MARK, MARK, {"body": "Thanks, that works!"}),
    "thanks,but": ("customer", MARK, MARK, {"body": "Thanks, but it still does not work"}),
    "away": ("customer", MARK, MARK, {"body": "I am out of the office until 9 March."}),
    "bounce": ("customer", DAEMON, DAEMON, {"body": "Final-Recipient: rfc822; a@example.net"}),
    "answer": ("message", ANA, MARK, {"body": "Unplug it."}),
    "answer-eve": ("message", ANA, EVE, {"body": "Unplug it."}),
    "draft": ("message", ANA, MARK, {"body": "Unpl", "state": "draft"}),
    "hidden": ("message", ANA, MARK, {"body": "Unplug it.", "state": "hidden"}),
    "robot": ("message", ROBOT, MARK, {"body": "We have got your message."}),
    "ana-away": ("message", ANA, MARK, {"body": "I am out of the office until 9 March.", "source": "email"}),
    "note": ("note", ANA, MARK, {"body": "Hm.", "status": "active"}),
    "note-pending": ("note", ANA, MARK, {"body": "Parts are ordered.", "status": "pending"}),
    "assigned": ("lineitem", ANA, MARK, {"action": "changed-ticket-assignee", "status": "nochange"}),
    "closed": ("lineitem", ANA, MARK, {"action": "changed-ticket-status", "status": "closed"}),
    "pending": ("lineitem", ANA, MARK, {"action": "changed-ticket-status", "status": "pending"}),
    "spam": ("lineitem", ANA, MARK, {"action": "changed-ticket-status", "status": "spam"}),
    "active": ("lineitem", ANA, MARK, {"action": "changed-ticket-status", "status": "active"}),
    "moved": ("lineitem", ANA, MARK, {"action": "moved-from-mailbox", "status": "active"}),
    "merged": ("lineitem", ANA, MARK, {"action": "merged", "status": "active"}),
    "customer": ("lineitem", ANA, EVE, {"action": "changed-ticket-customer", "status": "nochange"}),
    "deleted": ("lineitem", ANA, MARK, {"action": "deleted-ticket", "status": "nochange"}),
    "restored": ("lineitem", ANA, MARK, {"action": "restore-ticket", "status": "nochange"}),
}


def moment(text: str, zone: ZoneInfo) -> datetime:
    """`03-02 09:00` of 2026 on the wall, or a whole one with its offset."""
    day, _, clock = text.replace("T", " ").partition(" ")
    said = datetime.fromisoformat(f"{day if len(day) > 5 else f'2026-{day}'}T{clock}")
    return said if said.tzinfo else said.replace(tzinfo=zone)


def length(text: str) -> timedelta:
    count, _, minutes = text.partition(":")
    return timedelta(hours=int(count), minutes=int(minutes))


def story(text: str, zone: ZoneInfo, **changes: object) -> Conversation:
    """What happened: `03-02 09:00 asks, 09:30 answer`; a time without a day is of the day before it."""
    threads: list[Thread] = []
    day = ""
    for number, event in enumerate(filter(None, text.split(", ")), start=1):
        *when, what = event.split()
        day = when[0] if len(when) == 2 else day
        at = moment(when[0] if "T" in when[0] else f"{day} {when[-1]}", zone)
        kind, by, customer, more = KINDS[what]
        state = more.get("state", "published")
        rest = {name: value for name, value in more.items() if name != "state"}
        threads.append(Thread(number, kind, state, at, created_by=by, customer=customer, **rest))
    last = [one for one in threads if one.type in ("customer", "message") and one.state == "published"]
    given: dict[str, object] = {
        "id": 5,
        "number": 412,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "Printer on fire",
        "created_at": threads[0].created_at,
        "updated_at": threads[-1].created_at,
        "latest_reply_from": "customer" if last and last[-1].type == "customer" else "user",
        "waiting_since": last[-1].created_at if last else None,
        "threads": tuple(threads),
    }
    return Conversation(**{**given, **changes})  # type: ignore[arg-type]


NOBODY = ""

ROWS: list[tuple[str, str, Hours, str]] = [
    # ---- opening hours: nights, weekends, lunch
    ("03-02 09:00 asks", "03-02 10:30", BERLIN, "03-02 09:00 x1 1:30 1:30"),
    ("03-02 16:30 asks", "03-03 09:30", BERLIN, "03-02 16:30 x1 17:00 1:00"),  # 16:30-17, 9-9:30
    ("03-02 20:00 asks", "03-03 08:00", BERLIN, "03-02 20:00 x1 12:00 0:00"),
    ("03-02 20:00 asks", "03-03 10:00", BERLIN, "03-02 20:00 x1 14:00 1:00"),
    ("03-02 03:00 asks", "03-02 09:00", BERLIN, "03-02 03:00 x1 6:00 0:00"),
    ("03-02 03:00 asks", "03-02 09:01", BERLIN, "03-02 03:00 x1 6:01 0:01"),
    ("03-02 16:59 asks", "03-02 23:59", BERLIN, "03-02 16:59 x1 7:00 0:01"),
    ("03-06 16:00 asks", "03-09 10:00", BERLIN, "03-06 16:00 x1 66:00 2:00"),  # Friday 1 h, Monday 1 h
    ("03-07 12:00 asks", "03-09 10:00", BERLIN, "03-07 12:00 x1 46:00 1:00"),
    ("03-08 23:59 asks", "03-09 09:00", BERLIN, "03-08 23:59 x1 9:01 0:00"),
    ("03-02 09:00 asks", "03-09 09:00", BERLIN, "03-02 09:00 x1 168:00 40:00"),
    ("03-02 11:30 asks", "03-02 13:30", SHOP, "03-02 11:30 x1 2:00 1:00"),
    ("03-02 12:10 asks", "03-02 12:50", SHOP, "03-02 12:10 x1 0:40 0:00"),
    ("03-06 17:00 asks", "03-07 11:00", SHOP, "03-06 17:00 x1 18:00 1:30"),  # to 17:30, Saturday 10-11
    ("03-07 13:30 asks", "03-09 09:15", SHOP, "03-07 13:30 x1 43:45 0:45"),  # to 14, Monday 15 min
    ("03-02 09:00 asks", "03-09 09:00", SHOP, "03-02 09:00 x1 168:00 41:30"),  # 5 x 7.5 h + 4 h
    ("03-02 20:00 asks", "03-03 08:00", ALWAYS, "03-02 20:00 x1 12:00 12:00"),
    # ---- how often they asked
    ("03-02 09:00 asks, 09:30 asks, 10:00 asks", "03-02 11:00", BERLIN, "03-02 09:00 x3 2:00 2:00"),
    ("03-06 17:30 asks, 03-08 12:00 asks", "03-09 09:30", BERLIN, "03-06 17:30 x2 64:00 0:30"),
    ("03-02 09:00 asks, 09:20 eve", "03-02 10:00", BERLIN, "03-02 09:00 x2 1:00 1:00"),
    ("03-02 09:00 asks, 09:10 answer, 10:00 asks, 10:05 asks", "03-02 11:00", BERLIN, "03-02 10:00 x2 1:00 1:00"),
    # ---- notes and line items between
    ("03-02 09:00 asks, 09:10 note, 09:20 note", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:10 note, 09:20 asks", "03-02 10:00", BERLIN, "03-02 09:00 x2 1:00 1:00"),
    ("03-02 09:00 asks, 09:05 assigned", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    ("03-02 08:00 note, 09:00 asks", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    # ---- an agent answers, or asks back
    ("03-02 09:00 asks, 09:30 answer", "03-02 17:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 answer, 09:40 note", "03-02 17:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 answer, 09:40 answer", "03-02 17:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 answer, 11:00 asks", "03-02 12:00", BERLIN, "03-02 11:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 answer, 09:35 note, 11:00 asks", "03-02 12:00", BERLIN, "03-02 11:00 x1 1:00 1:00"),
    ("03-02 16:00 asks, 16:30 answer, 03-06 16:30 asks", "03-09 09:30", BERLIN, "03-06 16:30 x1 65:00 1:00"),
    ("03-02 09:00 asks, 10:00 asks, 11:00 answer, 11:01 asks", "03-02 12:01", BERLIN, "03-02 11:01 x1 1:00 1:00"),
    # within one second the numbers of the threads tell the order
    ("03-02 09:00 answer, 09:00 asks", "03-02 09:30", BERLIN, "03-02 09:00 x1 0:30 0:30"),
    ("03-02 09:00 asks, 09:00 answer", "03-02 09:30", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:00 eve", "03-02 09:30", BERLIN, "03-02 09:00 x2 0:30 0:30"),
    # ---- begun by an agent: a mail, a forward, a call
    ("03-02 09:00 answer", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 answer, 10:00 asks", "03-02 12:00", BERLIN, "03-02 10:00 x1 2:00 2:00"),
    ("03-02 09:00 note", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 note, 10:00 asks", "03-02 11:00", BERLIN, "03-02 10:00 x1 1:00 1:00"),
    # ---- what was written and did not go
    ("03-02 09:00 asks, 09:30 draft", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 draft, 10:00 asks", "03-02 11:00", BERLIN, "03-02 09:00 x2 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 hidden", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 draft, 10:00 answer", "03-02 11:00", BERLIN, NOBODY),
    # ---- closed, pending, reopened
    ("03-02 09:00 asks, 09:30 closed, 11:00 asks", "03-02 12:00", BERLIN, "03-02 11:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 pending, 11:00 asks", "03-02 12:00", BERLIN, "03-02 11:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 closed, 10:00 active", "03-02 12:00", BERLIN, "03-02 10:00 x1 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 pending, 03-03 09:00 active", "03-03 10:00", BERLIN, "03-03 09:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 closed, 03-07 12:00 active", "03-09 10:00", BERLIN, "03-07 12:00 x1 46:00 1:00"),
    ("03-02 09:00 asks, 09:10 asks, 09:30 closed, 10:00 active, 10:30 asks", "03-02 11:00", BERLIN, "03-02 10:00 x3 1:00 1:00"),
    ("03-02 09:00 asks, 09:20 answer, 09:30 closed, 10:00 active", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 closed, 10:00 active, 10:10 answer", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 closed, 10:00 active, 10:10 answer, 10:20 asks", "03-02 11:00", BERLIN, "03-02 10:20 x1 0:40 0:40"),
    ("03-02 09:00 asks, 09:30 closed, 10:00 active, 10:30 pending, 11:00 active", "03-02 12:00", BERLIN, "03-02 11:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 spam, 10:00 active", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),  # it was none
    ("03-02 09:00 asks, 09:30 closed, 10:00 thanks", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 closed", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),  # active, nobody says why
    ("03-02 09:00 asks, 09:30 note-pending, 10:00 asks", "03-02 11:00", BERLIN, "03-02 10:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 note-pending, 10:00 active", "03-02 11:00", BERLIN, "03-02 10:00 x1 1:00 1:00"),
    # ---- moved, deleted and restored, the customer changed
    ("03-02 09:00 asks, 09:30 moved", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),
    ("03-02 05:00 asks, 08:00 moved", "03-02 10:00", NEW_YORK, "03-02 05:00 x1 5:00 1:00"),  # the new mailbox's hours
    ("03-02 09:00 asks, 09:10 answer, 09:30 moved", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 customer", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 customer, 10:00 answer-eve", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:10 deleted, 09:20 restored", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    # ---- merged: the threads of two conversations, in the order of their times
    ("03-02 09:00 asks, 09:30 eve, 10:00 answer, 11:00 merged", "03-02 12:00", BERLIN, "03-02 09:30 x1 2:30 2:30"),
    ("03-02 09:00 asks, 09:30 eve, 10:00 answer", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 asks, 10:00 answer, 11:00 merged", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:10 answer, 09:30 eve, 10:00 merged", "03-02 11:00", BERLIN, "03-02 09:30 x1 1:30 1:30"),
    ("03-02 09:00 asks, 09:30 eve, 10:00 merged, 10:30 answer", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 eve, 10:00 answer, 10:10 answer-eve, 11:00 merged", "03-02 12:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:10 closed, 09:30 eve, 10:00 merged", "03-02 11:00", BERLIN, "03-02 09:00 x2 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 eve, 10:00 merged, 10:30 asks", "03-02 11:00", BERLIN, "03-02 09:00 x3 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 eve, 10:00 merged, 10:10 closed, 10:30 eve", "03-02 11:00", BERLIN, "03-02 10:30 x1 0:30 0:30"),
    # ---- what nobody has to answer, and what is no answer
    ("03-02 09:00 asks, 09:30 away", "03-02 11:00", BERLIN, "03-02 09:00 x1 2:00 2:00"),
    ("03-02 09:00 asks, 09:30 answer, 09:31 away", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 answer, 10:00 thanks", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 answer, 10:00 thanks,but", "03-02 11:00", BERLIN, "03-02 10:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:30 answer, 10:00 thanks, 10:30 asks", "03-02 11:00", BERLIN, "03-02 10:30 x1 0:30 0:30"),
    ("03-02 09:00 asks, 09:30 answer, 10:00 asks, 10:30 thanks", "03-02 11:00", BERLIN, "03-02 10:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:10 thanks", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    ("03-02 09:00 thanks", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),  # thanks for what? in doubt it counts
    ("03-02 09:00 asks, 09:30 answer, 09:31 bounce", "03-02 11:00", BERLIN, NOBODY),
    ("03-02 09:00 asks, 09:30 answer, 09:31 bounce, 10:00 asks", "03-02 11:00", BERLIN, "03-02 10:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:01 robot", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    ("03-02 09:00 asks, 09:01 robot, 09:30 asks", "03-02 10:00", BERLIN, "03-02 09:00 x2 1:00 1:00"),
    ("03-02 09:00 asks, 09:10 ana-away", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    # ---- the clocks change: Berlin on 29 March and 25 October, New York on 8 March and 1 November
    ("03-28 12:00 asks", "03-29 12:00", hours("Europe/Berlin", "mon-sun 00:00-24:00"), "03-28 12:00 x1 23:00 23:00"),
    ("10-24 12:00 asks", "10-25 12:00", hours("Europe/Berlin", "mon-sun 00:00-24:00"), "10-24 12:00 x1 25:00 25:00"),
    ("03-27 16:00 asks", "03-30 10:00", BERLIN, "03-27 16:00 x1 65:00 2:00"),  # 66 h on the wall
    ("10-23 16:00 asks", "10-26 10:00", BERLIN, "10-23 16:00 x1 67:00 2:00"),
    ("03-28 23:00 asks", "03-29 05:00", NIGHT, "03-28 23:00 x1 5:00 5:00"),
    ("10-24 23:00 asks", "10-25 05:00", NIGHT, "10-24 23:00 x1 7:00 7:00"),
    ("03-29 01:00 asks", "03-29 04:00", EARLY, "03-29 01:00 x1 2:00 1:00"),  # 2:30 is not there: from 3:00
    ("10-25 01:00 asks", "10-25 04:00", EARLY, "10-25 01:00 x1 4:00 2:00"),  # 2:30-3:00, and 2:30-4:00
    ("03-06 16:00 asks", "03-09 10:00", NEW_YORK, "03-06 16:00 x1 65:00 2:00"),
    ("10-30 16:00 asks", "11-02 10:00", NEW_YORK, "10-30 16:00 x1 67:00 2:00"),
    ("04-05 00:00 asks", "04-05 12:00", ISLAND, "04-05 00:00 x1 12:30 12:30"),  # half an hour comes twice
    # ---- holidays and own dates
    ("04-02 16:00 asks", "04-07 10:00", BERLIN, "04-02 16:00 x1 114:00 2:00"),  # Good Friday, Easter Monday
    ("04-30 16:30 asks", "05-04 09:30", BERLIN, "04-30 16:30 x1 89:00 1:00"),  # 1 May, a Friday
    ("05-13 16:00 asks", "05-15 10:00", BERLIN, "05-13 16:00 x1 42:00 2:00"),  # Ascension
    ("12-23 16:00 asks", "12-28 10:00", BERLIN, "12-23 16:00 x1 114:00 2:00"),  # 24th own, 25th a holiday
    ("12-30 16:00 asks", "2027-01-04 10:00", BERLIN, "12-30 16:00 x1 114:00 2:00"),  # 31st own, New Year
    ("11-25 16:00 asks", "11-27 10:00", NEW_YORK, "11-25 16:00 x1 42:00 2:00"),  # Thanksgiving
    ("07-02 16:00 asks", "07-06 10:00", NEW_YORK, "07-02 16:00 x1 90:00 2:00"),  # the 4th is kept on Friday
    ("05-01 18:00 asks", "05-07 11:00", TOKYO, "05-01 18:00 x1 137:00 2:00"),  # the Golden Week: 4, 5, 6 May
    ("04-28 18:30 asks", "04-30 10:15", TOKYO, "04-28 18:30 x1 39:45 0:45"),  # 29 April
    ("2028-02-28 16:00 asks", "2028-03-01 10:00", BERLIN, "2028-02-28 16:00 x1 42:00 10:00"),  # 1 + 8 + 1
    ("03-01 16:30 asks", "03-02 10:30", NEPAL, "03-01 16:30 x1 18:00 1:00"),  # open on Sundays
    # ---- customers elsewhere
    ("2026-03-02T17:00+09:00 asks", "03-02 10:00", BERLIN, "03-02 09:00 x1 1:00 1:00"),
    ("2026-03-01T23:30-08:00 asks", "03-02 09:30", BERLIN, "03-02 08:30 x1 1:00 0:30"),
    ("2026-03-06T22:00+05:30 asks", "03-09 09:30", BERLIN, "03-06 17:30 x1 64:00 0:30"),
    # ---- one mail, the hours of several mailboxes: 15:30 to 18:00 in Greenwich
    ("2026-03-02T15:30+00:00 asks", "2026-03-02T18:00+00:00", BERLIN, "03-02 16:30 x1 2:30 0:30"),
    ("2026-03-02T15:30+00:00 asks", "2026-03-02T18:00+00:00", NEW_YORK, "03-02 10:30 x1 2:30 2:30"),
    ("2026-03-02T15:30+00:00 asks", "2026-03-02T18:00+00:00", TOKYO, "03-03 00:30 x1 2:30 0:00"),
    ("2026-03-02T15:30+00:00 asks", "2026-03-02T18:00+00:00", ALWAYS, "03-02 15:30 x1 2:30 2:30"),
    # between the changes of America and Europe they are five hours apart, not six
    ("2026-03-16T12:30+00:00 asks", "2026-03-16T13:30+00:00", NEW_YORK, "03-16 08:30 x1 1:00 0:30"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "now", "open_hours", "expected"), ROWS, ids=lambda cell: cell if isinstance(cell, str) else ""
)
def test_a_wait_is_what_a_pencil_says(what: str, now: str, open_hours: Hours, expected: str) -> None:
    wait = waiting(story(what, open_hours.zone))
    if not expected:
        assert wait is None
        return
    *since, asked, by_the_clock, in_business = expected.split()
    at = moment(now, open_hours.zone)
    assert wait is not None
    assert wait.since.astimezone(open_hours.zone) == moment(" ".join(since), open_hours.zone)
    assert f"x{wait.asked}" == asked
    assert wait.passed(at) == length(by_the_clock)
    assert wait.passed(at, open_hours) == length(in_business)


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 90


@pytest.mark.parametrize(
    "changes",
    [{"status": one} for one in (Status.PENDING, Status.CLOSED, Status.SPAM)]
    + [{"state": "draft"}, {"state": "deleted"}],
)
@pytest.mark.parametrize("what", ["03-02 09:00 asks", "03-02 09:00 asks, 09:30 answer, 10:00 asks"])
def test_nobody_waits_where_the_conversation_is_not_open(what: str, changes: dict[str, object]) -> None:
    assert waiting(story(what, BERLIN.zone, **changes)) is None


@pytest.mark.parametrize("said", ["user", "customer", ""])
def test_the_threads_go_before_what_freescout_says_of_itself(said: str) -> None:
    """Merging and undoing leave its `latestReplyFrom` as it was; so do workflows."""
    wait = waiting(story("03-02 09:00 asks, 09:10 draft, 09:20 robot", BERLIN.zone, latest_reply_from=said))
    assert wait is not None
    assert (wait.thread, wait.asked) == (1, 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_account_tells_of_every_thread_and_agrees_with_the_wait(row: tuple[str, str, Hours, str]) -> None:
    one = story(row[0], row[2].zone)
    entries = account(one)
    assert [entry.thread for entry in entries] == list(one.threads)
    wait = waiting(one)
    begun = {entry.thread.id: entry.effect.value for entry in entries}
    if wait is not None:
        assert begun[wait.thread] in ("begins", "begins anew", "asked again")


# ---------------------------------------------------------------------------- what is always so

TURNS = ("closed", "pending", "spam", "active", "note-pending")
STORIES = st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=12)
STEADY = st.lists(st.sampled_from(sorted(set(KINDS) - set(TURNS))), min_size=1, max_size=12)


def told(kinds: list[str]) -> Conversation:
    """These things, a minute after each other."""
    return story(", ".join(f"03-02 09:{minute:02} {kind}" for minute, kind in enumerate(kinds)), BERLIN.zone)


@given(STORIES, st.sampled_from(["note", "assigned", "moved", "draft", "customer"]))
@PROFILE
def test_what_the_customer_does_not_see_changes_nothing(kinds: list[str], silent: str) -> None:
    before, after = waiting(told(kinds)), waiting(told([*kinds, silent]))
    assert after == before


@given(STEADY)
@PROFILE
def test_asking_again_never_makes_a_wait_begin_anew(kinds: list[str]) -> None:
    before, after = waiting(told(kinds)), waiting(told([*kinds, "asks"]))
    assert after is not None
    if before is None:
        assert (after.thread, after.asked) == (len(kinds) + 1, 1)
    else:
        assert (after.since, after.thread, after.asked) == (before.since, before.thread, before.asked + 1)


@given(STORIES)
@PROFILE
def test_an_answer_ends_every_wait_and_the_account_says_so(kinds: list[str]) -> None:
    one = told([*kinds, "answer"])
    assert waiting(one) is None
    assert account(one)[-1].effect.value in ("ends", "nothing")
    assert account(told(["asks", "answer"]))[-1].effect.value == "ends"


@given(STORIES)
@PROFILE
def test_nobody_waits_longer_than_since_they_first_wrote(kinds: list[str]) -> None:
    one = told(kinds)
    wait = waiting(one)
    if wait is not None and wait.asked:
        wrote = [thread for thread in one.threads if thread.type == "customer"]
        assert wrote[0].created_at <= wait.since <= one.threads[-1].created_at
        assert wait.asked <= len(wrote)
