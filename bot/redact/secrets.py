"""Tokens of known shapes in a text, and addresses that hold one. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import unquote

from bot.redact.blanks import BLANK, BLANKS
from bot.redact.spans import PASSWORD, TOKEN, Span

_BOUND = r"(?<![A-Za-z0-9])"
_SHAPES = (
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}",  # Slack: https://docs.slack.dev/authentication/tokens
    r"xapp-[0-9]-[A-Za-z0-9-]{8,}",
    r"gh[opusr]_[A-Za-z0-9]{20,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,}",
    r"glpat-[A-Za-z0-9_-]{16,}",  # GitLab
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe: https://docs.stripe.com/keys
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])",  # AWS
    r"AIza[A-Za-z0-9_-]{30,}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"1//0[A-Za-z0-9_-]{30,}",
    r"sk-[A-Za-z0-9_-]{20,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"(?:npm_|pypi-|dop_v1_|shp(?:at|ca|pa|ss)_|hf_)[A-Za-z0-9_-]{20,}",
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}",  # Telegram
)
_KNOWN = re.compile(f"{_BOUND}(?:{'|'.join(_SHAPES)})")
_WEB = re.compile(
    rf"{_BOUND}eyJ[A-Za-z0-9_-]{{8,}}+(?P<all>\.(?:eyJ)?[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)?)?"
)
"""JSON web tokens, RFC 7519; where `all` is missing it is none, and what was read is not read again."""
_SHORTENED = re.compile(
    rf"{_BOUND}(?:xox[a-z]-|xapp-|gh[opusr]_|github_pat_|[srp]k_(?:live|test)_|AKIA|ASIA|AIza|eyJ)"
    r"[A-Za-z0-9_.-]*+(?P<all>(?=…))?"
)
"""The beginning of one that was cut off; `all` is missing where it goes on or ends."""
_KEYS_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9 ]{0,40} )?PRIVATE KEY(?: BLOCK)?-----")
_KEYS_LINES = re.compile(r"[A-Za-z0-9+/=\s:,.>-]*…?")
_KEYS_END = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
_LONGEST_KEY = 12_000
_LAST_LINES = re.compile(
    r"\s++(?:[A-Za-z0-9+/=]{1,15}\s++)?(?:[A-Za-z0-9+/=]{16,}+\s++){0,199}[A-Za-z0-9+/=]{16,}+"
)
"""Backwards: of a key whose beginning stands in the message before."""
_SHOWN = re.compile(
    rf"\b(?:Bearer|Basic|Token){BLANK}++((?=[^\s,;{BLANKS}]*[0-9=+/_-])[A-Za-z0-9._~+/=-]{{16,}})",
    re.IGNORECASE,
)
_GAP = f"[{BLANKS}_-]?"
_SAID = re.compile(
    rf"(?:secret(?:{_GAP}access)?{_GAP}key|api{_GAP}(?:key|token|secret)|access{_GAP}(?:key|token)"
    rf"|client{_GAP}secret|auth{_GAP}token"
    rf"|(?:refresh|session|private|secret){_GAP}(?:token|key)|webhook{_GAP}secret)"
    rf"[\"'`*_]{{0,2}}{BLANK}{{0,4}}(?:[:=：＝]|=>|is|lautet|ist){BLANK}{{0,4}}[\"'`*_]{{0,2}}"
    r"((?=[^\s\"'`<>,;0-9]{0,199}[0-9])[^\s\"'`<>,;]{12,200})",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z0-9+.-]{1,20}[a-z]", re.IGNORECASE)
"""Backwards, as what stands before `://` is read."""
_URL = re.compile(r"://[^\s<>\"“”„|]+")
_USER = re.compile(r"://[^\s/?#:@]{0,200}:([^\s/?#@]{1,200})@")
_NAME = re.compile(r"[?&#;]([a-z0-9_.\-\[\]]{2,80})=", re.IGNORECASE)
_VALUE = re.compile(r"[^&#\s]{4,}")
_NAMES = frozenset(
    (
        *("token", "secret", "password", "passwort", "passwd", "pwd", "pass", "auth", "apikey", "key", "otp"),
        *("pin", "sig", "signature", "credential", "session", "sessionid", "sid", "jwt", "hash", "nonce"),
        *("invite", "magic", "login", "reset", "recovery", "verification", "authkey", "accesskey"),
    )
)
_OFTEN_OTHERS = frozenset(("code", "ticket"))
"""What also names a parcel, a voucher or a task: only what is long and random counts."""
_PART = re.compile(r"/([^/?#\s]+)")
_PATH = re.compile(r"[a-z0-9_.-]+", re.IGNORECASE)
_OPENS = frozenset(
    (
        *("reset", "password", "passwort", "passwd", "recover", "recovery", "verify", "verification"),
        *(
            "confirm",
            "confirmation",
            "activate",
            "activation",
            "invite",
            "invitation",
            "invitations",
            "magic",
        ),
        *("magiclink", "login", "signin", "auth", "token", "tokens", "unlock", "oauth", "setpassword"),
        *("resetpassword", "confirmemail"),
    )
)
"""What stands in a path before what opens something."""
_HOOK = re.compile(r"hooks\.slack(?:-gov)?\.com/[^\s?#]{10,}", re.IGNORECASE)
"""https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
_CARD_NAMED = re.compile(
    r"[?&#;][^=&#\s]{0,30}(?:card|pan|karte|iban|konto|account)[^=&#\s]{0,30}=", re.IGNORECASE
)


