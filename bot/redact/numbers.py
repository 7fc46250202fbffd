"""Card numbers and IBANs in a text: by their digits, not by what stands around them. Pure."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from bot.redact.blanks import BLANKS
from bot.redact.spans import CARD, IBAN, Span

_BETWEEN = rf"[{BLANKS}\u2010-\u2015\u2212\-._*~`]"
"""What people, mail programs and Slack's own marks put between the groups of a number."""
_RUN = re.compile(rf"\d(?:(?:{_BETWEEN}{{0,4}}|{_BETWEEN}{{0,2}}\r?\n{_BETWEEN}{{0,2}})\d){{7,}}")
_GROUP = re.compile(r"\d+")
_PHONE = re.compile(r"(?:\+|\b00)[ (]?$")
_CODE = re.compile(r"[a-z0-9]+", re.IGNORECASE)
_NEAR = 64
"""How far around a number one looks for other digits of an id."""
_LONGEST, _MOST_GROUPS = 19, 5
"""Digits of a card's number, and the groups of them that are usual."""
_DOUBLED = str.maketrans("0123456789", "0246813579")
_REGULAR = {(4, 6, 5), (4, 6, 4), (4, 3, 3, 3), (4, 4, 5), (6, 7), (8, 8), (6, 10), (4, 5, 6)}
_FROM_13, _FROM_14, _FROM_16 = (tuple(range(least, 20)) for least in (13, 14, 16))
_CARDS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("6011", "6011", _FROM_16),  # Discover
    ("644", "659", _FROM_16),
    ("300", "305", _FROM_14),  # Diners Club
    ("3095", "3095", _FROM_14),
    ("36", "36", _FROM_14),
    ("38", "39", _FROM_14),
    ("3528", "3589", _FROM_16),  # JCB
    ("62", "62", _FROM_16),  # UnionPay
    ("8100", "8171", _FROM_16),
    ("5018", "5020", _FROM_13),  # Maestro, Dankort
    ("5038", "5038", _FROM_13),
    ("5612", "5612", _FROM_13),
    ("5893", "5893", _FROM_13),
    ("6304", "6304", _FROM_13),
    ("6390", "6390", _FROM_13),
    ("6759", "6763", _FROM_13),
    ("6767", "6771", _FROM_13),
    ("2200", "2204", _FROM_16),  # Mir
    ("60", "60", (16,)),  # RuPay
    ("81", "82", (16,)),
    ("508", "508", (16,)),
    ("9792", "9792", (16,)),  # Troy
    ("5061", "5061", (16, 18, 19)),  # Verve
    ("636", "639", _FROM_16),  # Elo, InstaPayment
)
"""From which first digits to which, and how long: https://en.wikipedia.org/wiki/Payment_card_number"""
_LENGTHS = dict(
    part.split(":")
    for part in [
        "AD:24",
        "AE:23",
        "AL:28",
        "AT:20",
        "AZ:28",
        "BA:20",
        "BE:16",
        "BG:22",
        "BH:22",
        "BI:27",
        "BR:29",
        "BY:28",
        "CH:21",
        "CR:22",
        "CY:28",
        "CZ:24",
        "DE:22",
        "DJ:27",
        "DK:18",
        "DO:28",
        "EE:20",
        "EG:29",
        "ES:24",
        "FI:18",
        "FK:18",
        "FO:18",
        "FR:27",
        "GB:22",
        "GE:22",
        "GI:23",
        "GL:18",
        "GR:27",
        "GT:28",
        "HN:28",
        "HR:21",
        "HU:28",
        "IE:22",
        "IL:23",
        "IQ:23",
        "IS:26",
        "IT:27",
        "JO:30",
        "KW:30",
        "KZ:20",
        "LB:28",
        "LC:32",
        "LI:21",
        "LT:20",
        "LU:20",
        "LV:21",
        "LY:25",
        "MC:27",
        "MD:24",
        "ME:22",
        "MK:19",
        "MN:20",
        "MR:27",
        "MT:31",
        "MU:30",
        "NI:28",
        "NL:18",
        "NO:15",
        "OM:23",
        "PK:24",
        "PL:28",
        "PS:29",
        "PT:25",
        "QA:29",
        "RO:24",
        "RS:22",
        "RU:33",
        "SA:24",
        "SC:31",
        "SD:18",
        "SE:24",
        "SI:19",
        "SK:24",
        "SM:27",
        "SO:23",
        "ST:25",
        "SV:28",
        "TL:23",
        "TN:24",
        "TR:26",
        "UA:29",
        "VA:22",
        "VG:24",
        "XK:20",
        "YE:30",
    ]
)
"""How long each country's are: https://www.swift.com/standards/data-standards/iban"""
_IBAN = re.compile(
    rf"(?:(?<![A-Za-z0-9])|(?<=IBAN))[A-Z]{{2}}{_BETWEEN}{{0,3}}[0-9]{_BETWEEN}{{0,3}}[0-9]",
    re.IGNORECASE,
)
_NEXT = rf"(?:{_BETWEEN}{{0,3}}|{_BETWEEN}{{0,2}}\r?\n{_BETWEEN}{{0,2}})[A-Za-z0-9]"
_OTHER = re.compile("[^A-Za-z0-9]")
_CUT = "…"
"""How what was shortened ends: of a number that is cut off, its beginning is judged."""


