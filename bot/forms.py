"""A modal and its fields, as blocks of Slack's. Pure.

https://docs.slack.dev/surfaces/modals
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from bot.cards import Block, label_text, sentence

View = dict[str, Any]

LONGEST = 3000
"""Characters that a field of Slack's takes."""


def modal(callback_id: str, title: str, submit: str, blocks: list[Block], kept: Mapping[str, Any]) -> View:
    """Make a modal that carries `kept` along."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": label_text(title),
        "submit": label_text(submit),
        "close": label_text("Cancel"),
        "private_metadata": json.dumps(kept, ensure_ascii=False),
        "blocks": blocks,
    }


def text_input(block: str, label: str, *, initial: str = "", hint: str = "") -> Block:
    """A field for many lines."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": True,
        "max_length": LONGEST,
    }
    if initial:
        element["initial_value"] = initial[:LONGEST]
    made: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**made, "hint": label_text(hint)} if hint else made


def rich_input(block: str, label: str, initial: Mapping[str, Any] | None = None) -> Block:
    """A field for text with its form: bold, lists, links, code, quotes.

    https://docs.slack.dev/reference/block-kit/block-elements/rich-text-input-element
    """
    element: Block = {"type": "rich_text_input", "action_id": "value"}
    if initial:
        element["initial_value"] = dict(initial)
    return {"type": "input", "block_id": block, "label": label_text(label), "element": element}


def line_input(
    block: str, label: str, *, initial: str = "", placeholder: str = "", needed: bool = False
) -> Block:
    """A field for one line, which may stay empty unless it is needed."""
    element: Block = {"type": "plain_text_input", "action_id": "value", "max_length": LONGEST}
    if initial:
        element["initial_value"] = initial[:LONGEST]
    if placeholder:
        element["placeholder"] = label_text(placeholder[:150])
    made: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return made if needed else {**made, "optional": True}


def checks_input(block: str, label: str, options: list[tuple[str, str]], checked: Collection[str]) -> Block:
    """Boxes to tick, each (value, words); none has to be."""
    made = [{"text": label_text(words[:75]), "value": value} for value, words in options]
    element: Block = {"type": "checkboxes", "action_id": "value", "options": made}
    chosen = [option for option in made if option["value"] in checked]
    if chosen:
        element["initial_options"] = chosen
    whole: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**whole, "optional": True}


def files_input(block: str, label: str, most: int, hint: str = "") -> Block:
    """A field for files, which may stay empty.

    https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
    """
    element: Block = {"type": "file_input", "action_id": "value", "max_files": most}
    whole: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**whole, "optional": True, **({"hint": label_text(hint[:2000])} if hint else {})}


def moment_input(block: str, label: str, hint: str = "") -> Block:
    """A field for a date and a time, as the person's own clock tells it, which may stay empty.

    https://docs.slack.dev/reference/block-kit/block-elements/datetime-picker-element
    """
    element: Block = {"type": "datetimepicker", "action_id": "value"}
    whole: Block = {"type": "input", "block_id": block, "label": label_text(label), "element": element}
    return {**whole, "optional": True, **({"hint": label_text(hint[:2000])} if hint else {})}


def select_input(block: str, label: str, options: list[tuple[str, str]], initial: str = "") -> Block:
    """A field with a choice of (value, words)."""
    made = [{"text": label_text(words[:75]), "value": value} for value, words in options[:100]]
    element: Block = {"type": "static_select", "action_id": "value", "options": made}
    chosen = [option for option in made if option["value"] == initial]
    if chosen:
        element["initial_option"] = chosen[0]
    return {"type": "input", "block_id": block, "label": label_text(label), "element": element}


def notice(title: str, words: str) -> View:
    """Make a modal that only says something."""
    return {
        "type": "modal",
        "title": label_text(title),
        "close": label_text("Close"),
        "blocks": [sentence(words[:2000])],
    }
