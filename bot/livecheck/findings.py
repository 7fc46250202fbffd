"""What a comparison has found, line by line."""

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot.errors import BridgeError
from bot.livecheck.mentions import Kind, Mention
from bot.tables import meant

T = TypeVar("T")


@dataclass(slots=True)
class Findings:
    """What is wrong, what could not be found out, and what was met beside."""

    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    async def told(self, what: str, asked: Awaitable[T]) -> T | None:
        """What the other side answers; None where it does not, which is said."""
        try:
            return await asked
        except BridgeError as error:
            self.unknown.append(f"{what}: {error}")
            return None

    def missing(self, one: Mention, whose: str, known: Iterable[str], more: str = "") -> None:
        """Say that something is not there, and what may be meant."""
        said = repr(one.name) if isinstance(one.name, int) else f'"{one.name}"'
        self.wrong.append(f"{one.where}: {whose} has no {one.kind} {said}{more}.{meant(one.name, known)}")

    def __str__(self) -> str:
        parts = []
        if self.wrong:
            parts += [f"{len(self.wrong)} to put right:", *(f"  - {one}" for one in self.wrong)]
        if self.unknown:
            parts += ["Could not be found out:", *(f"  - {one}" for one in self.unknown)]
        return "\n".join([*parts, *self.met])


def of_kind(named: Sequence[Mention], kind: Kind) -> list[Mention]:
    """The names of one kind."""
    return [one for one in named if one.kind is kind]


def folded(words: Iterable[str]) -> frozenset[str]:
    """Words without regard to capitals."""
    return frozenset(word.casefold() for word in words)