def cards(text: str) -> Iterator[Span]:
    """The card numbers of a text."""
    for run in _RUN.finditer(text):
        yield from _cards(text, run)


def ibans(text: str) -> Iterator[Span]:
    """The IBANs of a text."""
    for begun in _IBAN.finditer(text):
        most = int(_LENGTHS.get(_code(begun[0])[:2], 0))
        if most:
            at = _rest(most).match(text, begun.end()).end()  # type: ignore[union-attr]
            code = _code(text[begun.start() : at])
            cut = most > len(code) >= 10 and text.startswith(_CUT, at)
            ends = len(code) == most and not text[at : at + 1].isalnum()
            if cut or (ends and _checks(code)):
                yield Span(begun.start(), at, IBAN)


def _code(text: str) -> str:
    return _OTHER.sub("", text).upper()


@lru_cache(maxsize=64)
def _rest(most: int) -> re.Pattern[str]:
    """What follows a country and its check digits, up to a length."""
    return re.compile(f"(?:{_NEXT}){{0,{most - 4}}}")


def _checks(code: str) -> bool:
    return int("".join(str(int(one, 36)) for one in code[4:] + code[:4])) % 97 == 1


def _cards(text: str, run: re.Match[str]) -> Iterator[Span]:
    groups = [one.span() for one in _GROUP.finditer(text, run.start(), run.end())]
    sizes = [end - start for start, end in groups]
    first = 0
    while first < len(groups):
        last = next((one for one in _ends(first, sizes) if _is_card(text, groups[first : one + 1])), None)
        if last is not None:
            yield Span(groups[first][0], groups[last][1], CARD)
            first = last
        first += 1
    if text.startswith(_CUT, run.end()):
        begun = (start for start in _last(groups) if _shortened(text, start, run.end()))
        yield from (Span(start, run.end(), CARD) for start in islice(begun, 1))


def _ends(first: int, sizes: Sequence[int]) -> Iterator[int]:
    """The groups with which a number that begins with group `first` may end, the longest number first."""
    size, found = 0, []
    alone = first == 0 and len(sizes) <= _LONGEST
    if sizes[first] < 4 and not alone:
        return iter(())
    for place in range(first, len(sizes) if alone else min(first + _MOST_GROUPS, len(sizes))):
        size += sizes[place]
        if size > _LONGEST:
            break
        whole = alone and place == len(sizes) - 1 and size >= 15
        if size >= 13 and (whole or _regular(tuple(sizes[first : place + 1]))):
            found.append(place)
    return reversed(found)


def _is_card(text: str, groups: Sequence[tuple[int, int]]) -> bool:
    digits = "".join(_digits(text[start:end]) for start, end in groups)
    if not _known(digits) or not _luhn(digits):
        return False
    start, end = groups[0][0], groups[-1][1]
    phone = _PHONE.search(text[max(0, start - 4) : start])
    return not phone and text.count("\n", start, end) < 2 and not _within_a_code(text, start, end)


def _digits(text: str) -> str:
    """Those that every keyboard has, in place of any others."""
    return text if text.isascii() else "".join(str(int(one)) for one in text)


def _regular(sizes: tuple[int, ...]) -> bool:
    return len(sizes) == 1 or sizes in _REGULAR or (len(set(sizes[:-1])) == 1 and sizes[0] == 4 >= sizes[-1])


def _known(digits: str) -> bool:
    return any(len(digits) in lengths and low <= digits[: len(low)] <= high for low, high, lengths in _CARDS)


def _luhn(digits: str) -> bool:
    """https://en.wikipedia.org/wiki/Luhn_algorithm"""
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, digits[-1::-2])) + sum(map(int, doubled))) % 10 == 0


def _within_a_code(text: str, start: int, end: int) -> bool:
    """Whether letters and other digits stand around it without a gap, as they do in a long id."""
    before = _CODE.match(text[max(0, start - _NEAR) : start][::-1])
    after = _CODE.match(text, end, end + _NEAR)
    return any(one.isdigit() for around in (before, after) if around for one in around[0])


def _last(groups: Sequence[tuple[int, int]]) -> list[int]:
    """Where a number may have begun that is cut off behind the last group: the longest first."""
    size, found = 0, []
    for start, end in reversed(groups):
        size += end - start
        if size >= _LONGEST:
            break
        found += [start] if size >= 8 else []
    return found[::-1]


def _shortened(text: str, start: int, end: int) -> bool:
    digits = "".join(map(_digits, _GROUP.findall(text, start, end)))
    kinds = (low <= digits[: len(low)] <= high for low, high, _ in _CARDS)
    return any(kinds) and not _within_a_code(text, start, end)
