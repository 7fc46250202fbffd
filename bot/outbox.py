"""Replies and notes on their way to FreeScout, where a second copy would be mailed to a customer.

    held ──── sending ──── sent
     │ │         │  └───── unknown ── (looked for three times) ── sent, or failed: the writer is asked
     │ │         └──────── failed: FreeScout refuses it
     │ └── blocked: the truth is another than its writer saw, or it is too late; the writer is asked
     └──── cancelled

Every move is made on disk, and only from the state and for the text that the mover knew: what somebody
stopped or edited a moment ago cannot be sent. A reply that another process was cut off from is found in
`sending`, and is looked for first. `teller` says what becomes of each.
"""

import asyncio
import logging
import secrets
from datetime import timedelta

from bot import mail
from bot.assigning import assign
from bot.changes import Seen, address, as_recorded, body, changes, standing
from bot.crashpoints import reached
from bot.desk import Desk, excuse
from bot.errors import Ambiguous, BridgeError, Transient
from bot.files import fetch_all
from bot.freescout import NewThread, NotFound, Written
from bot.model import Conversation, Status, User
from bot.quiet import assigned_to
from bot.store import LATE, TYPED, Choice, Reply, ReplyState

log = logging.getLogger(__name__)

LOOKS = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=45))
"""When to look for a reply whose fate is unknown. FreeScout's own requests end within about a minute."""
PATIENCE = timedelta(minutes=30)
"""How long a reply waits for a FreeScout that cannot be reached before its writer is asked."""
RETRY = timedelta(seconds=10)
_POLL = 0.1
"""Seconds: nothing should go much later than its countdown says."""
_BUG_TRIES = 10


