"""What goes to Slack, whatever it is: all that people read of it without what is hidden. Pure.

Everything is looked into but what is named here, so that nobody has to remember it for what is added later.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.redact.rules import Redactor
from bot.redact.spans import Span, parted

HIDDEN_LINK = "[link with a token]"
_NEVER = frozenset(
    (
        *("type", "style", "id", "ids", "ts", "thread_ts", "message_ts", "oldest", "latest", "timestamp"),
        *("channel", "channel_id", "channels", "user", "user_id", "users", "usergroup", "team", "team_id"),
        *("file", "file_id", "action_id", "block_id", "callback_id", "external_id", "trigger_id", "view_id"),
        *("private_metadata", "metadata", "value", "hash", "cursor", "token", "event_id", "name", "email"),
        *("image_url", "thumb_url", "icon_url", "response_type", "response_action", "unicode"),
    )
)
"""What Slack or the bridge itself reads. `initial_…` is what somebody edits: see `_kept`."""
_PACKED = ("blocks", "attachments", "view", "files")
"""What some methods take as JSON within a string."""
_MRKDWN = ("text", "fallback", "pretext", "initial_comment")
_ANGLED = re.compile(r"<([^<>\n]*)>")
_BARRIER = "\ufffc"
"""Stands for what is no text: nothing that is hidden reaches across."""
_SHORT = 24
"""Up to which length words may grow; what is longer may be as long as it may be: titles, labels."""


def redacted(redactor: Redactor, payload: Any) -> Any:
    """The same payload without what is hidden; what it is made of is not changed."""
    return _node(redactor, payload, "")


@dataclass(slots=True)
class _Piece:
    """A part of a text that people read as one, and what it is in Slack's form."""

    shown: str
    leaf: Any = None
    url: str = ""


def _node(redactor: Redactor, node: Any, key: str) -> Any:
    if isinstance(node, str):
        return _string(redactor, node, key)
    if isinstance(node, Mapping):
        return _mapping(redactor, node, key)
    if isinstance(node, Sequence) and not isinstance(node, bytes):
        rich = iter(_rich(redactor, [one for one in node if _is_rich(one)]))
        return [next(rich) if _is_rich(one) else _node(redactor, one, key) for one in node]
    return node


def _is_rich(node: Any) -> bool:
    return isinstance(node, Mapping) and node.get("type") == "rich_text"


def _mapping(redactor: Redactor, node: Mapping[str, Any], key: str) -> dict[str, Any]:
    if _is_rich(node):
        return dict(*_rich(redactor, [node]))
    if node.get("type") in ("plain_text", "mrkdwn") and isinstance(node.get("text"), str):
        words = _plain if node["type"] == "plain_text" else _mrkdwn
        return {**node, "text": words(redactor, node["text"])}
    opens = isinstance(node.get("url"), str) and redactor.opens(node["url"])
    return {
        name: one if _kept(name, key) else _node(redactor, one, name)
        for name, one in node.items()
        if not (opens and name == "url")
    }


def _kept(name: str, within: str) -> bool:
    """Whether nobody reads it, or somebody's own text is given back to them."""
    read = name == "value" and within == "fields"  # of an attachment
    edited = name.startswith("initial_") and name != "initial_comment"
    return not read and (edited or name in _NEVER)


def _string(redactor: Redactor, text: str, key: str) -> str:
    if key in _PACKED and text[:1] in ("[", "{"):
        try:
            return json.dumps(_node(redactor, json.loads(text), key), ensure_ascii=False)
        except ValueError:
            return redactor.text(text)
    return (_mrkdwn if key in _MRKDWN else _plain)(redactor, text)


def _plain(redactor: Redactor, text: str) -> str:
    made = redactor.text(text)
    most = max(len(text), _SHORT)
    return made if len(made) <= most else made[: most - 1] + "…"


def _mrkdwn(redactor: Redactor, text: str) -> str:
    pieces = list(_pieces(text))
    spans = redactor.spans("".join(piece.shown for piece in pieces))
    if not spans and not any(piece.url and redactor.opens(piece.url) for piece in pieces):
        return text
    made: list[str] = []
    for piece, words in _cut(pieces, spans):
        if piece.leaf is None:
            made.append(words)
        elif piece.url and redactor.opens(piece.url):
            made.append(_unlinked(piece, words))
        else:
            made.append(piece.leaf if words == piece.shown else f"<{piece.url}|{words}>")
    return "".join(made)


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    for angled in _ANGLED.finditer(text):
        yield _Piece(text[at : angled.start()])
        url, _, label = angled[1].partition("|")
        if url[:1] in ("!", "@", "#", ""):
            yield _Piece(_BARRIER, angled[0])
        else:
            yield _Piece(label or url, angled[0], url.replace("&amp;", "&"))
        at = angled.end()
    yield _Piece(text[at:])


def _rich(redactor: Redactor, blocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All of a message is one text: a number may be split over leaves, a key over blocks."""
    pieces = [piece for block in blocks for piece in (*_leaves(block), _Piece("\n"))]
    spans = redactor.spans("".join(piece.shown for piece in pieces))
    if not spans and not any(piece.url and redactor.opens(piece.url) for piece in pieces):
        return list(blocks)
    cut = [(piece, words) for piece, words in _cut(pieces, spans) if piece.leaf]
    told = {id(piece.leaf): _told(redactor, piece, words) for piece, words in cut}
    return [_rebuilt(block, told) for block in blocks]


def _leaves(node: Mapping[str, Any]) -> Iterator[_Piece]:
    for leaf in node.get("elements") or []:
        if "elements" in leaf:
            yield from _leaves(leaf)
            yield _Piece("\n")
        elif leaf.get("type") == "text":
            yield _Piece(str(leaf.get("text") or ""), leaf)
        elif leaf.get("type") == "link":
            url = str(leaf.get("url") or "")
            yield _Piece(str(leaf.get("text") or url), leaf, url)
        else:
            yield _Piece(_BARRIER, leaf)


def _told(redactor: Redactor, piece: _Piece, words: str) -> dict[str, Any] | None:
    """A leaf as it is said; None where nothing of it is left."""
    leaf: dict[str, Any] = piece.leaf
    if piece.url and redactor.opens(piece.url):
        style = {"style": leaf["style"]} if "style" in leaf else {}
        return {"type": "text", "text": _unlinked(piece, words), **style}
    if words == piece.shown:
        return leaf
    return {**leaf, "text": words} if words else None


def _unlinked(piece: _Piece, words: str) -> str:
    """What a link becomes: where its words are its address, they say already what is hidden."""
    return words if words != piece.shown else f"{words} {HIDDEN_LINK}"


def _rebuilt(node: Mapping[str, Any], told: Mapping[int, dict[str, Any] | None]) -> dict[str, Any]:
    made = (_rebuilt(one, told) if "elements" in one else told.get(id(one), one) for one in node["elements"])
    return {**node, "elements": [one for one in made if one and one.get("elements", True)]}


def _cut(pieces: Sequence[_Piece], spans: Sequence[Span]) -> Iterator[tuple[_Piece, str]]:
    """Each piece with its words as they are said."""
    return zip(pieces, parted([piece.shown for piece in pieces], spans), strict=True)
