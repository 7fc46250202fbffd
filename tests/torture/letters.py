"""What became of the replies and notes that people wrote in Slack, against what they saw and pressed. Pure.

A letter is one reply or note with all that its writer made of it: each text that they submitted is a version, with
a word of its own by which it is found again wherever it got to.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.torture.oracle import Difference

TWICE, UNSTOPPED, ASTRAY, FORGOTTEN, STUCK, STRANGE, UNTOLD, UNRECORDED = FAULTS = (
    "twice",
    "unstopped",
    "astray",
    "forgotten",
    "stuck",
    "strange",
    "untold",
    "unrecorded",
)
"""Sent twice; sent after it was stopped; to somebody else than shown; words lost; still on its way; in a name or a
mailbox that is not the writer's; a receipt that is missing, doubled or untrue; not as it should be in the audit log."""

AT_ONCE = 0.5
"""Real seconds within which nobody can say which of two presses came first."""
ASKS = frozenset({"Edit", "Try Again"})
"""Each of these gives a writer their words back."""
_OPEN = ("held", "sending", "unknown")
_KEPT = ("blocked", "failed", "cancelled")
_GOING = ("It goes ", "It waits", "being looked up", "is on its way")
_WENT = ("went to", "went out", "may have gone")


class Envelope(NamedTuple):
    """Who gets a reply."""

    to: str
    cc: frozenset[str] = frozenset()
    bcc: frozenset[str] = frozenset()

    def __str__(self) -> str:
        more = [
            f"{name} {', '.join(sorted(who))}"
            for name, who in zip(("Cc", "Bcc"), self[1:], strict=True)
            if who
        ]
        return " ".join([self.to or "nobody", *more])


@dataclass(slots=True)
class Version:
    """A text that was submitted. Times are real ones, in seconds."""

    token: str
    intent: str
    """The id of the dialog."""
    seen: list[Envelope] = field(default_factory=list)
    """What the dialog showed at each click on its button."""
    answered: bool = False
    """Whether the dialog closed, which says that the words are kept."""
    anyway: list[str] = field(default_factory=list)
    """The customers that questions named on which *Send Anyway* was pressed."""
    released: float = 0
    """When that was last."""
    stopped: float = 0
    """When something was pressed that stops it, and Slack said afterwards that it is stopped; 0 for never."""
    how: str = ""

    @property
    def is_stopped(self) -> bool:
        """Whether its writer knows that it does not go."""
        return bool(self.stopped) and self.released < self.stopped - AT_ONCE


@dataclass(slots=True)
class Letter:
    """A reply (`message`) or a `note`, and what its writer did with it."""

    writer: str
    user: int | None
    """The FreeScout user as whom they act; None for somebody who may not."""
    mailboxes: frozenset[int]
    """Those that they may see."""
    kind: str
    conversation: int
    person: str = ""
    """Their id in Slack."""
    versions: list[Version] = field(default_factory=list)
    discarded: bool = False
    """Whether *Discard* was pressed, answered or not."""
    arrived: bool = False
    """Whether *It Arrived* was."""
    doubted: bool = False
    """Whether they tried again although nobody could say that it had not gone."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A thread that FreeScout made of what came from Slack."""

    token: str
    kind: str
    conversation: int
    by: int
    mailboxes: frozenset[int]
    """Where the conversation was then, or a moment before."""


@dataclass(frozen=True, slots=True)
class Mailed:
    """What went to a customer. `before` are those whose the conversation was a moment earlier."""

    token: str
    conversation: int
    to: tuple[str, ...]
    cc: frozenset[str] = frozenset()
    bcc: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """What the bridge has in its outbox."""

    id: int
    intent: str
    kind: str
    state: str
    text: str = ""
    doubt: bool = False
    due_receipt: bool = True
    recorded: bool = True
    """Whether the audit log says that it was sent."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message of Slack's that speaks of a reply. `key` is its receipt's; `person` the one who alone sees it."""

    text: str
    key: str = ""
    person: str = ""
    buttons: Mapping[str, str] = field(default_factory=dict)
    """What they carry, by label."""


@dataclass(frozen=True, slots=True)
class World:
    """All that there is to see from outside at the end."""

    arrived: Sequence[Arrived] = ()
    mailed: Sequence[Mailed] = ()
    rows: Sequence[Row] = ()
    told: Sequence[Told] = ()
    broken: str = ""
    """What is wrong with the audit log's chain."""


