"""What is hidden from Slack, and what is not: decided by tables, and at every place where people read."""

import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.redact import Redact, Redactor, problem, redacted
from bot.redact.payload import HIDDEN_LINK
from bot.redactfile import read
from bot.tables import Where

HOME = "https://help.example.org"
ALL = Redactor(Redact(patterns=("KND-[0-9]{6}",)), HOME)
SLACK = "xox" + "b-123456789012-AbCdEfGhIjKl"
HUB = "ghp" + "_0123456789abcdefghijABCDEFGHIJ012345"
STRIPE = "sk" + "_live_0123456789abcdefXYZ"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEpAIBAAKCAQEA\nabcd==\n-----END RSA PRIVATE KEY-----"

HIDDEN = [
    ("4111 1111 1111 1111", "[card number]"),
    ("card: 5500-0000-0000-0004.", "card: [card number]."),
    ("378282246310005 and 3782 822463 10005", "[card number] and [card number]"),
    ("Nr. 12 4111 1111 1111 1111 12", "Nr. 12 [card number] 12"),
    ("Visa4111111111111111", "Visa[card number]"),
    ("4222222222222", "[card number]"),
    ("6304 0000 0000 0000", "[card number]"),
    ("4111 1111 1111\n1111", "[card number]"),
    ("4111\u200b1111\u00a01111\u20111111", "[card number]"),
    ("\uff14" + "\uff11" * 15, "[card number]"),
    ("+49 170 1234567\n4111 1111 1111 1111", "+49 170 1234567\n[card number]"),
    ("4111 1111 11…", "[card number]…"),
    ("https://shop.example/pay?card=4111111111111111", "https://shop.example/pay?card=[card number]"),
    ("DE89 3704 0044 0532 0130 00", "[IBAN]"),
    ("iban de89370400440532013000, danke", "iban [IBAN], danke"),
    ("IBANGB29NWBK60161331926819", "IBAN[IBAN]"),
    ("NO93 8601 1117 947", "[IBAN]"),
    ("FR14 2004 1010 0505 0001 3M02 606 Merci", "[IBAN] Merci"),
    ("MT84MALT011000012345MTLCAST001S", "[IBAN]"),
    ("DE89 3704 0044…", "[IBAN]…"),
    (f"it is {SLACK}.", "it is [token]."),
    (f"({HUB})", "([token])"),
    (STRIPE, "[token]"),
    ("AKIA" + "IOSFODNN7EXAMPLE", "[token]"),
    ("AIza" + "SyA-0123456789abcdefghijklmnopqrstu", "[token]"),
    (JWT, "[token]"),
    (f"Here:\n{PEM}\nBye", "Here:\n[token]\nBye"),
    ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [token]"),
    ("api_key=abcdef0123456789", "api_key=[token]"),
    ("https://shop.example/reset?token=a8f3k2j5h6g7", "https://shop.example/reset?token=[token]"),
    ("https://shop.example/password/reset/Zk83jd82jd82jd", "https://shop.example/password/reset/[token]"),
    ("https://hooks.slack.com/services/T0000/B000/XXXXXXXXXXXX", "https://[token]"),
    ("https://bob:geheim1@x.example/a", "https://bob:[password]@x.example/a"),
    ("password: hunter2", "password: [password]"),
    ('{"password": "letmein"}', '{"password": "[password]"}'),
    ("Password:\nhunter2\nRegards", "Password:\n[password]\nRegards"),
    ("Passwort lautet Sommer2024!", "Passwort lautet [password]"),
    ('Das Passwort ist: "geheim"', 'Das Passwort ist: "[password]"'),
    ("WLAN-Passwort: Katze", "WLAN-Passwort: [password]"),
    ("Kennwort=abc123", "Kennwort=[password]"),
    ("mot de passe : soleil99", "mot de passe : [password]"),
    ("contraseña: luna", "contraseña: [password]"),
    ("hasło to kot123", "hasło to [password]"),
    ("пароль: qwerty", "пароль: [password]"),
    ("パスワード：abc123", "パスワード：[password]"),
    ("PIN: 1234", "PIN: [password]"),
    (
        "user password is foo1! admin password is bar2!",
        "user password is [password] admin password is [password]",
    ),
    ("Customer KND-123456", "Customer [redacted]"),
    ("Password is: letmein", "Password is: [password]"),
    ("My password is: letmein", "My password is: [password]"),
    ("Password:\n\nhunter2\n\nRegards", "Password:\n\n[password]\n\nRegards"),
    ("Password:\r\n \r\nhunter2", "Password:\r\n \r\n[password]"),
    ("CVV 123, CVC: 4321, cvv2 code is 123.", "CVV [password], CVC: [password], cvv2 code is [password]."),
    ("password for account 4711234: hunter2", "password for account 4711234: [password]"),
    ("password for user lea is hunter2", "password for user lea is [password]"),
    ("Passwort für WLAN lautet: Katze", "Passwort für WLAN lautet: [password]"),
    ("PIN code: 1234", "PIN code: [password]"),
    ("parole: soleil99", "parole: [password]"),
    ("parola d'ordine: ciao", "parola d'ordine: [password]"),
    ("https://a.example/?code=a1b2c3d4e5f6a7b8c9d0", "https://a.example/?code=[token]"),
    (
        "https://a.example/?next=https://b.example/?key=a8f3k2",
        "https://a.example/?next=https://b.example/?key=[token]",
    ),
    ("Mot de passe\u202f: soleil2024", "Mot de passe\u202f: [password]"),
    ("mot\u00a0de\u00a0passe\u00a0:\u00a0soleil", "mot\u00a0de\u00a0passe\u00a0:\u00a0[password]"),
    ("Password:\u2002hunter2", "Password:\u2002[password]"),
    ("Password:\u2003hunter2", "Password:\u2003[password]"),
    ("Password:\u2009hunter2", "Password:\u2009[password]"),
    ("password\u200b: hunter2", "password\u200b: [password]"),
    ("パスワード：\u3000hunter2", "パスワード：\u3000[password]"),
    ("密码\u3000：hunter2", "密码\u3000：[password]"),
    ("סיסמה\u200f: abc1234\u200f.", "סיסמה\u200f: [password]\u200f."),
    (
        "password\u202ffor\u202faccount\u202f4711: \u200ehunter2",
        "password\u202ffor\u202faccount\u202f4711: \u200e[password]",
    ),
    ("Password\u00a0:\u00a0\n\u3000\nhunter2\u3000", "Password\u00a0:\u00a0\n\u3000\n[password]\u3000"),
    ("Passwort\u00a0lautet\u2009Sommer2024", "Passwort\u00a0lautet\u2009[password]"),
    ("CVV\u202f123, CVC：\u3000456", "CVV\u202f[password], CVC：\u3000[password]"),
    ("PIN\u00a0code\u202f: 1234", "PIN\u00a0code\u202f: [password]"),
    ("API\u00a0key\u202f: abcdef0123456789", "API\u00a0key\u202f: [token]"),
    ("Bearer\u00a0abcdef0123456789abcdef", "Bearer\u00a0[token]"),
    ("4111\u202c 1111\u3000\u200f1111 1111", "[card number]"),
    (f"{JWT[:40]}…", "[token]…"),
    (f"{PEM} {PEM}", "[token] [token]"),
    ("x" * 70 + "4111111111111111", "x" * 70 + "[card number]"),
]
STAYS = [
    "order 4111111111111112",
    "Order 1234567890123456",
    "+49 151 12345678901 or 0049 4111 1111 1111 11",
    "2026-11-27T01:25:40Z, 2026-11-27 2026-11-28",
    "https://shop.example/orders/4111111111111111",
    "1Z999AA10123456784 00340434161094042557 JJD000390007827512345",
    "a4111111111111111f0 550e8400-e29b-41d4-a716-446655440000",
    "isbn 978-3-16-148410-0",
    "1,234.56 4,000.00 12 13 14 15",
    "DE89 3704 0044 0532 0130 01 and DE12 is a country",
    "my password is wrong, the password is not working, password reset, password protected PDF",
    "Passwort vergessen. Passwort: bitte zurücksetzen. Passwort-Richtlinie 2024",
    "Password: see below",
    "password expires on 2026-12-01",
    "clave del problema; passport: X1234567; the pin 12; I can't pass: help",
    "the bearer of this letter was here",
    "I forgot the password for account 4711234",
    "Password for account: 4711234",
    "Passwort für Bestellung 4711234 geht nicht",
    "Password for user lea@example.com does not work. I sent the password to lea@example.com",
    "Password:\n\nlea@example.com",
    "I changed my password on 2024-05-01",
    "Reset of my password 2024-05-01",
    "PIN code: 560001 Bangalore",
    "parole: bonjour",
    "CVV: missing",
    "Mot de passe\u202f: oublié\u202f! Password:\u3000see below",
    "Password\u00a0reset, Passwort\u202fvergessen, password\u200b is wrong",
    "https://shop.example/?ticket=PROJ-123&code=JD0146001234&tracking_code=1Z999AA10123456784",
    "https://shop.example/auth/orders/invoices/open/a1b2c3d4e5f6",
    "https://shop.example/products/reset-button-2000?utm_source=mail&page=2",
    f"{HOME}/conversation/412?token=abcdef123456",
    "https://acme.slack.com/archives/C012/p1700000000123456",
]


