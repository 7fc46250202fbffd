"""Messages that nobody needs to answer: absences, bounces, notices of machines, bare thanks.

The headers that would tell are not in FreeScout's API; the subject is that of the first message alone. So it
is told by the sender and the words. In doubt a message counts: rather a ping too many than a customer unseen.
"""

import re
from functools import lru_cache

from bot import mail
from bot.clock import gratitude, phrases
from bot.model import Conversation, Person, Thread

_LONGEST = 2000
"""Characters of a notice that are read; nobody's absence takes longer."""
_LARGEST = 40_000
"""Characters of HTML; what is larger is not read for this, and counts."""
_CLAUSE = re.compile(
    r"[.!;:,\n。！，、；：•]+\s*|\s+[-–—]+\s+|\s(?:and|but|so|because|und|aber|weil|denn|mais|pero|porque|maar|ma|però|mas|men|ale|но)\s",
    re.IGNORECASE,
)
_ASKS = ("?", "？", "؟")
_ABBREVIATIONS = re.compile(r"(?<=\d)[.:](?=\d)|(?<=\b\d)\.(?=\s\w)|(?<=\b\d\d)\.(?=\s\w)|(?<=\w)\.(?=\w)")
_ADDRESS = re.compile(r"\S+@\S+")
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"[\d\s+()/.,:–—-]+")


def reason(conversation: Conversation, entry: Thread) -> str:
    """Why a customer's message needs no answer, as the card says it; empty where it needs one."""
    writer = (entry.created_by or entry.customer or Person(0, "customer")).email
    if phrases.DAEMON.search(writer):
        return "a bounce"
    if entry.attachments or len(entry.body) > _LARGEST:
        return ""
    text = _text(entry.body)
    first = next((one.id for one in conversation.threads if one.type in ("customer", "message")), entry.id)
    subject = conversation.subject if entry.id == first else ""
    judged = (
        ("a bounce", _bounced(text, subject, writer)),
        ("an out-of-office answer", _away(text, subject, conversation, first=entry.id == first)),
        ("an automatic message", _made(text, writer)),
        ("bare thanks", entry.id != first and _thanks(text, conversation, entry)),
    )
    return next((why for why, so in judged if so), "")


def no_answer(conversation: Conversation, entry: Thread) -> str:
    """Why an agent's reply is none, though FreeScout stores it as one; empty where it is.

    FreeScout's own automatic replies are not among a conversation's threads. Those of its workflows are, and
    come from a user of theirs; so is what an agent's mailbox answered while they were away.
    """
    if entry.created_by and entry.created_by.email.casefold() == "fsworkflow@example.org":
        return "a workflow's message"
    if entry.source == "email" and _absent(_text(entry.body), conversation):
        return "an agent's out-of-office answer"
    return ""


@lru_cache(maxsize=256)
def _text(body: str) -> str:
    """What is new in a message; a look asks for it several times."""
    return mail.read(body[:_LARGEST], _LONGEST * 2).text


def _bounced(text: str, subject: str, writer: str) -> bool:
    head = text[:400].strip()
    marks = len({found.casefold() for found in phrases.REPORT.findall(text)})
    if phrases.POSTMASTER.search(writer):
        return bool(marks or phrases.RETURNED.search(head) or phrases.RETURNED_SUBJECT.search(subject))
    # Somebody who asks what such a report means begins with words of their own.
    return bool(phrases.RETURNED.search(head)) and marks > 0


def _away(text: str, subject: str, conversation: Conversation, *, first: bool) -> bool:
    """Whether a customer's message is such a notice; a first message says so in its subject, too."""
    return (not first or bool(phrases.SUBJECT.search(subject))) and _absent(text, conversation)


def _absent(text: str, conversation: Conversation) -> bool:
    if len(text) > _LONGEST or any(sign in text for sign in _ASKS) or not phrases.ABSENT.search(text):
        return False
    if phrases.WANTS.search(text) or phrases.TROUBLE.search(text):
        return False
    names = _names(conversation)
    clauses = (one.strip() for one in _CLAUSE.split(_ABBREVIATIONS.sub("\u2024", text)))
    return all(_familiar(one, names) for one in clauses if one)


def _made(text: str, writer: str) -> bool:
    """Whether a machine says that it wrote this. A website's form writes from `no-reply` too, and counts."""
    if len(text) > _LONGEST or any(sign in text for sign in _ASKS) or not phrases.AUTOMATIC.search(text):
        return False
    nobody = phrases.NOBODY.search(writer) or phrases.RECEIVED.search(text)
    return bool(nobody) and not phrases.WANTS.search(text)


def _familiar(clause: str, names: frozenset[str]) -> bool:
    """Whether a clause is what such notices are made of: an address, a date, a name, one of their phrases."""
    if phrases.FAMILIAR.search(clause) or _BARE.fullmatch(clause):
        return True
    words = re.findall(r"[^\W\d_]+", _ADDRESS.sub(" ", clause))
    rest = [word for word in map(str.casefold, words) if word not in names and word not in phrases.DATES]
    if not rest:
        return True
    dated = len(rest) < len(words) and bool(_DIGIT.search(clause))
    signed = len(rest) < len(words) <= 3 and all(word[0].isupper() for word in words)
    return len(words) <= 4 and (dated or signed or "@" in clause)


def _thanks(text: str, conversation: Conversation, entry: Thread) -> bool:
    if not gratitude.grateful(text) or gratitude.ASKS_MORE.search(text):
        return False
    return gratitude.bare(text, _names(conversation), asked=_asked(conversation, entry))


def _names(conversation: Conversation) -> frozenset[str]:
    """The words of all names in a conversation: people sign, and thank by name."""
    people: list[Person | None] = [conversation.customer, conversation.assignee]
    for thread in conversation.threads:
        people += [thread.created_by, thread.customer, thread.assigned_to]
    names = " ".join(f"{one.first} {one.last}" for one in people if one)
    return frozenset(re.findall(r"[^\W\d_]+", names.casefold()))


def _asked(conversation: Conversation, entry: Thread) -> bool:
    """Whether the agent's message before this one asks something."""
    before = [one for one in conversation.threads if (one.created_at, one.id) < (entry.created_at, entry.id)]
    last = next((one for one in reversed(before) if one.type == "message" and one.state == "published"), None)
    return last is not None and any(sign in _text(last.body) for sign in _ASKS)