def wrongs(letters: Iterable[Letter], world: World) -> list[Difference]:
    """List everything that went wrong with what people wrote; empty where nothing did."""
    letters = list(letters)
    found = [Difference(UNRECORDED, 0, "", world.broken)] if world.broken else []
    known = {version.token for letter in letters for version in letter.versions}
    for one in (*world.arrived, *world.mailed):
        if one.token not in known:
            found.append(Difference(STRANGE, one.conversation, "", f"nobody wrote {one.token or 'it'}"))
    rows = {row.intent: row for row in world.rows}
    ours = {version.intent for letter in letters for version in letter.versions}
    found += [
        Difference(STRANGE, 0, "", f"outbox {row.id} is nobody's")
        for row in world.rows
        if row.intent not in ours
    ]
    told: dict[str, list[Told]] = defaultdict(list)
    for message in world.told:
        if message.key:
            told[message.key].append(message)
    for letter in letters:
        for kind, words in _letter(letter, world, rows, told):
            found.append(
                Difference(kind, letter.conversation, "", f"{letter.writer}'s {letter.kind} {words}")
            )
    return found


def count(letters: Iterable[Letter], world: World) -> dict[str, int]:
    """Count what was written, and what became of it."""
    letters = list(letters)
    states = Counter(row.state for row in world.rows)
    return {
        "written": len(letters),
        "versions": sum(len(letter.versions) for letter in letters),
        "mailed": len(world.mailed),
        "noted": sum(one.kind == "note" for one in world.arrived),
        "stopped": sum(version.is_stopped for letter in letters for version in letter.versions),
        "anyway": sum(len(version.anyway) for letter in letters for version in letter.versions),
        "tried again": sum(letter.doubted for letter in letters),
        "blocked": states["blocked"],
        "failed": states["failed"],
        "cancelled": states["cancelled"],
        "raced": raced(letters, world),
    }


def raced(letters: Iterable[Letter], world: World) -> int:
    """How many mails went to another customer than shown because the customer changed in the very moment of sending.

    FreeScout's API has no way to say "only if it is still theirs": a moment is left in which nobody can help it.
    """
    versions = {version.token: version for letter in letters for version in letter.versions}
    mails = [mail for mail in world.mailed if mail.token in versions]
    return sum(
        not _fits(mail, versions[mail.token]) and _in_a_moment(mail, versions[mail.token]) for mail in mails
    )


def _letter(
    letter: Letter, world: World, rows: Mapping[str, Row], told: Mapping[str, list[Told]]
) -> Iterator[tuple[str, str]]:
    tokens = [version.token for version in letter.versions]
    arrived = [one for one in world.arrived if one.token in tokens]
    mailed = [one for one in world.mailed if one.token in tokens]
    there = {one.token for one in (*arrived, *mailed)}
    yield from _twice(letter, arrived, mailed)
    for version in letter.versions:
        row = rows.get(version.intent)
        cancelled = row is not None and row.state == "cancelled" and not letter.doubted
        if version.token in there and (version.is_stopped or cancelled):
            yield UNSTOPPED, f"{version.token} went although {version.how or 'it is cancelled'}"
    yield from _astray(letter, mailed)
    for one in arrived:
        if one.by != letter.user:
            yield STRANGE, f"{one.token} went in the name of user {one.by}, not {letter.user}"
        elif not one.mailboxes & letter.mailboxes:
            yield STRANGE, f"{one.token} went from a mailbox that its writer may not see"
        if one.kind != letter.kind:
            yield STRANGE, f"{one.token} became a {one.kind}"
    yield from _words(letter, there, rows, world.told)
    for version in letter.versions:
        if row := rows.get(version.intent):
            yield from _row(letter, version, row, version.token in there)
            if letter.kind == "message":
                mails = [mail for mail in mailed if mail.token == version.token]
                yield from _receipt(letter, version, row, told.get(f"reply:{row.id}", []), mails)


def _twice(letter: Letter, arrived: Sequence[Arrived], mailed: Sequence[Mailed]) -> Iterator[tuple[str, str]]:
    for what, ones in (("made", arrived), ("mailed", mailed)):
        for token, count in Counter(one.token for one in ones).items():
            if count > 1:
                yield TWICE, f"{token} was {what} {count} times"
    versions = sorted({one.token for one in (*arrived, *mailed)})
    if len(versions) > 1 and not letter.doubted:
        yield TWICE, f"went in two versions: {', '.join(versions)}"


def _astray(letter: Letter, mailed: Sequence[Mailed]) -> Iterator[tuple[str, str]]:
    for mail in mailed:
        version = next(one for one in letter.versions if one.token == mail.token)
        if letter.kind == "note":
            yield ASTRAY, f"{mail.token} was mailed to {', '.join(mail.to)}"
        elif not _fits(mail, version) and not _in_a_moment(mail, version):
            went = f"{', '.join(mail.to)} Cc {sorted(mail.cc)} Bcc {sorted(mail.bcc)}"
            said = " or ".join(str(one) for one in _allowed(version))
            yield ASTRAY, f"{mail.token} went to {went}, and its writer saw {said}"