@pytest.mark.parametrize(("text", "shown"), HIDDEN)
def test_this_is_hidden(text: str, shown: str) -> None:
    assert ALL.text(text) == shown


@pytest.mark.parametrize("text", STAYS)
def test_this_stays(text: str) -> None:
    assert ALL.text(text) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cards", "4111 1111 1111 1111"),
        ("ibans", "DE89 3704 0044 0532 0130 00"),
        ("tokens", f"{SLACK} https://shop.example/?reset_token=a8f3k2j5h6g7"),
        ("passwords", "password: hunter2"),
    ],
)
def test_each_kind_can_be_left(kind: str, text: str) -> None:
    assert ALL.text(text) != text
    assert Redactor(Redact(**{kind: False}), HOME).text(text) == text


SECRETS = ["4111 1111 1111 1111", "DE89370400440532013000", SLACK, "password: hunter2", PEM, "KND-123456"]


@given(
    secret=st.sampled_from(SECRETS),
    before=st.sampled_from(["", "Hello, ", "It is:\n", "x — "]),
    after=st.sampled_from(["", ", thank you", "\nRegards", "."]),
    cuts=st.lists(st.integers(0, 90), max_size=6),
)
def test_a_secret_split_over_leaves_is_found(secret: str, before: str, after: str, cuts: list[int]) -> None:
    whole = before + secret + after
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    leaves = [
        {"type": "text", "text": whole[start:end], "style": {"bold": bool(number % 2)}}
        for number, (start, end) in enumerate(pairwise(places))
        if start < end
    ]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}
    told = redacted(ALL, {"blocks": [block]})["blocks"][0]["elements"][0]["elements"]
    assert "".join(leaf["text"] for leaf in told) == ALL.text(whole)
    assert all(leaf["text"] for leaf in told)


