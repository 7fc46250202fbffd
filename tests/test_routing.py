"""Which routes take a conversation: conditions, rules, the default, the first alone; and why, in words."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.hours import read
from bot.model import Conversation, FieldValue, Mailbox, Person, Status, Thread
from bot.routing import Guide, Key, Route, Routing, choices, chosen, facts, read_route
from bot.settings import load
from bot.tables import Where

NOW = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)  # a Monday evening
SUPPORT = Mailbox(1, "Support", known_as=("Help",))
MARK = Person(7, "customer", "Mark", "Moore", "Mark.Moore@Big.Example")
ANA = Person(3, "user", "Ana", "Alves", "ana@example.org")


def conversation(**changes: Any) -> Conversation:
    given: dict[str, Any] = {
        "id": 5,
        "number": 412,
        "mailbox_id": 1,
        "status": Status.ACTIVE,
        "state": "published",
        "subject": "Order form 1234: Invoice (again)",
        "created_at": NOW,
        "updated_at": NOW,
        "customer": MARK,
        "type": "email",
        "tags": ("VIP", "größe xl"),
        "fields": (FieldValue(9, "Plan", "2", "Gold"), FieldValue(10, "Seats", "12", "12")),
    }
    return Conversation(**{**given, **changes})


def route(channel: str = "c", **table: Any) -> Route:
    problems: list[str] = []
    made = read_route(Where("bridge.toml"), {"channel": channel, **table}, problems)
    assert problems == []
    assert made is not None
    return made


def hours() -> Any:
    problems: list[str] = []
    (kept,) = read(Where("x"), [{"zone": "UTC", "open": ["mon-fri 09:00-17:00"]}], problems)
    assert problems == []
    return kept.hours


def takes(table: dict[str, Any], *, there: bool = False, **changes: Any) -> bool:
    """Whether a route takes a conversation; what is said about it has to agree."""
    one = route(**table)
    known = facts(conversation(**changes), SUPPORT, hours())
    places = ("c",) if there else ()
    taken = bool(chosen(known, [one], Routing(), places))
    assert taken == bool(chosen(known, Guide([one]), Routing(), places))
    (said,) = choices(known, [one], Routing(), places)
    assert said.taken == taken
    assert said.why
    return taken


@pytest.mark.parametrize(
    ("table", "taken"),
    [
        ({"mailbox": "support"}, True),
        ({"mailbox": "HELP"}, True),
        ({"mailbox": 1}, True),
        ({"mailbox": ["Sales", 1]}, True),
        ({"mailbox": ["Sales", 2]}, False),
        ({"tag": "vip"}, True),
        ({"tag": "GRÖSSE XL"}, True),
        ({"tag": ["x", "vip"]}, True),
        ({"tag": "vi"}, False),
        ({"customer": "mark.moore@big.example"}, True),
        ({"customer": "@big.example"}, True),
        ({"customer": "big.example"}, True),
        ({"customer": "@example"}, False),
        ({"customer": "@notbig.example"}, False),
        ({"subject": "invoice"}, True),
        ({"subject": "ORDER   form"}, True),
        ({"subject": "order invoice"}, False),
        ({"subject": "voice"}, False),
        ({"subject": "(again)"}, True),
        ({"subject": "/order form [0-9]{4}/"}, True),
        ({"subject": "/^invoice/"}, False),
        ({"subject": "/.*form.*/"}, True),
        ({"subject": ["nothing", "invoice"]}, True),
        ({"type": "email"}, True),
        ({"type": ["phone", "chat"]}, False),
        ({"assignee": "nobody"}, True),
        ({"assignee": "anybody"}, False),
        ({"status": "active"}, True),
        ({"status": ["pending", "closed"]}, False),
        ({"field": {"Plan": "gold"}}, True),
        ({"field": {"plan": "2"}}, True),
        ({"field": {"9": ["Silver", "Gold"]}}, True),
        ({"field": {"Plan": True}}, True),
        ({"field": {"Plan": "Gold", "Seats": 12}}, True),
        ({"field": {"Plan": "Gold", "Seats": 13}}, False),
        ({"field": [{"Plan": "Gold"}, {"Plan": "Silver"}]}, True),
        ({"field": [{"Plan": "Silver"}, {"Plan": "Gold", "Seats": 13}]}, False),
        ({"field": {"Unknown": True}}, False),
        ({"time": "closed"}, True),
        ({"time": "open"}, False),
        ({"time": "mon-fri 18:00-08:00"}, True),
        ({"time": "19:30-19:31"}, True),
        ({"time": "19:00-19:30"}, False),
        ({"time": "tue-sun 18:00-08:00"}, False),
        ({"time": ["tue 00:00-24:00", "closed"]}, True),
        ({"mailbox": "Support", "tag": "vip", "subject": "invoice"}, True),
        ({"mailbox": "Support", "tag": "vip", "subject": "refund"}, False),
        ({"all": [{"tag": "vip"}, {"tag": "größe xl"}]}, True),
        ({"all": [{"tag": "vip"}, {"tag": "other"}]}, False),
        ({"any": [{"tag": "other"}, {"subject": "invoice"}]}, True),
        ({"any": [{"tag": "other"}, {"subject": "refund"}]}, False),
        ({"any": [{"tag": "vip", "type": "phone"}, {"tag": "vip", "type": "email"}]}, True),
        ({"tag": "vip", "unless": [{"customer": "@big.example"}]}, False),
        ({"tag": "vip", "unless": [{"customer": "@small.example"}, {"type": "chat"}]}, True),
        ({"tag": "vip", "unless": {"tag": "größe xl", "type": "phone"}}, True),
        ({"default": True}, True),
        ({"default": True, "tag": "other"}, False),
    ],
)
def test_a_route_takes_what_fits_all_its_conditions(table: dict[str, Any], taken: bool) -> None:
    assert takes(table) is taken


@pytest.mark.parametrize(
    ("table", "changes", "taken"),
    [
        ({"assignee": "ana@example.org"}, {"assignee": ANA}, True),
        ({"assignee": "Ana Alves"}, {"assignee": ANA}, True),
        ({"assignee": "3"}, {"assignee": ANA}, True),
        ({"assignee": "anybody"}, {"assignee": ANA}, True),
        ({"assignee": "nobody"}, {"assignee": ANA}, False),
        ({"customer": "@big.example"}, {"customer": None}, False),
        ({"customer": "@big.example"}, {"customer": Person(7, "customer")}, False),
        ({"tag": "vip"}, {"tags": ()}, False),
        ({"subject": "invoice"}, {"subject": ""}, False),
        ({"subject": "<!channel>"}, {"subject": "hi <!channel> all"}, True),
        ({"subject": "شكرا"}, {"subject": "شكرا لكم"}, True),
        ({"subject": "/straße/"}, {"subject": "Straße gesperrt"}, True),
        ({"subject": "/^große [a-zß]+$/"}, {"subject": "Große Straße"}, True),
        ({"subject": "/weiß|schwarz/"}, {"subject": "Hemd, WEIẞ"}, True),
        ({"subject": "straße"}, {"subject": "STRASSE gesperrt"}, True),
        ({"subject": "/(?-i:ABC)-[0-9]+/"}, {"subject": "ABC-12"}, True),
        ({"subject": "/(?-i:ABC)-[0-9]+/"}, {"subject": "abc-12"}, False),
        ({"field": {"Plan": "Gold"}}, {"fields": ()}, False),
    ],
)
def test_what_is_missing_fits_nothing(table: dict[str, Any], changes: dict[str, Any], taken: bool) -> None:
    assert takes(table, **changes) is taken


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ({"status": "active"}, {"status": Status.CLOSED}),
        ({"time": "open"}, {}),
        ({"tag": "vip", "all": [{"status": "pending"}]}, {}),
        ({"any": [{"status": "closed"}, {"time": "open"}]}, {}),
    ],
)
def test_status_and_time_decide_what_comes_and_not_what_stays(
    table: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert not takes(table, **changes)
    assert takes(table, there=True, **changes)


def test_the_time_is_that_of_the_customers_last_message_however_late_one_looks() -> None:
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    written = Thread(1, "customer", "published", noon)
    answered = Thread(2, "message", "published", NOW)
    assert takes({"time": "open"}, threads=(written, answered))


ALL = Routing()
FIRST = Routing(first=True)


@pytest.mark.parametrize(
    ("tables", "routing", "channels"),
    [
        ([{"mailbox": 1}, {"tag": "vip"}, {"tag": "none"}], ALL, ["0", "1"]),
        ([{"mailbox": 1}, {"tag": "vip"}], FIRST, ["0"]),
        ([{"tag": "none"}, {"tag": "vip"}, {"mailbox": 1}], FIRST, ["1"]),
        ([{"default": True}, {"tag": "vip"}], ALL, ["1"]),
        ([{"default": True}, {"tag": "none"}], ALL, ["0"]),
        ([{"default": True, "mailbox": 2}, {"tag": "none"}], ALL, []),
        ([{"default": True}, {"default": True, "mailbox": 1}], ALL, ["0", "1"]),
        ([{"default": True}, {"default": True, "mailbox": 1}], FIRST, ["0"]),
    ],
)
def test_all_routes_that_fit_take_it_or_the_first_and_a_default_what_no_other_does(
    tables: list[dict[str, Any]], routing: Routing, channels: list[str]
) -> None:
    known = facts(conversation(), SUPPORT, hours())
    made = [route(str(number), **table) for number, table in enumerate(tables)]
    assert [one.channel for one in chosen(known, made, routing)] == channels
    assert [one.channel for one in chosen(known, Guide(made), routing)] == channels
    assert [one.route.channel for one in choices(known, made, routing) if one.taken] == channels


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"mailbox": "Sales"}, 'mailbox "Sales", but it is Support'),
        ({"tag": ["a", "b"]}, 'tag "a" or "b", but it is VIP, größe xl'),
        ({"customer": "@x.org"}, 'customer "@x.org", but it is Mark.Moore@Big.Example'),
        ({"subject": "refund"}, 'subject "refund", but it is “Order form 1234: Invoice (again)”'),
        ({"field": {"Plan": "Silver"}}, 'field Plan = "Silver", but it is Plan: Gold; Seats: 12'),
        ({"time": "open"}, 'time "open", but it is Mon 19:30, when closed'),
        ({"any": [{"tag": "a"}, {"type": "chat"}]}, 'none of: tag "a"; type "chat"'),
        ({"tag": "vip", "unless": [{"type": "email"}]}, 'unless type "email", and so it is'),
        ({"all": [{"tag": "vip"}, {"tag": "b"}]}, 'tag "b", but it is VIP, größe xl'),
        ({"mailbox": 1, "tag": "vip"}, 'mailbox 1, tag "vip"'),
        ({"default": True}, "everything, as no other route takes it"),
    ],
)
def test_what_a_route_asks_and_what_is_so_is_said(table: dict[str, Any], why: str) -> None:
    (said,) = choices(facts(conversation(), SUPPORT, hours()), [route(**table)], ALL)
    assert said.why == why


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('tag = ["vip", ""]', "tag should be a tag"),
        ("tag = 3", "tag should be a tag"),
        ('status = "activ"', 'status should be one of active, pending, closed. Did you mean "active"?'),
        ('status = "spam"', "status should be one of"),
        ('type = "mail"', 'type should be one of email, phone, chat. Did you mean "email"?'),
        ('subject = "/a(/"', "the pattern /a(/ is no regular expression"),
        ('subject = "/(a+)+b/"', "too many ways"),
        ('subject = "/((a+))+b/"', "too many ways"),
        ('subject = "/(a|a)*b/"', "too many ways"),
        ('subject = "/a.*b.*c/"', "too many ways"),
        ('customer = "a b"', "customer should be an address"),
        ('time = "18-8"', "time should be"),
        ('time = "mon-fri 25:00-26:00"', "time should be"),
        ('field = "Plan"', "field should be like"),
        ("field = { Plan = [] }", "field should be like"),
        ('field = [{ Plan = "Gold" }, {}]', "field should be like"),
        ('tag = "a"\nstatus = []', "6, route 1: status names nothing: leave it out, or say which."),
        ('tag = "a"\nunless = [{ type = [] }]', "6, route 1, unless 1: type names nothing"),
        ("mailbox = true", "mailbox should be a mailbox's id or its name."),
        ('tag = "a"\nany = [{}]', "any should be a list of conditions"),
        ('unless = [{ tgs = "a" }]\ntag = "b"', "'tgs' is unknown; did you mean 'tag'?"),
        ('tag = "a"\ndeliver = { custmer = "thread" }', "'custmer' is no event. Did you mean \"customer\"?"),
        ('tag = "a"\ndeliver = { note = "chanel" }', 'Did you mean "channel"?'),
        ('tag = "a"\ndeliver = { new = "thread" }', "new goes to one of channel, assignee, digest, nothing"),
        ('tag = "a"\nbody = "ful"', 'body should be "full", "snippet" or "none". Did you mean "full"?'),
        ('tag = "a"\nopen_to = "guest"', 'open_to should name "guests", "organisations" or both. Did you'),
        ('tag = "a"\ndefault = "yes"', "default should be true or false"),
    ],
)
def test_what_a_route_cannot_mean_is_told_with_its_line(line: str, told: str) -> None:
    text = f'\n\n[[routes]]\nchannel = "c"\n{line}\n'
    environment = {
        "FREESCOUT_URL": "https://help.example.org",
        "FREESCOUT_API_KEY": "k",
        "FREESCOUT_WEBHOOK_SECRET": "s",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
    }
    with pytest.raises(ConfigError) as raised:
        load(environment, lambda _: text)
    problem = next((one for one in raised.value.problems if told in one), str(raised.value.problems))
    assert told in problem
    assert problem.startswith(("bridge.toml:5", "bridge.toml:6", "bridge.toml:3"))


@pytest.mark.parametrize("empty", ([], {}))
@pytest.mark.parametrize("key", [*Key, "all", "any", "unless"])
def test_an_empty_list_is_no_condition(key: str, empty: object) -> None:
    """It would take the condition away without a word, and the route would take the whole mailbox."""
    boxed: dict[str, Any] = {} if key == Key.MAILBOX else {"mailbox": "Support"}
    for table in ({key: empty}, {"unless": [{key: empty}]}, {"any": [{"tag": "a", key: empty}]}):
        problems: list[str] = []
        read_route(Where("bridge.toml"), {"channel": "c", **boxed, **table}, problems)
        assert len(problems) == 1
        assert f"{key} should be" in problems[0] or f"{key} names nothing: leave it out" in problems[0]


@pytest.mark.parametrize("pattern", ["/a{0,40}a{0,40}b/", "/.*b/", "/a+b.*/"])
def test_no_subject_keeps_a_pattern_busy(pattern: str) -> None:
    found = facts(conversation(subject="a" * 100_000), SUPPORT)
    began = time.process_time()
    assert not route(subject=pattern).rule.holds(found)
    assert time.process_time() - began < 1


def test_words_are_found_wherever_they_stand_in_a_subject() -> None:
    found = facts(conversation(subject="a " * 400 + "refund"), SUPPORT)
    assert route(subject="refund").rule.holds(found)
