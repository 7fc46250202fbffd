"""`Route`: a rule, the channel that it leads to, and how things are said there."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.routing.conditions import Rule
from bot.routing.delivery import Body, Deliver


@dataclass(frozen=True, slots=True)
class Route:
    """Conversations of `mailbox` that `rule` lets through are shown in `channel`, by its id or its name.

    `mailbox` is an id, a name, or several of them; None for all.
    """

    mailbox: int | str | tuple[int | str, ...] | None
    channel: str
    after: tuple[timedelta, ...] | None = None
    """This mailbox's own waits, where they differ from those of `[stale]`."""
    notes: bool = False
    """Whether what people type in the thread of a card becomes a note."""
    rule: Rule = field(default_factory=Rule, kw_only=True)
    name: str = field(default="", kw_only=True)
    default: bool = field(default=False, kw_only=True)
    """Whether it is for what no other route takes."""
    deliver: Deliver = field(default_factory=Deliver, kw_only=True)
    body: Body = field(default=Body.FULL, kw_only=True)
    open_to: frozenset[str] = field(default=frozenset(), kw_only=True)
    """Who else may read the channel: guests, people of other organisations."""
    number: int = field(default=0, kw_only=True, compare=False)
    """Its place in the file, from 1; of a route from Slack its id."""
    line: int = field(default=0, kw_only=True, compare=False)
    """Where it stands in the file."""
    watched: bool = field(default=False, kw_only=True, compare=False)
    """Whether it was added from Slack."""
    since: float = field(default=0, kw_only=True, compare=False)
    """Since when there is such a route, in seconds since 1970; 0 where nobody knows."""

    boxes: frozenset[int | str] = field(init=False, compare=False, repr=False)
    """Every mailbox that it names, casefolded: found once, and asked for every conversation."""

    def __post_init__(self) -> None:
        folded = (one.casefold() if isinstance(one, str) else one for one in self.mailboxes)
        object.__setattr__(self, "boxes", frozenset(folded))

    @property
    def mailboxes(self) -> tuple[int | str, ...]:
        """Every mailbox that it names."""
        if self.mailbox is None:
            return ()
        return self.mailbox if isinstance(self.mailbox, tuple) else (self.mailbox,)

    @property
    def called(self) -> str:
        """What people call it."""
        known = f"watch {self.number}" if self.watched else f"route {self.number}"
        return f"{known} “{self.name}”" if self.name else known


@dataclass(frozen=True, slots=True)
class Routing:
    """Whether the first route that fits shows a conversation alone, or all of them do."""

    first: bool = False
    digest: timedelta = timedelta(hours=1)
    """How often what goes to a digest is said, counted from midnight UTC."""