REPEATED = [
    *(
        "1 ",
        "1",
        "4111 ",
        "4111\n1111\n111 ",
        "x4111111111111111",
        "4111111111111111",
        "DE 8 9 ",
        "a",
        "aB3/",
        "\n",
    ),
    *("abcDEF09+/" * 7 + "\n", "A" * 64 + "\n(", "-----BEGIN PRIVATE KEY-----(", "-----END PRIVATE KEY-----"),
    *(
        "eyJ",
        "eyJ-",
        "eyJaaaaaaaa_",
        "eyJaaaaaaaa.",
        "xoxb-",
        "SG.aaaaaaaaaaaaaaaa.",
        "api_key=",
        "Bearer ",
        "Token\t",
    ),
    *(
        "/auth",
        "/auth/",
        "/reset-a_",
        "?token=",
        "?code=&",
        "?a_",
        "a://",
        "a://b ",
        "://",
        "://a:",
        "a-",
        "?card",
    ),
    *(
        "password:",
        "password\n",
        "password for a ",
        "password for a on ",
        "password is ",
        "pin:",
        "cvv ",
        "parole\t",
    ),
    *(
        "password\u200f",
        "password for \u200f",
        "\u3000",
        "Bearer\u200f",
        "api\u3000key\u202f",
        "cvv\u200f",
        "1\u200f",
    ),
]


