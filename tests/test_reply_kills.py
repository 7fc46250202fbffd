"""A reply's life, the bridge killed between every two of its steps: one mail or none, and never a text lost."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack import Message, Person
from tests.torture.stage import Stage, staged

TEXT = "We have sent you a new one."
SWEEP = '[sweep]\nevery = "5m"\n'
RECEIPT = "Ana Alves's reply"
AT = (
    "reply.held",
    "post.begun:3",  # the card, the mail under it, the receipt
    "post.made:3",
    "reply.shown",
    "update.begun",
    "reply.fetched",
    "reply.made",
    "reply.recorded",
    "reply.kept",
    "reply.shown:2",
)


async def until(look: Callable[[], Any], patience: float = 30) -> Any:
    async with asyncio.timeout(patience):
        while not (found := look()):
            await asyncio.sleep(0.02)
    return found


def rows(stage: Stage, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(stage.database)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def receipts(stage: Stage, card: Message) -> list[Message]:
    return [one for one in stage.slack.replies(card.channel, card.ts) if RECEIPT in one.all_text]


async def began(stage: Stage, order: str) -> tuple[Message, Person]:
    """A mail of Mark's with its card; Ana writes an answer, and the bridge is to die at `order`."""
    support = stage.freescout.add_mailbox("Support", "support@example.org")
    for name in ("Sales", "Billing", "Returns", "Internal"):
        stage.freescout.add_mailbox(name, f"{name.lower()}@example.org")
    stage.freescout.add_user("Ana", "Alves", "ana@example.org", role="admin")
    ana = stage.slack.add_person("Ana Alves", "ana@example.org")
    await stage.start(order)
    stage.freescout.customer_writes("mark@example.org", "Fire", "It burns.", mailbox=support, name="Mark")
    card = await until(lambda: stage.slack.messages("support") and stage.slack.messages("support")[0])
    await until(lambda: stage.slack.replies(card.channel, card.ts))
    await ana.presses("Reply", on=card)
    await until(lambda: ana.modal and "To Mark" in ana.modal.all_text)
    await ana.submits({"Reply": TEXT})
    return card, ana


@pytest.mark.timeout(90)
@pytest.mark.parametrize("order", AT)
async def test_wherever_it_dies_there_is_one_mail_and_one_receipt(order: str, tmp_path: Path) -> None:
    async with staged(tmp_path, more=SWEEP) as stage:
        card, ana = await began(stage, order)
        await until(stage.ended)
        assert len(stage.freescout.outbox) <= 1
        await stage.start()
        if ana.modal:  # Slack had no answer, the dialog is still there: so she submits it once more
            await ana.submits()
            assert ana.modal is None
        await until(lambda: rows(stage, "select 1 from outbox where state = 'sent'"), 60)
        await until(lambda: any("went to mark" in one.all_text for one in receipts(stage, card)))
        await stage.settled(lambda: not rows(stage, "select 1 from outbox where told < changed"))
        assert [mail.text for mail in stage.freescout.outbox] == [TEXT]
        assert len(receipts(stage, card)) == 1
        assert rows(stage, "select state, text || rich || html from outbox") == [("sent", "")]
        meant = rows(stage, "select outcome, after from audit where action = 'reply' order by id")
        assert {outcome for outcome, _ in meant} == {"sent"}
        assert json.loads(meant[0][1])["to"] == "mark@example.org"
        told = [one.all_text for one in ana.ephemerals if "went to mark" in one.all_text]
        assert 1 <= len(told) <= 2  # an ephemeral message cannot be looked for


@pytest.mark.timeout(90)
async def test_one_that_may_have_gone_is_looked_for_and_asked_about(tmp_path: Path) -> None:
    async with staged(tmp_path, more=SWEEP) as stage:
        card, ana = await began(stage, "reply.begun")
        await until(stage.ended)
        await stage.start()
        await until(lambda: any("It may have gone." in one.all_text for one in receipts(stage, card)), 40)
        direct = stage.slack.workspace.direct(ana.id).messages
        await until(lambda: direct and TEXT in direct[-1].all_text)
        assert stage.freescout.outbox == []
        assert len(receipts(stage, card)) == 1
        assert rows(stage, "select state, choice, text from outbox") == [("failed", "doubt", TEXT)]


@pytest.mark.timeout(90)
async def test_what_was_cancelled_before_it_died_is_not_sent_afterwards(tmp_path: Path) -> None:
    async with staged(tmp_path, more=SWEEP) as stage:
        card, ana = await began(stage, "")
        shown = await until(lambda: receipts(stage, card))
        await ana.presses("Cancel", on=shown[0])
        await until(lambda: rows(stage, "select 1 from outbox where state = 'cancelled'"))
        await stage.kill()
        await stage.start()
        await until(lambda: "nothing was sent" in shown[0].all_text)
        await stage.settled(lambda: not rows(stage, "select 1 from outbox where told < changed"), quiet=2)
        assert stage.freescout.outbox == []
        assert rows(stage, "select text from outbox") == [(TEXT,)]
