"""People at Slack while everything goes wrong: they answer, stop, edit, insist, and remember what they were shown."""

import asyncio
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from sandbox.freescout import FreeScout
from sandbox.slack import Message, Person, Slack, View
from sandbox.slack.forms import current, look_up
from tests.torture import evidence
from tests.torture.letters import FORGOTTEN, STRANGE, Envelope, Letter, Version
from tests.torture.oracle import Difference
from tests.torture.scenario import Scenario

_PATIENCE = 4.0
"""Real seconds that a person waits for what they asked for, before they do something else."""
_TO = re.compile(r"^To (?:.* · )?(\S+@\S+)$", re.MULTILINE)
_HEAD = re.compile(r"(?:reply|note) to (\S+@\S+)$", re.MULTILINE)
_INSTEAD = re.compile(r"Send Anyway would send it to (\S+@\S+)\.")
_OURS = ("Cancel", "Edit", "Send Anyway", "Discard", "Try Again", "It Arrived")
_LIKES = (2, 2, 5, 1, 3, 3)
"""How readily each of these is pressed."""
_STOPS = ("cancelled it: nothing was sent.", "stopped it.", "opened it to edit it.", "was thrown away.")
"""What a receipt says of a reply that does not go."""


@dataclass
class Colleague:
    """A person at Slack, and as whom FreeScout knows them."""

    person: Person
    user: int | None
    mailboxes: frozenset[int]
    dice: random.Random
    task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self.task is not None and not self.task.done()


