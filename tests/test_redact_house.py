"""What is hidden never reaches Slack, wherever it stands and whichever way it could go there."""

import ast
import json
from datetime import time, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.digestfile import Digest
from bot.redact import Redact, Redactor
from bot.slackapi import call, client
from tests.conftest import House
from tests.test_pings import direct, ladder, passes, restarted
from tests.test_redact import HUB, PEM, SLACK

CARD, IBAN = "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"
RESET = "https://shop.example/reset?token=a8f3k2j5h6g7q9"
SECRETS = ("1111 1111", "4111111111111111", "0532 0130", "DE89370400440532013000", SLACK, HUB, "MIIEpAIBAA")
SECRETS += ("hunter2", "a8f3k2j5h6g7q9", "KND-123456")
BODY = f"""<p>Card <b>4111 1111</b> <i>1111 1111</i>, account {IBAN}</p><ul><li>password: <b>hunter2</b></li></ul>
<p>{SLACK} KND-123456</p><pre>{PEM}</pre><p><a href="{RESET}">Set a new password</a></p><p>{RESET}</p>"""
ROOT = Path(__file__).parent.parent


def leaked(house: House) -> set[str]:
    """What of the secrets Slack was ever sent: in calls, in answers to dialogs, at a response_url."""
    calls = [(one.method, one.args) for one in house.slack.calls]
    said = json.dumps([calls, [dict(one) for one in house.slack.responses]], default=str, ensure_ascii=False)
    return {one for one in SECRETS if one in said}


async def test_what_is_hidden_reaches_slack_in_no_way(house: House) -> None:
    rules = Redact(patterns=("KND-[0-9]{6}",))
    await restarted(house, redact=rules, ladders=ladder((1, "thread"), (2, "channel"), (4, "assignee")))
    quoted = f'<div class="gmail_quote"><blockquote class="gmail_quote">{BODY}</blockquote></div>'
    card = await house.writes(
        f"password: hunter2 {CARD}",
        BODY + quoted,
        name=f"Mark {IBAN}",
        attachments=[(f"{CARD}.txt", "text/plain", b"hello"), (f"{IBAN}.pdf", "application/pdf", b"%PDF")],
    )
    first = await house.until(
        lambda: next((one for one in house.thread(card) if "Card" in one.all_text), None)
    )
    assert "Card [card number]" in first.all_text
    assert "[IBAN]" in first.all_text
    assert "password: [password]" in first.all_text
    assert "Set a new password [link with a token]" in first.all_text
    await house.until(lambda: sum(bool(one.files) for one in house.thread(card)) > 0)
    await house.opens(house.ana, "Show Full Mail", first)
    await house.ana.closes()
    await house.opens(house.ana, "Reply", card)
    await house.ana.closes()
    await house.ana.types("/freescout waiting", channel="support")
    await house.ana.types("/freescout show 412", channel="support")
    await house.ana.types(f"/freescout note 412 {HUB}", channel="support")
    await house.until(lambda: "note" in house.said(card))
    house.freescout.agent_assigns(1, house.ana_id, house.ana_id)
    for hours in (1.5, 1, 2):
        await passes(house, hours)
    await house.until(lambda: direct(house, house.ana))
    tomorrow = (house.clock() + timedelta(days=1)).replace(hour=8, minute=31)
    house.clock.skip(tomorrow - house.clock())
    await restarted(house, digest=Digest(time(8, 30), frozenset(range(7))))
    await house.until(lambda: any("customer waits" in one.all_text for one in house.cards()))
    await house.quiet()
    assert leaked(house) == set()
    truth = house.freescout.world.conversations[1]
    assert any(HUB in one.body for one in truth.threads)  # what goes to FreeScout is never changed


async def test_what_is_hidden_follows_the_settings_at_once(empty_house: House) -> None:
    house, now = empty_house, [Redactor(Redact(cards=False)), Redactor()]
    async with aiohttp.ClientSession() as session:
        web = client(house.slack.bot_token, house.slack.api_url, session, lambda: now[0])
        channel = house.slack.workspace.channels
        place = next(iter(channel))
        for _ in range(2):
            await call(web.chat_postMessage, channel=place, text=CARD)
            now.pop(0) if len(now) > 1 else None
    assert [one.all_text for one in channel[place].messages] == [CARD, "[card number]"]


def test_bolts_own_ways_to_answer_are_used_through_the_one_that_looks_into_them() -> None:
    """They do not go through Slack's client: `ack` says nothing itself, and an `Ask` has the wrapped ones."""
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ack", "respond", "say"):
                assert not node.args, f"{path}:{node.lineno}"
                assert not node.keywords, f"{path}:{node.lineno}"
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Ask":
                given = [one.value for one in node.keywords if one.arg in ("respond", "lead")]
                said = [ast.unparse(one) for one in given]
                assert all(one == "answer" or one.startswith("_looked_into(") for one in said), path


@pytest.mark.parametrize("kind", ["AsyncWebClient(", "WebClient("])
def test_every_client_of_slacks_is_the_one_that_redacts(kind: str) -> None:
    for path in (ROOT / "bot").rglob("*.py"):
        used = [line for line in path.read_text(encoding="utf-8").splitlines() if kind in line]
        assert all(line.startswith("class ") for line in used), path
