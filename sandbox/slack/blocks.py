"""Block Kit as Slack checks it: which blocks and elements may stand where, with what keys, how long.

Limits and keys: https://docs.slack.dev/reference/block-kit/
"""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.richtext import RICH_TEXT
from sandbox.slack.rules import (
    Flaws,
    Rule,
    boolean,
    flaw,
    integer,
    one_of,
    plain,
    several,
    shape,
    string,
    text,
    typed,
    url,
)

MOST_CHARACTERS = 13_200  # not documented; measured by people whose messages were refused

ID = string(255)
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION = shape({"text": plain(75), "value": string(150)}, {"description": plain(75)})
WORDY_OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
LINKED_OPTION = shape({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": url})
GROUP = shape({"label": plain(75), "options": several(OPTION, 1, 100)}, {})
SLACK_FILE = shape({}, {"id": ID, "url": url}, any_of=("id", "url"))
DISPATCH = shape(
    {"trigger_actions_on": several(one_of("on_enter_pressed", "on_character_entered"), 1, 2)}, {}
)

_common: dict[str, Rule] = {"action_id": ID}
_choice: dict[str, Rule] = {**_common, "confirm": CONFIRM, "focus_on_load": boolean}
_select: dict[str, Rule] = {**_choice, "placeholder": plain(150)}
_typing: dict[str, Rule] = {
    **_common,
    "placeholder": plain(150),
    "initial_value": string(3000, 0),
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH,
}
_several_people: dict[str, Rule] = {
    **_select,
    "initial_users": several(ID, 0, 100),
    "max_selected_items": integer(1, 100),
}

ELEMENTS: dict[str, Rule] = {
    "button": shape(
        {"text": plain(75)},
        {
            **_common,
            "value": string(2000, 0),
            "url": url,
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "overflow": shape({"options": several(LINKED_OPTION, 1, 5)}, {**_common, "confirm": CONFIRM}),
    "static_select": shape(
        {},
        {
            **_select,
            "options": several(OPTION, 1, 100),
            "option_groups": several(GROUP, 1, 100),
            "initial_option": OPTION,
        },
        any_of=("options", "option_groups"),
    ),
    "users_select": shape({}, {**_select, "initial_user": ID}),
    "multi_users_select": shape({}, _several_people),
    "radio_buttons": shape(
        {"options": several(WORDY_OPTION, 1, 10)}, {**_choice, "initial_option": WORDY_OPTION}
    ),
    "checkboxes": shape(
        {"options": several(WORDY_OPTION, 1, 10)},
        {**_choice, "initial_options": several(WORDY_OPTION, 1, 10)},
    ),
    "plain_text_input": shape(
        {},
        {
            **_typing,
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
    ),
    "email_text_input": shape({}, _typing),
    "rich_text_input": shape(
        {"action_id": ID},
        {
            **_typing,
            "initial_value": typed({"rich_text": RICH_TEXT}, "an initial value"),
        },
    ),
    "file_input": shape(
        {}, {**_common, "filetypes": several(string(255), 1, 100), "max_files": integer(1, 10)}
    ),
    "datepicker": shape({}, {**_select, "initial_date": string(10, 10)}),
    "datetimepicker": shape({}, {**_choice, "initial_date_time": integer(10**9, 10**10 - 1)}),
    "image": shape({"image_url": url, "alt_text": string(2000)}, {}),
}
_pressed = (
    "button",
    "overflow",
    "static_select",
    "users_select",
    "radio_buttons",
    "checkboxes",
    "datepicker",
    "datetimepicker",
)
_filled = (
    "plain_text_input",
    "email_text_input",
    "rich_text_input",
    "file_input",
    "static_select",
    "users_select",
    "multi_users_select",
    "radio_buttons",
    "checkboxes",
    "datepicker",
    "datetimepicker",
)


def _elements(kinds: tuple[str, ...]) -> Rule:
    return typed({kind: ELEMENTS[kind] for kind in kinds}, "an element")


_context = typed(
    {
        "image": ELEMENTS["image"],
        "plain_text": shape({"text": string(3000)}, {"emoji": boolean}),
        "mrkdwn": shape({"text": string(3000)}, {"verbatim": boolean}),
    },
    "an element",
)
_cell = typed({"raw_text": shape({"text": string(3000)}, {}), "rich_text": RICH_TEXT}, "a cell")
_column = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_id: dict[str, Rule] = {"block_id": ID}

BLOCKS: dict[str, Rule] = {
    "section": shape(
        {},
        {
            **_id,
            "text": text(3000),
            "fields": several(text(2000), 1, 10),
            "accessory": _elements((*_pressed, "multi_users_select", "image")),
            "expand": boolean,
        },
        any_of=("text", "fields"),
    ),
    "header": shape({"text": plain(150)}, _id),
    "divider": shape({}, _id),
    "context": shape({"elements": several(_context, 1, 10)}, _id),
    "actions": shape({"elements": several(_elements(_pressed), 1, 25)}, _id),
    "image": shape(
        {"alt_text": string(2000)},
        {**_id, "image_url": url, "slack_file": SLACK_FILE, "title": plain(2000)},
        any_of=("image_url", "slack_file"),
    ),
    "input": shape(
        {"label": plain(2000), "element": _elements(_filled)},
        {**_id, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "markdown": shape({"text": string(12_000)}, _id),
    "table": shape(
        {"rows": several(several(_cell, 1, 20), 1, 100)},
        {**_id, "column_settings": several(_column, 0, 20)},
    ),
}
ONLY_IN_MESSAGES = {"markdown"}
NOT_IN = {"message": {"rich_text_input", "file_input"}, "home": {"file_input"}, "modal": set[str]()}
VIEW = shape(
    {"title": plain(24), "blocks": several(typed(BLOCKS, "a block"), 1, 100)},
    {
        "close": plain(24),
        "submit": plain(24),
        "private_metadata": string(3000, 0),
        "callback_id": string(255, 0),
        "external_id": string(255, 0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
HOME = shape(
    {"blocks": several(typed(BLOCKS, "a block"), 1, 100)},
    {"private_metadata": string(3000, 0), "callback_id": string(255, 0), "external_id": string(255, 0)},
)


def elements_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """What a person can use in a block."""
    if block.get("type") == "actions":
        found = block.get("elements", [])
    else:
        found = [block.get("accessory"), block.get("element")]
    return [e for e in found if isinstance(e, dict) and e.get("type") != "image"]


def check_message(blocks: Any) -> None:
    """Raise `invalid_blocks`, or `msg_blocks_too_long`, where Slack would refuse these in a message."""
    flaws: Flaws = []
    several(typed(BLOCKS, "a block"), 0, 50)(blocks, "/blocks", flaws)
    _refuse("invalid_blocks", flaws or list(_together(blocks, "/blocks", "message")))
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > MOST_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def check_view(view: Any, kind: str = "modal") -> None:
    """Raise `invalid_arguments` where Slack would refuse this view."""
    flaws: Flaws = []
    if not isinstance(view, dict) or view.get("type") != kind:
        flaw(flaws, "/view/type", f"must be {kind}")
        _refuse("invalid_arguments", flaws)
    (VIEW if kind == "modal" else HOME)(view, "/view", flaws)
    _refuse("invalid_arguments", flaws or list(_view_together(view)))


def _view_together(view: dict[str, Any]) -> Iterator[str]:
    """What can only be seen by looking at the whole view."""
    flaws = list(_together(view["blocks"], "/view/blocks", view["type"]))
    asks = any(block["type"] == "input" for block in view["blocks"])
    if asks and view["type"] == "modal" and "submit" not in view:
        flaw(flaws, "/view", "missing required field: submit")
    for number, block in enumerate(view["blocks"]):
        if block["type"] in ONLY_IN_MESSAGES:
            flaw(flaws, f"/view/blocks/{number}/type", f"unsupported type: {block['type']}")
    yield from flaws


def _together(blocks: list[dict[str, Any]], at: str, surface: str) -> Iterator[str]:
    """What one block cannot know: where it stands, ids that occur twice, more than one table."""
    flaws: Flaws = []
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        here = f"{at}/{number}"
        name = block.get("block_id")
        if name in seen:
            flaw(flaws, f"{here}/block_id", f"block_id already exists: {name}")
        seen |= {name} if name else set()
        if (kind := block.get("element", {}).get("type")) in NOT_IN[surface]:
            flaw(flaws, f"{here}/element/type", f"unsupported type: {kind}")
        actions = [e["action_id"] for e in elements_of(block) if e.get("action_id")]
        if len(actions) != len(set(actions)):
            flaw(flaws, here, "action_id must be unique within a block")
    if sum(block["type"] == "table" for block in blocks) > 1:
        flaw(flaws, at, "only one table allowed")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > 12_000:
        flaw(flaws, at, "markdown must be less than 12001 characters in all")
    yield from flaws


def _refuse(error: str, flaws: Flaws) -> None:
    if flaws:
        raise SlackError(error, response_metadata={"messages": flaws})
