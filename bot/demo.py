"""`python -m bot demo`: the bridge between a stand-in FreeScout and a stand-in Slack, with a short play.

The clock begins some hours ago and runs fast until it has caught up, so that a long wait is seen within half
a minute and every time on the pages is true.
"""

import asyncio
import html
import logging
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import running
from bot.settings import load
from sandbox.clock import Clock
from sandbox.freescout import FreeScout
from sandbox.serving import serving
from sandbox.slack import Message, Person, Slack

AGO = timedelta(hours=3)
SPEED = 360
"""Ten seconds are an hour."""
CONFIG = """
[[routes]]
mailbox = "Support"
channel = "support"
open_to = "guests" # Gus: he reads along, and may do nothing

[[routes]]
mailbox = "Sales"
channel = "sales"
open_to = "guests"

[stale]
after = ["2h", "8h"]
every = "5s"
"""


@dataclass
class Stage:
    """Both sides, the bridge between them, and who is there."""

    clock: Clock
    freescout: FreeScout
    slack: Slack
    support: int
    sales: int
    ana: Person
    ben: Person
    pages: dict[str, str] = field(default_factory=dict)


def main(*, once: bool, port: int) -> int:
    """Play the demo; return the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with suppress(KeyboardInterrupt):
        return asyncio.run(_demo(once=once, port=port))
    return 0


async def _demo(*, once: bool, port: int) -> int:
    async with _stage(port) as stage:
        if not once:
            _welcome(stage)
        reporter = asyncio.create_task(_report(stage))
        playing = asyncio.create_task(_play(stage))
        told = _stop_signal()
        stopped = asyncio.create_task(told.wait())
        await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        missing = await playing if playing.done() else []
        if not once and not told.is_set():
            print("\nThat was the play. Now it is yours:", *_addresses(stage), "Ctrl-C ends it.", sep="\n  ")
            await told.wait()
        for task in (playing, stopped, reporter):
            task.cancel()
        await asyncio.gather(playing, stopped, reporter, return_exceptions=True)
    if once:
        print("\nAll as it should be." if not missing else "\nMissing:", *missing, sep="\n  - ")
    return 1 if once and missing else 0


@asynccontextmanager
async def _stage(port: int) -> AsyncIterator[Stage]:
    clock = Clock(AGO, SPEED)
    freescout = FreeScout(now=clock, speed=SPEED, first_number=412, skip=clock.skip)
    slack = Slack(now=clock)
    slack.message_shortcuts = {"note.message": "Add as Note", "reply.message": "Reply with This"}
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        slack.url = await _served(stack, slack.app, port)
        stack.push_async_callback(slack.close)
        helpdesk = await _served(stack, freescout.app, port + 1)
        stack.push_async_callback(freescout.close)
        slack.helpdesk_url, freescout.slack_url = helpdesk, slack.url
        stage = _people(clock, freescout, slack)
        stage.pages = {"Slack": slack.url, "Customers and help desk": helpdesk}
        environment = {
            "FREESCOUT_URL": helpdesk,
            "FREESCOUT_API_KEY": freescout.api_key,
            "FREESCOUT_WEBHOOK_SECRET": freescout.webhook_secret,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'bridge.db'}",
            "HOST": "127.0.0.1",
            "PORT": "0",
        }
        bridge = await stack.enter_async_context(running(load(environment, lambda _: CONFIG), clock))
        slack.request_url = f"{bridge}/slack/events"
        freescout.subscribe(f"{bridge}/freescout/webhook")
        yield stage


def _people(clock: Clock, freescout: FreeScout, slack: Slack) -> Stage:
    support = freescout.add_mailbox("Support", "support@example.org")
    sales = freescout.add_mailbox("Sales", "sales@example.org")
    freescout.add_user("Ana", "Alves", "ana@example.org", role="admin")
    freescout.add_user("Ben", "Brandt", "ben@example.org", mailboxes=[support])
    ana = slack.add_person("Ana Alves", "ana@example.org")
    ben = slack.add_person("Ben Brandt", "ben@example.org")
    uma = slack.add_person("Uma Unknown", "uma@example.org")
    gus = slack.add_person("Gus Guest", "gus@example.net", guest=True)
    for channel in ("support", "sales"):
        slack.add_channel(channel, members=[one.id for one in (ana, ben, uma, gus)])
    return Stage(clock, freescout, slack, support, sales, ana, ben)


async def _served(stack: AsyncExitStack, app: Any, port: int) -> str:
    """Serve on this port, or on any other where it is taken."""
    try:
        return await stack.enter_async_context(serving(app, port))
    except OSError:
        return await stack.enter_async_context(serving(app, 0))


async def _play(stage: Stage) -> list[str]:
    """Two customers write, one answers back, the other waits. Return what did not come out as it should."""
    freescout, slack = stage.freescout, stage.slack
    order = freescout.customer_writes(
        "mark@example.org",
        "Order 1042 has not arrived",
        "<p>Hello,</p><p>my order <b>1042</b> should have been here on Friday. Where is it?</p><p>Mark</p>",
        mailbox=stage.support,
        name="Mark Moore",
    )
    card = await _until(lambda: _card(slack, "support"))
    await asyncio.sleep(1)
    freescout.customer_writes(
        "zoe@example.com",
        "Do you ship to Norway?",
        "<p>Hi! We need <i>twelve</i> of your blue lamps in Bergen.</p>"
        "<ul><li>12 × blue</li><li>by May</li></ul>",
        mailbox=stage.sales,
        name="Zoë Zander",
    )
    question = await _until(lambda: _card(slack, "sales"))
    await stage.ana.presses("Assign to Me", on=card)
    await asyncio.sleep(1)
    await stage.ana.presses("Reply", on=card)
    await _until(lambda: stage.ana.modal and "Loading" not in stage.ana.modal.all_text)
    await stage.ana.submits(
        {"Reply": "Hello Mark,\nit left our house this morning and should be with you tomorrow.\nAna"}
    )
    await _until(lambda: freescout.outbox or None)
    await asyncio.sleep(1)
    freescout.customer_replies(order, "<p>Great, thank you! Could you leave it with the neighbour?</p>")
    await _until(lambda: _said(slack, card, "neighbour"))
    await stage.ben.types("/freescout note 412 The courier knows about the neighbour.", channel="support")
    await _until(lambda: _said(slack, question, "has waited"), patience=40)
    await asyncio.sleep(2)
    return _wrong(stage, card, question)


def _wrong(stage: Stage, card: Message, question: Message) -> list[str]:
    freescout, slack = stage.freescout, stage.slack
    thread = "\n".join(reply.all_text for reply in slack.replies("support", card.ts))
    pings = [reply for reply in slack.replies("sales", question.ts) if "has waited" in reply.all_text]
    expected = {
        "one card in each channel": [len(slack.messages(name)) for name in ("support", "sales")] == [1, 1],
        "Mark's first message, Ana's reply and Mark's answer in the thread": all(
            words in thread for words in ("should have been here", "left our house", "neighbour?")
        ),
        "Ben's note in the thread": "The courier knows" in thread,
        "one mail, to Mark alone": [mail.to for mail in freescout.outbox] == [["mark@example.org"]],
        "the card shows Ana": "Ana Alves" in card.all_text,
        "one ping for Zoë": len(pings) == 1,
        "no webhook failed": all(str(one.outcome) == "200" for one in freescout.deliveries),
    }
    return [what for what, came in expected.items() if not came]


def _card(slack: Slack, channel: str) -> Message | None:
    messages: list[Message] = slack.messages(channel)
    return messages[0] if messages else None


def _said(slack: Slack, card: Message, words: str) -> Message | None:
    replies: list[Message] = slack.replies(card.channel, card.ts)
    return next((reply for reply in replies if words in reply.all_text), None)


async def _until(look: Callable[[], Any], patience: float = 15) -> Any:
    """Wait for something to be there."""
    async with asyncio.timeout(patience):
        while not (found := look()):  # noqa: ASYNC110 - a stage has no bell
            await asyncio.sleep(0.05)
    return found


def _stop_signal() -> asyncio.Event:
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    return told


async def _report(stage: Stage) -> None:
    """Print what appears in Slack and what is mailed, as it comes."""
    seen: set[int] = set()
    while True:
        for line, thing in _news(stage):
            if id(thing) not in seen:
                seen.add(id(thing))
                print(f"{stage.clock():%H:%M}  {line}", flush=True)
        await asyncio.sleep(0.1)


def _news(stage: Stage) -> list[tuple[str, Any]]:
    news: list[tuple[str, Any]] = []
    for name in ("support", "sales"):
        for card in stage.slack.messages(name):
            news.append((f"#{name:<8} {_short(card.text)}", card))
            news += [
                (f"#{name:<8}   ↳ {_short(one.text)}", one) for one in stage.slack.replies(name, card.ts)
            ]
    for person in (stage.ana, stage.ben):
        news += [(f"to {person.name} alone: {_short(one.text)}", one) for one in person.ephemerals]
    news += [(f"mail to {', '.join(one.to)}: {_short(one.text)}", one) for one in stage.freescout.outbox]
    return news


def _short(words: str) -> str:
    line = " ".join(html.unescape(words).split())
    return line if len(line) < 100 else line[:99] + "…"


def _addresses(stage: Stage) -> list[str]:
    return [f"{name:<24} {address}" for name, address in stage.pages.items()]


def _welcome(stage: Stage) -> None:
    print(
        "The bridge runs between a stand-in Slack and a stand-in FreeScout:", *_addresses(stage), sep="\n  "
    )
    print("The clock begins three hours ago and runs fast until it has caught up.\n", flush=True)
