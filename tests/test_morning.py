"""The morning digest: when, what it says, what it shows, once."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from bot import picture, takers
from bot.bridgefile import read_file
from bot.daystats import Box, Span, Waiting
from bot.daytold import Told, message
from bot.digestfile import Digest
from bot.hours import MailboxHours, read
from bot.morning import EVERY, GRACE, WORDS, next_try, tries
from bot.routing import Condition, Key, Route, Rule
from bot.store import Delivery
from sandbox.slack import Message
from tests.blockcheck import problems_in_message
from tests.conftest import House
from tests.samples import NOW, sample_conversation
from tests.test_delivery import route

BERLIN = ZoneInfo("Europe/Berlin")
ROUTE = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n'
LONGEST = 12_500


# the file


def digest(lines: str) -> tuple[Digest, list[str]]:
    problems: list[str] = []
    return read_file("bridge.toml", lambda _: f"{ROUTE}[digest]\n{lines}", problems).digest, problems


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", Digest()),
        ('at = "08:30"', Digest(time(8, 30))),
        ("at = 08:30:00", Digest(time(8, 30))),
        ('at = "8:05"\ndays = "mon,wed"', Digest(time(8, 5), frozenset({0, 2}))),
        ('at = "00:00"\ndays = "sun-thu"', Digest(time(0), frozenset({6, 0, 1, 2, 3}))),
        ('at = "08:30"\nchannels = ["#support"]', Digest(time(8, 30), channels=("support",))),
    ],
)
def test_a_digest_is_off_until_it_has_a_time(lines: str, expected: Digest) -> None:
    assert digest(lines) == (expected, [])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('at = "8.30"', 'at should be a time like "08:30".'),
        ('at = "25:00"', 'at should be a time like "08:30".'),
        ('days = "mon-fri"', 'at should be a time like "08:30".'),
        (
            'at = "08:30"\ndays = "weekdays"',
            'days should be like "mon-fri" or "mon,wed,fri". Did you mean "mon-fri"?',
        ),
        ('at = "08:30"\ndays = []', 'days should be like "mon-fri" or "mon,wed,fri".'),
        ('at = "08:30"\nchannels = "support"', 'channels should be a list of channels, like ["support"].'),
        ('at = "08:30"\nchannels = ["sales"]', "no route leads to the channel 'sales'."),
        ('at = "08:30"\nchanels = []', "'chanels' is unknown; did you mean 'channels'?"),
    ],
)
def test_what_cannot_be_is_explained(lines: str, told: str) -> None:
    (said,) = digest(lines)[1]
    line = ROUTE.count("\n") + 1 + len(lines.splitlines())  # what is wrong stands in the last one
    if "mon-fri" in lines:
        line -= 1  # there it is what is missing
    assert said == f"bridge.toml:{line}, [digest]: {told}"


# what it says


def waits(number: int, hours: float, limit: float | None = 2) -> Waiting:
    conversation = replace(sample_conversation(), id=number, number=400 + number)
    most = timedelta(hours=limit) if limit else None
    return Waiting(conversation, NOW - timedelta(hours=hours), timedelta(hours=hours), most)


TODAY = Span(datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC), date(2026, 3, 6))
BUSY = Box(1, (waits(1, 5), waits(2, 3), waits(3, 1)), 14, 11, (timedelta(minutes=48),))
CALM = Box(2, (), 2, 3, ())


def told(*boxes: Box, **changes: Any) -> Told:
    names = tuple(f"Mailbox {box.mailbox}" for box in boxes)
    made = Told(date(2026, 3, 9), TODAY, boxes, names, "https://help.example.org/conversation/1")
    return replace(made, **changes)


def said(one: Told) -> str:
    return json.dumps(message(one).blocks, ensure_ascii=False)


def test_it_says_who_waits_the_longest_wait_and_the_days_before() -> None:
    words = said(told(BUSY))
    for part in (
        "Monday, 9 March",
        "3 customers wait",
        ", 2 of them too long",
        "#401 Printer on fire",
        " · Mark Moore · nobody's · 5 h",
        "Friday to Sunday: ",
        "14 new, 11 answered, median first answer 48 min",
        "Take the Oldest",
    ):
        assert part in words
    assert "Mailbox" not in words  # there is but one


def test_each_mailbox_has_a_line_where_there_are_several() -> None:
    words = said(told(BUSY, CALM))
    assert "Mailbox 1: " in words
    assert "3 waiting, 2 of them too long; 14 new, 11 answered, median first answer 48 min" in words
    assert "nobody waits; 2 new, 3 answered" in words


def test_a_morning_on_which_nobody_waits() -> None:
    one = message(told(CALM))
    words = json.dumps(one.blocks)
    assert "Nobody waits." in words
    assert "Take the Oldest" not in words
    assert one.text.endswith("Waiting now: nobody. Friday to Sunday: 2 new, 3 answered.")


def test_a_morning_on_which_more_was_open_than_was_looked_at() -> None:
    words = said(told(CALM, unread=True))
    assert "Nobody waits of those that were looked at." in words
    assert "There are more open conversations, which were not looked at." in words
    assert "which were not looked at." not in said(told(CALM))


def test_the_picture_is_told_in_words() -> None:
    shown = message(told(BUSY), "F0123456789")
    [image] = [block for block in shown.blocks if block["type"] == "image"]
    assert image["slack_file"] == {"id": "F0123456789"}
    assert image["alt_text"] == (
        "Waiting now: 3 customers, 2 of them too long, the longest for 5 h. "
        "Friday to Sunday: 14 new, 11 answered, median first answer 48 min."
    )


def test_the_largest_is_taken_by_slack() -> None:
    boxes = [replace(BUSY, mailbox=number) for number in range(40)]
    one = message(told(*boxes, names=("雨" * 60,) * 40, cut=True), "F0123456789")
    assert len(json.dumps(list(one.blocks), ensure_ascii=False)) < LONGEST
    assert problems_in_message({"text": one.text, "blocks": list(one.blocks)}) == []


# what it shows


@pytest.mark.parametrize(
    "box",
    [
        BUSY,
        CALM,
        Box(1),
        Box(1, tuple(waits(n, 100 / n) for n in range(1, 90)), 1250, 0, (timedelta(days=9),)),
        Box(1, (waits(999_999_999, 0, None),), 0, 99_999, ()),
        Box(1, (waits(1, 5, 2), waits(2, 3, 4)), 1, 1, (timedelta(0),)),
    ],
)
def test_a_picture_of_anything_is_a_small_png(box: Box) -> None:
    data = picture.draw(box, "Wednesday to Thursday")
    shown = Image.open(io.BytesIO(data))
    assert (shown.format, shown.size) == ("PNG", (picture.WIDTH, picture.HEIGHT))
    assert len(data) < 60_000


def test_the_same_numbers_are_the_same_picture_and_others_are_another() -> None:
    assert picture.draw(BUSY, "Friday") == picture.draw(BUSY, "Friday")
    assert picture.draw(BUSY, "Friday") != picture.draw(replace(BUSY, answered=12), "Friday")


def test_a_wait_beyond_the_limit_is_red_and_one_within_it_blue() -> None:
    shown = Image.open(io.BytesIO(picture.draw(BUSY, "Friday"))).convert("RGB")
    colours = [shown.getpixel((204, 262 + place * 62 + 22)) for place in range(3)]
    assert [red > blue for red, _, blue in colours] == [True, True, False]


# the house

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=BERLIN)
EIGHT_THIRTY = Digest(time(8, 30))


def office() -> tuple[MailboxHours, ...]:
    table = {"zone": "Europe/Berlin", "open": ["mon-fri 08:00-18:00"], "holidays": "DE"}
    return read("bridge.toml", [table], [])


def goes_to(house: House, moment: datetime) -> None:
    house.clock.skip(moment - house.clock())


async def opens(house: House, moment: datetime, **changes: Any) -> None:
    """Start the bridge at a moment; its rounds are made at once."""
    goes_to(house, moment)
    await house.start(**{"digest": EIGHT_THIRTY, "hours": office(), **changes})


def digests(house: House, channel: str = "support") -> list[Message]:
    return [card for card in house.cards(channel) if "new, " in card.all_text]


async def the_digest(house: House, channel: str = "support") -> Message:
    return await house.until(lambda: digests(house, channel) and digests(house, channel)[-1])


async def pictured(house: House) -> Message:
    one = await the_digest(house)
    await house.until(lambda: any(block["type"] == "image" for block in one.blocks))
    return one


async def test_a_channel_is_told_of_its_day_with_a_picture(empty_house: House) -> None:
    house = empty_house
    goes_to(house, MONDAY - timedelta(days=3))  # Friday at eight
    answered = house.freescout.customer_writes("a@example.org", "Answered", "Does it?", mailbox=house.support)
    house.freescout.customer_writes("b@example.org", "Waits", "Does it?", mailbox=house.support, name="Bea")
    house.clock.skip(timedelta(minutes=30))
    house.freescout.agent_replies(answered, house.ana_id, "Yes.")
    await opens(house, MONDAY + timedelta(minutes=31))
    one = await pictured(house)
    for part in ("Monday, 30 November", "1 customer waits", "#413 Waits", "Bea", "10 h 31 min"):
        assert part in one.all_text
    assert "Friday to Sunday: 2 new, 1 answered, median first answer 30 min" in one.all_text
    await the_digest(house, "sales")
    [block] = [block for block in one.blocks if block["type"] == "image"]
    file = house.slack.workspace.files[block["slack_file"]["id"]]
    assert file.data.startswith(b"\x89PNG")
    lists = [each for each in house.freescout.requests if each.query.get("embed") == "threads,tags"]
    assert len(lists) <= 5  # two for each digest, and what the sweep asks


async def test_too_long_is_what_is_too_long_in_this_channel(empty_house: House) -> None:
    house = empty_house
    house.slack.add_channel("vip")
    goes_to(house, MONDAY + timedelta(minutes=5))
    house.freescout.customer_writes("b@example.org", "Waits", "Does it?", mailbox=house.support, name="Bea")
    vip = Route(
        "Support",
        "vip",
        (timedelta(minutes=15),),
        rule=Rule((Condition(Key.TAG, frozenset({"vip"}), '"vip"'),)),
    )
    await opens(house, MONDAY + timedelta(minutes=31), routes=(Route("Support", "support"), vip))
    digest = await pictured(house)
    assert "1 customer waits" in digest.all_text
    assert "too long" not in digest.all_text


async def test_who_never_came_to_a_channel_is_not_in_its_digest_and_who_stays_there_is(
    empty_house: House,
) -> None:
    house = empty_house
    house.slack.add_channel("nights")
    friday = MONDAY - timedelta(days=3)
    routes = (route(house), route(house, channel="nights", time="closed"))
    await opens(house, friday - timedelta(hours=3), routes=routes, digest=Digest())
    await house.writes("By night")
    await house.until(lambda: house.cards("nights"))
    goes_to(house, friday + timedelta(hours=3))
    house.freescout.customer_replies(1, "Hello?")
    await house.writes("By day", email="d@example.org")
    await house.quiet()
    await house.stop()
    await opens(house, MONDAY + timedelta(minutes=31), routes=routes)
    one = await the_digest(house, "nights")
    assert "1 customer waits" in one.all_text
    assert "By night" in one.all_text
    assert "Friday to Sunday: 1 new" in one.all_text
    assert "2 customers wait" in (await the_digest(house)).all_text


async def test_what_a_watch_brings_to_a_channel_is_in_its_digest(empty_house: House) -> None:
    house = empty_house
    goes_to(house, MONDAY - timedelta(days=3))
    await house.start(routes=(route(house),))
    await house.ana.types("/freescout watch Sales", channel="support")
    await house.until(lambda: "watches" in "".join(card.all_text for card in house.cards()))
    house.freescout.customer_writes("b@example.org", "From sales", "Does it?", mailbox=house.sales)
    await house.until(lambda: "From sales" in "".join(card.all_text for card in house.cards()))
    await house.quiet()
    await house.stop()
    named = replace(EIGHT_THIRTY, channels=("support",))
    await opens(house, MONDAY + timedelta(minutes=31), routes=(route(house),), digest=named)
    one = await pictured(house)
    await house.quiet()
    assert "1 customer waits" in one.all_text
    assert "From sales" in one.all_text
    assert len(digests(house)) == 1


async def test_a_channel_that_slack_does_not_know_keeps_no_other_from_its_digest(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    await opens(house, MONDAY + timedelta(minutes=45), routes=(route(house, channel="nowhere"), route(house)))
    await the_digest(house)


@pytest.mark.parametrize("most", [300, 1])
async def test_whom_only_a_custom_field_keeps_from_a_channel_is_not_in_its_digest(
    empty_house: House, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    house = empty_house
    house.slack.add_channel("legal")
    monkeypatch.setattr(takers, "MOST", most)
    routes = (
        route(house, unless={"field": {"Confidential": "Yes"}}),
        route(house, channel="legal", field={"Confidential": "Yes"}),
    )
    field = house.freescout.add_custom_field(house.support, "Confidential", "dropdown", options=("Yes", "No"))
    goes_to(house, MONDAY - timedelta(days=3))
    house.freescout.customer_writes("b@example.org", "Waits", "Does it?", mailbox=house.support)
    secret = house.freescout.customer_writes(
        "m@example.org", "Whistleblower report", "x", mailbox=house.support
    )
    house.freescout.agent_sets_field(secret, field, 1)
    await opens(house, MONDAY + timedelta(minutes=31), routes=routes)
    one, other = await the_digest(house), await the_digest(house, "legal")
    assert "1 customer waits" in one.all_text
    assert "Whistleblower" not in one.all_text
    assert ("Whistleblower report" in other.all_text) == (most > 1)
    assert ("Nobody waits of those that were looked at." in other.all_text) == (most == 1)
    for each in (one, other):
        assert ("1 more conversation may belong here: " in each.all_text) == (most == 1)


async def test_it_comes_once_across_restarts(empty_house: House) -> None:
    house = empty_house
    await opens(house, MONDAY + timedelta(minutes=30))
    await pictured(house)
    await house.stop()
    await opens(house, MONDAY + timedelta(minutes=45))
    await house.quiet()
    assert len(digests(house)) == 1
    assert len(house.slack.called("files.completeUploadExternal")) == 2  # one for each channel
    await house.stop()
    await opens(house, MONDAY + timedelta(days=1, minutes=30))
    await house.until(lambda: len(digests(house)) == 2)


@pytest.mark.parametrize(
    "moment",
    [
        MONDAY + timedelta(minutes=29),
        MONDAY + timedelta(hours=2, minutes=31),
        MONDAY - timedelta(days=1) + timedelta(minutes=45),
        datetime(2026, 12, 25, 8, 45, tzinfo=BERLIN),
    ],
    ids=["too early", "away for too long", "a Sunday", "a holiday"],
)
async def test_at_other_times_there_is_none(empty_house: House, moment: datetime) -> None:
    await opens(empty_house, moment)
    await empty_house.quiet()
    assert digests(empty_house) == []


async def test_without_a_time_there_is_none_and_only_named_channels_get_one(empty_house: House) -> None:
    house = empty_house
    await opens(house, MONDAY + timedelta(minutes=45), digest=Digest())
    await house.quiet()
    assert digests(house) == []
    await house.stop()
    await opens(house, MONDAY + timedelta(minutes=46), digest=replace(EIGHT_THIRTY, channels=("sales",)))
    await the_digest(house, "sales")
    assert digests(house) == []


async def test_where_slack_takes_no_files_the_words_stand_alone(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.faults.api("files.getUploadURLExternal", error="file_uploads_disabled", times=9)
    await opens(house, MONDAY + timedelta(minutes=45))
    one = await the_digest(house)
    await house.quiet()
    assert [block["type"] for block in one.blocks] == ["rich_text"]
    await house.stop()
    await opens(house, MONDAY + timedelta(minutes=50))
    await house.quiet()
    assert len(digests(house)) == 1


def test_a_picture_that_slack_does_not_take_is_tried_a_few_times_a_day_only() -> None:
    row, version, tried = Delivery("C1", "digest:2026-11-23", "1.0", WORDS, MONDAY.timestamp()), WORDS, []
    for minute in range(int(GRACE / EVERY)):
        if MONDAY + EVERY * minute >= next_try(row, version):
            tried.append(minute)
            version = f"{WORDS} {tries(version) + 1}"
    assert tried == [0, 1, 3, 7, 15, 31, 63]


async def test_a_picture_that_broke_off_comes_with_the_next_round(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.faults.api("files.getUploadURLExternal", error="internal_error", times=2)
    await opens(house, MONDAY + timedelta(minutes=45))
    await the_digest(house)
    await house.quiet()
    await house.stop()
    await opens(house, MONDAY + timedelta(minutes=50))
    await pictured(house)
    assert len(digests(house)) == 1


async def test_who_is_named_only_with_the_picture_goes_from_it_when_deleted_for_ever(
    empty_house: House,
) -> None:
    house = empty_house
    house.expects_errors = True
    goes_to(house, MONDAY - timedelta(days=3))
    first = house.freescout.customer_writes("a@example.org", "Waits long", "Does it?", mailbox=house.support)
    house.clock.skip(timedelta(minutes=30))
    second = house.freescout.customer_writes("b@example.org", "Secret", "Does it?", mailbox=house.support)
    house.slack.faults.api("files.getUploadURLExternal", error="internal_error", times=2)
    await opens(house, MONDAY + timedelta(minutes=45))
    assert "Waits long" in (await the_digest(house)).all_text
    await house.quiet()
    await house.stop()
    house.freescout.agent_replies(first, house.ana_id, "Yes.")
    await opens(house, MONDAY + timedelta(minutes=50))
    one = await pictured(house)
    assert "Secret" in one.all_text
    house.freescout.agent_deletes_forever(second)
    await house.until(lambda: "Secret" not in one.all_text)


async def test_a_freescout_that_is_away_makes_it_late_not_lost(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    house.freescout.faults.api("GET /api/conversations", status=503, times=60)
    await opens(house, MONDAY + timedelta(minutes=45))
    await house.quiet()
    assert digests(house) == []
    await house.stop()
    house.freescout.faults.clear()
    await opens(house, MONDAY + timedelta(hours=2))
    await the_digest(house)


async def test_one_whose_answer_was_lost_is_found_and_not_said_twice(empty_house: House) -> None:
    house = empty_house
    house.expects_errors = True
    house.slack.faults.api("chat.postMessage", cut=True, after=True)
    await opens(house, MONDAY + timedelta(minutes=45), digest=replace(EIGHT_THIRTY, channels=("support",)))
    await the_digest(house)
    await house.quiet()
    await house.stop()
    await opens(house, MONDAY + timedelta(minutes=50), digest=replace(EIGHT_THIRTY, channels=("support",)))
    await pictured(house)
    assert len(digests(house)) == 1
