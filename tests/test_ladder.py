"""Which step is due and whom it tells, in tables; and the tables of bridge.toml."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import ladderfile
from bot.hours import ALWAYS, Hours, read
from bot.ladder import Contact, Group, Reach, Told, climbed, due, limit, next_due, rung, told
from bot.ladderfile import Kind, Ladder, MailboxLadder, Rung, kept, of_waits
from bot.store import Claim, ClaimState
from bot.tables import Where

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
LATER = NINE + timedelta(hours=3)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


# ------------------------------------------------------------------------------------ whom it tells

ANA, BEN, CAI = Contact("Ana", "UANA"), Contact("Ben", "UBEN"), Contact("Cai", "UCAI")
AWAY, BACK = Contact("Ana", "UANA", LATER), Contact("Ana", "UANA", NINE)
STRANGER = Contact("Ana")  # Slack has nobody active of that name
BEN_AWAY, CAI_AWAY = Contact("Ben", "UBEN", LATER), Contact("Cai", "UCAI", LATER)
DUTY = Group("@duty", "SDUTY", (BEN, CAI))
HALF = Group("@duty", "SDUTY", (BEN_AWAY, CAI))
ASLEEP = Group("@duty", "SDUTY", (BEN_AWAY, CAI_AWAY))
EMPTY = Group("@duty", "SDUTY")
LEFT = Group("@duty", "SDUTY", (Contact("Ben"),))
UNKNOWN = Group("@duty")
HERSELF = Group("@duty", "SDUTY", (AWAY, CAI))
CROWD = Group("@duty", "SDUTY", tuple(Contact(f"P{n}", f"U{n}") for n in range(9)))
LEADS, NO_LEADS = Group("@leads", "SLEADS", (BEN,)), Group("@leads")

T, C, A, G, P = Kind.THREAD, Kind.CHANNEL, Kind.ASSIGNEE, Kind.GROUP, Kind.PERSON


def line(mention: str = "", name: str = "", later: datetime | None = None) -> Told:
    return Told(True, False, mention, name, later=later)


def channel(mention: str = "", name: str = "") -> Told:
    return Told(True, True, mention, name)


def to(*people: str, later: datetime | None = None) -> Told:
    return Told(direct=people, later=later)


DECISIONS = [
    # a line in the thread: to the assignee, else to whoever is on duty, else to nobody by name
    (T, Reach(ANA), line("UANA")),
    (T, Reach(ANA, DUTY), line("UANA")),
    (T, Reach(AWAY, DUTY), line("UANA")),  # Slack keeps a mention back by itself
    (T, Reach(STRANGER), line()),
    (T, Reach(STRANGER, DUTY), line("SDUTY")),
    (T, Reach(STRANGER, EMPTY), line()),
    (T, Reach(STRANGER, UNKNOWN), line(name="@duty")),
    (T, Reach(), line()),
    (T, Reach(duty=DUTY), line("SDUTY")),
    (T, Reach(duty=ASLEEP), line("SDUTY")),
    (T, Reach(duty=EMPTY), line()),
    (T, Reach(duty=LEFT), line()),
    (T, Reach(duty=UNKNOWN), line(name="@duty")),
    # the same, and it stands in the channel
    (C, Reach(ANA), channel("UANA")),
    (C, Reach(ANA, DUTY), channel("UANA")),
    (C, Reach(AWAY, DUTY), channel("UANA")),
    (C, Reach(STRANGER), channel()),
    (C, Reach(STRANGER, DUTY), channel("SDUTY")),
    (C, Reach(STRANGER, EMPTY), channel()),
    (C, Reach(STRANGER, UNKNOWN), channel(name="@duty")),
    (C, Reach(), channel()),
    (C, Reach(duty=DUTY), channel("SDUTY")),
    (C, Reach(duty=EMPTY), channel()),
    (C, Reach(duty=UNKNOWN), channel(name="@duty")),
    # a direct message to the assignee
    (A, Reach(ANA), to("UANA")),
    (A, Reach(ANA, DUTY), to("UANA")),
    (A, Reach(BACK, DUTY), to("UANA")),  # at the very end of their do-not-disturb
    (A, Reach(AWAY), line(later=LATER)),
    (A, Reach(AWAY, DUTY), to("UBEN", "UCAI", later=LATER)),
    (A, Reach(AWAY, HALF), to("UCAI", later=LATER)),
    (A, Reach(AWAY, ASLEEP), line("SDUTY", later=LATER)),
    (A, Reach(AWAY, EMPTY), line(later=LATER)),
    (A, Reach(AWAY, LEFT), line(later=LATER)),
    (A, Reach(AWAY, UNKNOWN), line(name="@duty", later=LATER)),
    (A, Reach(AWAY, HERSELF), to("UCAI", later=LATER)),
    (A, Reach(STRANGER), line()),
    (A, Reach(STRANGER, DUTY), to("UBEN", "UCAI")),
    (A, Reach(STRANGER, HALF), to("UCAI")),
    (A, Reach(STRANGER, ASLEEP), line("SDUTY")),
    (A, Reach(STRANGER, EMPTY), line()),
    (A, Reach(STRANGER, UNKNOWN), line(name="@duty")),
    (A, Reach(), line()),
    (A, Reach(duty=DUTY), to("UBEN", "UCAI")),
    (A, Reach(duty=HALF), to("UCAI")),
    (A, Reach(duty=ASLEEP), line("SDUTY")),
    (A, Reach(duty=EMPTY), line()),
    (A, Reach(duty=LEFT), line()),
    (A, Reach(duty=UNKNOWN), line(name="@duty")),
    (A, Reach(duty=CROWD), to("U0", "U1", "U2", "U3", "U4")),
    # a user group: whoever is assigned, and whoever is on duty, changes nothing
    (G, Reach(meant=LEADS), channel("SLEADS")),
    (G, Reach(ANA, DUTY, LEADS), channel("SLEADS")),
    (G, Reach(STRANGER, EMPTY, LEADS), channel("SLEADS")),
    (G, Reach(meant=NO_LEADS), channel(name="@leads")),
    (G, Reach(ANA, DUTY, NO_LEADS), channel(name="@leads")),
    (G, Reach(), channel()),
    # a person: whoever is assigned changes nothing, but where that person cannot be reached
    (P, Reach(meant=CAI), to("UCAI")),
    (P, Reach(ANA, meant=CAI), to("UCAI")),
    (P, Reach(ANA, DUTY, CAI), to("UCAI")),
    (P, Reach(AWAY, DUTY, CAI), to("UCAI")),
    (P, Reach(meant=CAI_AWAY), line(later=LATER)),
    (P, Reach(duty=DUTY, meant=CAI_AWAY), to("UBEN", later=LATER)),
    (P, Reach(ANA, DUTY, CAI_AWAY), to("UBEN", later=LATER)),
    (P, Reach(duty=ASLEEP, meant=CAI_AWAY), line("SDUTY", later=LATER)),
    (P, Reach(duty=EMPTY, meant=CAI_AWAY), line(later=LATER)),
    (P, Reach(meant=STRANGER), line()),
    (P, Reach(BEN, meant=STRANGER), line("UBEN")),
    (P, Reach(duty=DUTY, meant=STRANGER), to("UBEN", "UCAI")),
    (P, Reach(duty=HALF, meant=STRANGER), to("UCAI")),
    (P, Reach(duty=UNKNOWN, meant=STRANGER), line(name="@duty")),
]


@pytest.mark.parametrize(("how", "reach", "expected"), DECISIONS)
def test_whom_a_step_tells(how: Kind, reach: Reach, expected: Told) -> None:
    assert told(how, reach, NINE) == expected


def test_the_table_has_a_row_for_each_kind_and_nobody_is_told_nothing() -> None:
    assert len(DECISIONS) >= 60
    assert {how for how, _, _ in DECISIONS} == set(Kind)
    for _, _, expected in DECISIONS:
        assert expected.line or expected.direct


def test_who_has_had_enough_is_neither_called_nor_written_to() -> None:
    assert to("UANA", "UBEN").without(["UANA"]) == to("UBEN")
    assert line("UANA").without(["UANA"]) == line()
    assert line("SDUTY").without(["UANA"]) == line("SDUTY")


# --------------------------------------------------------------------------------------- what is due

LADDER = Ladder(
    (Rung(timedelta(hours=1)), Rung(timedelta(hours=2), "channel"), Rung(timedelta(hours=4), "assignee"))
)
WARNED = Ladder(LADDER.steps, timedelta(minutes=15))


def office(*lines: str) -> Hours:
    problems: list[str] = []
    (made,) = read("bridge.toml", [{"zone": "UTC", "open": list(lines)}], problems)
    assert problems == []
    return made.hours


OFFICE = office("mon-fri 09:00-17:00")


@pytest.mark.parametrize(
    ("ladder", "minutes", "step", "following"),
    [
        (LADDER, 0, None, 60),
        (LADDER, 59.99, None, 60),
        (LADDER, 60, 1, 120),
        (LADDER, 119, 1, 120),
        (LADDER, 120, 2, 240),
        (LADDER, 240, 3, None),
        (LADDER, 99_999, 3, None),
        (WARNED, 0, None, 45),
        (WARNED, 45, 0, 60),
        (WARNED, 60, 1, 120),
        (Ladder(), 9999, None, None),
        (Ladder(warn=timedelta(minutes=5)), 9999, None, None),
    ],
)
def test_the_step_that_is_due_and_when_the_next_one_is(
    ladder: Ladder, minutes: float, step: int | None, following: float | None
) -> None:
    assert due(ladder, ALWAYS, NINE, at(minutes)) == step
    assert next_due(ladder, ALWAYS, NINE, at(minutes)) == (None if following is None else at(following))


@pytest.mark.parametrize(
    ("since", "now", "step", "following"),
    [
        # Monday 16:30: half an hour is left of that day
        ("23 16:30", "23 16:59", None, "24 09:30"),
        ("23 16:30", "24 09:29", None, "24 09:30"),
        ("23 16:30", "24 09:30", 1, "24 10:30"),
        # due just as it closes: it waits for the morning
        ("23 16:00", "23 17:00", 1, "24 09:00"),
        ("23 16:00", "24 03:00", 1, "24 09:00"),
        ("23 16:00", "24 09:00", 1, "24 10:00"),
        # written in the night, and on a Saturday
        ("24 02:00", "24 09:59", None, "24 10:00"),
        ("24 02:00", "24 10:00", 1, "24 11:00"),
        ("28 12:00", "29 12:00", None, "30 10:00"),
        # over the weekend: Friday 16:00 is one hour before Monday
        ("27 16:00", "28 12:00", 1, "30 09:00"),
        ("27 16:00", "30 09:59", 1, "30 10:00"),
        ("27 16:00", "30 10:00", 2, "30 12:00"),
        # all were said: nothing more comes by time, unless the bridge was away and it is night
        ("23 09:00", "23 14:00", 3, None),
        ("23 09:00", "23 18:00", 3, "24 09:00"),
    ],
)
def test_in_business_time(since: str, now: str, step: int | None, following: str | None) -> None:
    def moment(words: str) -> datetime:
        return datetime.strptime(f"2026-11-{words}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)

    assert due(LADDER, OFFICE, moment(since), moment(now)) == step
    assert next_due(LADDER, OFFICE, moment(since), moment(now)) == (moment(following) if following else None)


def test_what_never_opens_is_never_due() -> None:
    shut = Hours(ZoneInfo("UTC"), ((),) * 7)
    assert due(LADDER, shut, NINE, at(99_999)) is None
    assert next_due(LADDER, shut, NINE, at(99_999)) is None


def test_the_warning_is_a_line_in_the_thread_and_comes_before_the_first_step() -> None:
    assert limit(WARNED, 0) == timedelta(minutes=45)
    assert [rung(WARNED, step).kind for step in range(4)] == [T, T, C, A]


# ------------------------------------------------------------------------- the last step, once more


def back(made: float, **changes: object) -> Claim:
    """A claim of the wait of thread 1, made then, and ended by silence."""
    since, until = at(made).timestamp(), at(made + 30).timestamp()
    return replace(Claim(5, "U1", 7, "Ana", True, "C1", 1, since, until, until + 600, "lapsed"), **changes)


FIRST, SECOND = int(at(250).timestamp()), int(at(400).timestamp())
BACK = (ClaimState.LAPSED, ClaimState.RELEASED)


@pytest.mark.parametrize(
    ("claims", "minutes", "step"),
    [
        ((), 500, 3),
        ((back(250),), 249, 3),  # the clock was put back
        ((back(250),), 290, FIRST),
        ((back(250),), 99_999, FIRST),
        ((back(240),), 280, int(at(240).timestamp())),
        # the last step came due meanwhile, or is still ahead
        ((back(239.9),), 280, 3),
        ((back(100),), 140, 2),
        # once for each of them
        ((back(250), back(400)), 440, SECOND),
        ((back(100), back(400)), 440, SECOND),
        # one of an earlier wait, and all that ended otherwise or still hold
        ((back(250, thread=9),), 500, 3),
        *(((back(250, state=one),), 500, FIRST if one in BACK else 3) for one in ClaimState),
    ],
)
def test_a_claim_after_the_last_step_that_is_given_back_has_it_said_once_more(
    claims: tuple[Claim, ...], minutes: float, step: int
) -> None:
    steps = climbed(LADDER, ALWAYS, 1, NINE, claims)
    assert due(steps, ALWAYS, NINE, at(minutes)) == step
    assert rung(steps, step).kind is (Kind.CHANNEL if step == 2 else Kind.ASSIGNEE)


def test_said_once_more_it_waits_for_the_morning_too() -> None:
    steps = climbed(LADDER, OFFICE, 1, NINE, (back(440),))  # twenty past four
    assert due(steps, OFFICE, NINE, at(600)) == int(at(440).timestamp())
    assert next_due(steps, OFFICE, NINE, at(600)) == at(24 * 60)
    assert climbed(Ladder(), OFFICE, 1, NINE, (back(440),)) == Ladder()


# ---------------------------------------------------------------------------------------- bridge.toml


def reading(text: str) -> tuple[tuple[MailboxLadder, ...], list[str]]:
    problems: list[str] = []
    return ladderfile.read("bridge.toml", tomllib.loads(text)["ladder"], problems), problems


def test_a_whole_ladder() -> None:
    made, problems = reading("""
        [[ladder]]
        mailbox = "Support"
        warn = "15m"
        on_duty = "@support-duty"
        steps = [
          { after = "1h" },
          { after = "2h", tell = "channel" },
          { after = "4h", tell = "assignee" },
          { after = "5h", tell = "@support-leads" },
          { after = "6h", tell = "lea@example.org" },
          { after = "1d", tell = "U0123ABCD" },
          { after = "2d", tell = "S0123ABCD" },
        ]
        [[ladder]]
        steps = [{ after = "1h30m", tell = "thread" }]
    """)
    assert problems == []
    own, others = made
    assert own.mailbox == "Support"
    assert [step.kind for step in own.ladder.steps] == [T, C, A, G, P, P, G]
    assert (own.ladder.warn, own.ladder.on_duty) == (timedelta(minutes=15), "@support-duty")
    assert own.ladder.reaches
    assert not others.ladder.reaches
    assert others == MailboxLadder(None, of_waits([timedelta(minutes=90)]))
    assert kept(made, 1, "SUPPORT") == own.ladder
    assert kept(made, 2, "Sales") == others.ladder
    assert kept(made[:1], 2, "Sales") is None


STEP = 'steps = [{ after = "1h" }]'


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        (["stepps = 1", STEP], "ladder 1: 'stepps' is unknown; did you mean 'steps'?"),
        ([""], "ladder 1: steps should be a list"),
        (["steps = []"], "ladder 1: steps should be a list"),
        (['steps = ["1h"]'], "ladder 1: steps should be a list"),
        ([f"mailbox = true\n{STEP}"], "ladder 1: mailbox should be"),
        ([f'mailbox = " "\n{STEP}'], "ladder 1: mailbox should be"),
        ([f'warn = "soon"\n{STEP}'], "ladder 1: warn should be a time"),
        ([f'warn = "1h"\n{STEP}'], "ladder 1: warn should be shorter"),
        ([f'on_duty = "duty"\n{STEP}'], "ladder 1: on_duty should be a user group"),
        ([f"on_duty = 5\n{STEP}"], "ladder 1: on_duty should be a user group"),
        (['steps = [{ tell = "thread" }]'], "ladder 1, step 1: after should be a wait"),
        (['steps = [{ after = "1h", to = "thread" }]'], "ladder 1, step 1: 'to' is unknown"),
        (['steps = [{ after = "1h", tell = "everybody" }]'], "ladder 1, step 1: tell should be"),
        (['steps = [{ after = "1h", tell = 5 }]'], "ladder 1, step 1: tell should be"),
        (['steps = [{ after = "2h" }, { after = "2h" }]'], "ladder 1, step 2: it should come later"),
        ([STEP, STEP], "ladder 2: a ladder for all other mailboxes, like ladder 1."),
        (
            [f'mailbox = "a"\n{STEP}', f'mailbox = "A"\n{STEP}'],
            "ladder 2: a ladder of the same mailbox, like ladder 1.",
        ),
        ([f'mailbox = "7"\n{STEP}', f"mailbox = 7\n{STEP}"], "ladder 2: a ladder of the same mailbox"),
    ],
)
def test_what_is_wrong_is_named_with_its_table_and_step(tables: list[str], problem: str) -> None:
    _, problems = reading("\n".join(f"[[ladder]]\n{table}" for table in tables))
    assert [one for one in problems if problem in one], problems


def test_every_problem_is_told_at_once() -> None:
    _, problems = reading(
        "[[ladder]]\nwarn = 1\non_duty = 2\nsteps = [{ after = 3, tell = 4 }]\n[[ladder]]\nsteps = 5"
    )
    assert len(problems) == 6


def test_tables_that_are_none() -> None:
    problems: list[str] = []
    assert ladderfile.read("bridge.toml", {"steps": []}, problems) == ()
    assert problems == ["bridge.toml: a ladder is a table, written [[ladder]]."]


@pytest.mark.parametrize("budget", [0, -1, 1001, True, "20", 2.5])
def test_a_budget_is_a_number(budget: object) -> None:
    problems: list[str] = []
    ladderfile.read_pings(Where("bridge.toml"), {"budget": budget}, problems)
    assert len(problems) == 1