def _allowed(version: Version) -> list[Envelope]:
    """Who may get it: whom the dialog showed, or, once it was stopped and sent anyway, whom the question named."""
    if not version.anyway:
        return version.seen
    return [Envelope(to, seen.cc, seen.bcc) for seen in version.seen for to in version.anyway]


def _fits(mail: Mailed, version: Version) -> bool:
    return any(((one.to,), one.cc, one.bcc) == (mail.to, mail.cc, mail.bcc) for one in _allowed(version))


def _in_a_moment(mail: Mailed, version: Version) -> bool:
    return any(
        one.to in mail.before and (one.cc, one.bcc) == (mail.cc, mail.bcc) for one in _allowed(version)
    )


def _words(
    letter: Letter, there: Collection[str], rows: Mapping[str, Row], told: Sequence[Told]
) -> Iterator[tuple[str, str]]:
    """What was taken from its writer went, or they have it back."""
    answered = [number for number, version in enumerate(letter.versions) if version.answered]
    if not answered:
        return
    since = letter.versions[answered[-1] :]
    if any(version.token in there for version in since):
        return
    last = since[0].token
    kept = [(version, rows[version.intent]) for version in since if version.intent in rows]
    if not kept:
        yield FORGOTTEN, f"{last} is neither in FreeScout nor in the outbox"
    for version, row in kept:
        if row.state in _OPEN or (row.state == "cancelled" and letter.discarded and not row.text):
            continue
        if row.state == "sent":
            if not letter.arrived:
                yield FORGOTTEN, f"{version.token} is called sent, and FreeScout never had it"
        elif version.token not in row.text:
            yield FORGOTTEN, f"{version.token} is {row.state}, and its text is not kept"
        elif not any(_gives_back(message, version, row, letter) for message in told):
            yield (
                FORGOTTEN,
                f"{version.token} is {row.state}, and nothing in Slack gives it back to its writer",
            )


def _gives_back(message: Told, version: Version, row: Row, letter: Letter) -> bool:
    ours = any(message.buttons.get(label) == str(row.id) for label in ASKS)
    return ours and version.token in message.text and message.person in ("", letter.person)


def _row(letter: Letter, version: Version, row: Row, there: bool) -> Iterator[tuple[str, str]]:
    if row.state in _OPEN:
        yield STUCK, f"{version.token} is still {row.state}"
    elif row.state not in (*_KEPT, "sent"):
        yield STUCK, f"{version.token} is {row.state}, which nobody knows"
    if row.state == "sent" and there and not row.recorded:
        yield UNRECORDED, f"{version.token} went, and the audit log does not say so"


def _receipt(
    letter: Letter, version: Version, row: Row, receipts: Sequence[Told], mails: Sequence[Mailed]
) -> Iterator[tuple[str, str]]:
    """One message in the card's thread says what became of it, and that is true; or a direct one, where none could.

    The bridge may not search direct messages: one whose fate is unknown is said again there, and the last one counts.
    """
    receipts = [one for one in receipts if not one.person] or list(receipts[-1:])
    if len(receipts) > 1:
        yield UNTOLD, f"{version.token} has {len(receipts)} receipts"
    if not receipts:
        if row.due_receipt:
            yield UNTOLD, f"{version.token} is {row.state} and has no receipt"
        return
    if any(not _fits(mail, version) and _in_a_moment(mail, version) for mail in mails):
        return  # nobody can know
    to = [mail.to for mail in mails]
    text, buttons = receipts[0].text, receipts[0].buttons
    shown = f"{version.token}'s receipt says {text[:160]!r}"
    if any(words in text for words in _GOING) and row.state not in _OPEN:
        yield UNTOLD, f"{shown}, and it is {row.state}"
    elif not letter.arrived and not _is_true(text, to):
        yield UNTOLD, f"{shown}, and it went to {to or 'nobody'}"
    elif (
        to
        and not any(words in text for words in _WENT)
        and "It Arrived" not in buttons
        and not letter.doubted
    ):
        yield UNTOLD, f"{shown}, and it went to {to}"


def _is_true(text: str, to: Sequence[Sequence[str]]) -> bool:
    """A receipt that names who got it names nobody else, and none calls gone what was not mailed."""
    if "went to" in text:
        return any(f"went to {', '.join(one)}" in text for one in to)
    return "went out" not in text or bool(to)
