"""Files of FreeScout's → the card's thread, beside everything else: no message waits for a file.

Slack makes the message that shows a file itself, and gives it no metadata. So the ids of the uploaded files
are written down before they are shared, and whoever finds them unconfirmed asks Slack whether they are.
A file may be long on its way: each look says which are to come, and before it is shared the truth is asked.
https://docs.slack.dev/messaging/working-with-files
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot import policy
from bot.attached import MOST_BYTES
from bot.cards import left_out
from bot.crashpoints import reached
from bot.desk import Desk
from bot.downloads import NoFile, TooLarge, download, file_name, same_site
from bot.eraser import Eraser
from bot.erasing import How, Thing
from bot.errors import Ambiguous, BridgeError, Misconfigured, Transient
from bot.health import Health
from bot.lanes import Lanes
from bot.model import Attachment
from bot.plan import CARD, FILES, UNFETCHED, Step
from bot.policy import Then
from bot.poster import Poster
from bot.slackapi import SlackRefused, call
from bot.store import Delivery
from bot.uploads import info, shares, upload
from bot.waits import wait_for

log = logging.getLogger(__name__)

_TRIES = 8
"""Of one thread's files, in about twenty minutes; what fails for longer is told, with a link to FreeScout."""
_FIRST, _LONGEST = 2.0, 300.0
"""Seconds before the second try, and before the last."""
_REST = timedelta(minutes=10)
"""For which nothing is uploaded where Slack forbids it to the app or to everybody."""
_SHARING = 120.0
"""Seconds that Slack may take to share a file after it said yes: it looks into each first.

https://github.com/slackapi/bolt-js/issues/2115
"""
_SHARE = 60.0
"""Seconds: before it answers, Slack may look into the files."""
_TURN = 0.1
_CLOSED = (Then.STOP, Then.SHUT, Then.JOIN)
May = Callable[[int, str, int], Awaitable[bool]]
"""Whether the files of a conversation's thread may stand in a channel: `Leading.brings`."""


class _Withdrawn(Exception):
    """Files may not be shown any more."""


@dataclass(slots=True)
class _Job:
    """A thread's files, on their way to one channel."""

    conversation: int
    channel: str
    step: Step
    url: str
    tries: int = 0
    not_before: float = 0.0


