"""Business time, to the second: over both changes of the clocks, past midnight, on holidays and own dates."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.hours import ALWAYS, NEVER, Closed, Hours, MailboxHours, Span, kept, read, week
from bot.settings import load

PROFILE = profile(max_examples=60, deadline=None, derandomize=True)
OFFICE = ["mon-fri 09:00-12:00 13:00-17:30", "sat 10:00-14:00"]


def hours(*lines: str, zone: str = "Europe/Berlin", **more: object) -> Hours:
    problems: list[str] = []
    (one,) = read("bridge.toml", [{"zone": zone, "open": list(lines), **more}], problems)
    assert problems == []
    return one.hours


def told(**table: object) -> list[str]:
    problems: list[str] = []
    read("bridge.toml", [{"zone": "Europe/Berlin", "open": OFFICE, **table}], problems)
    return problems


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def slow(one: Hours, start: datetime, end: datetime) -> timedelta:
    """The same as `passed` by looking at the wall's clock every minute; the ends are whole minutes."""
    count, moment = 0, start.astimezone(UTC)
    while moment < end:
        wall = moment.astimezone(one.zone)
        minute = wall.hour * 60 + wall.minute
        today, yesterday = wall.date(), wall.date() - timedelta(days=1)
        count += any(s.start <= minute < s.end for s in spans(one, today)) or any(
            s.start <= minute + 1440 < s.end for s in spans(one, yesterday)
        )
        moment += minutes(1)
    return minutes(count)


def spans(one: Hours, day: date) -> tuple[Span, ...]:
    """The spans of a day, looked up without `Hours`."""
    for extra, own in one.extra:
        if extra == day:
            return own
    if any(day in closed for closed in one.closed):
        return ()
    assert one.week is not None
    return one.week[day.weekday()]


# ------------------------------------------------------------------------------------------- by hand


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02T09:00", "2026-03-02T10:30", 90),  # a Monday
        ("2026-03-02T11:00", "2026-03-02T14:00", 120),  # lunch from twelve to one
        ("2026-03-02T06:00", "2026-03-02T23:00", 450),  # 3 h + 4.5 h
        ("2026-03-02T12:15", "2026-03-02T12:45", 0),
        ("2026-03-06T17:00", "2026-03-09T09:10", 30 + 240 + 10),  # Friday to Monday over Saturday
        ("2026-03-07T15:00", "2026-03-09T09:00", 0),
        ("2026-03-02T00:00", "2026-03-09T00:00", 5 * 450 + 240),
        ("2026-03-02T10:00", "2026-03-02T09:00", 0),  # the end before the beginning
    ],
)
def test_business_time_of_an_office(start: str, end: str, expected: float) -> None:
    assert hours(*OFFICE).passed(at(start), at(end)) == minutes(expected)


