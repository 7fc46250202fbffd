"""Reading the tables of `bridge.toml`: places, durations, and words that nobody knows. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Self

Path = tuple[str | int, ...]
"""Keys, and places in lists from 0 on."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = r"(?:[0-9]{1,9}[smhd])+"
_DURATION = re.compile(DURATION)
_LOOSE = re.compile(
    r"(?:[0-9]{1,9} *(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|[smhd])[ ,]*)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the file, said as `bridge.toml:12, route 3`; without the line where none is known."""

    file: str
    place: str = ""
    path: Path = ()
    known: Mapping[Path, int] = field(default_factory=dict, repr=False)
    """The lines of the file, by their paths."""

    @classmethod
    def of(cls, file: Self | str) -> Self:
        """A place, also of nothing but a file's name."""
        return cls(file) if isinstance(file, str) else file

    def key(self, *path: str | int) -> Self:
        """The line of a key, or of one of its values, in the same table."""
        return replace(self, path=(*self.path, *path))

    def part(self, place: str, *path: str | int) -> Self:
        """A part that has a name of its own, like `route 3` or `step 2`."""
        return replace(self.key(*path), place=f"{self.place}, {place}" if self.place else place)

    @property
    def line(self) -> int | None:
        """Its line, or else that of what is around it; None for the file as a whole."""
        around = (self.path[:length] for length in range(len(self.path), 0, -1))
        return next((self.known[path] for path in around if path in self.known), None)

    def __str__(self) -> str:
        number = self.line
        start = self.file if number is None else f"{self.file}:{number}"
        return f"{start}, {self.place}" if self.place else start


def duration(text: object) -> timedelta | None:
    """Read `90s`, `15m`, `2h`, `1d` or `1h30m`; None where it is nothing of the kind or not above zero."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        return None
    seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"([0-9]+)([smhd])", text))
    return timedelta(seconds=seconds) if 0 < seconds < 10 * 366 * 86400 else None


def duration_meant(text: object) -> str:
    """Say which duration `2 hours` or `30 Min` may mean; nothing where none comes to mind."""
    if not isinstance(text, str) or not _LOOSE.fullmatch(text.strip()):
        return ""
    found = re.findall(r"([0-9]+) *([smhd])", text.casefold())
    meant = "".join(f"{count}{unit}" for count, unit in found)
    return f' Did you mean "{meant}"?' if meant != text.strip() and duration(meant) else ""


def waits(where: Where, value: object, problems: list[str]) -> tuple[timedelta, ...]:
    """Read the key `after`: one wait, or a list of waits that grow."""
    said = value if isinstance(value, list) else [value]
    steps = [duration(one) for one in said]
    good = [step for step in steps if step is not None]
    if not steps or len(good) < len(steps):
        hint = next((hint for hint in map(duration_meant, said) if hint), "")
        problems.append(f'{where}: after should be a wait like "2h" or "1h30m", or a list of such.{hint}')
    elif good != sorted(set(good)):
        problems.append(f"{where}: the waits of after should grow from one to the next.")
    return tuple(good)


def mailbox(value: int | str) -> int | str:
    """A mailbox as the file names it: an id in quotes is an id."""
    named = str(value).strip()
    return int(named) if re.fullmatch("[0-9]{1,18}", named) else named


def nearest(word: object, known: Iterable[str]) -> str:
    """The known word that comes nearest to one that is not known, in any case of its letters; or nothing."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(str(word).strip().casefold(), folded, 1)
    return folded[near[0]] if near else ""


def meant(word: object, known: Iterable[str]) -> str:
    """Ask whether the nearest known word is meant, as an end of a sentence; nothing where there is none."""
    near = nearest(word, known)
    return f' Did you mean "{near}"?' if near else ""


def unknown(
    where: Where | str, table: Mapping[str, object], known: tuple[str, ...], problems: list[str]
) -> None:
    """Say which keys of a table nobody knows, and what may be meant."""
    where = Where.of(where)
    for key in table:
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near!r}?" if near else f"known are {', '.join(known)}."
            problems.append(f"{where.key(key)}: {key!r} is unknown; {hint}")
