"""Messages that nobody needs to answer: absences, bounces, notices of machines, bare thanks.

The headers that would tell are not in FreeScout's API; the subject is that of the first message alone. So it
is told by the sender and the words. In doubt a message counts: rather a ping too many than a customer unseen.
"""

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from bot import mail
from bot.clock import gratitude, hints, phrases
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


_VERDICTS: dict[bytes, str] = {}
_MOST_VERDICTS = 50_000


@dataclass(frozen=True, slots=True)
class _Case:
    """All that a verdict depends on. `subject` is None where the message does not begin the conversation."""

    body: str
    writer: str
    subject: str | None
    names: frozenset[str]
    before: str = ""
    """What an agent wrote before it."""

    @property
    def digest(self) -> bytes:
        """What the verdict is remembered by: no word of a customer's stays in memory."""
        told = repr((self.body, self.writer, self.subject, sorted(self.names), self.before))
        return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=16).digest()


def reason(conversation: Conversation, entry: Thread) -> str:
    """Why a customer's message needs no answer, as the card says it; empty where it needs one."""
    writer = (entry.created_by or entry.customer or Person(0, "customer")).email
    if phrases.DAEMON.search(writer):
        return "a bounce"
    if entry.attachments or len(entry.body) > _LARGEST:
        return ""
    first = next((one.id for one in conversation.threads if one.type in ("customer", "message")), entry.id)
    case = _Case(
        entry.body,
        writer,
        conversation.subject if entry.id == first else None,
        _names(conversation),
        _before(conversation, entry),
    )
    return _remembered(case.digest, lambda: _judged(case))


def _remembered(digest: bytes, judge: Callable[[], str]) -> str:
    """What was judged of the same message before: to read one takes milliseconds."""
    if (known := _VERDICTS.get(digest)) is not None:
        return known
    if len(_VERDICTS) >= _MOST_VERDICTS:
        _VERDICTS.clear()
    return _VERDICTS.setdefault(digest, judge())


def _judged(case: "_Case") -> str:
    text = _text(case.body)
    judged: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("a bounce", lambda: _bounced(text, case.subject or "", case.writer)),
        ("an out-of-office answer", lambda: _away(text, case)),
        ("an automatic message", lambda: _made(text, case.writer)),
        ("bare thanks", lambda: case.subject is None and _thanks(text, case)),
    )
    return next((why for why, so in judged if so()), "")


def no_answer(conversation: Conversation, entry: Thread) -> str:
    """Why an agent's reply is none, though FreeScout stores it as one; empty where it is.

    FreeScout's own automatic replies are not among a conversation's threads. Those of its workflows are, and
    come from a user of theirs; so is what an agent's mailbox answered while they were away.
    """
    if entry.created_by and entry.created_by.email.casefold() == "fsworkflow@example.org":
        return "a workflow's message"
    if entry.source != "email":
        return ""
    case = _Case(entry.body, "", None, _names(conversation))
    absent = _remembered(case.digest + b"agent", lambda: "absent" * _absent(_text(case.body), case.names))
    return "an agent's out-of-office answer" if absent else ""


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


def _away(text: str, case: _Case) -> bool:
    """Whether a customer's message is such a notice; a first message says so in its subject, too."""
    begins = case.subject is not None
    return (not begins or bool(phrases.SUBJECT.search(case.subject or ""))) and _absent(text, case.names)


def _absent(text: str, names: frozenset[str]) -> bool:
    if _too_much(text, hints.ABSENT) or not phrases.ABSENT.search(text):
        return False
    if phrases.WANTS.search(text) or phrases.TROUBLE.search(text):
        return False
    clauses = (one.strip() for one in _CLAUSE.split(_ABBREVIATIONS.sub("\u2024", text)))
    return all(_familiar(one, names) for one in clauses if one)


def _too_much(text: str, letters: Collection[str]) -> bool:
    """Whether a text is longer than any notice, asks something, or has none of these letters."""
    if len(text) > _LONGEST or any(sign in text for sign in _ASKS):
        return True
    small = text.lower()
    return not any(some in small for some in letters)


def _made(text: str, writer: str) -> bool:
    """Whether a machine says that it wrote this. A website's form writes from `no-reply` too, and counts."""
    if _too_much(text, hints.AUTOMATIC) or not phrases.AUTOMATIC.search(text):
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


def _thanks(text: str, case: _Case) -> bool:
    if not gratitude.grateful(text) or gratitude.ASKS_MORE.search(text):
        return False
    asked = any(sign in _text(case.before) for sign in _ASKS)
    return gratitude.bare(text, case.names, asked=asked)


def _names(conversation: Conversation) -> frozenset[str]:
    """The words of all names in a conversation: people sign, and thank by name."""
    people: list[Person | None] = [conversation.customer, conversation.assignee]
    for thread in conversation.threads:
        people += [thread.created_by, thread.customer, thread.assigned_to]
    names = " ".join({f"{one.first} {one.last}": None for one in people if one})
    return frozenset(re.findall(r"[^\W\d_]+", names.casefold()))


def _before(conversation: Conversation, entry: Thread) -> str:
    """The agent's message before this one, which may have asked something."""
    before = [one for one in conversation.threads if (one.created_at, one.id) < (entry.created_at, entry.id)]
    last = next((one for one in reversed(before) if one.type == "message" and one.state == "published"), None)
    return last.body if last else ""