@pytest.mark.parametrize(
    ("line", "zone", "day", "expected"),
    [
        # Berlin springs forward on 2026-03-29 at 2:00 and falls back on 2026-10-25 at 3:00
        ("sun 00:00-24:00", "Europe/Berlin", "2026-03-29", 23 * 60),
        ("sun 00:00-24:00", "Europe/Berlin", "2026-10-25", 25 * 60),
        ("sun 02:30-05:00", "Europe/Berlin", "2026-03-29", 120),  # begins in the missing hour: at 3:00
        ("sun 01:00-02:30", "Europe/Berlin", "2026-03-29", 60),  # ends in it: at 2:00
        ("sun 02:10-02:50", "Europe/Berlin", "2026-03-29", 0),  # lies in it
        ("sun 02:10-02:50", "Europe/Berlin", "2026-10-25", 80),  # lies in the hour that comes twice
        ("sun 01:00-02:30", "Europe/Berlin", "2026-10-25", 120),  # 1:00-2:30, and 2:00-2:30 again
        ("sun 02:30-04:00", "Europe/Berlin", "2026-10-25", 120),  # 2:30-3:00, and 2:30-4:00
        ("sun 09:00-17:00", "Europe/Berlin", "2026-10-25", 480),
        ("sat 22:00-06:00", "Europe/Berlin", "2026-03-28", 7 * 60),  # past midnight, over the change
        ("sat 22:00-06:00", "Europe/Berlin", "2026-10-24", 9 * 60),
        ("sun 00:00-24:00", "Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30),  # half an hour only
        ("sun 00:00-24:00", "Australia/Lord_Howe", "2026-10-04", 23 * 60 + 30),
        ("sun 00:00-24:00", "Asia/Kathmandu", "2026-03-29", 24 * 60),  # +05:45, no change
        ("sun 00:00-24:00", "Pacific/Chatham", "2026-09-27", 23 * 60),  # +12:45, at 2:45
        ("fri 00:00-24:00", "Pacific/Apia", "2011-12-30", 0),  # a day that Samoa left out
        ("sun 00:00-24:00", "America/New_York", "2026-03-08", 23 * 60),
        ("sun 00:00-24:00", "America/New_York", "2006-03-12", 24 * 60),  # the rule changed in 2007
        ("sun 00:00-24:00", "Europe/Istanbul", "2016-10-30", 24 * 60),  # Turkey stayed in summer
        ("fri 00:00-24:00", "Asia/Pyongyang", "2015-08-14", 24 * 60 + 30),  # at its end back to 23:30
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(line: str, zone: str, day: str, expected: float) -> None:
    around = timedelta(days=3)
    noon = at(f"{day}T12:00", zone).astimezone(UTC)
    one = hours(line, zone=zone)
    assert one.passed(noon - around, noon + around) == minutes(expected)


@pytest.mark.parametrize(
    ("start", "wait", "expected"),
    [
        ("2026-03-02T09:00", 60, "2026-03-02T10:00"),
        ("2026-03-02T11:30", 60, "2026-03-02T13:30"),
        ("2026-03-02T11:00", 60, "2026-03-02T12:00"),  # at the very end of a span it has passed
        ("2026-03-02T20:00", 30, "2026-03-03T09:30"),
        ("2026-03-06T17:00", 60, "2026-03-07T10:30"),  # Friday: half an hour, Saturday: the other
        ("2026-03-07T13:00", 120, "2026-03-09T10:00"),
        ("2026-03-27T17:00", 30 + 240 + 15, "2026-03-30T09:15"),  # over the change in March
        ("2026-10-23T17:00", 30 + 240 + 15, "2026-10-26T09:15"),
        ("2026-03-02T10:00", 0, "2026-03-02T10:00"),
    ],
)
def test_the_moment_by_which_business_time_has_passed(start: str, wait: float, expected: str) -> None:
    assert hours(*OFFICE).after(at(start), minutes(wait)) == at(expected)


def test_a_night_that_is_an_hour_shorter_ends_the_wait_an_hour_later() -> None:
    night = hours("sat 22:00-06:00")
    assert night.after(at("2026-03-28T22:00"), minutes(300)) == at("2026-03-29T04:00")
    assert night.after(at("2026-10-24T22:00"), minutes(300)) == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_two_moments_that_the_wall_calls_the_same_are_an_hour_apart() -> None:
    once, again = at("2026-10-25T02:30"), at("2026-10-25T02:30", fold=1)
    assert hours("sun 00:00-24:00").passed(once, again) == ALWAYS.passed(once, again) == minutes(60)


def test_public_holidays_are_those_of_the_region() -> None:
    def women_s_day(code: str) -> timedelta:
        return hours(*OFFICE, holidays=code).passed(at("2027-03-08T00:00"), at("2027-03-09T00:00"))

    assert women_s_day("DE-BE") == women_s_day("de-be") == minutes(0)  # 8 March is one in Berlin
    assert women_s_day("DE") == women_s_day("DE-BY") == minutes(450)
    christmas = hours(*OFFICE, holidays="DE-BE").day(at("2026-12-25T12:00"))
    assert str(christmas) == "Fri 2026-12-25 closed (Christmas Day)"


@pytest.mark.parametrize(
    ("closed", "day", "expected"),
    [
        ("2026-12-24", "2026-12-24", True),
        ("2026-12-24", "2027-12-24", False),
        ("12-24", "2027-12-24", True),
        ("2026-12-27/2027-01-01", "2027-01-01", True),
        ("2026-12-27/2027-01-01", "2027-01-02", False),
        ("2026-12-27/2027-01-01", "2027-12-30", False),
        ("12-27/01-01", "2031-12-30", True),
        ("12-27/01-01", "2031-01-01", True),
        ("12-27/01-01", "2031-01-02", False),
        ("02-29", "2028-02-29", True),
        ("02-29", "2027-02-28", False),
        ("02-29", "2027-03-01", False),
        (date(2026, 5, 4), "2026-05-04", True),
    ],
)
def test_own_dates_are_closed(closed: object, day: str, expected: bool) -> None:
    days = week.closed(closed)
    assert days is not None
    assert (date.fromisoformat(day) in days) is expected


def test_a_day_with_hours_of_its_own_has_no_others() -> None:
    one = hours(
        *OFFICE, "2026-12-24 09:00-12:00", "2026-12-20 10:00-16:00", holidays="DE", closed=["12-20/12-31"]
    )
    assert one.passed(at("2026-12-19T00:00"), at("2027-01-01T00:00")) == minutes(240 + 180 + 360)
    assert str(one.day(at("2026-12-24T08:00"))) == "Thu 2026-12-24 09:00-12:00 (a day with hours of its own)"


def test_a_late_shift_belongs_to_the_day_on_which_it_begins() -> None:
    one = hours("fri,sat 22:00-02:00", closed=["2026-03-07"])
    assert one.open_at(at("2026-03-07T01:59"))  # Friday's, though Saturday is closed
    assert not one.open_at(at("2026-03-07T02:00"))
    assert not one.open_at(at("2026-03-07T23:00"))
    assert one.passed(at("2026-03-06T00:00"), at("2026-03-09T00:00")) == minutes(240)


def test_leap_days_are_days() -> None:
    one = hours("mon-sun 09:00-10:00")
    assert one.passed(at("2028-02-01T00:00"), at("2028-03-01T00:00")) == minutes(29 * 60)
    assert one.passed(at("2027-02-01T00:00"), at("2027-03-01T00:00")) == minutes(28 * 60)


def test_when_it_opens() -> None:
    one = hours(*OFFICE)
    assert one.open_at(at("2026-03-02T09:00"))
    assert not one.open_at(at("2026-03-02T12:00"))
    assert one.next_open(at("2026-03-02T09:30")) == at("2026-03-02T09:30")
    assert one.next_open(at("2026-03-02T12:00")) == at("2026-03-02T13:00")
    assert one.next_open(at("2026-03-07T14:00")) == at("2026-03-09T09:00")
    assert one.next_open(at("2026-03-27T18:00")) == at("2026-03-28T10:00")


def test_without_hours_it_is_always_open() -> None:
    start, end = at("2026-03-28T12:00"), at("2026-03-29T12:00")
    assert ALWAYS.passed(start, end) == minutes(23 * 60)  # the wall says 24 h
    assert ALWAYS.after(start, minutes(23 * 60)) == end
    assert ALWAYS.open_at(start)
    assert ALWAYS.next_open(start) == start
    assert ALWAYS.passed(end, start) == minutes(0)


def test_what_never_opens_is_never_due() -> None:
    one = hours(*OFFICE, closed=["01-01/12-31"])
    assert one.after(at("2026-03-02T09:00"), minutes(1)) == NEVER
    assert one.next_open(at("2026-03-02T09:00")) == NEVER
    assert one.passed(at("2026-03-02T09:00"), at("2027-03-02T09:00")) == minutes(0)


# --------------------------------------------------------------------------------------- properties

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "UTC",
)
SPANS = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])
DAY = st.lists(
    SPANS.map(lambda pair: Span(pair[0], pair[1] if pair[1] > pair[0] else pair[1] + 1440)), max_size=2
).map(tuple)
CLOSED = st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(lambda day: Closed(day, day + timedelta(days=2)))
HOURS = st.builds(
    Hours,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    week=st.tuples(*[DAY] * 7),
    closed=st.lists(CLOSED, max_size=2).map(tuple),
)
CHANGES = [
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
]
MOMENTS = st.tuples(
    st.sampled_from([*CHANGES, datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 9, 27, tzinfo=UTC)]),
    st.integers(-3 * 1440, 3 * 1440),
).map(lambda pair: pair[0] + minutes(pair[1]))


