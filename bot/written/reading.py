"""A `rich_text` block → parts of plain runs, whatever was in it.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

from bot.mail.links import address
from bot.mail.text import cleaned

Names = Mapping[str, str]
"""Ids of people, user groups and channels → what they are called."""
NOBODY: Names = MappingProxyType({})

STYLES = ("bold", "italic", "strike", "underline", "code")
_DEEPEST = 8
"""Slack's own limit of `indent`."""
_NESTED = 20
"""Levels of elements within elements that are read: Slack needs three."""

_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""No UTF-8 and no HTML may hold these."""
_NEWLINE = re.compile("\r\n|[\r\u2028\u2029]")
_SILENT = ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")  # not Cn: an emoji may be younger than this Python
# Letters and marks by category, that nevertheless show nothing.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@dataclass(frozen=True, slots=True)
class Run:
    """Some text in one look, a link where `url` is set. Newlines in it are line breaks."""

    text: str
    styles: frozenset[str] = frozenset()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of paragraphs (`text`, `quote`, `pre`: one item), or a list (`bullet`, `ordered`) with its items.

    `depth` is a list's own, from 0; `first` is the number of its first item.
    """

    kind: str
    items: tuple[tuple[Run, ...], ...]
    depth: int = 0
    first: int = 1

    @property
    def listed(self) -> bool:
        return self.kind in ("bullet", "ordered")


def parts(block: Mapping[str, Any] | None, names: Names = NOBODY) -> list[Part]:
    """Read a block, without the elements that say nothing."""
    read = [_part(element, names) for element in _dicts(block)]
    return [part for part in read if any(run.text.strip() for item in part.items for run in item)]


def blank(block: Mapping[str, Any] | None) -> bool:
    """Say whether there is nothing to read in it: no sign that anybody could see."""
    return not any(_visible(run.text) for part in parts(block) for item in part.items for run in item)


def mentions(block: Mapping[str, Any] | None) -> set[str]:
    """Find the ids of people, user groups and channels in a block."""
    keys = {"user": "user_id", "usergroup": "usergroup_id", "channel": "channel_id"}
    ids = {leaf.get(keys.get(str(leaf.get("type")), "")) for leaf in _leaves(block)}
    return {name for name in ids if isinstance(name, str) and name}


def clean(text: object) -> str:
    """Text as it may go into HTML and into Slack; nothing where it is no text."""
    return cleaned(_UNWRITABLE.sub("", _NEWLINE.sub("\n", text))) if isinstance(text, str) else ""


def broken(runs: Iterable[Run]) -> list[list[Run]]:
    """Lines of runs, without blank ones at either end and with neighbours of one look joined."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        for number, text in enumerate(run.text.split("\n")):
            if number:
                lines.append([])
            if text:
                lines[-1].append(Run(text, run.styles, run.url))
    filled = [place for place, line in enumerate(lines) if _filled(line)]
    kept = lines[filled[0] : filled[-1] + 1] if filled else []
    return [_without_end(joined(line)) for line in kept]


def trimmed(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Without newlines before and space behind, because Slack and HTML set parts apart by themselves."""
    kept = _without_end(joined(runs))
    while kept and not kept[0].text.strip("\n"):
        del kept[0]
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip("\n"))
    return tuple(kept)


def joined(runs: Iterable[Run]) -> list[Run]:
    """Make one run of neighbours of one look."""
    looks = groupby(runs, key=lambda run: (run.styles, run.url))
    return [Run("".join(run.text for run in group), *look) for look, group in looks]


def _without_end(runs: list[Run]) -> list[Run]:
    """Without the space that nobody sees at the end."""
    while runs and not runs[-1].text.strip():
        runs.pop()
    if runs:
        runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip())
    return runs


def _filled(line: list[Run]) -> bool:
    return any(run.text.strip() for run in line)


def _visible(text: str) -> bool:
    return any(unicodedata.category(sign) not in _SILENT for sign in _UNSEEN.sub("", text))


