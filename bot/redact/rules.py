"""What of customers' texts is hidden from Slack, and where it stands in a text. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from bot.redact import numbers, own
from bot.redact.passwords import passwords
from bot.redact.secrets import names_a_number, tokens, url_secrets, urls
from bot.redact.spans import PASSWORD, TOKEN, Span, merged, replaced

_SLACK = re.compile(r"https://[a-z0-9-]+\.(?:enterprise\.)?slack(?:-gov)?\.com/archives/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Redact:
    """Which kinds are hidden, and the regular expressions of what else is."""

    cards: bool = True
    ibans: bool = True
    tokens: bool = True
    passwords: bool = True
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Redactor:
    """Finds what is hidden. Links to FreeScout's conversations, `home`, are never touched."""

    rules: Redact = Redact()
    home: str = ""

    def spans(self, text: str) -> list[Span]:
        """Where something stands in a text that is hidden, in order."""
        if len(text) < 4:
            return []
        addresses = list(urls(text))
        safe = [(start, end) for start, end in addresses if self.ours(text[start:end])]
        return merged(span for span in _all(self.rules, text, addresses) if not _within(span, safe))

    def text(self, text: str) -> str:
        """The text without what is hidden."""
        return replaced(text, self.spans(text))

    def opens(self, url: str) -> bool:
        """Whether an address itself holds something that is hidden."""
        return not self.ours(url) and bool(self.spans(url))

    def ours(self, url: str) -> bool:
        """Whether it leads to a conversation of our FreeScout, or to a message in Slack."""
        return bool(self.home and url.startswith(f"{self.home}/conversation/")) or bool(_SLACK.match(url))


def _all(rules: Redact, text: str, addresses: list[tuple[int, int]]) -> Iterator[Span]:
    if rules.cards:
        plain = [one for one in addresses if not names_a_number(text[slice(*one)])]
        yield from (span for span in numbers.cards(text) if not _within(span, plain))
    if rules.ibans:
        yield from numbers.ibans(text)
    if rules.tokens:
        yield from tokens(text)
    if rules.passwords:
        yield from (span for span in passwords(text) if not _within(span, addresses))
    secrets = [span for start, end in addresses for span in url_secrets(text[start:end], start)]
    wanted = {TOKEN: rules.tokens, PASSWORD: rules.passwords}
    yield from (span for span in secrets if wanted[span.word])
    for pattern in rules.patterns:
        yield from own.found(_compiled(pattern), text)


def _within(span: Span, places: list[tuple[int, int]]) -> bool:
    """Whether it stands in one of some places that are in order and do not overlap."""
    near = bisect_right(places, span.start, key=itemgetter(0)) - 1
    return near >= 0 and span.end <= places[near][1]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