@pytest.mark.parametrize("fragment", REPEATED)
def test_nothing_that_is_repeated_holds_anything_up(fragment: str) -> None:
    """Each takes a few hundredths of a second; what is tried anew from every place takes many times as long."""
    times = 9_000 // len(fragment)
    texts = [before + fragment * times + after for before in ("", "https://a/") for after in ("", "1…")]
    texts.append(fragment * times + "\n-----END PRIVATE KEY-----")
    began = time.process_time()
    assert all(ALL.text(text) for text in texts)
    assert time.process_time() - began < 1


@given(st.lists(st.sampled_from(REPEATED), min_size=2, max_size=4), st.sampled_from(["", "…", " x"]))
@settings(max_examples=25, deadline=None)
def test_nor_does_what_is_repeated_in_turn(fragments: list[str], end: str) -> None:
    whole = "".join(fragments)
    began = time.process_time()
    assert ALL.text(whole * (9_000 // len(whole)) + end)
    assert time.process_time() - began < 1


def leaf(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def rich(*elements: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def link(url: str, text: str) -> dict[str, Any]:
    return {"type": "link", "url": url, "text": text}


CARD, SHOWN = "4111111111111111", "[card number]"
RESET = "https://shop.example/reset?token=a8f3k2j5h6g7"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"text": f"Card {CARD} &amp; more"}, {"text": f"Card {SHOWN} &amp; more"}),
        ({"text": f"<{RESET}|Reset>"}, {"text": f"Reset {HIDDEN_LINK}"}),
        ({"text": f"<{HOME}/conversation/1|{CARD}>"}, {"text": f"<{HOME}/conversation/1|{SHOWN}>"}),
        (rich(link(RESET, "Reset")), rich(leaf(f"Reset {HIDDEN_LINK}"))),
        (rich(link(RESET, RESET)), rich(leaf("https://shop.example/reset?token=[token]"))),
        (
            rich(link(f"{HOME}/conversation/1", f"Re {CARD}")),
            rich(link(f"{HOME}/conversation/1", f"Re {SHOWN}")),
        ),
        (rich(leaf("4111 1111 "), leaf("1111 1111")), rich(leaf(SHOWN))),
        (
            {"type": "context", "elements": [{"type": "plain_text", "text": CARD, "emoji": False}]},
            {"type": "context", "elements": [{"type": "plain_text", "text": SHOWN, "emoji": False}]},
        ),
        ({"type": "image", "alt_text": CARD, "image_url": f"https://x.example/{CARD}"}, None),
        ({"filename": f"{CARD}.pdf", "length": 12}, {"filename": f"{SHOWN}.pdf", "length": 12}),
        (
            {"files": f'[{{"id": "F1", "title": "{CARD}"}}]'},
            {"files": f'[{{"id": "F1", "title": "{SHOWN}"}}]'},
        ),
        ({"type": "button", "url": RESET, "text": {"type": "plain_text", "text": "Go"}}, None),
        ({"attachments": [{"fields": [{"title": "a", "value": CARD}]}]}, None),
        ({"note": CARD}, {"note": SHOWN}),
    ],
)
def test_all_that_people_read_is_looked_into(said: dict[str, Any], shown: dict[str, Any] | None) -> None:
    told = redacted(ALL, said)
    if shown is not None:
        assert told == shown
    assert RESET not in str(told)
    assert CARD not in str({**told, "image_url": ""})