def tokens(text: str) -> Iterator[Span]:
    """The tokens of a text that are told by their shape or by what stands before them."""
    yield from _keys(text)
    for found in (*_KNOWN.finditer(text), *_whole(_WEB, text), *_whole(_SHORTENED, text)):
        yield Span(found.start(), found.end(), TOKEN)
    for shown in (*_SHOWN.finditer(text), *_SAID.finditer(text)):
        yield Span(*shown.span(1), TOKEN)


def _whole(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return (found for found in pattern.finditer(text) if found["all"] is not None)


def _keys(text: str) -> Iterator[Span]:
    """Private keys, and what there is of one that begins or ends in another message."""
    ends = [one.span() for one in _KEYS_END.finditer(text)] if "-----" in text else []
    at = 0
    for begun in _KEYS_BEGIN.finditer(text) if "-----" in text else ():
        if begun.start() >= at:
            at = _key_ends(text, begun.end(), ends)
            yield Span(begun.start(), at, TOKEN)
    for (_, before), (start, end) in pairwise([(0, 0), *ends]):
        if "PRIVATE KEY" in text[start:end] and (lines := _LAST_LINES.match(text[before:start][::-1])):
            yield Span(start - lines.end(), end, TOKEN)


def _key_ends(text: str, begun: int, ends: Sequence[tuple[int, int]]) -> int:
    near = bisect_left(ends, (begun, 0))
    if near < len(ends) and ends[near][0] - begun <= _LONGEST_KEY:
        return ends[near][1]
    lines = _KEYS_LINES.match(text, begun)
    return lines.end() if lines else begun


def urls(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand in a text."""
    at = 0
    for found in _URL.finditer(text) if "://" in text else ():
        if scheme := _SCHEME.match(text[max(at, found.start() - 21) : found.start()][::-1]):
            yield found.start() - scheme.end(), found.end()
        at = found.end()


def url_secrets(url: str, start: int = 0) -> Iterator[Span]:
    """What of an address opens something to whoever has it. `start` is where the address begins."""
    for user in _USER.finditer(url):
        yield Span(start + user.start(1), start + user.end(1), PASSWORD)
    for hook in _HOOK.finditer(url):
        yield Span(start + hook.start(), start + hook.end(), TOKEN)
    for first, last in (*_named(url), *_bound(url)):
        yield Span(start + first, start + last, TOKEN)


def _named(url: str) -> Iterator[tuple[int, int]]:
    """The values of an address whose names say that they open something."""
    at = 0
    for name in _NAME.finditer(url):
        said = name[1].lower().removesuffix("]")
        if name.start() >= at and _opens(said) and (value := _VALUE.match(url, name.end())):
            at = value.end()
            if _is_token(said, value[0]):
                yield value.span()


def _last_word(name: str) -> str:
    return re.split(r"[_.\-\[]", name)[-1]


def _opens(name: str) -> bool:
    last = _last_word(name)
    return last in _NAMES or last in _OFTEN_OTHERS or last.endswith(("token", "password", "secret"))


def _is_token(name: str, value: str) -> bool:
    plain = unquote(value)
    if _last_word(name) in _OFTEN_OTHERS:
        return len(plain) >= 32 or (len(plain) >= 16 and plain != plain.upper() and _random(plain))
    return len(plain) >= 16 or any(one.isdigit() for one in plain)


def _bound(url: str) -> Iterator[tuple[int, int]]:
    """What follows, within three parts of a path, one that says that something is opened."""
    parts = list(_PART.finditer(url))
    for place, part in enumerate(parts):
        if _PATH.fullmatch(part[1]) and not _OPENS.isdisjoint(re.split("[_.-]", part[1].lower())):
            for before, after in pairwise(parts[place : place + 4]):
                if before.end() != after.start() or (before is not part and not _short(before[1])):
                    break
                if len(after[1]) >= 10 and _random(after[1]):
                    yield after.span(1)


def _short(part: str) -> bool:
    return len(part) <= 12 and _PATH.fullmatch(part) is not None


def names_a_number(url: str) -> bool:
    """Whether an address says of itself that it holds a number of a card or an account."""
    return _CARD_NAMED.search(url) is not None


def _random(part: str) -> bool:
    """Whether a part of a path is nothing that anybody would have named something."""
    pieces = re.split("[-_.~%]", part)
    return any(
        len(one) >= 24 or (len(one) >= 6 and not one.isdigit() and any(c.isdigit() for c in one))
        for one in pieces
    )
