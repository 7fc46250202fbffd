"""What an operator may write, what it comes to, and what they are told where it cannot work."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from bot.bridgefile import FILE_KEYS, Stale, Sweep, duration
from bot.errors import ConfigError
from bot.routing import Route
from bot.settings import ENVIRONMENT, EXAMPLES, Settings, load

PROFILE = profile(max_examples=200, deadline=None, derandomize=True)

SECRETS = {
    "FREESCOUT_API_KEY": "key-of-freescout",
    "FREESCOUT_WEBHOOK_SECRET": "secret-of-freescout",
    "SLACK_BOT_TOKEN": "xoxb-bot-token",
    "SLACK_SIGNING_SECRET": "signing-secret-of-slack",
    "SLACK_APP_TOKEN": "xapp-app-token",
}
LEAST = {
    "FREESCOUT_URL": "https://help.example.org",
    "FREESCOUT_API_KEY": SECRETS["FREESCOUT_API_KEY"],
    "FREESCOUT_WEBHOOK_SECRET": SECRETS["FREESCOUT_WEBHOOK_SECRET"],
    "SLACK_BOT_TOKEN": SECRETS["SLACK_BOT_TOKEN"],
    "SLACK_SIGNING_SECRET": SECRETS["SLACK_SIGNING_SECRET"],
}
FILE = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n'


def holding(text: str) -> Callable[[str], str]:
    """A disk on which every file holds this text."""
    return lambda _name: text


def loaded(file: str = FILE, **environment: str) -> Settings:
    return load({**LEAST, **environment}, holding(file))


def problems(file: str = FILE, **environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(file, **environment)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def problem(file: str = FILE, **environment: str) -> str:
    (only,) = problems(file, **environment)
    return only


def without_lines(told: str) -> str:
    """What is said, without the number of the line."""
    return re.sub(r"^bridge\.toml:[0-9]+\b", "bridge.toml", told)


# ---------------------------------------------------------------------------------------- environment


def test_these_are_the_names_that_the_environment_is_asked_for() -> None:
    assert list(ENVIRONMENT) == [
        "FREESCOUT_URL",
        "FREESCOUT_API_KEY",
        "FREESCOUT_WEBHOOK_SECRET",
        "FREESCOUT_AUTH",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "SLACK_API_URL",
        "DATABASE_URL",
        "HOST",
        "PORT",
        "BRIDGE_CONFIG",
    ]
    assert all(told.endswith((".", "…")) for told in ENVIRONMENT.values())


def test_all_but_five_settings_have_defaults() -> None:
    assert loaded() == Settings(
        freescout_url="https://help.example.org",
        freescout_api_key="key-of-freescout",
        freescout_webhook_secret="secret-of-freescout",
        slack_bot_token="xoxb-bot-token",
        slack_signing_secret="signing-secret-of-slack",
        slack_app_token="",
        slack_api_url="https://slack.com/api/",
        database_url="sqlite:///bridge.db",
        host="0.0.0.0",
        port=3000,
        bridge_config="bridge.toml",
        routes=(Route("Support", "support", None),),
        stale=Stale((timedelta(hours=2),), timedelta(minutes=1)),
        freescout_auth="header",
        sweep=Sweep(timedelta(minutes=2)),
        operators="",
    )


def test_everything_can_be_set() -> None:
    asked: list[str] = []

    def read(name: str) -> str:
        asked.append(name)
        tables = '[stale]\nafter = ["30m", "1h30m"]\nevery = "20s"\n[sweep]\nevery = "5m"\n'
        return FILE + tables + '[operators]\nchannel = "#ops"\n'

    one = load(
        {
            **LEAST,
            "FREESCOUT_AUTH": "basic",
            "SLACK_SIGNING_SECRET": "",
            "SLACK_APP_TOKEN": "xapp-app-token",
            "SLACK_API_URL": "http://127.0.0.1:9/api",
            "DATABASE_URL": "sqlite:////data/bridge.db",
            "HOST": "127.0.0.1",
            "PORT": "8080",
            "BRIDGE_CONFIG": "/etc/other.toml",
            "UNRELATED": "is left alone",
        },
        read,
    )
    assert asked == ["/etc/other.toml"]
    assert (one.slack_app_token, one.slack_signing_secret) == ("xapp-app-token", "")
    assert one.slack_api_url == "http://127.0.0.1:9/api/"
    assert one.database_path == "/data/bridge.db"
    assert (one.host, one.port, one.bridge_config) == ("127.0.0.1", 8080, "/etc/other.toml")
    assert one.freescout_auth == "basic"
    assert one.stale == Stale((timedelta(minutes=30), timedelta(minutes=90)), timedelta(seconds=20))
    assert one.sweep == Sweep(timedelta(minutes=5))
    assert one.operators == "ops"


@pytest.mark.parametrize("written", ["HEADER", "none", "header, basic"])
def test_a_way_to_show_the_key_that_is_none_is_named(written: str) -> None:
    assert problem(FREESCOUT_AUTH=written) == "FREESCOUT_AUTH should be one of header, parameter, basic."


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://help.example.org", "https://help.example.org"),
        ("https://help.example.org/", "https://help.example.org"),
        ("https://help.example.org/api", "https://help.example.org"),
        ("https://help.example.org/api/", "https://help.example.org"),
        ("  https://help.example.org  ", "https://help.example.org"),
        ("https://example.org/help/desk/", "https://example.org/help/desk"),
        ("https://example.org/help/api/", "https://example.org/help"),
        ("https://api.example.org", "https://api.example.org"),
        ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_freescouts_address_may_be_written_in_several_ways(written: str, expected: str) -> None:
    one = loaded(FREESCOUT_URL=written)
    assert one.freescout_url == expected
    assert one.conversation_url(412) == f"{expected}/conversation/412"


@pytest.mark.parametrize(
    "written",
    [
        "help.example.org",
        "ftp://help.example.org",
        "https://",
        "https:///help",
        "https://help.example.org:port",
        "https://help.example.org:99999",
        "http://[::1",
        "https://help.example.org/a b",
        "https://help.example.org/<x>",
        "javascript:alert(1)",
        "/",
    ],
)
def test_an_address_that_is_none_is_named(written: str) -> None:
    assert problem(FREESCOUT_URL=written).startswith("FREESCOUT_URL is not an address")
    assert problem(SLACK_API_URL=written).startswith("SLACK_API_URL is not an address")


@pytest.mark.parametrize(
    "written",
    ["https://ana:pw@example.org", "https://help.example.org/?a=b", "https://help.example.org/#top"],
)
def test_an_address_holds_no_more_than_an_address(written: str) -> None:
    told = problem(FREESCOUT_URL=written)
    assert told.startswith("FREESCOUT_URL should be a bare address")
    assert "pw" not in told


@pytest.mark.parametrize(
    "name", ["FREESCOUT_URL", "FREESCOUT_API_KEY", "FREESCOUT_WEBHOOK_SECRET", "SLACK_BOT_TOKEN"]
)
@pytest.mark.parametrize("value", ["", "   "])
def test_what_must_be_set_is_asked_for_with_what_it_is(name: str, value: str) -> None:
    assert problem(**{name: value}) == f"{name} is not set. {ENVIRONMENT[name]}"


def test_one_way_into_slack_is_needed() -> None:
    assert "SLACK_SIGNING_SECRET" in problem(SLACK_SIGNING_SECRET="")
    assert "SLACK_APP_TOKEN" in problem(SLACK_SIGNING_SECRET="")
    assert loaded(SLACK_SIGNING_SECRET="", SLACK_APP_TOKEN="xapp-1").slack_app_token == "xapp-1"


def test_tokens_that_changed_places_are_both_named_and_neither_is_told() -> None:
    first, second = problems(SLACK_BOT_TOKEN="xapp-shh-1", SLACK_APP_TOKEN="xoxb-shh-2")
    assert first.startswith("SLACK_BOT_TOKEN holds the other token")
    assert second.startswith("SLACK_APP_TOKEN holds the other token")
    assert "shh" not in first + second


@pytest.mark.parametrize(("name", "start"), [("SLACK_BOT_TOKEN", "xoxb-"), ("SLACK_APP_TOKEN", "xapp-")])
@pytest.mark.parametrize("value", ["shh", "xoxp-shh", "xoxe.xoxb-1-shh", "Bearer xoxb-shh", '"xapp-shh"'])
def test_what_is_no_token_of_its_kind_is_refused_and_not_told(name: str, start: str, value: str) -> None:
    told = problem(**{name: value})
    assert told.startswith(f"{name} is no ")
    assert told.endswith(f"those begin with {start}.")
    assert "shh" not in told


def test_the_examples_values_are_not_fine() -> None:
    assert [told.partition(" is still what .env.example shows. ") for told in problems(**EXAMPLES)] == [
        (name, " is still what .env.example shows. ", ENVIRONMENT[name]) for name in EXAMPLES
    ]


@pytest.mark.parametrize("written", ["0", "1", "3000", "65535", "00080"])
def test_a_port_is_a_number(written: str) -> None:
    assert loaded(PORT=written).port == int(written)


@pytest.mark.parametrize("written", ["-1", "65536", "99999", "http", "80.0", "8 0", "٨٠", "0x50", "1" * 999])
def test_a_port_that_is_none_is_named(written: str) -> None:
    assert problem(PORT=written).startswith("PORT is ")


@pytest.mark.parametrize(
    "written", ["postgresql://db/bridge", "bridge.db", "sqlite://bridge.db", "sqlite:///"]
)
def test_a_database_that_is_not_there_yet_is_named(written: str) -> None:
    assert "sqlite:///bridge.db" in problem(DATABASE_URL=written)


def test_secrets_are_never_shown() -> None:
    shown = repr(loaded(**SECRETS)) + str(loaded(**SECRETS))
    assert [secret for secret in SECRETS.values() if secret in shown] == []
    assert "https://help.example.org" in shown


# ----------------------------------------------------------------------------------------------- file


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('mailbox = "Support"\nchannel = "support"', Route("Support", "support")),
        ('mailbox = " Support "\nchannel = " support "', Route("Support", "support")),
        ('mailbox = 2\nchannel = "C0123456789"', Route(2, "C0123456789")),
        ('mailbox = "2"\nchannel = "support"', Route(2, "support")),
        ('mailbox = " 2 "\nchannel = "support"', Route(2, "support")),
        ('mailbox = "2nd line"\nchannel = "support"', Route("2nd line", "support")),
        ('mailbox = "٢"\nchannel = "support"', Route("٢", "support")),
        ('mailbox = 2\nchannel = "#support"', Route(2, "support")),
        ('mailbox = 2\nchannel = "s"\nafter = "30m"', Route(2, "s", (timedelta(minutes=30),))),
        (
            'mailbox = 2\nchannel = "s"\nafter = ["30m", "1d"]',
            Route(2, "s", (timedelta(minutes=30), timedelta(days=1))),
        ),
    ],
)
def test_a_route_may_be_written_in_several_ways(lines: str, expected: Route) -> None:
    assert loaded(f"[[routes]]\n{lines}\n").routes == (expected,)


def test_routes_keep_their_order_and_a_mailbox_may_have_several() -> None:
    routes = "".join(
        f'[[routes]]\nmailbox = {box}\nchannel = "{channel}"\n'
        for box, channel in ((2, "b"), (1, "a"), (2, "a"))
    )
    assert loaded(routes).routes == (Route(2, "b"), Route(1, "a"), Route(2, "a"))


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("", "bridge.toml has no [[routes]]: nothing would ever be shown."),
        ("routes = []", "bridge.toml has no [[routes]]: nothing would ever be shown."),
        ("[routes]\nmailbox = 1", "bridge.toml: a route is a table, written [[routes]]."),
        ("routes = [1, 2]", "bridge.toml: a route is a table, written [[routes]]."),
        ('[[routes]]\nchannel = "a"', "bridge.toml, route 1: which conversations? Say a mailbox, a tag"),
        ('[[routes]]\nmailbox = true\nchannel = "a"', "bridge.toml, route 1: mailbox should be"),
        ('[[routes]]\nmailbox = 1.5\nchannel = "a"', "bridge.toml, route 1: mailbox should be"),
        ('[[routes]]\nmailbox = " "\nchannel = "a"', "bridge.toml, route 1: mailbox should be"),
        ("[[routes]]\nmailbox = 1", "bridge.toml, route 1: channel should be a channel's id or its name."),
        ("[[routes]]\nmailbox = 1\nchannel = 2", "bridge.toml, route 1: channel should be"),
        ('[[routes]]\nmailbox = 1\nchannel = " # "', "bridge.toml, route 1: channel should be"),
        (f"{FILE}{FILE}", "bridge.toml, route 2: the same mailbox and channel as an earlier route."),
        (f'{FILE}after = "soon"', "bridge.toml, route 1: after should be a wait like"),
        (f"{FILE}after = 2", "bridge.toml, route 1: after should be a wait like"),
        (f"{FILE}after = []", "bridge.toml, route 1: after should be a wait like"),
        (f'{FILE}after = ["2h", 3]', "bridge.toml, route 1: after should be a wait like"),
        (f'{FILE}after = ["2h", "1h"]', "bridge.toml, route 1: the waits of after should grow"),
        (f'{FILE}after = ["1h", "60m"]', "bridge.toml, route 1: the waits of after should grow"),
        (f"stale = 2\n{FILE}", "bridge.toml: stale should be a table, written [stale]."),
        (f'{FILE}[stale]\nafter = ["x"]', "bridge.toml, [stale]: after should be a wait like"),
        (f'{FILE}[stale]\nevery = "0s"', "bridge.toml, [stale]: every should be a time like"),
        (f"{FILE}[stale]\nevery = 60", "bridge.toml, [stale]: every should be a time like"),
        (f"sweep = '2m'\n{FILE}", "bridge.toml: sweep should be a table, written [sweep]."),
        (f"[[sweep]]\nevery = '2m'\n{FILE}", "bridge.toml: sweep should be a table, written [sweep]."),
        (f'{FILE}[sweep]\nevery = "0m"', "bridge.toml, [sweep]: every should be a time like"),
        (f"{FILE}[sweep]\nevery = 120", "bridge.toml, [sweep]: every should be a time like"),
        (f"operators = 'ops'\n{FILE}", "bridge.toml: operators should be a table, written [operators]."),
        (f"{FILE}[operators]\nchannel = 7", "bridge.toml, [operators]: channel should be a channel's id"),
        ("mailbox = ", "bridge.toml is not valid TOML: "),
        ("a = " + "[" * 100_000, "bridge.toml is not valid TOML: "),
        ("a = " + "1" * 10_000, "bridge.toml is not valid TOML: "),
        ("\x00", "bridge.toml is not valid TOML: "),
    ],
    ids=lambda text: text[:60],
)
def test_a_file_that_cannot_work_is_explained(file: str, told: str) -> None:
    assert without_lines(problem(file)).startswith(told)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (f"{FILE}chanel = 'x'", "bridge.toml, route 1: 'chanel' is unknown; did you mean 'channel'?"),
        (f"{FILE}mail_box = 1", "bridge.toml, route 1: 'mail_box' is unknown; did you mean 'mailbox'?"),
        (
            f"{FILE}zzz = 1",
            f"bridge.toml, route 1: 'zzz' is unknown; known are {', '.join(FILE_KEYS['routes'])}.",
        ),
        (f"{FILE}[stale]\nafer = '2h'", "bridge.toml, [stale]: 'afer' is unknown; did you mean 'after'?"),
        (f"{FILE}[stale]\nzzz = 1", "bridge.toml, [stale]: 'zzz' is unknown; known are after, every."),
        (f"{FILE}[stael]\nafter = '2h'", "bridge.toml: 'stael' is unknown; did you mean 'stale'?"),
        (f"{FILE}[[route]]\nmailbox = 1", "bridge.toml: 'route' is unknown; did you mean 'routes'?"),
        (
            f"{FILE}[zzz]",
            f"bridge.toml: 'zzz' is unknown; known are {', '.join(FILE_KEYS)}.",
        ),
        (f"{FILE}[sweep]\nevry = '2m'", "bridge.toml, [sweep]: 'evry' is unknown; did you mean 'every'?"),
        (
            f"{FILE}[operators]\nchanel = 'x'",
            "bridge.toml, [operators]: 'chanel' is unknown; did you mean 'channel'?",
        ),
    ],
)
def test_a_misspelt_key_is_named_with_what_was_meant(file: str, told: str) -> None:
    assert without_lines(problem(file)) == told


@pytest.mark.parametrize("written", ["ops", "#ops", " #ops ", "  ops"])
def test_the_operators_channel_may_be_written_in_several_ways(written: str) -> None:
    assert loaded(f"{FILE}[operators]\nchannel = '{written}'").operators == "ops"


def test_an_empty_table_says_nothing_else_than_none() -> None:
    assert loaded(f"{FILE}[stale]\n[sweep]\n[operators]\n") == loaded()
    assert {"routes", "stale", "sweep", "operators", "replies"} < set(FILE_KEYS)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FileNotFoundError(2, "No such file"), "other.toml is not there."),
        (PermissionError(13, "Permission denied"), "other.toml cannot be read: "),
        (IsADirectoryError(21, "Is a directory"), "other.toml cannot be read: "),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "other.toml cannot be read: "),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(error: Exception, told: str) -> None:
    def read(_name: str) -> str:
        raise error

    with pytest.raises(ConfigError, match=told):
        load({**LEAST, "BRIDGE_CONFIG": "other.toml"}, read)


def test_every_problem_is_told_at_once() -> None:
    file = """
        colour = "red"
        [[routes]]
        chanel = "support"
        mailbox = 1.5
        [[routes]]
        mailbox = "Sales"
        channel = "#"
        [[routes]]
        mailbox = "Sales"
        channel = "sales"
        after = ["2h", "1h"]
        [stale]
        after = "later"
        every = "never"
        [sweep]
        every = "2"
        [operators]
        channel = ["ops"]
    """
    with pytest.raises(ConfigError) as caught:
        load(
            {
                "FREESCOUT_URL": "help.example.org",
                "SLACK_BOT_TOKEN": "xapp-1",
                "DATABASE_URL": "mysql://db",
                "PORT": "http",
            },
            holding(file),
        )
    assert [without_lines(told).split(" ")[0].rstrip(",:") for told in caught.value.problems] == [
        "FREESCOUT_API_KEY",
        "FREESCOUT_WEBHOOK_SECRET",
        "Neither",
        "SLACK_BOT_TOKEN",
        "FREESCOUT_URL",
        "DATABASE_URL",
        "PORT",
        *["bridge.toml"] * 10,
    ]


BROKEN = """\
operatrs = 1
[[routes]]
mailbox = "Support"
channel = "support"
after = [
  "30m",
  "1 hour" ]
