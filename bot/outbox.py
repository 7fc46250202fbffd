"""Replies and notes on their way to FreeScout, where a second copy would be mailed to a customer.

    queued ── sending ── sent
      │         │  └──── unknown ── (looked for three times) ── sent, or failed
      └─────────┴─────── failed, and the writer gets the text back

A reply that another process was cut off from is found in `sending`, and is looked for before anything else.
"""

import asyncio
import json
import logging
import secrets
from datetime import timedelta

from bot import cards, mail
from bot.cards import Message, context, plain, richtext_block
from bot.desk import Desk, excuse
from bot.errors import Ambiguous, BridgeError, Transient, UserError
from bot.freescout import NewThread, NotFound
from bot.model import Conversation, Status
from bot.richtext import section, text
from bot.store import Reply, ReplyState

log = logging.getLogger(__name__)

TRY_AGAIN = "reply.again"
LOOKS = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=45))
"""When to look for a reply whose fate is unknown. FreeScout's own requests end within about a minute."""
PATIENCE = timedelta(minutes=30)
"""How long a reply waits for a FreeScout that cannot be reached before its writer is asked."""
RETRY = timedelta(seconds=10)


class Outbox:
    """Sends what waits: each once, and never to another customer than its writer saw."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._busy: set[int] = set()
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event, at_once: int = 4) -> None:
        """Send what is due until told to stop, then finish what is in hand."""
        while not stopping.is_set():
            reply = await self._next() if len(self._busy) < at_once else None
            if reply is None:
                await self._desk.store.wait_for_replies(0.5, stopping)
                continue
            self._busy.add(reply.id)
            task = asyncio.create_task(self._handle(reply))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        await asyncio.gather(*self._sending)

    async def _next(self) -> Reply | None:
        try:
            return await self._desk.store.next_reply(self._busy)
        except Exception as error:  # a full disk passes; this loop would not come back
            log.error("the outbox cannot be read: %s", error)
            return None

    async def _handle(self, reply: Reply) -> None:
        try:
            if reply.state == ReplyState.QUEUED:
                await self._send(reply)
            else:
                await self._find(reply)
        except Exception:
            mark = secrets.token_hex(4)
            log.exception("reply %s of conversation %s broke [%s]", reply.id, reply.conversation, mark)
            await self._broke(reply.id, mark)
        finally:
            self._busy.discard(reply.id)

    async def _broke(self, identity: int, mark: str) -> None:
        """Give up for a fault of our own, but call nothing failed that went."""
        try:
            reply = await self._desk.store.reply(identity)
            if reply is None or reply.state not in (
                ReplyState.QUEUED,
                ReplyState.SENDING,
                ReplyState.UNKNOWN,
            ):
                return
            why = f"Something went wrong in the bridge (operator: see {mark} in the log)."
            await self._fail(reply, why, open_end=reply.state != ReplyState.QUEUED)
        except Exception:
            log.exception("reply %s stays as it is [%s]", identity, mark)
            await asyncio.sleep(1)

    async def _send(self, reply: Reply) -> None:
        try:
            truth = await self._still_meant(reply)
            last = max((thread.id for thread in truth.threads), default=0)
            await self._desk.store.mark_reply(reply, ReplyState.SENDING, after_thread=last)
            thread = NewThread(
                reply.kind,
                mail.to_html(reply.text),
                cc=truth.cc,
                user=reply.user,
                status=Status(reply.status) if reply.status else None,
            )
            await self._desk.freescout.add_thread(reply.conversation, thread)
        except Ambiguous as error:
            log.warning("reply %s: %s; looking for it", reply.id, error)
            await self._unknown(reply, 0)
        except Transient as error:
            await self._later(reply, error)
        except BridgeError as error:
            await self._fail(reply, excuse(error))
        else:
            await self._sent(reply)

    async def _still_meant(self, reply: Reply) -> Conversation:
        """Fetch the truth, and stop what would go in a wrong name or to somebody else than its writer saw."""
        user = await self._desk.people.user(reply.slack_user)
        if user.id != reply.user:
            raise UserError("You are another FreeScout user now than when you wrote it.")
        truth = await self._desk.conversation(reply.conversation, user)
        if not truth.published:
            raise UserError("The conversation was deleted in the meantime.")
        email = truth.customer.email if truth.customer else ""
        if reply.kind == "message" and email.casefold() != reply.customer_email.casefold():
            raise UserError("The conversation has another customer now, so the reply would have gone astray.")
        return truth

    async def _find(self, reply: Reply) -> None:
        """Look in FreeScout for a reply that may have arrived, and never send it a second time."""
        try:
            truth = await self._desk.freescout.conversation(reply.conversation)
        except NotFound:
            gone = "FreeScout broke off, and has since deleted the conversation for good."
            await self._fail(reply, gone, open_end=True)
            return
        except BridgeError as error:
            if not reply.error:
                await self._tell(reply, f"{error}. Whether your {_word(reply)} went is still to be seen.")
            await self._desk.store.mark_reply(
                reply, ReplyState.UNKNOWN, due=self._desk.now() + RETRY, error=str(error)
            )
            return
        looked = reply.attempts if reply.state == ReplyState.UNKNOWN else 0
        if _stands(reply, truth):
            await self._sent(reply)
        elif looked < len(LOOKS):
            await self._unknown(reply, looked)
        else:
            await self._fail(reply, "FreeScout broke off and does not show it now.", open_end=True)

    async def _unknown(self, reply: Reply, looked: int) -> None:
        """Look later. Tries before it was cut off do not count: each such reply gets every look."""
        if looked == 0:
            await self._tell(
                reply,
                f"FreeScout broke off while it took your {_word(reply)} on #{reply.number}. "
                "Whether it arrived is being looked up; you will hear within a minute.",
            )
        due = self._desk.now() + LOOKS[looked]
        await self._desk.store.mark_reply(reply, ReplyState.UNKNOWN, due=due, attempts=looked + 1)

    async def _later(self, reply: Reply, error: Transient) -> None:
        if reply.attempts * RETRY > PATIENCE:
            await self._fail(reply, excuse(error))
            return
        if reply.attempts == 0:
            await self._tell(reply, f"{error}. Your {_word(reply)} is kept and goes as soon as that passes.")
        due, attempts = self._desk.now() + RETRY, reply.attempts + 1
        await self._desk.store.mark_reply(
            reply, ReplyState.QUEUED, due=due, error=str(error), attempts=attempts
        )

    async def _sent(self, reply: Reply) -> None:
        await self._desk.store.mark_reply(reply, ReplyState.SENT)
        await self._record(reply, "sent")
        to = f" to {mail.one_line(reply.customer_email, 100)}" if reply.kind == "message" else ""
        done = "is saved" if reply.kind == "note" else f"went{to}"
        await self._tell(reply, f"Your {_word(reply)} on #{reply.number} {done}.")

    async def _fail(self, reply: Reply, why: str, *, open_end: bool = False) -> None:
        """Give the text back with the reason; with an open end, never call it unsent: it may yet arrive."""
        await self._desk.store.mark_reply(reply, ReplyState.FAILED, error=why)
        await self._record(reply, "unknown" if open_end else "failed")
        head = f"Your {_word(reply)} on #{reply.number} did not go. {why}"
        if open_end:
            head = (
                f"Nobody can say whether your {_word(reply)} on #{reply.number} went. {why} "
                "Look at the conversation before you send it again."
            )
        body = reply.text if len(reply.text) < 8000 else reply.text[:8000] + "…"
        url = self._desk.settings.conversation_url(reply.conversation)
        again = cards.button(TRY_AGAIN, "Try Again", str(reply.id))
        look = {**cards.button(cards.OPEN, "Open in FreeScout", str(reply.conversation)), "url": url}
        buttons: cards.Block = {"type": "actions", "elements": [again, look]}
        quote = richtext_block({"type": "rich_text_quote", "elements": [text(body)]})
        blocks = (context(":warning:", plain(head)), quote, buttons)
        await self._say(reply, Message(mail.escape(head), blocks))

    async def _tell(self, reply: Reply, words: str) -> None:
        block = richtext_block(section(text(words)))
        await self._say(reply, Message(mail.escape(words), (block,)))

    async def _say(self, reply: Reply, message: Message) -> None:
        try:
            await self._desk.tell(reply.slack_user, reply.channel, reply.thread_ts, message)
        except BridgeError as error:  # the text stays in the outbox
            log.error("cannot tell %s about reply %s: %s", reply.slack_user, reply.id, error)

    async def _record(self, reply: Reply, outcome: str) -> None:
        await self._desk.store.audit(
            slack_user=reply.slack_user,
            user=reply.user,
            action="note" if reply.kind == "note" else "reply",
            conversation=reply.conversation,
            detail=json.dumps({"outbox": reply.id, "status": reply.status}),
            outcome=outcome,
        )
        await self._desk.store.ring([reply.conversation], "outbox", priority=1)


def _word(reply: Reply) -> str:
    return "note" if reply.kind == "note" else "reply"


def _stands(reply: Reply, truth: Conversation) -> bool:
    """Tell whether the reply is among the threads that came after it was begun."""
    wanted = _words(mail.to_html(reply.text))
    return any(
        thread.id > reply.after_thread
        and thread.type == reply.kind
        and thread.created_by is not None
        and thread.created_by.id == reply.user
        and _words(thread.body) == wanted
        for thread in truth.threads
    )


def _words(html: str) -> list[str]:
    return mail.plain(html).split()
