"""What is cut for Slack is never cut within what is hidden there: the wire could not tell its beginning any more."""

import json
from collections.abc import Callable
from contextvars import copy_context
from time import perf_counter

import pytest

from bot import mail, richtext, written
from bot.downloads import file_name
from bot.redact import Redact, Redactor, cut, follow, redacted
from tests.conftest import House
from tests.test_delivery import start

RULES = Redact(patterns=("KND-[0-9]{6}",))
BEARER = "abcdef1234567890abcdef"
SECRETS = {  # what stands before it, and it
    "card": ("", "4111 1111 1111 1111"),
    "iban": ("", "DE89 3704 0044 0532 0130 00"),
    "token": ("", "glpat-a1B2c3D4e5F6g7H8i9J0"),
    "bearer": ("Authorization: Bearer ", BEARER),
    "password": ("password: ", "hunter2hunter2"),
    "link": ("https://shop.example/reset?token=", "a8f3k2j5h6g7q9x"),
    "own": ("", "KND-123456"),
}
HALVED = {"bold": "<p>{}<b>{}</b><i>{}</i>{}</p>", "plain": "<p>{}{}{}{}</p>"}


def lined(html: str) -> object:
    return {"type": "plain_text", "text": mail.snippet(html, 140)}


def blocks(html: str) -> object:
    elements, whole = richtext.build(mail.lines(html), 400)
    assert not whole
    return {"type": "rich_text", "elements": elements}


def parts(html: str) -> object:
    """Each part is looked at by itself."""
    redactor = Redactor(RULES)
    made = richtext.parts(mail.lines(html), 700)
    return [redacted(redactor, {"type": "rich_text", "elements": one}) for one in made]


def typed(html: str) -> object:
    return {"type": "rich_text", "elements": written.shown(written.from_html(html), 400)}


@pytest.mark.parametrize("way", HALVED)
@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("made", [lined, blocks, parts, typed])
def test_no_cut_parts_what_is_hidden(made: Callable[[str], object], kind: str, way: str) -> None:
    before, secret = SECRETS[kind]
    half = len(secret) // 2

    def said(length: int) -> str:
        follow(lambda: Redactor(RULES))
        lead = f"{('word ' * 200)[:length]} {before}"
        html = HALVED[way].format(lead, secret[:half], secret[half:], " thanks" + " and more" * 100)
        return json.dumps(redacted(Redactor(RULES), made(html)))

    for length in range(60, 440):
        shown = copy_context().run(said, length)
        assert secret[:4] not in shown, (length, shown)
        assert secret[-4:] not in shown, (length, shown)


def test_a_cut_stands_where_nothing_is_hidden() -> None:
    assert cut("short", 40) == 5
    assert cut("word " * 40, 42) == 42
    assert cut("Card 4111 1111 1111 1111 is mine", 12) == len("Card ")
    assert cut("Card 4111 1111 1111 1111 is mine", 28) == 28
    assert cut("x" * 2_000_000, 1_000_000) == 1_000_000


def test_names_of_files_and_of_images_are_not_cut_within_either() -> None:
    for length in range(50, 120):
        name = f"{('word ' * 30)[:length]} 4111 1111 1111 1111"
        html = f'<p>See <img src="https://shop.example/a.png" alt="{name} and more words behind it"></p>'
        for made in (file_name(f"{name} and more.pdf"), file_name(f"{name} and more"), mail.plain(html)):
            assert "4111" not in Redactor().text(made)
    assert file_name(f"glpat-{'a1' * 80}.pdf") == "file.pdf"
    assert file_name(f"glpat-{'a1' * 80}") == "file"


def test_a_cut_follows_the_rules_that_hold() -> None:
    rules = [Redactor(Redact(cards=False)), Redactor()]

    def cuts() -> list[int]:
        follow(lambda: rules[0])
        first = cut("Card 4111 1111 1111 1111 is mine", 12)
        rules.pop(0)
        return [first, cut("Card 4111 1111 1111 1111 is mine", 12)]

    assert copy_context().run(cuts) == [12, 5]


def test_a_mail_of_megabytes_is_looked_into_as_far_as_it_is_shown() -> None:
    text = "my password is so long " * 100_000
    began = perf_counter()
    mail.one_line(text, len(text))
    whole, began = perf_counter() - began, perf_counter()
    for most in range(100, 150):
        mail.one_line(text, most)
    assert perf_counter() - began < 10 * whole


def test_a_link_whose_words_are_hidden_in_another_part_is_left_out() -> None:
    html = f"<p>{'word ' * 100}4111 1111 <a href='https://shop.example/'>1111 1111</a>{' more' * 100}</p>"
    made = json.dumps(richtext.parts(mail.lines(html), 700))
    assert "1111" not in made
    assert '"text": ""' not in made


async def test_nothing_that_was_cut_in_two_reaches_slack(empty_house: House) -> None:
    house = empty_house
    house.slack.add_channel("vips")
    await start(house, {"body": "snippet"}, {"channel": "vips"}, redact=RULES)
    for secret, length in (
        ("KND-123456", 130),
        ("4111 1111 1111 1111", 125),
        ("DE89370400440532013000", 135),
    ):
        said = f"{('word ' * 80)[:length]} {secret} thanks{' and more' * 40}"
        long = f"{('many words ' * 2000)[: 8_900 - length]} {secret} thanks{' and more' * 40}"
        subject = f"{('title ' * 40)[:188]} {secret} and more"
        card = await house.writes(subject, f"<p>{said}</p>", email=f"a{length}@example.org")
        house.freescout.customer_replies(
            int(card.metadata["event_payload"]["conversation"]), f"<p>{long}</p>"
        )
        await house.until(lambda card=card: "many words" in house.said(card))
        await house.opens(house.ana, "Reply", card)
        await house.ana.closes()
    await house.quiet()
    sent = json.dumps([one.args for one in house.slack.calls], default=str, ensure_ascii=False)
    assert not {one for one in ("KND-", "4111", "DE89") if one in sent}