@dataclass
class Crew:
    """Lets them do one thing after the other. `wrong` is what they saw with their own eyes and should not have."""

    seed: int
    freescout: FreeScout
    slack: Slack
    scenario: Scenario
    letters: list[Letter] = field(default_factory=list)
    wrong: list[Difference] = field(default_factory=list)
    people: list[Colleague] = field(default_factory=list)
    _marks: int = 0
    _rows: dict[int, Letter] = field(default_factory=dict)
    """By what the buttons carry."""

    def __post_init__(self) -> None:
        self._dice = random.Random(f"crew of {self.seed}")
        everything = self.scenario.mailboxes
        support, _, billing, returns, _ = everything
        users = self.freescout.world.users
        for user in self.scenario.agents:
            self._hire(users[user].name, users[user].email, user, everything)
        for first, last, boxes in (("Eva", "Ernst", [support, returns]), ("Finn", "Falk", [billing])):
            email = f"{first.lower()}@example.org"
            user = self.freescout.add_user(first, last, email, mailboxes=boxes)
            self._hire(f"{first} {last}", email, user, boxes)
        self._hire("Gus Gast", "gus@example.org", None, [])
        self.freescout.add_user("Ivo", "Iser", "ivo@example.org", role="admin")
        self._hire("Ivo Iser", "ivo@example.org", None, [], guest=True)

    def _hire(
        self, name: str, email: str, user: int | None, boxes: list[int], *, guest: bool = False
    ) -> None:
        person = self.slack.add_person(name, email, guest=guest)
        dice = random.Random(f"{self.seed} {email}")
        self.people.append(Colleague(person, user, frozenset(boxes), dice))

    def step(self, *, eager: bool = False, writing: float = 0.6) -> None:
        """Let somebody who has nothing in hand begin something, several of them if `eager`.

        `writing` is the share of those who write something new; the others look at what is asked.
        """
        idle = [one for one in self.people if not one.busy and (one.user or self._dice.random() < 0.2)]
        for one in self._dice.sample(idle, min(len(idle), 3 if eager else self._dice.randrange(2))):
            one.task = asyncio.create_task(self._acts(one, writing))

    async def rest(self, patience: float = 20) -> None:
        """Let them finish what they have in hand, and close what they have open."""
        tasks = [one.task for one in self.people if one.task]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for one in self.people:
            if one.person.modal:
                await one.person.closes(everything=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _acts(self, one: Colleague, writing: float) -> None:
        deed = self._writes if one.dice.random() < writing else self._attends
        with suppress(LookupError):  # what they wanted to press is gone by now
            await deed(one)

    # writing

    async def _writes(self, one: Colleague) -> None:
        cards = list(self._cards())[-12:]
        if not cards:
            return
        theirs = [each for each in cards if self._sees(one, each[0])]
        conversation, card = one.dice.choice(theirs if theirs and one.dice.random() < 0.85 else cards)
        kind = one.dice.choice(("message", "message", "message", "note"))
        view = await self._opens(one, "Note" if kind == "note" else "Reply", card)
        if view is None:
            return
        letter = Letter(one.person.name, one.user, one.mailboxes, kind, conversation, one.person.id)
        if one.user is None:
            self.wrong.append(
                Difference(STRANGE, conversation, "", f"{letter.writer} may not act, and got a dialog")
            )
        self.letters.append(letter)
        await self._submits(one, letter, view)

    def _sees(self, one: Colleague, conversation: int) -> bool:
        found = self.freescout.world.conversations.get(conversation)
        return found is not None and found.mailbox in one.mailboxes

    def _cards(self) -> Iterator[tuple[int, Message]]:
        for channel in self.slack.workspace.channels.values():
            for message in channel.messages:
                payload = (message.metadata or {}).get("event_payload") or {}
                if payload.get("key") == "card" and "Reply" in evidence.buttons(message):
                    yield int(payload["conversation"]), message

    async def _opens(self, one: Colleague, label: str, on: Message) -> View | None:
        """Press what opens a dialog; return it once it has its fields, None where it does not come."""
        if one.person.modal:
            await one.person.closes(everything=True)
        await one.person.presses(label, on=on)
        await _until(lambda: one.person.modal and _fields(one.person.modal), _PATIENCE)
        view = one.person.modal
        if view is not None and _fields(view):
            return view
        if view is not None:
            await one.person.closes(everything=True)
        return None

    async def _submits(self, one: Colleague, letter: Letter, view: View) -> None:
        """Write, look once more whom it goes to, and press the button; again where nobody answers."""
        self._marks += 1
        version = Version(f"r{self._marks}.", view.id)
        one.person.fills(self._fill(one, letter, view, version.token))
        await asyncio.sleep(one.dice.uniform(0, 0.4))
        if one.dice.random() < 0.2:
            self.scenario.meddle(letter.conversation, customer=one.dice.random() < 0.3)
            await asyncio.sleep(one.dice.choice((0, 0.1, 0.4)))
        if view not in one.person.modals:
            return
        letter.versions.append(version)
        for _ in range(one.dice.choice((1, 3, 3))):
            version.seen.append(_envelope(view, letter.kind))
            clicks = one.dice.choice((1, 1, 2))
            await asyncio.gather(*(one.person.submits() for _ in range(clicks)))
            if view not in one.person.modals:
                version.answered = True
                break
            if view.errors:
                break
            await asyncio.sleep(one.dice.uniform(0.2, 1.0))
        else:
            await one.person.closes(everything=True)
            return
        if not version.answered:
            await one.person.closes(everything=True)
            return
        if letter.kind == "message":
            await self._follows(one, letter, version)

    def _fill(self, one: Colleague, letter: Letter, view: View, token: str) -> dict[str, object]:
        label = "Note" if letter.kind == "note" else "Reply"
        said = one.dice.choice(("we look into it", "<!channel> & <b>thanks</b>", "one\n\ntwo  three", ""))
        filled: dict[str, object] = {label: f"{token} {said}"}
        if letter.kind == "note":
            return filled
        if one.dice.random() < 0.25:
            filled["Cc"] = f"cc{one.dice.randrange(9)}@example.net"
        if one.dice.random() < 0.2:
            filled["Bcc"] = f"bcc{one.dice.randrange(9)}@example.net, audit@example.net"
        filled["Afterwards the conversation is"] = one.dice.choice(("Pending", "Active", "Closed"))
        if one.dice.random() < 0.3:
            filled["Also"] = ["Assign the conversation to me"]
        return filled

    async def _follows(self, one: Colleague, letter: Letter, version: Version) -> None:
        """What a person does in the seconds in which a reply is held."""
        others = [other for other in self.people if other is not one]
        deed = one.dice.choices(("nothing", "cancel", "edit", "colleague", "meddle"), (10, 4, 3, 1, 4))[0]
        if deed == "nothing":
            return
        if deed == "meddle":
            await asyncio.sleep(one.dice.uniform(0, 0.8))
            self.scenario.meddle(letter.conversation, customer=one.dice.random() < 0.5)
            return
        place = await self._held(one, version)
        if place is None:
            return
        await asyncio.sleep(one.dice.choice((0, 0.2, 0.5, 0.8, 0.95, 1.05)))
        if deed == "edit":
            await self._edits(one, letter, place, "Edit")
        else:
            who = one.dice.choice(others) if deed == "colleague" else one
            await self._stops(who, letter, place, "Cancel")

    async def _held(self, one: Colleague, version: Version) -> Message | None:
        """Where the buttons are that stop it: in the thread, or where only its writer sees them."""
        await _until(lambda: self._receipt(version), _PATIENCE)
        receipt = self._receipt(version)
        if receipt is None:
            return None
        number = evidence.buttons(receipt).get("Cancel")
        mine = [
            message
            for message in one.person.ephemerals
            if number and evidence.buttons(message).get("Cancel") == number
        ]
        return one.dice.choice([receipt, *mine[-1:]])

    def _receipt(self, version: Version) -> Message | None:
        """The receipt that shows its text, and with that the number that its buttons carry."""
        there = (message for _, message in evidence.receipts(self.slack))
        return next((one for one in there if version.token in evidence.tokens(one.all_text)), None)

    # what is asked

    async def _attends(self, one: Colleague) -> None:
        """Press a button of some reply's, more often on one's own."""
        self._learn()
        there = [(letter, message) for letter, message in self._asked(one)]
        mine = [each for each in there if each[0].person == one.person.id]
        found = mine if mine and one.dice.random() < 0.85 else there
        if not found:
            return
        open_ones = [
            each for each in found if {"Send Anyway", "Try Again"} & evidence.buttons(each[1]).keys()
        ]
        letter, place = one.dice.choice(open_ones if open_ones and one.dice.random() < 0.7 else found[-8:])
        labels = [label for label in _OURS if label in evidence.buttons(place)]
        label = one.dice.choices(labels, [_LIKES[_OURS.index(label)] for label in labels])[0]
        if label in ("Edit", "Try Again"):
            await self._edits(one, letter, place, label)
        elif label == "Send Anyway":
            await self._insists(one, letter, place)
        elif label == "It Arrived":
            await self._looks(one, letter, place)
        else:
            await self._stops(one, letter, place, label)

    def _learn(self) -> None:
        """Note which letter is behind the number that buttons carry."""
        written = {version.token: letter for letter in self.letters for version in letter.versions}
        for key, message in evidence.receipts(self.slack):
            for token in evidence.tokens(message.all_text):
                if token in written:
                    self._rows[int(key.partition(":")[2])] = written[token]

    def _asked(self, one: Colleague) -> Iterator[tuple[Letter, Message]]:
        """The messages that this person sees with such buttons, old ones too."""
        places = [message for _, message in evidence.receipts(self.slack)]
        places += [message for _, message in evidence.questions(self.slack, [one.person.id])]
        for message in (*places, *one.person.ephemerals):
            buttons = evidence.buttons(message)
            number = next((buttons[label] for label in _OURS if label in buttons), "")
            letter = self._rows.get(int(number)) if number.isdigit() else None
            if letter is not None:
                yield letter, message

    async def _stops(self, one: Colleague, letter: Letter, place: Message, label: str) -> None:
        """*Cancel* or *Discard*, and whether it says so afterwards."""
        began, receipt = time.monotonic(), self._receipt_of(letter)
        edited = receipt.edited if receipt else None
        version = self._shown(letter, place)
        letter.discarded |= label == "Discard" and one.person.id == letter.person
        await one.person.presses(label, on=place)
        await self._confirmed(one, letter, version, receipt, began, edited)

    async def _confirmed(
        self,
        one: Colleague,
        letter: Letter,
        version: Version | None,
        receipt: Message | None,
        began: float,
        edited: str | None,
    ) -> None:
        """See whether the receipt says, anew since the press, that it does not go."""
        if version is None or receipt is None:
            return
        before = len(letter.versions)

        def stopped() -> bool:
            return receipt.edited != edited and any(words in receipt.all_text for words in _STOPS)

        said = await _until(stopped, _PATIENCE / 2)
        if said and len(letter.versions) == before and letter.versions[-1] is version:
            version.stopped = began
            version.how = f"{one.person.name} was told: {receipt.all_text[:120]!r}"

    def _receipt_of(self, letter: Letter) -> Message | None:
        self._learn()
        mine = {f"reply:{number}" for number, one in self._rows.items() if one is letter}
        return next((message for key, message in evidence.receipts(self.slack) if key in mine), None)

    def _shown(self, letter: Letter, place: Message) -> Version | None:
        """The version whose text a message shows; the newest one where it shows none."""
        there = evidence.tokens(place.all_text)
        found = [version for version in letter.versions if version.token in there]
        return found[-1] if found else (letter.versions[-1] if not there else None)

    async def _edits(self, one: Colleague, letter: Letter, place: Message, label: str) -> None:
        """*Edit* and *Try Again*: the words come back, and are sent anew or left."""
        began, receipt = time.monotonic(), self._receipt_of(letter)
        edited = receipt.edited if receipt else None
        version = self._shown(letter, place)
        mine = one.person.id == letter.person
        doubtful = mine and "It Arrived" in evidence.buttons(place)
        view = await self._opens(one, label, place)
        if view is None:
            return
        if not mine:
            self.wrong.append(
                Difference(
                    STRANGE, letter.conversation, "", f"{one.person.name} may edit what {letter.writer} wrote"
                )
            )
            return
        texts = [each.token for each in letter.versions if each.token in evidence.tokens(view.all_text)]
        if not texts:
            words = f"{letter.writer}'s {letter.kind} is edited, and the dialog has none of its texts"
            self.wrong.append(Difference(FORGOTTEN, letter.conversation, "", words))
        letter.doubted |= doubtful
        if not doubtful and version is not None:
            await self._confirmed(one, letter, version, receipt, began, edited)
        if view in one.person.modals and one.dice.random() < 0.65:
            await self._submits(one, letter, view)
        elif one.person.modal:
            await one.person.closes(everything=True)

    async def _insists(self, one: Colleague, letter: Letter, place: Message) -> None:
        """*Send Anyway*, to whom this question says; now and then twice, or on the old question, too."""
        text = place.all_text
        version = self._shown(letter, place)
        to = _INSTEAD.search(text) or _HEAD.search(text)
        if one.person.id == letter.person and version is not None:
            version.anyway.append(to[1] if to else "")
            version.released = time.monotonic()
        if one.dice.random() < 0.2:
            self.scenario.meddle(letter.conversation, customer=True)
        await one.person.presses("Send Anyway", on=place)
        if one.person.id == letter.person and version is not None:
            version.released = time.monotonic()

    async def _looks(self, one: Colleague, letter: Letter, place: Message) -> None:
        """Mostly look in FreeScout first, and say *It Arrived* where it did."""
        version = self._shown(letter, place)
        there = version is not None and any(
            version.token in (thread.body or "")
            for conversation in self.freescout.world.conversations.values()
            for thread in conversation.threads
        )
        if there and one.person.id == letter.person:
            letter.arrived = True
            await one.person.presses("It Arrived", on=place)
        elif one.dice.random() < 0.8:
            await self._edits(one, letter, place, "Try Again")


def _fields(view: View) -> bool:
    return any(block["type"] == "input" for block in view.blocks)


def _envelope(view: View, kind: str) -> Envelope:
    """Who gets it, as a dialog says in this moment."""
    if kind == "note":
        return Envelope("")
    to = _TO.search(view.all_text)
    return Envelope(to[1] if to else "", _addresses(view, "Cc"), _addresses(view, "Bcc"))


def _addresses(view: View, label: str) -> frozenset[str]:
    usable = look_up(view.blocks, label)
    typed = current(usable.block, usable.element, view.typed).get("value") or ""
    return frozenset(re.split(r"[\s,]+", typed.strip())) - {""}


async def _until(look: Callable[[], object], patience: float) -> bool:
    """Wait until something is so; False where it is not in time."""
    end = time.monotonic() + patience
    while not look():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)
    return True