class Stopped(Exception):
    """The reply is not to go as it is; its writer decides."""

    def __init__(self, words: str, choice: Choice, truth: Conversation | None = None) -> None:
        super().__init__(words)
        self.choice = choice
        self.truth = truth


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
                await self._desk.store.wait_for_replies(_POLL, stopping)
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
            if reply.state == ReplyState.HELD:
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
        """After a fault of our own, look for what may have gone, again and again, before giving up."""
        try:
            reply = await self._desk.store.reply(identity)
            why = f"Something went wrong in the bridge (operator: see {mark} in the log)."
            if reply is not None and reply.state == ReplyState.HELD:
                await self._desk.store.stop_reply(reply, ReplyState.FAILED, why, Choice.EDIT)
            elif reply is not None and reply.state in (ReplyState.SENDING, ReplyState.UNKNOWN):
                if reply.attempts > _BUG_TRIES:
                    await self._fail(reply, why, Choice.DOUBT)
                    return
                due, attempts = self._desk.now() + RETRY, reply.attempts + 1
                await self._desk.store.mark_reply(reply, ReplyState.UNKNOWN, due=due, attempts=attempts)
        except Exception:
            log.exception("reply %s stays as it is [%s]", identity, mark)
            await asyncio.sleep(1)

    async def _send(self, reply: Reply) -> None:
        """Send a held one if all is as its writer saw it."""
        try:
            if reply.due > self._desk.now().timestamp() + 1:  # the clock was put back
                due = self._desk.now() + timedelta(seconds=reply.hold)
                await self._desk.store.date_reply(reply, due, error=reply.error, attempts=reply.attempts)
                return
            thread, last = await self._thread(reply)
        except Stopped as stop:
            await self._stop(reply, stop)
            return
        except (Transient, Ambiguous) as error:  # nothing was sent yet, whatever broke off
            await self._later(reply, error)
            return
        except BridgeError as error:
            await self._stop(reply, Stopped(excuse(error), Choice.EDIT))
            return
        reached("reply.fetched")
        if await self._desk.store.claim_reply(reply, last):
            reached("reply.begun")
            await self._post(reply, thread)

    async def _post(self, reply: Reply, thread: NewThread) -> None:
        """Post what is claimed: from here on it may have gone."""
        try:
            made = await self._desk.freescout.add_thread(reply.conversation, thread)
        except Ambiguous as error:
            log.warning("reply %s: %s; looking for it", reply.id, error)
            await self._unknown(reply, 0)
        except Transient as error:
            await self._desk.store.mark_reply(reply, ReplyState.HELD, error=str(error))
            await self._later(reply, error)
        except BridgeError as error:
            self._desk.people.met(reply.slack_user, error)
            await self._fail(reply, excuse(error), Choice.EDIT)
        else:
            reached("reply.made")
            await self._sent(reply, made)

    async def _thread(self, reply: Reply) -> tuple[NewThread, int]:
        """Fetch the truth, last of all, and make what FreeScout gets; raise Stopped where it is another."""
        if reply.files:
            await self._meant(reply)  # before megabytes are fetched for nothing
        files = await fetch_all(self._desk, reply.files.split())
        truth = await self._meant(reply)
        note = reply.kind == "note"
        thread = NewThread(
            reply.kind,
            body(reply),
            cc=truth.cc if note else reply.cc.split(),
            bcc=truth.bcc if note else reply.bcc.split(),
            user=reply.user,
            status=Status(reply.status) if reply.status else None,
            files=files,
        )
        return thread, max((thread.id for thread in truth.threads), default=0)

    async def _meant(self, reply: Reply) -> Conversation:
        """The truth, where it is what the writer saw, and it is not too late."""
        truth, user = await self._truth(reply)
        own = await self._desk.store.own_threads(reply.conversation, reply.slack_user)
        seen = Seen.load(reply.seen)
        said = changes(seen, truth, user.id, own) if seen and reply.kind == "message" else []
        if said:
            choice = Choice.ANYWAY if truth.published and address(truth) else Choice.EDIT
            raise Stopped(" ".join(said), choice, truth)
        if not truth.published:
            raise Stopped("The conversation was deleted in the meantime.", Choice.EDIT)
        if reply.kind == "message" and address(truth) != reply.customer_email.casefold():
            raise Stopped("The conversation has another customer now.", Choice.ANYWAY, truth)
        late = timedelta(seconds=self._desk.now().timestamp() - reply.due)
        if reply.kind == "message" and late > LATE:
            minutes = round(late.total_seconds() / 60)
            words = f"It should have gone {minutes} minutes ago, but the bridge was away."
            raise Stopped(words, Choice.ANYWAY, truth)
        return truth

    async def _truth(self, reply: Reply) -> tuple[Conversation, User]:
        """The conversation as it is, for its writer, who must be the same FreeScout user and may see it."""
        self._desk.people.forget(reply.slack_user)  # who lost a right a moment ago writes to nobody
        try:
            user = await self._desk.people.user(reply.slack_user)
            if user.id != reply.user:
                raise Stopped("You are another FreeScout user now than when you wrote it.", Choice.EDIT)
            self._desk.people.forget_user(user)
            await self._desk.people.may_see(
                user
            )  # first, so that nothing lies between the truth and the sending
            return await self._desk.conversation(reply.conversation, user), user
        except NotFound as error:
            words = (
                "FreeScout does not have the conversation any more: it was deleted, or merged into another."
            )
            raise Stopped(words, Choice.EDIT) from error

    async def _stop(self, reply: Reply, stop: Stopped) -> None:
        """Ask the writer, unless they stopped or changed it themselves in this moment."""
        now_seen = Seen.of(stop.truth).dump() if stop.truth else ""
        customer = address(stop.truth) if stop.truth else None
        words = str(stop)
        if stop.choice == Choice.ANYWAY and customer and customer != reply.customer_email.casefold():
            words += f" Send Anyway would send it to {mail.one_line(customer, 120)}."
        if await self._desk.store.stop_reply(
            reply, ReplyState.BLOCKED, words, stop.choice, now_seen=now_seen
        ):
            await self._record(reply, f"stopped: {words}")

    async def _find(self, reply: Reply) -> None:
        """Look in FreeScout for a reply that may have arrived, and never send it a second time."""
        try:
            truth = await self._desk.freescout.conversation(reply.conversation)
        except NotFound:
            gone = "FreeScout broke off, and does not have the conversation any more."
            await self._fail(reply, gone, Choice.DOUBT)
            return
        except BridgeError as error:
            await self._desk.store.mark_reply(
                reply, ReplyState.UNKNOWN, due=self._desk.now() + RETRY, error=str(error)
            )
            return
        looked = reply.attempts if reply.state == ReplyState.UNKNOWN else 0
        own = await self._desk.store.own_threads(reply.conversation, reply.slack_user)
        if found := standing(reply, truth, own):
            await self._sent(reply, Written(found.id, len(reply.files.split()) - len(found.attachments)))
        elif looked < len(LOOKS):
            await self._unknown(reply, looked)
        else:
            words = "FreeScout broke off and does not show it now. Look before you send it again."
            await self._fail(reply, words, Choice.DOUBT)

    async def _unknown(self, reply: Reply, looked: int) -> None:
        """Look later. Tries before it was cut off do not count: each such reply gets every look."""
        due = self._desk.now() + LOOKS[looked]
        await self._desk.store.mark_reply(reply, ReplyState.UNKNOWN, due=due, attempts=looked + 1)

    async def _later(self, reply: Reply, error: BridgeError) -> None:
        attempts = reply.attempts + 1
        if attempts * RETRY > PATIENCE:
            await self._stop(reply, Stopped(excuse(error), Choice.ANYWAY))
            return
        await self._desk.store.date_reply(
            reply, self._desk.now() + RETRY, error=str(error), attempts=attempts
        )

    async def _sent(self, reply: Reply, made: Written) -> None:
        """Do what is still to do of one that FreeScout has; a process that dies here does it once more."""
        remarks = []
        if made.missing > 0:
            remarks.append(f"FreeScout left out {made.missing} of its files: attach them there.")
        if reply.assign and (why := await self._assign(reply)):
            remarks.append(f"It is not assigned to you: {why}")
        await self._record(reply, "sent")
        reached("reply.recorded")
        await self._desk.store.mark_reply(reply, ReplyState.SENT, thread=made.id, error=" ".join(remarks))
        if reply.intent.startswith(TYPED):  # a look may have met the note before its thread was known
            await self._desk.store.ring([reply.conversation], "outbox", priority=1)
        reached("reply.kept")

    async def _assign(self, reply: Reply) -> str:
        """Assign the conversation to the writer, on record as theirs; return why not, where that fails."""
        try:
            user = await self._desk.people.user(reply.slack_user)
            conversation = await self._desk.freescout.conversation(reply.conversation)
            if not assigned_to(conversation, user.id):
                await assign(self._desk, reply.slack_user, user, conversation, user)
        except BridgeError as error:
            return excuse(error)
        return ""

    async def _fail(self, reply: Reply, why: str, choice: Choice) -> None:
        """Give the text back with the reason; in doubt never call it unsent: it may yet arrive."""
        await self._record(reply, "unknown" if choice is Choice.DOUBT else f"failed: {why}")
        await self._desk.store.mark_reply(reply, ReplyState.FAILED, error=why, choice=choice.value)

    async def _record(self, reply: Reply, outcome: str) -> None:
        await self._desk.store.audit(
            slack_user=reply.slack_user,
            user=reply.user,
            action=reply.word,
            conversation=reply.conversation,
            after=as_recorded(reply),
            outcome=outcome,
        )
        await self._desk.store.ring([reply.conversation], "outbox", priority=1)