class Carrier:
    """One loop: it downloads and uploads one file at a time, and so holds one in memory."""

    def __init__(self, desk: Desk, poster: Poster, lanes: Lanes, health: Health, may: May) -> None:
        self._desk = desk
        self._may = may
        self._poster = poster
        self._lanes = lanes
        self._health = health
        self._jobs: dict[tuple[int, str, str], _Job] = {}
        self._changed = asyncio.Event()
        self._rests_until: datetime | None = None

    def carry(self, conversation: int, channel: str, steps: Sequence[Step], *, begin: bool) -> bool:
        """Take over all that is to come to a channel; what is not among it any more stays away.

        None may `begin` where the card waits. False where none is taken, as where Slack takes no files now.
        """
        keys = {step.key for step in steps}
        for at in [one for one in self._jobs if one[:2] == (conversation, channel) and one[2] not in keys]:
            del self._jobs[at]
        if not begin or not steps or (self._rests_until and self._desk.now() < self._rests_until):
            return False
        url = self._desk.settings.conversation_url(conversation)
        for step in steps:  # the same step again is the look that makes sure
            self._jobs.setdefault((conversation, channel, step.key), _Job(conversation, channel, step, url))
        self._changed.set()
        return True

    async def run(self, stopping: asyncio.Event) -> None:
        """Carry until told to stop."""
        while not stopping.is_set():
            job = self._next()
            if job is None:
                pause = 3600.0 if not self._jobs else _TURN
                await wait_for(self._changed, pause, stopping)
            else:
                await self._try(job)

    def _next(self) -> _Job | None:
        """The job that waits longest and has its turn in its channel."""
        now = time.monotonic()
        ready = (job for job in self._jobs.values() if job.not_before <= now)
        return next((job for job in ready if self._lanes.enter(job.channel, 0)), None)

    async def _try(self, job: _Job) -> None:
        where = f"files of conversation {job.conversation}, {job.step.key}"
        try:
            await self._carry(job)
        except _Withdrawn:
            log.info("%s are not to be shown any more", where)
            self._drop(job)
        except Misconfigured as error:
            self._forbidden(job, error)
        except (Transient, Ambiguous) as error:
            job.tries += 1
            named = error.retry_after if isinstance(error, Transient) else None
            pause = named if named is not None else min(_LONGEST, _FIRST * 4 ** (job.tries - 1))
            job.not_before = time.monotonic() + pause
            log.warning("%s again in %.0f s: %s", where, pause, error)
        except Exception as error:
            told = isinstance(error, BridgeError)
            log.error("%s stay away: %s", where, error if told else type(error).__name__, exc_info=not told)
            job.tries += 1
            job.not_before = time.monotonic() + _LONGEST
        else:
            self._drop(job)
        if job.tries > _TRIES:  # not even saying so went: the next look that finds them missing begins anew
            self._drop(job)

    def _drop(self, job: _Job) -> None:
        if self._wanted(job):
            del self._jobs[job.conversation, job.channel, job.step.key]

    def _wanted(self, job: _Job) -> bool:
        return self._jobs.get((job.conversation, job.channel, job.step.key)) is job

    def _forbidden(self, job: _Job, error: Misconfigured) -> None:
        """Learn that a channel is closed, or that no files are taken: then go on without any."""
        if policy.slack(error.code).then in _CLOSED:
            self._lanes.met(job.channel, error)  # whose turns are rare from now on: one of them opens it
            return
        log.error("files stay in FreeScout: %s", error)
        self._health.stands("files", f"Files of customers do not come to Slack: {error}")
        self._rests_until = self._desk.now() + _REST
        self._jobs.clear()

    async def _carry(self, job: _Job) -> None:
        """Do what is left of it: nothing is shared twice."""
        said = await self._desk.store.posts(job.conversation)
        here = {one.key: one for one in said if one.channel == job.channel}
        card, mine = here.get(CARD), here.get(job.step.key)
        if card is None or not card.ts:
            return  # the card comes anew, and its look brings this again
        if mine and (mine.ts or await self._settled(job, mine, card.ts)):
            return
        files, missing = await self._upload_all(job) if job.tries < _TRIES else _given_up(job)
        if missing:
            await self._ask(job, files)
        line = (
            await self._tell(job, missing, here.get(f"{UNFETCHED}{job.step.key}"), card.ts) if missing else ""
        )
        await self._desk.store.begin_post(job.conversation, job.channel, job.step.key, " ".join(files))
        reached("files.uploaded")
        if files:
            await self._share(job, files, card.ts)
        else:
            await self._stands(job, line, "")

    async def _upload_all(self, job: _Job) -> tuple[list[str], list[str]]:
        """Upload each file; return Slack's ids, and for the others a few words."""
        ids: list[str] = []
        missing: list[str] = []
        for file in job.step.files:
            name = file_name(file.name)
            try:
                ids.append(await self._upload(file, name))
            except Misconfigured:
                raise
            except TooLarge:
                missing.append(f"{name} is too large for here")
            except NoFile as error:
                log.warning("a file of conversation %s: %s", job.conversation, error)
                missing.append(f"{name} could not be fetched")
            except SlackRefused as error:
                log.warning("a file of conversation %s: %s", job.conversation, error)
                missing.append(f"{name} is not taken by Slack")
            except (Transient, Ambiguous) as error:
                if job.tries < _TRIES - 1:
                    raise
                log.warning("a file of conversation %s stays away: %s", job.conversation, error)
                missing.append(f"{name} could not be fetched")
        return ids, missing

    async def _upload(self, file: Attachment, name: str) -> str:
        """Bring the bytes of one file to Slack, where nobody sees them yet; return its id."""
        allowed = partial(same_site, home=self._desk.settings.freescout_url)
        page = file.mime == "text/html"
        data = (await download(file.url, MOST_BYTES, allowed, page=page)).data
        if not data:
            raise NoFile("it is empty")
        return await upload(self._desk, name, data)

    async def _tell(self, job: _Job, missing: list[str], row: Delivery | None, card: str) -> str:
        """Say once what cannot be brought; return the ts of that line."""
        key = f"{UNFETCHED}{job.step.key}"
        ts = (row.ts or await self._poster.settle(job.conversation, row, card)) if row else None
        step = Step(key, "1", left_out(missing, job.url))
        return ts or await self._poster.take(job.conversation, job.channel, step, card)

    async def _share(self, job: _Job, files: list[str], card: str) -> None:
        """Show the files in the card's thread: Slack lets that be done once with each.

        https://docs.slack.dev/reference/methods/files.completeUploadExternal
        """
        try:
            await self._complete(job, files, card)
        except SlackRefused:
            await self._desk.store.unposted(job.conversation, job.channel, job.step.key)
            raise
        reached("files.shared")
        await self._confirm(job, files, card)

    async def _complete(self, job: _Job, files: list[str], card: str) -> None:
        names = [{"id": one} for one in files]
        await self._ask(job, files)
        await self._poster.guard(job.channel, job.conversation)
        share = self._desk.web.files_completeUploadExternal
        await call(share, files=names, channel_id=job.channel, thread_ts=card, deadline=_SHARE)
        self._lanes.went(job.channel)
        self._health.over("files")

    async def _ask(self, job: _Job, files: Sequence[str]) -> None:
        """Ask once more, in the last moment, whether these may be shown; else they go from Slack."""
        thread = int(job.step.key.removeprefix(FILES))
        if not self._wanted(job) or not await self._may(job.conversation, job.channel, thread):
            gone = Thing(job.channel, job.step.key, "", How.LEFT, tuple(files))
            await Eraser(self._desk.web, self._desk.store).take(job.conversation, gone)
            raise _Withdrawn

    async def _settled(self, job: _Job, row: Delivery, card: str) -> bool:
        """Find out about files that were uploaded and perhaps shared; share them if not. False: anew."""
        files = row.version.split()
        if not files:
            return False
        known = [told for one in files if (told := await info(self._desk, one))]
        if any(shares(told, job.channel) for told in known):
            await self._confirm(job, files, card)
            return True
        try:
            await self._complete(job, files, card)
        except SlackRefused as error:
            if known and row.begun + _SHARING > self._desk.now().timestamp():
                raise Transient("Slack is sharing a file", retry_after=5) from error
            await self._desk.store.unposted(job.conversation, job.channel, job.step.key)
            return False
        reached("files.shared")
        await self._confirm(job, files, card)
        return True

    async def _confirm(self, job: _Job, files: list[str], card: str) -> None:
        """Write down where the files stand; where Slack does not tell yet, the card's ts stands for it."""
        try:
            told = await info(self._desk, files[0])
        except BridgeError:
            told = None
        share = next(iter(shares(told or {}, job.channel)), {})
        ts = str(share.get("ts") or card)
        if share and not share.get("thread_ts"):  # the card was deleted meanwhile: they stand in the channel
            try:
                await call(self._desk.web.chat_delete, channel=job.channel, ts=ts)
            except SlackRefused as error:
                log.warning("files of conversation %s stay in %s: %s", job.conversation, job.channel, error)
            await self._desk.store.unposted(job.conversation, job.channel, job.step.key)
            await self._poster.anew(job.conversation, job.channel, card)
            await self._desk.store.ring([job.conversation], "its card is gone")
            return
        await self._stands(job, ts, " ".join(files))

    async def _stands(self, job: _Job, ts: str, version: str) -> None:
        await self._desk.store.posted(job.conversation, job.channel, job.step.key, ts, version)


def _given_up(job: _Job) -> tuple[list[str], list[str]]:
    return [], [f"{file_name(file.name)} could not be brought here" for file in job.step.files]