@given(HOURS, MOMENTS, st.integers(0, 3 * 1440))
@PROFILE
def test_it_agrees_with_a_look_at_the_clock_every_minute(one: Hours, start: datetime, length: int) -> None:
    end = start + minutes(length)
    assert one.passed(start, end) == slow(one, start, end)


@given(HOURS, MOMENTS, st.integers(0, 9_999_999), st.integers(0, 9_999_999))
@PROFILE
def test_business_time_adds_up_and_never_runs_backwards(
    one: Hours, start: datetime, first: int, second: int
) -> None:
    middle = start + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)
    assert one.passed(start, middle) + one.passed(middle, end) == one.passed(start, end)
    assert timedelta(0) <= one.passed(start, middle) <= one.passed(start, end) <= end - start


@given(HOURS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)))
@PROFILE
def test_after_is_the_inverse_of_passed(one: Hours, start: datetime, wait: timedelta) -> None:
    due = one.after(start, wait)
    if due == NEVER:
        assert not any(one.week or ())
        return
    assert one.passed(start, due) == wait
    if wait:  # and no moment before it will do
        assert one.passed(start, due - timedelta(microseconds=1)) < wait


@given(HOURS, MOMENTS)
@PROFILE
def test_the_next_opening_is_open_and_nothing_before_it_is(one: Hours, start: datetime) -> None:
    opens = one.next_open(start)
    if opens != NEVER:
        assert one.open_at(opens)
        assert one.passed(start, opens) == timedelta(0)


