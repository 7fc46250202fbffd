"""A help desk's day by the dice: the same seed, the same day. Nothing here knows of Slack or of the bridge."""

import random
from collections.abc import Callable, Iterator

from sandbox.freescout import FreeScout
from sandbox.freescout.records import Actor, Conversation
from tests.torture.truth import Past

ROUTES = {
    "Support": ("support",),
    "Sales": ("sales",),
    "Billing": ("billing", "finance"),
    "Returns": ("support",),
    "Internal": (),
}
"""Channels by mailbox: one of two, two of one, and one that nobody sees."""

_SUBJECTS = (
    "Printer on fire",
    "<!channel> you *won* <https://evil.example|a prize>",
    "",
    "\u0637\u0644\u0628 \u0627\u0633\u062a\u0631\u062f\u0627\u062f \u0627\u0644\u0645\u0628\u0644\u063a",
    "RE: \u202egnp.exe & <@U123>",
    "An offer " + "for a very long subject " * 12,
    "Closed Pending Unassigned :label: vip",
)
_NAMES = (
    "Mark Moore",
    "\u0623\u062d\u0645\u062f \u0639\u0644\u064a",
    "",
    "<!here> *Boss*",
    "Z\u00f6e \u05d3\u05d5\u05d3",
    "X",
)
_TAGS = ("vip", "printer", "refund", "<!here>", "\u05ea\u05d2", "two words")
_LONG = "lorem <b>ipsum</b> &lt;!channel&gt; " * 1200


