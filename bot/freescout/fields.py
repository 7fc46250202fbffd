"""Reading one value out of FreeScout's JSON, whatever stands there: null, nothing, a number as a string."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.errors import Permanent

Json = Mapping[str, object]
_LARGEST = 2**63
_LAST_YEAR = 2999

# The manual's samples write 13-24-01 where the server writes 13:24:01.
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d)[:-](\d\d)[:-](\d\d)(?:\.\d+)?(?:Z|\+00:?00)?", re.ASCII)


def table(value: object) -> Json:
    """An object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def embedded(told: object, what: str) -> list[object]:
    """List what `_embedded` holds under a name."""
    found = table(table(told).get("_embedded")).get(what)
    return list(found) if isinstance(found, list) else []


def identity(row: Json, what: str) -> int:
    """The id, without which a thing is nothing."""
    found = integer(row.get("id"))
    if found is None:
        raise Permanent(f"FreeScout sent a {what} without an id")
    return found


def text(value: object) -> str:
    """A text without blanks around it; a number as its digits."""
    if isinstance(value, str):
        return value.strip().encode("utf-8", "replace").decode()  # half an emoji is no character
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, without empty ones."""
    return tuple(text(one) for one in value if text(one)) if isinstance(value, list) else ()


def values(value: object) -> tuple[str, ...]:
    """The texts of a list of `{"value": …}`."""
    return texts([table(one).get("value") for one in value]) if isinstance(value, list) else ()


def integer(value: object) -> int | None:
    """A whole number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else None
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
        return int(value)
    return None


def date(value: object) -> datetime | None:
    """A time in UTC, in either of the two spellings."""
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        if year > _LAST_YEAR:
            return None  # times are added to it
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
