"""Linking a Slack person to a FreeScout user, by the one thing that both sides show: a note and its author.

A person is given a code that nobody else sees, and adds it to a conversation as an internal note, in
FreeScout's own pages. FreeScout says whose note that is. A look that meets it completes the link, and so
does *Check*.
"""

import hashlib
import logging
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from bot import clock, mail
from bot.cards import Message, richtext_block
from bot.desk import Desk
from bot.errors import Ambiguous, BridgeError, Permanent, Transient, UserError
from bot.freescout import ConversationQuery, NotFound, Sort
from bot.linkcards import GOOD_FOR, instructions, minutes, welcome
from bot.model import Conversation, Thread, User
from bot.richtext import section, text
from bot.store import LinkCode
from bot.veil import CODE, SIGNS, code_in

log = logging.getLogger(__name__)

SKEW = timedelta(minutes=5)
"""How far FreeScout's clock may be from ours."""
_SEARCHED = 30
"""Conversations through which *Check* looks where none was named."""


def new_code() -> str:
    """Make a code: eight signs of 31 are 39 bits, for a quarter of an hour and one person."""
    signs = "".join(secrets.choice(SIGNS) for _ in range(8))
    return f"link-{signs[:4]}-{signs[4:]}"


def digest(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(code.upper().encode()).hexdigest()


async def give(desk: Desk, slack_user: str, channel: str, thread_ts: str, wanted: str) -> Message:
    """Give a person a code; `wanted` is the button with which they want to go on afterwards, as JSON."""
    await desk.people.allowed(slack_user)
    code = new_code()
    wait = await desk.store.give_code(digest(code), slack_user, channel, thread_ts, wanted)
    if wait:
        again = clock.spoken(timedelta(seconds=wait + 60))
        raise UserError(
            f"You were given five codes within the hour. The last one is good for {minutes(GOOD_FOR)} from "
            f"when you got it. For another one come again in {again}."
        )
    return instructions(code)


async def noticed(desk: Desk, conversation: Conversation) -> None:
    """Complete each link whose code stands in a note here.

    Raises Transient where that has to be tried again.
    """
    for thread in conversation.threads:
        code = code_in(thread) if thread.type == "note" else None
        found = await desk.store.code(digest(code)) if code else None
        if found:
            why = await _judge(desk, found, conversation, thread)
            if why:
                log.info("a code in a note on conversation %s links nobody: %s", conversation.id, why)


async def check(desk: Desk, slack_user: str, words: str) -> str:
    """Look for a person's code, in the conversation that `words` name or in what changed since they got it.

    Return what to tell them; nothing where they were told that they are linked.
    """
    await desk.people.allowed(slack_user)
    code = await desk.store.last_code(slack_user)
    if code is None or code.state == "done":
        return "You have no code that waits to be found. `/freescout link` gives you one."
    why = ""
    async for conversation in _where(desk, code, words):
        for thread in conversation.threads:
            held = code_in(thread)
            if held and digest(held) == code.digest:
                why = await _judge(desk, code, conversation, thread)
                if not why:
                    return ""
                why = f"Your code stands in #{conversation.number}, but {why}"
    if desk.now() - code.given_at > GOOD_FOR + SKEW:
        return why or "Your code has run out. `/freescout link` gives you another one."
    where = "that conversation" if words else "what changed in FreeScout since you got it"
    return why or (
        f"No note in {where} holds your code yet. Add it in FreeScout, then say in which conversation: "
        "`/freescout link 412`."
    )


async def _where(desk: Desk, code: LinkCode, words: str) -> AsyncIterator[Conversation]:
    if words:
        try:
            yield await desk.freescout.conversation(await desk.meant(words))
        except NotFound:
            return
        return
    query = ConversationQuery(
        updated_since=code.given_at - SKEW, sort=Sort.UPDATED, newest_first=True, threads=True
    )
    async for conversation in desk.freescout.conversations(query, most=_SEARCHED):
        yield conversation


async def _judge(desk: Desk, code: LinkCode, conversation: Conversation, thread: Thread) -> str:
    """Complete the link if the thread that holds the code proves it; else return what is wrong with it."""
    if code.state == "open":
        try:
            why = await _flaw(desk, code, conversation, thread)
        except UserError as error:
            return str(error)
        author = thread.created_by
        if why or author is None:
            return why
        how = f"a note on conversation {conversation.id}, thread {thread.id}"
        proved = await desk.store.prove(code.digest, author.id, how)
        code = proved or replace(code, state="done")  # else another look was faster
    if code.state == "replaced":
        return "you were given a newer one since: that one counts."
    if code.state == "proved":  # or whoever was to tell of it was cut off
        await _told(desk, code, conversation)
    return ""


async def _flaw(desk: Desk, code: LinkCode, conversation: Conversation, thread: Thread) -> str:
    """Why a thread that holds an open code does not prove whose account it is; nothing where it does."""
    author = thread.created_by
    if (why := _formal_flaw(code, thread)) or author is None:
        return why
    user = await desk.people.current(author.id)
    if user is None:
        return "FreeScout has deleted the user whose note that is."
    await desk.people.allowed(code.slack_user)
    try:
        owner = await desk.people.owner(user.email) if user.email else ""
    except Ambiguous as error:  # a question may be put again
        raise Transient(str(error)) from error
    except Permanent as error:
        return f"Slack does not say whether {user.name}'s address is another person's: {error}."
    if owner not in ("", code.slack_user):
        return (
            f"{user.name}'s address in FreeScout is another person's in Slack, who acts as that user. Add "
            "the note while logged in to FreeScout as yourself."
        )
    posts = await desk.store.posts(conversation.id)
    if any(post.key == f"thread:{thread.id}" for post in posts):
        # Whoever may edit another's note could make it say this, and the API does not tell of edits.
        return "that note was there before, and was edited. Add a new one that holds it."
    return ""


def _formal_flaw(code: LinkCode, thread: Thread) -> str:
    author = thread.created_by
    words = " ".join(mail.plain(thread.body).split())
    late = thread.created_at > code.given_at + GOOD_FOR + SKEW
    flaws = (
        (
            thread.type != "note" or author is None or author.type != "user",
            "not in an internal note. Add a note that holds it.",
        ),
        # Ours come through the API, in anybody's name; and who sent a mail can be forged.
        (
            thread.source != "web",
            "that note was not written in FreeScout's own pages. Log in there, and add a note that holds it.",
        ),
        # A mail that somebody forwards becomes a note as well, with whatever its sender wrote into it.
        (
            not CODE.fullmatch(words),
            "with other words around it. Add a note that holds the code and nothing else.",
        ),
        (
            late or thread.created_at < code.given_at - SKEW,
            "that note was not written while the code was good. `/freescout link` gives you another one.",
        ),
    )
    return next((words for is_so, words in flaws if is_so), "")


async def _told(desk: Desk, code: LinkCode, conversation: Conversation) -> None:
    """Put a completed link on record and tell of it; once more, rather than never, after a crash."""
    desk.people.forget(code.slack_user)
    link = await desk.store.link(code.slack_user)
    user = await desk.people.current(link.user) if link else None
    if link and user:
        await _record(desk, code.slack_user, user.id, "link", conversation.id)
        try:
            await desk.tell(code.slack_user, code.channel, code.thread_ts, welcome(user, code.wanted))
        except BridgeError as error:
            log.error("cannot tell %s that they are linked: %s", code.slack_user, error)
        if code.ousted:
            await _oust(desk, code.ousted, user, conversation.id)
    await desk.store.finish_code(code.digest)


async def _oust(desk: Desk, slack_user: str, user: User, conversation: int) -> None:
    """Tell who was linked to a user until another person proved to be that user."""
    desk.people.forget(slack_user)
    await _record(desk, slack_user, user.id, "unlink", conversation)
    words = (
        f"Another person in Slack proved to be {mail.one_line(user.name, 80)} in FreeScout, so your link "
        "to that user has ended. If that is wrong, tell an admin of FreeScout at once."
    )
    try:
        said = Message(mail.escape(words), (richtext_block(section(text(words))),))
        await desk.say(await desk.direct(slack_user), said)
    except BridgeError as error:
        log.error("cannot tell %s that their link has ended: %s", slack_user, error)


async def _record(desk: Desk, slack_user: str, user: int, action: str, conversation: int) -> None:
    await desk.store.audit(
        slack_user=slack_user, user=user, action=action, conversation=conversation, outcome="done"
    )
