"""A route as people type it, `Support tag:vip -tag:newsletter`, ↔ its table, as bridge.toml has it. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bot.errors import UserError
from bot.routing import KEYS, Key
from bot.tables import mailbox, nearest

Table = dict[str, Any]

SAY = 'For example `Support tag:vip customer:@big.example subject:"order form" -tag:newsletter`.'
CONDITIONS = tuple(key.value for key in Key)
PLAIN = ("name", "body", "after", "open_to", "notes", "default", "deliver")
"""What can be typed beside conditions."""
_ONCE = ("name", "body", "notes", "default")
_FLAGS = ("notes", "default")
_PAIRS = ("field", "deliver")
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")

# Slack's own clients put curly quotation marks for straight ones.
_QUOTED = r'"(?:\\"|[^"])*"|[“„”][^”“]*[”“]|«[^»]*»'
_MARKS = re.compile('["“”„«»]')
_TERM = re.compile(rf"(?:{_QUOTED}|[^\s\"“”„«»])+")
_KEYED = re.compile(r"([-–—]?)([A-Za-z_]+):(.*)", re.DOTALL)
_EQUALS = re.compile(rf"((?:{_QUOTED}|[^=\"“”„«»])*)=(.*)", re.DOTALL)


def read(text: str) -> Table:
    """Read such words; raise UserError where they are none."""
    table: Table = {}
    before: list[str] = []
    unless: Table = {}
    for term in _terms(text):
        keyed = _KEYED.fullmatch(term)
        if keyed is None and table.keys() | unless.keys():
            raise UserError(f"What is `{term[:60]}`? {_hint(term)} {SAY}")
        if keyed is None:
            before.append(_bare(term))
            continue
        exception, key = bool(keyed[1]), _known(keyed[2], exception=bool(keyed[1]))
        _put(unless if exception else table, key, keyed[3])
    if before and "mailbox" in table:
        raise UserError("Say the mailbox once: before all else, or as `mailbox:Support`.")
    if before:
        table = {"mailbox": mailbox(" ".join(before)), **table}
    return {**table, "unless": _apart(unless)} if unless else table


def exceptions(text: str) -> list[Table]:
    """Read exceptions, one a line: of several conditions in a line all have to hold."""
    found = [_exception(line) for line in text.splitlines() if line.strip()]
    return [one for one in found if one]


def _exception(line: str) -> Table:
    table: Table = {}
    for term in _terms(line.strip().strip("()")):
        keyed = _KEYED.fullmatch(term)
        if keyed is None:
            raise UserError(f"“{term[:60]}” should be like tag:newsletter. {_hint(term)}")
        _put(table, _known(keyed[2], exception=True), keyed[3])
    return table


def pairs(lines: Iterable[str]) -> Table:
    """Read `Plan = Gold`, one a line: of a name that comes twice either value will do."""
    table: Table = {}
    for line in lines:
        if line.strip():
            _put_pair(table, line.strip())
    return table


def _terms(text: str) -> list[str]:
    if _MARKS.search(_TERM.sub("", text)):
        raise UserError(f"A quotation mark has no other. {SAY}")
    return _TERM.findall(text)


def _bare(term: str) -> str:
    """A term without its quotation marks."""
    return re.sub(_QUOTED, lambda found: found[0][1:-1].replace('\\"', '"'), term).strip()


def _known(word: str, *, exception: bool) -> str:
    key, known = word.casefold(), CONDITIONS if exception else (*CONDITIONS, *PLAIN)
    if key in known:
        return key
    if exception and key in PLAIN:
        raise UserError(f"`-{key}:` says nothing: only conditions can be exceptions. {SAY}")
    near = nearest(key, known)
    hint = f"Did you mean `{near}:`?" if near else f"Known are {', '.join(f'`{one}:`' for one in known)}."
    quoted = "If it belongs to a mailbox's name, put the name into quotation marks."
    raise UserError(f"`{word[:40]}:` is unknown. {hint} {quoted}")


def _hint(term: str) -> str:
    near = f" Did you mean `{term}:…`?" if term.casefold() in (*CONDITIONS, *PLAIN) else ""
    return f"Put several words into quotation marks, and the mailbox before all else.{near}"


def _put(table: Table, key: str, raw: str) -> None:
    if not _bare(raw):
        raise UserError(f"`{key}:` says nothing: which one? {SAY}")
    if key in _PAIRS:
        _put_pair(table.setdefault(key, {}), raw)
    elif key in _ONCE and key in table:
        raise UserError(f"`{key}:` is there twice.")
    else:
        _add(table, key, _READERS.get(key, str)(_bare(raw)))


def _put_pair(table: Table, raw: str) -> None:
    """`Plan=Gold`; a name alone means any value at all."""
    found = _EQUALS.fullmatch(raw) or _EQUALS.fullmatch(_bare(raw))
    name, value = (_bare(found[1]), _bare(found[2])) if found else (_bare(raw), "")
    if not name:
        raise UserError(f"“{raw[:60]}” should be like Plan=Gold.")
    _add(table, name, value or True)


def _add(table: Table, key: str, value: object) -> None:
    before = table.get(key)
    several = [*before, value] if isinstance(before, list) else [before, value]
    table[key] = value if before is None else several


def _apart(unless: Table) -> list[Table]:
    """Each exception by itself: one of them is enough."""
    pairs = [{"field": {name: said}} for name, said in unless.get("field", {}).items()]
    return [{key: value} for key, value in unless.items() if key != "field"] + pairs


def _flag(word: str) -> bool:
    if word.casefold() not in (*_YES, *_NO):
        raise UserError(f"“{word[:40]}” should be true or false.")
    return word.casefold() in _YES


def _customer(word: str) -> str:
    """Slack makes an address of the web of `big.example`."""
    return re.sub(r"^https?://", "@", word)


_READERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(_FLAGS, _flag),
    "mailbox": mailbox,
    "customer": _customer,
}


def words(table: Mapping[str, Any], called: Mapping[int, str] | None = None) -> str:
    """Say a table as it would be typed; `called` has the names of mailboxes by their ids."""
    names = called or {}
    parts = [] if _single(table.get("mailbox")) else _said(table, "mailbox", names)
    first = [_mailbox(table["mailbox"], names)] if "mailbox" in table and not parts else []
    parts += [one for key in KEYS if key not in ("mailbox", "unless") for one in _said(table, key, names)]
    for rule in table.get("unless") or ():
        apart = len(rule) == 1 and "any" not in rule
        parts += [f"-{one}" for one in _terms_of(rule, names)] if apart else [f"-({terms(rule, names)})"]
    return " ".join([*first, *parts])


def terms(rule: Mapping[str, Any], called: Mapping[int, str]) -> str:
    """Say an exception as it would be typed in a line of its own."""
    return " ".join(_terms_of(rule, called))


def _terms_of(rule: Mapping[str, Any], called: Mapping[int, str]) -> list[str]:
    return [one for key in rule for one in _said(rule, key, called)]


def _single(value: object) -> bool:
    return value is not None and not isinstance(value, list)


def _mailbox(value: int | str, names: Mapping[int, str]) -> str:
    name = names.get(value, str(value)) if isinstance(value, int) else value
    return quoted(name) if re.search(r"[:\"“”„«»]|^[-–—]|\s\s", name) else name


def _said(table: Mapping[str, Any], key: str, names: Mapping[int, str]) -> list[str]:
    value = table.get(key)
    if value in (None, False, [], {}):
        return []
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    if key in _PAIRS:
        return [f"{key}:{one}" for table_ in values for one in _paired(table_)]
    if key in ("all", "any"):
        inner = (" ".join(one for inner in rule for one in _said(rule, inner, names)) for rule in values)
        return [f"{key}:({' or '.join(inner) if key == 'any' else ' '.join(inner)})"]
    if key == "mailbox":
        values = [names.get(one, one) for one in values]
    return [f"{key}:{_value(one)}" for one in values]


def _paired(table: Mapping[str, Any]) -> list[str]:
    found = []
    for name, value in table.items():
        values = value if isinstance(value, list) else [value]
        found += [quoted(name) if one is True else f"{quoted(name)}={_value(one)}" for one in values]
    return found


def _value(value: object) -> str:
    return quoted("true" if value is True else str(value))


def quoted(word: str) -> str:
    """A value with quotation marks where it needs them."""
    if re.search(r'[\s"“”„«»=()]', word) or not word:
        inside = word.replace('"', '\\"')
        return f'"{inside}"'
    return word