[[routes]]
mailbox = "Support"
channel = 7

[stale]
every = "1 Min"
[[hours]]
zone = "Berlin"
open = [
  "mon-fri 09:00-17:00",
  "sta 10:00-14:00",
]
holidays = "DE-Bayren"
closed = ["2026-12-24",
          "christmas"]

[[ladder]]
on_duty = "support-duty"
steps = [
  { after = "1h", tell = "thread" },
  { after = "30m", tel = "chanel" }, { after = "2h", tell = "Assigne" },
  { after = "3h" }
]
[pings]
budget = 0
[digest]
at = "08:30"
days = "mno-fri"
channels = ["suport"]
"""


def test_each_problem_is_told_with_its_line_and_the_nearest_right_word() -> None:
    assert [re.sub(" should be [^.]*", " should be …", told) for told in problems(BROKEN)] == [
        "bridge.toml:1: 'operatrs' is unknown; did you mean 'operators'?",
        'bridge.toml:5, route 1: after should be …. Did you mean "1h"?',
        "bridge.toml:10, route 2: channel should be ….",
        'bridge.toml:13, [stale]: every should be …. Did you mean "1m"?',
        "bridge.toml:18, hours 1: 'sta 10:00-14:00' in open should be …. Did you mean \"sat\"?",
        "bridge.toml:15, hours 1: zone 'Berlin' is unknown; did you mean 'Europe/Berlin'?",
        "bridge.toml:20, hours 1: holidays 'DE-Bayren': DE has no region 'BAYREN'; did you mean 'DE-BY'?",
        "bridge.toml:22, hours 1: 'christmas' in closed should be ….",
        "bridge.toml:28, ladder 1, step 2: 'tel' is unknown; did you mean 'tell'?",
        "bridge.toml:28, ladder 1, step 2: it should come later than the step before it.",
        'bridge.toml:28, ladder 1, step 3: tell should be …. Did you mean "assignee"?',
        'bridge.toml:25, ladder 1: on_duty should be …. Did you mean "@support-duty"?',
        "bridge.toml:32, [pings]: budget should be ….",
        'bridge.toml:35, [digest]: days should be …. Did you mean "mon-fri"?',
        "bridge.toml:36, [digest]: no route leads to the channel 'suport'. Did you mean \"support\"?",
    ]


# ------------------------------------------------------------------------------------------ durations


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1s", 1),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1d12h", 129600),
        ("30m1h", 5400),
        ("0h30m", 1800),
        (" 2h ", 7200),
        ("3650d", 3650 * 86400),
        ("", None),
        ("0s", None),
        ("0d0h", None),
        ("2", None),
        ("h", None),
        ("2 h", None),
        ("2H", None),
        ("2w", None),
        ("-2h", None),
        ("+2h", None),
        ("1.5h", None),
        ("2h!", None),
        ("2h 30m", None),
        ("٢h", None),
        ("2hours", None),
        ("99999d", None),
        ("9" * 5000 + "s", None),
        (2, None),
        (2.0, None),
        (True, None),
        (None, None),
        (["2h"], None),
        (timedelta(hours=2), None),
    ],
)
def test_a_duration_is_a_number_with_a_unit_or_several(written: object, seconds: int | None) -> None:
    assert duration(written) == (None if seconds is None else timedelta(seconds=seconds))


# ------------------------------------------------------------------------------------------- the hold


@pytest.mark.parametrize(
    ("written", "seconds"), [("0", 0), ("0s", 0), ("1s", 1), ("20s", 20), ("5m", 300), ("4m59s", 299)]
)
def test_a_reply_is_held_for_as_long_as_the_file_says(written: str, seconds: int) -> None:
    assert loaded(f'{FILE}[replies]\nhold = "{written}"\n').replies.hold == timedelta(seconds=seconds)


def test_a_reply_is_held_for_twenty_seconds_where_nothing_is_said() -> None:
    assert loaded().replies.hold == loaded(f"{FILE}[replies]\n").replies.hold == timedelta(seconds=20)


@pytest.mark.parametrize(
    "written", ['"5m1s"', '"1h"', "20", '"20"', '"-1s"', '""', "true", '"soon"', '["20s"]']
)
def test_a_hold_is_a_time_of_at_most_five_minutes(written: str) -> None:
    assert 'hold should be a time from "0s" to "5m".' in problem(f"{FILE}[replies]\nhold = {written}\n")


# ------------------------------------------------------------------------------------------- anything

VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.sampled_from(["2h", "0s", "#support", "Support", "", " ", "7"])
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["after", "x y"]), inner, max_size=2)
    ),
    max_leaves=4,
)
TABLE = st.dictionaries(
    st.sampled_from(["mailbox", "channel", "after", "every", "chanel", "ключ"]), VALUES, max_size=4
)
FILES = st.dictionaries(
    st.sampled_from([*FILE_KEYS, "route", "é"]), st.lists(TABLE, max_size=3) | TABLE | VALUES
)


def toml(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() or c in " #" else f"\\U{ord(c):08X}" for c in value) + '"'
    return repr(value)


@PROFILE
@given(FILES)
def test_any_tables_are_settings_or_a_list_of_problems(tables: dict[str, object]) -> None:
    file = "".join(f"{toml(key)} = {toml(value)}\n" for key, value in tables.items())
    try:
        found = loaded(file)
    except ConfigError as error:
        assert error.problems
        assert not any("not valid TOML" in told for told in error.problems)
        lines = [told for told in error.problems if not re.match(r"bridge\.toml:[0-9]+[,:] ", told)]
        assert lines in ([], ["bridge.toml has no [[routes]]: nothing would ever be shown."])
    else:
        assert found.routes
        assert all(route.channel and (route.after is None or route.after) for route in found.routes)


@PROFILE
@given(st.dictionaries(st.sampled_from(list(ENVIRONMENT)), st.text(max_size=20)), st.text(max_size=40))
def test_any_text_is_settings_or_a_list_of_problems(environment: dict[str, str], file: str) -> None:
    for given_ in (environment, {**LEAST, **environment}):
        for text in (file, FILE, FILE + file):
            try:
                found = load(given_, holding(text))
            except ConfigError as error:
                assert all(told for told in error.problems) and error.problems
            else:
                assert isinstance(found, Settings)
