"""The table `[retention]` of bridge.toml: how long Slack shows what people wrote. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

from bot.tables import Where, duration, duration_meant

_LEAST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """After which time texts and files in Slack are replaced by a link; None for never."""

    after: timedelta | None = None


KEYS = tuple(one.name for one in fields(Retention))


def read(where: Where, table: Mapping[str, object], problems: list[str]) -> Retention:
    """Read the table; what is wrong is added to `problems`."""
    if "after" not in table:
        return Retention()
    after = duration(table["after"])
    if after is None or after < _LEAST:
        hint = duration_meant(table["after"])
        problems.append(f'{where.key("after")}: after should be a time like "90d", a day at least.{hint}')
        return Retention()
    return Retention(after)
