"""A reply against the truth: what changed since its writer saw it, and whether it stands there. Pure."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from bot import mail
from bot.model import Conversation, Thread
from bot.store import Reply


@dataclass(frozen=True, slots=True)
class Seen:
    """A conversation as a person saw it when they wrote."""

    customer: str
    """The address that a reply goes to, in lower case."""
    status: str
    mailbox: int
    newest: int
    """The id of its newest thread."""
    published: bool = True

    @classmethod
    def of(cls, conversation: Conversation) -> "Seen":
        """What there is to see now."""
        return cls(
            customer=address(conversation),
            status=conversation.status.value,
            mailbox=conversation.mailbox_id,
            newest=max((thread.id for thread in conversation.threads), default=0),
            published=conversation.published,
        )

    @classmethod
    def load(cls, kept: str) -> "Seen | None":
        """Read what `dump` wrote; None where nothing was kept."""
        return cls(**json.loads(kept)) if kept else None

    def dump(self) -> str:
        """As text, to keep."""
        return json.dumps(asdict(self))


def address(conversation: Conversation) -> str:
    """The address of a conversation's customer, in lower case."""
    return conversation.customer.email.casefold() if conversation.customer else ""


def changes(seen: Seen, truth: Conversation, writer: int, own: Mapping[int, str]) -> list[str]:
    """Say in words what happened that the writer of a reply has not seen, nothing where all is as it was.

    `writer` is the FreeScout user who writes; `own` are the threads that their replies from here became, with
    the status that each brought: nobody is asked about what they did themselves.
    """
    new = [thread for thread in truth.threads if thread.id > seen.newest and thread.state == "published"]
    said: list[str] = []
    if not truth.published:
        said.append("The conversation was deleted.")
    if address(truth) != seen.customer:
        said.append(f"The conversation belongs to {address(truth) or 'nobody with an address'} now.")
    if truth.mailbox_id != seen.mailbox:
        said.append("The conversation was moved to another mailbox.")
    if any(thread.action == "merged" for thread in new):
        said.append("Another conversation was merged into this one.")
    if count := sum(thread.type == "customer" for thread in new):
        said.append("The customer wrote again." if count == 1 else f"The customer wrote {count} times again.")
    said += _answers(new, writer, own)
    mine = [own[thread.id] for thread in new if own.get(thread.id)]
    if truth.status.value != (mine[-1] if mine else seen.status):
        said.append(f"The conversation is {truth.status.value} now.")
    return said


def _answers(new: list[Thread], writer: int, own: Mapping[int, str]) -> list[str]:
    """One line for each agent who answered meanwhile."""
    who: dict[int, str] = {}
    for thread in new:
        if thread.type == "message" and thread.id not in own:
            by = thread.created_by
            who[by.id if by else 0] = by.name if by else "Somebody"
    return [f"{'You' if user == writer else name} answered meanwhile." for user, name in who.items()]


def body(reply: Reply) -> str:
    """The HTML that FreeScout gets."""
    return reply.html or mail.to_html(reply.text)


def standing(reply: Reply, truth: Conversation, own: Collection[int]) -> Thread | None:
    """Find a reply among the threads that came after it was begun; `own` ones are known to be others."""
    wanted = _words(body(reply))
    for thread in truth.threads:
        by = thread.created_by
        mine = by is not None and by.id == reply.user and thread.state != "draft"
        newer = thread.id > reply.after_thread and thread.id not in own
        if mine and newer and thread.type == reply.kind and _words(thread.body) == wanted:
            return thread
    return None


def _words(html: str) -> list[str]:
    return mail.plain(html).split()