@pytest.mark.parametrize(
    "kept",
    [
        {
            "private_metadata": CARD,
            "action_id": CARD,
            "block_id": CARD,
            "value": CARD,
            "ts": "4111111111.111111",
        },
        {"metadata": {"event_payload": {"key": CARD}}},
        {"element": {"type": "rich_text_input", "initial_value": rich(leaf(CARD))}},
        {"text": f"since <!date^4111111111111111^{{date}}|{CARD}> by <@U{CARD}>"},
        {"email": f"{CARD}@example.org"},
    ],
)
def test_what_only_machines_read_and_what_somebody_edits_is_not_touched(kept: dict[str, Any]) -> None:
    assert redacted(ALL, kept) == kept


def test_a_key_that_goes_on_in_the_next_block_is_hidden_in_both() -> None:
    begun, rest = PEM.split("\n", 1)
    told = redacted(
        ALL, {"blocks": [rich(leaf(f"Hello {begun}")), {"type": "divider"}, rich(leaf(rest), leaf(" Bye"))]}
    )
    assert told == {"blocks": [rich(leaf("Hello [token]")), {"type": "divider"}, rich(leaf(" Bye"))]}
    assert ALL.text(rest) == "[token]"


def test_what_is_given_is_not_changed_itself() -> None:
    said = rich(leaf("4111 1111 "), leaf("1111 1111"))
    redacted(ALL, {"blocks": [said]})
    assert said == rich(leaf("4111 1111 "), leaf("1111 1111"))


def test_a_label_does_not_grow_beyond_what_slack_takes() -> None:
    label = {"type": "plain_text", "text": "pin: 123 " * 8}
    assert len(redacted(ALL, label)["text"]) <= len(label["text"])


@pytest.mark.parametrize(
    "pattern", ["KND-[0-9]{6}", "(?i)vertrag [a-z]{1,20}[0-9]{1,8}", r"\bINT\w+", "AB|CD", "x.*y.*"]
)
def test_a_pattern_that_ends_is_taken(pattern: str) -> None:
    assert problem(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a+)+b", "too many ways"),
        ("(a|a)*b", "too many ways"),
        (".*.*.*=", "too many ways"),
        (r"(\w+)\s*\1+", "too many ways"),
        ("(x{1,50}){1,50}y", "too many ways"),
        ("[0-9", "no regular expression"),
        ("a*", "would hide everything"),
        (".", "would hide everything"),
    ],
)
def test_a_pattern_that_could_hang_or_hide_all_is_refused(pattern: str, says: str) -> None:
    assert says in problem(pattern)


def test_the_worst_pattern_that_is_taken_does_not_hold_anything_up() -> None:
    worst = r"a{0,40}a{0,40}b"
    assert problem(worst) == ""
    began = time.process_time()
    Redactor(Redact(patterns=(worst,))).text("a" * 9_000)
    assert time.process_time() - began < 2


def test_the_table_of_the_file_says_what_is_wrong_with_it() -> None:
    problems: list[str] = []
    said = read(
        Where("bridge.toml", "[redact]"), {"cards": "no", "patterns": ["(a+)+", "KND-[0-9]{6}"]}, problems
    )
    assert said == Redact(patterns=("KND-[0-9]{6}",))
    assert len(problems) == 2
    assert "cards should be true or false" in problems[0]
    assert "'(a+)+' could be tried in too many ways" in problems[1]
    problems.clear()
    assert read(Where("bridge.toml"), {"patterns": "x"}, problems) == Redact()
    assert "list of regular expressions" in problems[0]
