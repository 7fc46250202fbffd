"""Tokens of known shapes in a text, and addresses that hold one. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

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
    r"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ)?[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",  # JWT, RFC 7519
    r"sk-[A-Za-z0-9_-]{20,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"(?:npm_|pypi-|dop_v1_|shp(?:at|ca|pa|ss)_|hf_)[A-Za-z0-9_-]{20,}",
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}",  # Telegram
)
_KNOWN = re.compile(f"{_BOUND}(?:{'|'.join(_SHAPES)})")
_SHORTENED = re.compile(
    rf"{_BOUND}(?:xox[a-z]-|xapp-|gh[opusr]_|github_pat_|[srp]k_(?:live|test)_|AKIA|ASIA|AIza|eyJ)"
    r"[A-Za-z0-9_.-]*(?=…)"
)
"""The beginning of one that was cut off."""
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9 ]{0,40} )?PRIVATE KEY(?: BLOCK)?-----"
    r"(?:.{0,12000}?-----END [A-Z0-9 ]{0,60}-----|[A-Za-z0-9+/=\s:,.>-]*…?)",
    re.DOTALL,
)
_KEYS_END = re.compile(
    r"(?:[A-Za-z0-9+/=]{16,}\s+){1,200}(?:[A-Za-z0-9+/=]{1,15}\s+)?"
    r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
)
"""Of one whose beginning stands in the message before."""
_SHOWN = re.compile(
    r"\b(?:Bearer|Basic|Token)[ \t]+((?=[^\s,;]*[0-9=+/_-])[A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE
)
_SAID = re.compile(
    r"(?:secret(?:[ _-]?access)?[ _-]?key|api[ _-]?(?:key|token|secret)|access[ _-]?(?:key|token)"
    r"|client[ _-]?secret|auth[ _-]?token"
    r"|(?:refresh|session|private|secret)[ _-]?(?:token|key)|webhook[ _-]?secret)"
    r"[\"'`*_]{0,2}[ \t]{0,4}(?:[:=]|=>|is|lautet|ist)[ \t]{0,4}[\"'`*_]{0,2}"
    r"((?=[^\s\"'`<>,;]*[0-9])[^\s\"'`<>,;]{12,200})",
    re.IGNORECASE,
)
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s<>\"“”„|]+", re.IGNORECASE)
_USER = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/?#:@]{0,200}:([^\s/?#@]{1,200})@", re.IGNORECASE)
_NAMED = re.compile(
    r"[?&#;](?:[a-z0-9_.\-\[\]]{0,40}[_.\-\[])?(?:token|secret|password|passwort|passwd|pwd|pass|auth|apikey|key|code"
    r"|otp|pin|sig|signature|credential|session|sessionid|sid|jwt|hash|nonce|ticket|invite|magic|login|reset"
    r"|recovery|verification|authkey|accesskey|[a-z]{0,20}token|[a-z]{0,20}password|[a-z]{0,20}secret)\]?=([^&#\s]{4,})",
    re.IGNORECASE,
)
_BOUND_TO = re.compile(
    r"/(?:[a-z0-9]{1,20}[_.-])*(?:reset|password|passwort|passwd|recover|recovery|verify|verification|confirm|confirmation"
    r"|activate|activation|invite|invitation|invitations|magic|magic-?link|login|signin|auth|token|tokens|unlock|oauth"
    r"|set-?password|resetpassword|confirm-?email)(?:[_.-][a-z0-9]{1,20})*(?:/[a-z0-9_.-]{1,12}){0,2}"
    r"/([^/?#\s]{10,})",
    re.IGNORECASE,
)
"""What follows such a word in a path."""
_HOOK = re.compile(r"hooks\.slack(?:-gov)?\.com/[^\s?#]{10,}", re.IGNORECASE)
"""https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
_CARD_NAMED = re.compile(
    r"[?&#;][^=&#\s]{0,30}(?:card|pan|karte|iban|konto|account)[^=&#\s]{0,30}=", re.IGNORECASE
)


def tokens(text: str) -> Iterator[Span]:
    """The tokens of a text that are told by their shape or by what stands before them."""
    for key in (*_KEY.finditer(text), *_KEYS_END.finditer(text)):
        yield Span(key.start(), key.end(), TOKEN)
    for found in (*_KNOWN.finditer(text), *_SHORTENED.finditer(text)):
        yield Span(found.start(), found.end(), TOKEN)
    for shown in (*_SHOWN.finditer(text), *_SAID.finditer(text)):
        yield Span(*shown.span(1), TOKEN)


def urls(text: str) -> Iterator[tuple[int, int]]:
    """Where addresses stand in a text."""
    if "://" in text:
        yield from (found.span() for found in _URL.finditer(text))


def url_secrets(url: str, start: int = 0) -> Iterator[Span]:
    """What of an address opens something to whoever has it. `start` is where the address begins."""
    for user in _USER.finditer(url):
        yield Span(start + user.start(1), start + user.end(1), PASSWORD)
    for named in _NAMED.finditer(url):
        if len(unquote(named[1])) >= 16 or any(one.isdigit() for one in named[1]):
            yield Span(start + named.start(1), start + named.end(1), TOKEN)
    for hook in _HOOK.finditer(url):
        yield Span(start + hook.start(), start + hook.end(), TOKEN)
    for bound in _BOUND_TO.finditer(url):
        if _random(bound[1]):
            yield Span(start + bound.start(1), start + bound.end(1), TOKEN)


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