class Scenario:
    """Plays events on a FreeScout, one a call, and writes down what the present will not tell."""

    def __init__(self, seed: int, freescout: FreeScout) -> None:
        self.past: dict[int, Past] = {}
        self._seed = seed
        self._steps = 0
        self._dice = random.Random(seed)
        self._aim = 0
        self._freescout = freescout
        self._marks = 0
        self.mailboxes = [freescout.add_mailbox(name, f"{name.lower()}@example.org") for name in ROUTES]
        self.agents = [
            freescout.add_user(first, last, f"{first.lower()}@example.org", role="admin")
            for first, last in (("Ana", "Alves"), ("Ben", "Brandt"), ("\u05d3\u05e0\u05d4", "Cohen"))
        ]
        self._deeds: dict[Callable[[], None], int] = {
            self._writes: 22,
            self._customer_replies: 20,
            self._replies: 14,
            self._notes: 10,
            self._assigns: 8,
            self._unassigns: 4,
            self._sets_status: 10,
            self._tags: 5,
            self._retitles: 4,
            self._renames: 2,
            self._changes_customer: 2,
            self._moves: 6,
            self._deletes: 3,
            self._restores: 3,
            self._deletes_forever: 2,
            self._merges: 3,
            self._spams: 2,
            self._drafts: 1,
        }

    def step(self) -> None:
        """Let one thing happen; now and then several at once, as a workflow or a busy desk does.

        Each step has dice of its own: what people in Slack do meanwhile changes none that comes later.
        """
        self._steps += 1
        self._dice = random.Random(f"{self._seed} {self._steps}")
        if not self._alive():
            self._writes()
            return
        deeds, weights = list(self._deeds), list(self._deeds.values())
        self._dice.choices(deeds, weights)[0]()

    def meddle(self, conversation: int, *, customer: bool = False) -> None:
        """Let something happen to one that somebody is answering just now: anything, or a change of customer."""
        deeds = (
            {self._changes_customer: 1}
            if customer
            else {
                self._customer_replies: 4,
                self._replies: 3,
                self._sets_status: 2,
                self._changes_customer: 6,
                self._moves: 4,
                self._merges: 2,
                self._deletes: 2,
                self._deletes_forever: 1,
            }
        )
        self._aim = conversation
        try:
            if any(one.id == conversation for one in self._alive()):
                self._dice.choices(list(deeds), list(deeds.values()))[0]()
        finally:
            self._aim = 0

    def flood(self, count: int) -> None:
        """Let many customers write to one mailbox at once."""
        for _ in range(count):
            self._writes(self.mailboxes[0])

    def vanish(self, count: int) -> None:
        """Let some be deleted for ever at once, that have been there for longest."""
        for one in self._alive()[:-3][:count]:
            self.past[one.id].lost = list(one.threads)
            self._freescout.agent_deletes_forever(one.id)

    # Who and what

    def _alive(self) -> list[Conversation]:
        """Those that may be acted upon."""
        world = self._freescout.world
        found = [
            world.conversations[one]
            for one, past in self.past.items()
            if not past.hidden and one in world.conversations
        ]
        return [one for one in found if one.state == "published"]

    def _one(self) -> Conversation:
        """One of them, more often one of the latest; the one that is aimed at."""
        alive = self._alive()
        if self._aim:
            aimed, self._aim = self._aim, 0
            return self._freescout.world.conversations[aimed]
        return self._dice.choice(alive[-6:] if self._dice.random() < 0.6 else alive)

    def _agent(self) -> int:
        return self._dice.choice(self.agents)

    def _body(self) -> str:
        self._marks += 1
        more = (
            _LONG
            if self._dice.random() < 0.04
            else self._dice.choice(("", "please", "&lt;!here&gt; <b>now</b>"))
        )
        return f"<p>m{self._marks}. {more}</p>"

    def _remember(self, conversation: int, *, hidden: bool = False) -> None:
        world = self._freescout.world
        one = world.conversations[conversation]
        email = world.customers[one.customer].email
        began = one.created_at
        self.past[conversation] = Past(
            [one.mailbox], hidden, moves=[(began, one.mailbox)], customers=[(began, email)]
        )

    def _email(self) -> tuple[str, str]:
        number = self._dice.randrange(12)
        return f"c{number}@example.net", _NAMES[number % len(_NAMES)]

    # What happens

    def _writes(self, mailbox: int = 0) -> None:
        email, name = self._email()
        subject, mailbox = self._dice.choice(_SUBJECTS), mailbox or self._dice.choice(self.mailboxes)
        cc = [f"boss{self._dice.randrange(3)}@example.net"] if self._dice.random() < 0.3 else []
        self._remember(
            self._freescout.customer_writes(email, subject, self._body(), mailbox=mailbox, name=name, cc=cc)
        )

    def _customer_replies(self) -> None:
        one = self._one()
        for _ in range(self._dice.choice((1, 1, 1, 3))):
            self._freescout.customer_replies(one.id, self._body())

    def _replies(self) -> None:
        status = self._dice.choice(("pending", "pending", "active", "closed"))
        self._freescout.agent_replies(self._one().id, self._agent(), self._body(), status=status)

    def _notes(self) -> None:
        self._freescout.agent_notes(self._one().id, self._agent(), self._body())

    def _assigns(self) -> None:
        self._freescout.agent_assigns(self._one().id, self._agent(), self._agent())

    def _unassigns(self) -> None:
        self._freescout.agent_assigns(self._one().id, self._agent(), None)

    def _sets_status(self) -> None:
        status = self._dice.choice(("active", "pending", "closed", "closed", "spam"))
        self._freescout.agent_sets_status(self._one().id, self._agent(), status)

    def _tags(self) -> None:
        tags = self._dice.sample(_TAGS, self._dice.randrange(4))
        self._freescout.agent_tags(self._one().id, tags)

    def _retitles(self) -> None:
        """Change the subject, as its page does. No webhook tells of it."""
        one = self._one()
        subject = f"{self._dice.choice(_SUBJECTS)[:60]} {self._dice.randrange(1000)}"
        self._freescout.agent_edits_subject(one.id, self._agent(), subject)

    def _renames(self) -> None:
        first, last = self._dice.choice(("Mia", "\u05d3\u05d5\u05d3", "")), self._dice.choice(("Muster", ""))
        self._freescout.customer_renamed(self._one().customer, first, last)

    def _changes_customer(self) -> None:
        world = self._freescout.world
        customer, one = self._dice.choice(list(world.customers)), self._one()
        self._freescout.agent_changes_customer(one.id, self._agent(), customer)
        self.past[one.id].customers.append((world.now(), world.customers[customer].email))

    def _moves(self) -> None:
        one = self._one()
        mailbox = self._dice.choice(self.mailboxes)
        self._freescout.agent_moves(one.id, self._agent(), mailbox)
        self.past[one.id].mailboxes.append(mailbox)
        self.past[one.id].moves.append((self._freescout.world.now(), mailbox))

    def _deletes(self) -> None:
        self._freescout.agent_deletes(self._one().id, self._agent())

    def _restores(self) -> None:
        if gone := list(self._deleted()):
            self._freescout.agent_restores(self._dice.choice(gone).id, self._agent())

    def _deletes_forever(self) -> None:
        gone = [] if self._aim else [one for one in self._deleted() if one.threads]
        one = self._dice.choice(gone) if gone else self._one()
        self.past[one.id].lost = list(one.threads)
        self._freescout.agent_deletes_forever(one.id)

    def _deleted(self) -> Iterator[Conversation]:
        for one in self.past:
            found = self._freescout.world.conversations.get(one)
            if found and found.state == "deleted":
                yield found

    def _merges(self) -> None:
        """Two become one; where the dice choose one alone, it gets a note."""
        into, other = self._dice.sample((self._one(), self._one()), 2)
        if into is other:
            self._notes()
            return
        homes = {thread.id: self.past[other.id].homes.get(thread.id, other.id) for thread in other.threads}
        self._freescout.agent_merges(into.id, other.id, self._agent(), rings=self._dice.random() < 0.5)
        self.past[into.id].homes.update(homes)
        self.past[other.id].gave.update(homes)

    def _spams(self) -> None:
        """Spam from the start: FreeScout's filter was quicker than anybody."""
        desk, (email, name) = self._freescout.desk, self._email()
        by = Actor("customer", desk.customer(email, name).id)
        mailbox = self._dice.choice(self.mailboxes)
        one = desk.open(
            mailbox=mailbox, customer=by.id, subject="Pills", by=by, source="email", status="spam"
        )
        self._remember(one.id, hidden=True)
        desk.write(one, "customer", by, self._body(), source="email")

    def _drafts(self) -> None:
        email, mailbox = self._email()[0], self._dice.choice(self.mailboxes)
        draft = self._freescout.agent_drafts(self._agent(), email, "Draft", self._body(), mailbox=mailbox)
        self._remember(draft, hidden=True)