# ------------------------------------------------------------------------------------------ the file


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"zone": "Berlin"}, "zone 'Berlin' is unknown; did you mean 'Europe/Berlin'?"),
        ({"zone": "europe/berlin"}, "zone 'europe/berlin' is unknown; did you mean 'Europe/Berlin'?"),
        ({"zone": "Mars"}, "zone 'Mars' is unknown; it is one like \"Europe/Berlin\"."),
        ({"zone": None}, 'zone should be a time zone; it is one like "Europe/Berlin".'),
        ({"zone": 1}, 'zone should be a time zone; it is one like "Europe/Berlin".'),
        ({"open": []}, "open should be a list of lines like "),
        ({"open": None}, "open should be a list of lines like "),
        ({"open": 9}, "9 in open should be like "),
        ({"open": ["mon"]}, "'mon' in open should be like "),
        ({"open": ["mon 9-12"]}, "'mon 9-12' in open should be like "),
        ({"open": ["mon 09:00-09:00"]}, "'mon 09:00-09:00' in open should be like "),
        ({"open": ["mon 09:00-25:00"]}, "'mon 09:00-25:00' in open should be like "),
        ({"open": ["mon 09:60-10:00"]}, "'mon 09:60-10:00' in open should be like "),
        ({"open": ["xyz 09:00-10:00"]}, "'xyz 09:00-10:00' in open should be like "),
        ({"open": ["2026-02-30 09:00-10:00"]}, "'2026-02-30 09:00-10:00' in open should be like "),
        ({"open": ["mon 09:00-12:00 11:00-13:00"]}, "on mon, 09:00-12:00 and 11:00-13:00 in open overlap."),
        ({"open": ["mon-wed 09:00-12:00", "tue 11:00-13:00"]}, "on tue, 09:00-12:00 and 11:00-13:00 in open overlap."),
        ({"holidays": "DE-BER"}, "holidays 'DE-BER': DE has no region 'BER'; did you mean 'DE-BE'?"),
        ({"holidays": "Germany"}, "holidays 'Germany' is no country that has holidays here; did you mean 'DE'?"),
        ({"holidays": "UK"}, "holidays 'UK' is no country that has holidays here; did you mean 'GB'?"),
        ({"holidays": "XX"}, "holidays 'XX' is no country that has holidays here; write a code of ISO 3166"),
        ({"holidays": "VA-X"}, "holidays 'VA-X': there are no regions of VA; write 'VA'."),
        ({"holidays": 1}, "holidays should be a country or a region of it"),
        ({"closed": ["24.12."]}, "'24.12.' in closed should be like "),
        ({"closed": ["02-30"]}, "'02-30' in closed should be like "),
        ({"closed": ["2027-01-01/2026-12-27"]}, "'2027-01-01/2026-12-27' in closed should be like "),
        ({"closed": ["12-24/2026-12-27"]}, "'12-24/2026-12-27' in closed should be like "),
        ({"closed": 1}, "1 in closed should be like "),
        ({"mailbox": True}, "mailbox should be a mailbox's id or its name; without it, all others."),
        ({"mailbox": " "}, "mailbox should be a mailbox's id or its name; without it, all others."),
    ],
)  # fmt: skip
def test_what_cannot_work_is_explained(table: dict[str, object], expected: str) -> None:
    (problem,) = told(**table)
    assert problem.startswith(f"bridge.toml, hours 1: {expected}")