def _dicts(node: object) -> Iterator[Mapping[str, Any]]:
    """The elements of an element, as far as they are any."""
    inner = node.get("elements") if isinstance(node, Mapping) else None
    if isinstance(inner, list | tuple):
        yield from (each for each in inner if isinstance(each, Mapping))


def _leaves(node: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    for inner in _dicts(node):
        if "elements" not in inner:
            yield inner
        elif depth < _NESTED:
            yield from _leaves(inner, depth + 1)


def _part(element: Mapping[str, Any], names: Names) -> Part:
    kind = str(element.get("type"))
    if kind == "rich_text_list":
        items = tuple(trimmed(_runs(item, names)) for item in _dicts(element))
        style = "ordered" if element.get("style") == "ordered" else "bullet"
        depth, offset = _number(element.get("indent"), _DEEPEST), _number(element.get("offset"), 1_000_000)
        return Part(style, items, depth, offset + 1 if style == "ordered" else 1)
    runs = joined(_runs(element, names))
    if kind == "rich_text_preformatted":
        return Part("pre", (tuple(runs),))
    return Part("quote" if kind == "rich_text_quote" else "text", (trimmed(runs),))


def _number(value: object, most: int) -> int:
    return max(0, min(value, most)) if isinstance(value, int) else 0


def _runs(element: Mapping[str, Any], names: Names) -> tuple[Run, ...]:
    leaves = _leaves(element) if "elements" in element else [element]
    return tuple(run for leaf in leaves if (run := _run(leaf, names)).text)


def _run(leaf: Mapping[str, Any], names: Names) -> Run:
    url = address(clean(leaf.get("url")))
    text = clean(_text(leaf, names))
    if not _visible(text) and leaf.get("url"):
        text = clean(leaf["url"]).removeprefix("mailto:")
    style = leaf.get("style")
    styles = {name for name in STYLES if style.get(name) is True} if isinstance(style, Mapping) else ()
    return Run(text, frozenset(styles), url)


def _text(leaf: Mapping[str, Any], names: Names) -> object:
    match leaf.get("type"):
        case "emoji":
            return _emoji(leaf)
        case "user" | "usergroup" as kind:
            return "@" + _name(names, leaf.get(f"{kind}_id"), "someone")
        case "channel":
            return "#" + _name(names, leaf.get("channel_id"), "channel")
        case "broadcast":
            return f"@{leaf.get('range') or 'channel'}"
        case "date":
            return leaf.get("fallback") or _moment(leaf.get("timestamp"))
    # A leaf that Slack has invented since says itself what to show, if anything does.
    said = (leaf.get(key) for key in ("text", "fallback", "value", "name"))
    return next((each for each in said if each and isinstance(each, str)), "")


def _name(names: Names, identity: object, unknown: str) -> str:
    name = names.get(identity, "") if isinstance(identity, str) else ""
    return " ".join(clean(name).split()).lstrip("@#") or unknown


def _emoji(leaf: Mapping[str, Any]) -> str:
    """The character; Slack sends it with every emoji that has one, with its skin tone.

    A workspace's own emoji is a picture that no customer sees: it goes by its name.
    """
    try:
        codes = [int(code, 16) for code in str(leaf.get("unicode") or "").split("-") if code]
        sign = "".join(map(chr, codes))
    except (ValueError, OverflowError):
        sign = ""
    tone = _number(leaf.get("skin_tone"), 6)
    if sign and tone >= 2 and not re.search("[\U0001f3fb-\U0001f3ff]", sign):
        sign = sign[0] + chr(0x1F3FB + tone - 2) + sign[1:].removeprefix("\ufe0f")
    return sign if _visible(clean(sign)) else f":{leaf.get('name') or 'emoji'}:"


def _moment(timestamp: object) -> str:
    try:
        return datetime.fromtimestamp(float(str(timestamp)), UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return ""
