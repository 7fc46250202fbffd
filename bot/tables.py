"""Reading the tables of `bridge.toml`: how long something takes, and words that no table knows. Pure."""

import difflib
import re
from collections.abc import Mapping
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhd])+")


def duration(text: object) -> timedelta | None:
    """Read `90s`, `15m`, `2h`, `1d` or `1h30m`; None where it is nothing of the kind or not above zero."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text.strip()):
        return None
    seconds = sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"([0-9]+)([smhd])", text))
    return timedelta(seconds=seconds) if 0 < seconds < 10 * 366 * 86400 else None


def mailbox(value: int | str) -> int | str:
    """A mailbox as the file names it: an id in quotes is an id."""
    named = str(value).strip()
    return int(named) if re.fullmatch("[0-9]{1,18}", named) else named


def unknown(where: str, table: Mapping[str, object], known: tuple[str, ...], problems: list[str]) -> None:
    """Say which keys of a table nobody knows, and what may be meant."""
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            problems.append(f"{where}: {key!r} is unknown; {hint}")
