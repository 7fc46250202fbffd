"""What a person's typing turns into on its way to an app."""

import re
from collections.abc import Iterable

from sandbox.slack.model import Channel, Profile

LINK = re.compile(r"(?<![<|])\bhttps?://[^\s<>|]+[^\s<>|.,;:!?)\]}'\"]")
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")


def escaped(text: str) -> str:
    """The three characters that Slack escapes, and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_sent(text: str, people: Iterable[Profile], channels: Iterable[Channel], *, named: bool) -> str:
    """Turn typed @names, #channels, addresses and links into what Slack sends; `named` adds `|name`.

    https://docs.slack.dev/interactivity/implementing-slash-commands (escaping channels, users and links)
    """
    kept: list[str] = []

    def keep(sent: str) -> str:
        kept.append(sent)
        return f"\x00{len(kept) - 1}\x00"

    text = LINK.sub(lambda found: keep(f"<{escaped(found[0])}>"), text)
    text = MAIL.sub(lambda found: keep(f"<mailto:{found[0]}|{found[0]}>"), text)
    for spelled, user in _spellings(people):
        label = f"|{user.handle}" if named else ""
        pattern = rf"(?<!\w)@{re.escape(spelled)}(?!\w)"
        if re.search(pattern, text, re.IGNORECASE):
            text = re.sub(pattern, keep(f"<@{user.id}{label}>"), text, flags=re.IGNORECASE)
    for channel in sorted(channels, key=lambda c: -len(c.name)):
        if channel.name:
            pattern = rf"(?<!\w)#{re.escape(channel.name)}(?![\w-])"
            if re.search(pattern, text):
                text = re.sub(pattern, keep(f"<#{channel.id}|{channel.name}>"), text)
    return re.sub("\x00(\\d+)\x00", lambda found: kept[int(found[1])], escaped(text))


def _spellings(people: Iterable[Profile]) -> list[tuple[str, Profile]]:
    """How each person may be called after an @, the longest first.

    That is the full name, the handle, and a first name that is nobody else's.
    """
    everybody = [user for user in people if not user.deleted]
    firsts = [user.name.split()[0].lower() for user in everybody]
    found = []
    for user, first in zip(everybody, firsts, strict=True):
        alone = [first] if firsts.count(first) == 1 else []
        found += [(spelled, user) for spelled in dict.fromkeys([user.name, user.handle, *alone])]
    return sorted(found, key=lambda pair: -len(pair[0]))