def test_every_problem_is_told_at_once_with_the_number_of_its_table() -> None:
    problems: list[str] = []
    tables = [
        {"zone": "Berlin", "open": ["mon 9-12"], "closed": ["x"], "holidays": "XX"},
        {"zone": "UTC", "open": OFFICE, "mailbox": "Sales"},
        {"zone": "UTC", "open": OFFICE, "mailbox": "sales"},
        {"zone": "UTC", "open": OFFICE},
    ]
    assert len(read("bridge.toml", tables, problems)) == 4
    assert [one.split(":")[0] for one in problems].count("bridge.toml, hours 1") == 4
    assert problems[-2:] == [
        "bridge.toml, hours 3: hours of the same mailbox, like hours 2.",
        "bridge.toml, hours 4: hours for all other mailboxes, like hours 1.",
    ]
    assert read("bridge.toml", {"zone": "UTC"}, problems) == ()
    assert problems[-1] == "bridge.toml: opening hours are a table, written [[hours]]."


def test_a_mailbox_keeps_its_own_hours_or_those_of_all_others() -> None:
    named, numbered, others = hours("mon 09:00-10:00"), hours("tue 09:00-10:00"), hours("wed 09:00-10:00")
    tables = [MailboxHours("Sales", named), MailboxHours(3, numbered), MailboxHours(None, others)]
    assert kept(tables, 1, "sales") == named
    assert kept(tables, 3, "Support") == numbered
    assert kept(tables, 4, "Billing") == kept(tables, 4) == others
    assert kept(tables[:2], 4, "Billing") == kept((), 1) == ALWAYS


@pytest.mark.parametrize(
    ("line", "open_days"),
    [
        ("mon-fri 09:00-10:00", "01234"),
        ("fri-mon 09:00-10:00", "0456"),
        ("mon,wed 09:00-10:00", "02"),
        ("Monday-Friday 09:00–10:00", "01234"),
        ("sun 9:00-10:00", "6"),
    ],
)
def test_weekdays_may_be_written_in_several_ways(line: str, open_days: str) -> None:
    weekly = hours(line).week
    assert weekly is not None
    assert "".join(str(day) for day, spans in enumerate(weekly) if spans) == open_days


def test_the_file_is_read_with_them() -> None:
    environment = {
        "FREESCOUT_URL": "https://help.example.org",
        "FREESCOUT_API_KEY": "key",
        "FREESCOUT_WEBHOOK_SECRET": "secret",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
    }
    routes = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n'
    table = '[[hours]]\nzone = "Europe/Berlin"\nopen = ["mon-fri 09:00-17:00"]\nclosed = [2026-12-24]\n'
    loaded = load(environment, lambda _name: routes + table)
    assert not kept(loaded.hours, 1).open_at(at("2026-12-24T10:00"))
    assert load(environment, lambda _name: routes).hours == ()
    with pytest.raises(ConfigError) as caught:
        load(environment, lambda _name: f'{routes}{table}hollidays = "DE"\n[[hours]]\nzone = "Berlin"\n')
    assert [problem.split("; ")[0] for problem in caught.value.problems] == [
        "bridge.toml:8, hours 1: 'hollidays' is unknown",
        (
            "bridge.toml:9, hours 2: open should be a list of lines like "
            '"mon-fri 09:00-12:00 13:00-17:30", or "2026-12-05 10:00-14:00" for one day.'
        ),
        "bridge.toml:10, hours 2: zone 'Berlin' is unknown",
        "bridge.toml:9, hours 2: hours for all other mailboxes, like hours 1.",
    ]
