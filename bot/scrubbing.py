"""What a message that speaks of many says of one conversation: found, and taken out of its blocks. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.cards import Block, Message, context, plain

LINE = "line."
"""How the id of a block begins that speaks of one conversation alone; the conversation's follows."""
TAKEN = "scrubbed"
"""The id of the block that says that something was taken out."""
WORDS = "What was said here of a conversation that was deleted is taken out."
_LINK = re.compile(r"/conversation/([0-9]{1,18})(?![0-9])")
_GONE: Mapping[str, Any] = {}


def spoken_of(blocks: Sequence[Mapping[str, Any]]) -> set[int]:
    """The conversations that a message links to, or has a line for."""
    lines = (str(block.get("block_id") or "") for block in blocks)
    named = {int(one.removeprefix(LINE)) for one in lines if re.fullmatch(r"line\.[0-9]{1,18}", one)}
    return named | {int(found) for block in blocks for found in _LINK.findall(" ".join(_urls(block)))}


def scrubbed(blocks: Sequence[Mapping[str, Any]], conversation: int) -> Message | None:
    """The same message without what it says of a conversation; None where it says nothing of it."""
    made = [_block(block, conversation) for block in blocks if block.get("block_id") != TAKEN]
    told = [block for block in blocks if block.get("block_id") != TAKEN]
    if made == told:
        return None
    left: list[Block] = [dict(block) for block in made if block]
    return Message(WORDS, (*left[:49], {**context(plain(WORDS)), "block_id": TAKEN}))


def unpictured(message: Message) -> Message:
    """The same without pictures, which Slack may not take back as it gave them."""
    return Message(message.text, tuple(one for one in message.blocks if one.get("type") != "image"))


def _urls(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(value, str) and key in ("url", "text"):
                yield value
            else:
                yield from _urls(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for one in node:
            yield from _urls(one)


def _block(block: Mapping[str, Any], conversation: int) -> Mapping[str, Any]:
    if block.get("block_id") == f"{LINE}{conversation}":
        return _GONE
    if block.get("type") == "rich_text":
        return _rich(block, conversation)
    return _GONE if conversation in spoken_of([block]) else block


def _rich(node: Mapping[str, Any], conversation: int) -> Mapping[str, Any]:
    """Without the list's items that link to it, and without the rest of the lines that do."""
    if node.get("type") == "rich_text_list":
        kept = [one for one in node["elements"] if conversation not in spoken_of([one])]
        return {**node, "elements": kept} if kept else _GONE
    if not any("elements" in one for one in node.get("elements") or []):
        kept = list(_leaves(node.get("elements") or [], conversation))
        return {**node, "elements": kept} if kept else _GONE
    inner = [_rich(one, conversation) for one in node["elements"]]
    return {**node, "elements": [one for one in inner if one]} if any(inner) else _GONE


def _leaves(leaves: Sequence[Mapping[str, Any]], conversation: int) -> Iterator[Mapping[str, Any]]:
    """The leaves up to a link to it, and on from the next line."""
    skipping = False
    for leaf in leaves:
        links = leaf.get("type") == "link" and conversation in spoken_of([leaf])
        skipping = links or (skipping and "\n" not in str(leaf.get("text") or ""))
        if not skipping:
            yield leaf
