"""Says offline whether Slack would accept a message or a view.

Four checkers look at the same JSON, and each problem begins with the name of the one that found it:

* `rules`: what Slack documents, and a few rules of our own (nobody is ever pinged wholesale);
* `slackblocks`, `blockkit`, `slack_sdk`: the JSON is rebuilt with the library's own classes, argument by
  argument, the library validates it, and what it gives back is compared with what went in. A key that a
  library does not know is refused or dropped, and either is a problem.

Equal by agreement in that comparison: absent, None, False and 0 (the libraries leave defaults out), and a
`block_id` that a library makes up. The functions never raise, whatever they are given. The arguments of a
message that are None count as absent, because the SDK does not send them; a null further in is a problem.
"""

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlsplit

import blockkit
import blockkit.core
import slack_sdk.models.blocks as sdk
import slackblocks
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import basic_components as sdk_parts
from slack_sdk.models.blocks import block_elements as sdk_elements
from slack_sdk.models.views import View
from slackblocks import rich_text as slackblocks_rich

Thing = dict[str, Any]
Check = Callable[["Rules", str, Any], None]
Fields = dict[str, Check]

MAX_BLOCKS_IN_MESSAGE = 50
MAX_BLOCKS_IN_VIEW = 100
MAX_SIZE_OF_BLOCKS = 13_200  # in one message; undocumented, beyond it Slack answers msg_blocks_too_long
MAX_SIZE_OF_VIEW = 250_000
MAX_FALLBACK = 4_000
MAX_MARKDOWN = 12_000  # all markdown blocks of a message together
MAX_URL = 3_000


def problems_in_message(message: Thing) -> list[str]:
    """What is wrong with a message for chat.postMessage, chat.update, postEphemeral or a response_url."""
    rules = Rules("message")
    if not rules.an_object("message", message):
        return rules.found
    message = {key: value for key, value in message.items() if value is not None}  # the SDK sends no None
    rules.message(message)
    blocks = _list_of(message.get("blocks"))
    return rules.found + [problem for one in LIBRARIES for problem in one().message(message, blocks)]


def problems_in_view(view: Thing) -> list[str]:
    """What is wrong with a modal or a home tab as it goes to views.open, push, update or publish."""
    rules = Rules("home" if isinstance(view, dict) and view.get("type") == "home" else "modal")
    if not rules.an_object("view", view):
        return rules.found
    rules.view(view)
    blocks = _list_of(view.get("blocks"))
    return rules.found + [problem for one in LIBRARIES for problem in one().view(view, blocks)]


def size_of_blocks(blocks: Any) -> int:
    """Count the characters of the blocks as compact JSON: what the 13,200 are measured in."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# ---------------------------------------------------------------------------------------------- mrkdwn

TOKEN = re.compile(r"<([^<>]*)>")
PINGS_EVERYONE = re.compile(r"<!(?:channel|here|everyone|group)\b[^<>]*>")
GOOD_TOKENS = (
    re.compile(r"@[UW][A-Z0-9_]*(\|[^|]*)?"),
    re.compile(r"#[CGD][A-Z0-9_]*(\|[^|]*)?"),
    re.compile(r"!subteam\^S[A-Z0-9_]*(\|[^|]*)?"),
    re.compile(r"(mailto|tel):[^\s|]+(\|[^\n]+)?"),
)
DATE_TOKEN = re.compile(r"!date\^-?\d+\^([^^|]+)(?:\^([^|]+))?\|(.+)", re.DOTALL)
DATE_PARTS = {
    *("date_num", "date_slash", "date", "date_short", "date_long", "date_long_full", "date_pretty"),
    *("date_short_pretty", "date_long_pretty", "day_divider_pretty", "time", "time_secs", "ago"),
}


def mrkdwn_problems(text: str) -> Iterator[str]:
    """Name what Slack would read as markup although nobody meant it."""
    yield from (f"{ping.group(0)} pings everyone" for ping in PINGS_EVERYONE.finditer(text))
    for token in TOKEN.finditer(text):
        wrong = None if PINGS_EVERYONE.fullmatch(token.group(0)) else _token_problem(token.group(1))
        if wrong:
            yield f"{token.group(0)!r} {wrong}"
    if "<" in TOKEN.sub("", text):
        yield "holds a raw '<' that belongs to no token: write &lt;"


def _token_problem(inside: str) -> str | None:
    if any(good.fullmatch(inside) for good in GOOD_TOKENS):
        return None
    if dated := DATE_TOKEN.fullmatch(inside):
        return date_format_problem(dated.group(1)) or (dated.group(2) and url_problem(dated.group(2))) or None
    if re.match(r"https?://", inside):
        url, _, label = inside.partition("|")
        return "has an empty label" if inside.endswith("|") and not label else url_problem(url)
    return "is no mention, link or date: write &lt;"


def date_format_problem(pattern: str) -> str | None:
    names = re.findall(r"{([^{}]*)}", pattern)
    if not names:
        return "shows no part of the date"
    unknown = [name for name in names if name not in DATE_PARTS]
    return f"has an unknown date part {unknown[0]!r}" if unknown else None


def url_problem(url: Any, schemes: Iterable[str] = ("http", "https")) -> str | None:
    if not isinstance(url, str) or not url:
        return "is not a URL"
    if len(url) > MAX_URL:
        return f"URL is longer than {MAX_URL} characters ({len(url)})"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return f"is not a URL: {error}"
    if parts.scheme.lower() not in schemes:
        return f"URL must begin with {' or '.join(schemes)}"
    if parts.scheme.lower() in ("http", "https") and not parts.netloc:
        return "URL has no host"
    return "URL holds a space or a bracket" if re.search(r"[\s<>]", url) else None


# ---------------------------------------------------------------------------------- checks of one field


def _text(limit: int, *, plain_only: bool = False) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        rules.text(at, value, limit, plain_only=plain_only)

    return check


def _plain(limit: int) -> Check:
    return _text(limit, plain_only=True)


def _string(limit: int | None = None) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        rules.string(at, value, limit)

    return check


def _flag(rules: "Rules", at: str, value: Any) -> None:
    if not isinstance(value, bool):
        rules.say(at, f"must be true or false, not {value!r}")


def _number(low: int, high: int | None = None) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            rules.say(at, f"must be a whole number, not {value!r}")
        elif value < low or (high is not None and value > high):
            rules.say(at, f"must be {low} to {high}, not {value}" if high else f"must be {low} or more")

    return check


def _one_of(*allowed: str) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        if value not in allowed:
            rules.say(at, f"must be one of {', '.join(allowed)}, not {value!r}")

    return check


def _matches(pattern: str, what: str) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            rules.say(at, f"must be {what}, not {value!r}")

    return check


def _day(rules: "Rules", at: str, value: Any) -> None:
    try:
        right = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        right = False
    if not right:
        rules.say(at, f"must be a day like 2026-01-31, not {value!r}")


def _url(*more_schemes: str) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        if wrong := url_problem(value, ("http", "https", *more_schemes)):
            rules.say(at, wrong)

    return check


def _each(item: Check, low: int = 1, high: int | None = None) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        if not isinstance(value, list):
            rules.say(at, "must be a list")
            return
        if len(value) < low:
            rules.say(at, "must not be empty")
        if high is not None and len(value) > high:
            rules.say(at, f"holds more than {high} ({len(value)})")
        for index, one in enumerate(value):
            item(rules, f"{at}[{index}]", one)

    return check


def _object(fields: Fields, required: Iterable[str] = ()) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        rules.shape(at, value, fields, required)

    return check


def _typed(what: str, table: dict[str, tuple[Fields, tuple[str, ...]]]) -> Check:
    """Take the fields from the table by the object's own `type`."""

    def check(rules: "Rules", at: str, value: Any) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in table:
            rules.say(at, f"{what} type {kind!r} is not one of {', '.join(table)}")
            return
        fields, required = table[kind]
        rules.shape(at, value, {"type": _anything, **fields}, required)

    return check


def _anything(rules: "Rules", at: str, value: Any) -> None:
    """Let through what is looked at elsewhere."""


# ------------------------------------------------------------------------------- composition objects

CONFIRM = _object(
    {
        "title": _plain(100),
        "text": _text(300),
        "confirm": _plain(30),
        "deny": _plain(30),
        "style": _one_of("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)
SLACK_FILE = _object({"id": _matches(r"F[A-Z0-9]{8,}", "a file id"), "url": _url()})
DISPATCH = _object(
    {"trigger_actions_on": _each(_one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
    ("trigger_actions_on",),
)
FILTER = _object(
    {
        "include": _each(_one_of("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": _flag,
        "exclude_bot_users": _flag,
    }
)


def _rich_text_block(rules: "Rules", at: str, value: Any) -> None:
    BLOCK(rules, at, value)
    if isinstance(value, dict) and value.get("type") != "rich_text":
        rules.say(at, "must be a rich_text block")


def _option(*, with_markup: bool = False, with_url: bool = False) -> Check:
    fields: Fields = {"text": _text(75, plain_only=not with_markup), "value": _string(150)}
    fields["description"] = _text(75, plain_only=not with_markup)
    return _object({**fields, "url": _url()} if with_url else fields, ("text", "value"))


OPTION_GROUP = _object({"label": _plain(75), "options": _each(_option(), 1, 100)}, ("label", "options"))

# ------------------------------------------------------------------------------------------ elements

ACTION: Fields = {"action_id": _string(255)}
PICKER: Fields = {**ACTION, "placeholder": _plain(150), "confirm": CONFIRM, "focus_on_load": _flag}
FIELD: Fields = {
    **ACTION,
    "placeholder": _plain(150),
    "dispatch_action_config": DISPATCH,
    "focus_on_load": _flag,
}
MANY: Fields = {"max_selected_items": _number(1)}
CHOICES: Fields = {"options": _each(_option(), 1, 100), "option_groups": _each(OPTION_GROUP, 1, 100)}
TICKS: Fields = {
    **ACTION,
    "confirm": CONFIRM,
    "focus_on_load": _flag,
    "options": _each(_option(with_markup=True), 1, 10),
}
DECIMAL = _matches(r"-?\d+(\.\d+)?", "a number in a string")
IDS = _each(_string())

ELEMENTS: dict[str, tuple[Fields, tuple[str, ...]]] = {
    "button": (
        {
            **ACTION,
            "text": _plain(75),
            "url": _url(),
            "value": _string(2000),
            "style": _one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": _string(75),
        },
        ("text",),
    ),
    "overflow": (
        {**ACTION, "options": _each(_option(with_url=True), 1, 5), "confirm": CONFIRM},
        ("options",),
    ),
    "static_select": ({**PICKER, **CHOICES, "initial_option": _option()}, ()),
    "external_select": ({**PICKER, "initial_option": _option(), "min_query_length": _number(0)}, ()),
    "users_select": ({**PICKER, "initial_user": _string()}, ()),
    "channels_select": ({**PICKER, "initial_channel": _string(), "response_url_enabled": _flag}, ()),
    "conversations_select": (
        {
            **PICKER,
            "initial_conversation": _string(),
            "default_to_current_conversation": _flag,
            "response_url_enabled": _flag,
            "filter": FILTER,
        },
        (),
    ),
    "multi_static_select": ({**PICKER, **MANY, **CHOICES, "initial_options": _each(_option(), 1, 100)}, ()),
    "multi_external_select": (
        {**PICKER, **MANY, "initial_options": _each(_option(), 1, 100), "min_query_length": _number(0)},
        (),
    ),
    "multi_users_select": ({**PICKER, **MANY, "initial_users": IDS}, ()),
    "multi_channels_select": ({**PICKER, **MANY, "initial_channels": IDS}, ()),
    "multi_conversations_select": (
        {
            **PICKER,
            **MANY,
            "initial_conversations": IDS,
            "default_to_current_conversation": _flag,
            "filter": FILTER,
        },
        (),
    ),
    "checkboxes": ({**TICKS, "initial_options": _each(_option(with_markup=True), 1, 10)}, ("options",)),
    "radio_buttons": ({**TICKS, "initial_option": _option(with_markup=True)}, ("options",)),
    "datepicker": ({**PICKER, "initial_date": _day}, ()),
    "timepicker": (
        {
            **PICKER,
            "initial_time": _matches(r"([01]\d|2[0-3]):[0-5]\d", "a time like 14:30"),
            "timezone": _string(),
        },
        (),
    ),
    "datetimepicker": (
        {
            **ACTION,
            "confirm": CONFIRM,
            "focus_on_load": _flag,
            "initial_date_time": _number(1_000_000_000, 9_999_999_999),  # ten digits
        },
        (),
    ),
    "plain_text_input": (
        {
            **FIELD,
            "initial_value": _string(3000),
            "multiline": _flag,
            "min_length": _number(0, 3000),
            "max_length": _number(1, 3000),
        },
        (),
    ),
    "email_text_input": ({**FIELD, "initial_value": _string()}, ()),
    "url_text_input": ({**FIELD, "initial_value": _string()}, ()),
    "number_input": (
        {
            **FIELD,
            "is_decimal_allowed": _flag,
            "initial_value": DECIMAL,
            "min_value": DECIMAL,
            "max_value": DECIMAL,
        },
        ("is_decimal_allowed",),
    ),
    "file_input": ({**ACTION, "filetypes": _each(_string()), "max_files": _number(1, 10)}, ()),
    "rich_text_input": (
        {
            **FIELD,
            "initial_value": _rich_text_block,
            "min_lines": _number(1, 100),
            "max_lines": _number(1, 100),
        },
        ("action_id",),
    ),
    "image": ({"image_url": _url(), "slack_file": SLACK_FILE, "alt_text": _string(2000)}, ("alt_text",)),
    "plain_text": ({}, ()),  # the texts of a context block; looked at as texts
    "mrkdwn": ({}, ()),
}
ELEMENT = _typed("element", ELEMENTS)

SELECTS = ("static_select", "external_select", "users_select", "channels_select", "conversations_select")
ELEMENTS_OF = {
    "section": {
        *("button", "checkboxes", "datepicker", "image", "overflow", "radio_buttons", "timepicker"),
        *SELECTS,
        *(f"multi_{select}" for select in SELECTS),
    },
    "actions": {
        *("button", "checkboxes", "datepicker", "datetimepicker", "overflow", "radio_buttons", "timepicker"),
        *SELECTS,
        *(f"multi_{select}" for select in SELECTS),
    },
    "input": {
        *("checkboxes", "datepicker", "datetimepicker", "radio_buttons", "timepicker", "plain_text_input"),
        *("email_text_input", "url_text_input", "number_input", "file_input", "rich_text_input"),
        *SELECTS,
        *(f"multi_{select}" for select in SELECTS),
    },
    "context": {"image", "plain_text", "mrkdwn"},
}
ELEMENTS_ELSEWHERE = {  # the others are at home on every surface
    "file_input": {"modal"},
    "email_text_input": {"modal"},
    "url_text_input": {"modal"},
    "number_input": {"modal"},
    "rich_text_input": {"modal", "home"},
    "datetimepicker": {"modal", "message"},
}


def _element(block: str) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        rules.element(at, value, block)

    return check


# ----------------------------------------------------------------------------------------- rich text


def _style(*known: str) -> Check:
    return _object(dict.fromkeys(known, _flag))


TEXT_STYLE = _style("bold", "italic", "strike", "code", "underline")
MENTION_STYLE = _style("bold", "italic", "strike", "highlight", "client_highlight", "unlink")


def _date_format(rules: "Rules", at: str, value: Any) -> None:
    rules.string(at, value)
    if isinstance(value, str) and (wrong := date_format_problem(value)):
        rules.say(at, wrong)


def _never(why: str) -> Check:
    def check(rules: "Rules", at: str, value: Any) -> None:
        rules.say(at, why)

    return check


LEAVES: dict[str, tuple[Fields, tuple[str, ...]]] = {
    "text": ({"text": _string(), "style": TEXT_STYLE}, ("text",)),
    "link": (
        {"url": _url("mailto", "tel"), "text": _string(), "unsafe": _flag, "style": TEXT_STYLE},
        ("url",),
    ),
    "emoji": ({"name": _string(), "unicode": _string(), "skin_tone": _number(1, 6)}, ("name",)),
    "user": ({"user_id": _string(), "style": MENTION_STYLE}, ("user_id",)),
    "usergroup": ({"usergroup_id": _string(), "style": MENTION_STYLE}, ("usergroup_id",)),
    "channel": ({"channel_id": _string(), "style": MENTION_STYLE}, ("channel_id",)),
    "date": (
        {"timestamp": _number(0), "format": _date_format, "url": _url(), "fallback": _string()},
        ("timestamp", "format"),
    ),
    "broadcast": ({"range": _never("a broadcast pings everyone")}, ("range",)),
    "color": ({"value": _matches(r"#[0-9A-Fa-f]{6}", "a colour like #36C5F0")}, ("value",)),
}
LEAF = _typed("rich text leaf", LEAVES)
BORDER: Fields = {"border": _number(0, 1)}
RICH_SECTION: tuple[Fields, tuple[str, ...]] = ({"elements": _each(LEAF)}, ("elements",))
RICH: dict[str, tuple[Fields, tuple[str, ...]]] = {
    "rich_text_section": RICH_SECTION,
    "rich_text_quote": ({"elements": _each(LEAF), **BORDER}, ("elements",)),
    "rich_text_preformatted": (
        {
            "elements": _each(_typed("preformatted leaf", {kind: LEAVES[kind] for kind in ("text", "link")})),
            **BORDER,
        },
        ("elements",),
    ),
    "rich_text_list": (
        {
            "elements": _each(_typed("list item", {"rich_text_section": RICH_SECTION})),
            "style": _one_of("bullet", "ordered"),
            "indent": _number(0, 8),
            "offset": _number(0),
            **BORDER,
        },
        ("elements", "style"),
    ),
}

# -------------------------------------------------------------------------------------------- blocks

CELLS: dict[str, tuple[Fields, tuple[str, ...]]] = {
    "raw_text": ({"text": _string()}, ("text",)),
    "rich_text": ({"elements": _each(_typed("rich text", RICH))}, ("elements",)),
}
COLUMN = _object({"align": _one_of("left", "center", "right"), "is_wrapped": _flag})

BLOCKS: dict[str, tuple[Fields, tuple[str, ...]]] = {
    "section": (
        {
            "text": _text(3000),
            "fields": _each(_text(2000), 1, 10),
            "accessory": _element("section"),
            "expand": _flag,
        },
        (),
    ),
    "header": ({"text": _plain(150)}, ("text",)),
    "divider": ({}, ()),
    "context": ({"elements": _each(_element("context"), 1, 10)}, ("elements",)),
    "actions": ({"elements": _each(_element("actions"), 1, 25)}, ("elements",)),
    "input": (
        {
            "label": _plain(2000),
            "element": _element("input"),
            "hint": _plain(2000),
            "optional": _flag,
            "dispatch_action": _flag,
        },
        ("label", "element"),
    ),
    "rich_text": ({"elements": _each(_typed("rich text", RICH))}, ("elements",)),
    "image": (
        {"image_url": _url(), "slack_file": SLACK_FILE, "alt_text": _string(2000), "title": _plain(2000)},
        ("alt_text",),
    ),
    "markdown": ({"text": _string(MAX_MARKDOWN)}, ("text",)),
    "table": (
        {
            "rows": _each(_each(_typed("table cell", CELLS), 1, 20), 1, 100),
            "column_settings": _each(COLUMN, 1, 20),
        },
        ("rows",),
    ),
    "file": ({"external_id": _string(255), "source": _one_of("remote")}, ("external_id", "source")),
    "video": (
        {
            "alt_text": _string(2000),
            "title": _plain(199),
            "title_url": _url(),
            "thumbnail_url": _url(),
            "video_url": _url(),
            "description": _plain(199),
            "author_name": _string(49),
            "provider_name": _string(50),
            "provider_icon_url": _url(),
        },
        ("alt_text", "title", "thumbnail_url", "video_url"),
    ),
}
BLOCK = _typed(
    "block", {kind: ({"block_id": _string(255), **fields}, must) for kind, (fields, must) in BLOCKS.items()}
)
BLOCKS_ELSEWHERE = {"markdown": {"message"}, "file": {"message"}, "table": {"message", "home"}}

# ------------------------------------------------------------------------------------------ surfaces

METADATA = _object({"event_type": _string(255), "event_payload": _anything}, ("event_type", "event_payload"))
MESSAGE: Fields = {
    **dict.fromkeys(("channel", "user", "username", "icon_emoji"), _string()),
    **dict.fromkeys(("ts", "thread_ts"), _matches(r"\d+\.\d+", "a time stamp like 1700000000.000100")),
    **dict.fromkeys(("unfurl_links", "unfurl_media", "mrkdwn", "as_user", "reply_broadcast"), _flag),
    **dict.fromkeys(("replace_original", "delete_original"), _flag),
    "text": _anything,
    "blocks": _anything,
    "icon_url": _url(),
    "metadata": METADATA,
    "post_at": _number(1),
    "response_type": _one_of("ephemeral", "in_channel"),
    "file_ids": IDS,
    "parse": _one_of("none"),  # "full" turns names in foreign text into mentions
    "link_names": lambda rules, at, value: (
        rules.say(at, "makes names in foreign text ping") if value else None
    ),
    "attachments": lambda rules, at, value: (
        rules.say(at, "are legacy and not checked: use blocks") if value else None
    ),
}
HOME: Fields = {
    "type": _anything,
    "blocks": _anything,
    "private_metadata": _string(3000),
    "callback_id": _string(255),
    "external_id": _string(255),
}
MODAL: Fields = {
    **HOME,
    "title": _plain(24),
    "submit": _plain(24),
    "close": _plain(24),
    "clear_on_close": _flag,
    "notify_on_close": _flag,
}


class Rules:
    """The checker that is written by hand."""

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.found: list[str] = []
        self.focused: list[str] = []

    def say(self, at: str, what: str) -> None:
        self.found.append(f"rules: {at}: {what}")

    # One thing of any kind

    def an_object(self, at: str, value: Any) -> bool:
        if not isinstance(value, dict):
            self.say(at, f"must be an object, not {type(value).__name__}")
            return False
        try:
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            self.say(at, f"cannot be sent as JSON: {error}")
            return False
        return True

    def string(self, at: str, value: Any, limit: int | None = None) -> None:
        if not isinstance(value, str):
            self.say(at, f"must be a string, not {type(value).__name__}")
        elif not value:
            self.say(at, "must not be empty")
        elif limit is not None and len(value) > limit:
            self.say(at, f"longer than {limit} characters ({len(value)})")

    def text(self, at: str, value: Any, limit: int, *, plain_only: bool) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in ("plain_text", "mrkdwn"):
            self.say(at, "must be a text object of type plain_text or mrkdwn")
            return
        if plain_only and kind != "plain_text":
            self.say(at, "must be plain_text, not mrkdwn")
        own: Fields = {"emoji": _flag} if kind == "plain_text" else {"verbatim": _flag}
        self.shape(at, value, {"type": _anything, "text": _string(limit), **own}, ("text",))
        words = value.get("text")
        if kind == "mrkdwn" and isinstance(words, str):
            self.mrkdwn(at, words)

    def mrkdwn(self, at: str, words: str) -> None:
        for wrong in mrkdwn_problems(words):
            self.say(at, wrong)

    def shape(self, at: str, value: Any, fields: Fields, required: Iterable[str]) -> None:
        if not isinstance(value, dict):
            self.say(at, f"must be an object, not {type(value).__name__}")
            return
        for key, inner in value.items():
            if key not in fields:
                self.say(at, f"unknown key {key!r}")
            elif inner is None:
                self.say(f"{at}.{key}", "must not be null: leave the key out")
            else:
                fields[key](self, f"{at}.{key}", inner)
        for key in required:
            if key not in value:
                self.say(at, f"{key} is missing")

    # Elements

    def element(self, at: str, value: Any, block: str) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if block == "context" and kind in ("plain_text", "mrkdwn"):
            self.text(at, value, 2000, plain_only=False)
            return
        before = len(self.found)
        ELEMENT(self, at, value)
        if not isinstance(kind, str) or kind not in ELEMENTS:
            return
        if kind not in ELEMENTS_OF[block]:
            self.say(at, f"{kind} has no place in a block of type {block}")
        if self.surface not in ELEMENTS_ELSEWHERE.get(kind, {self.surface}):
            self.say(at, f"{kind} has no place in a {self.surface}")
        if value.get("focus_on_load") is True:
            self.focused.append(at)
        if len(self.found) == before:
            self.whole_element(at, value)

    def whole_element(self, at: str, value: Thing) -> None:
        """What takes more than one field to see; the fields by themselves are right."""
        kind = value["type"]
        if kind == "image":
            self.exactly_one(at, value, "image_url", "slack_file")
        if kind in ("static_select", "multi_static_select"):
            self.exactly_one(at, value, "options", "option_groups")
        offered = [*value.get("options", [])]
        offered += [option for group in value.get("option_groups", []) for option in group["options"]]
        chosen = value.get("initial_options", [value["initial_option"]] if "initial_option" in value else [])
        if offered and any(one not in offered for one in chosen):
            self.say(at, "an initial option is not exactly one of the options")
        if kind == "plain_text_input":
            low, high = value.get("min_length", 0), value.get("max_length", 3000)
            if low > high:
                self.say(at, "min_length is greater than max_length")
            if len(value.get("initial_value", "")) > high:
                self.say(at, f"initial_value is longer than max_length {high}")
        if kind == "number_input":
            numbers = [
                float(value[key]) for key in ("min_value", "initial_value", "max_value") if key in value
            ]
            if numbers != sorted(numbers):
                self.say(at, "min_value, initial_value and max_value are out of order")
        if value.get("response_url_enabled") and self.surface != "modal":
            self.say(at, "response_url_enabled belongs in a modal")

    def exactly_one(self, at: str, value: Thing, *keys: str) -> None:
        if sum(key in value for key in keys) != 1:
            self.say(at, f"needs exactly one of {' and '.join(keys)}")

    # Blocks

    def blocks(self, value: Any, limit: int) -> None:
        if not isinstance(value, list):
            self.say("blocks", "must be a list")
            return
        if len(value) > limit:
            self.say("blocks", f"holds more than {limit} ({len(value)})")
        for index, block in enumerate(value):
            self.block(f"blocks[{index}]", block)
        things = [block for block in value if isinstance(block, dict)]
        self.no_twins("blocks", "block_id", [block.get("block_id") for block in things])
        if sum(block.get("type") == "table" for block in things) > 1:
            self.say("blocks", "hold more than one table")
        markdown = [block.get("text") for block in things if block.get("type") == "markdown"]
        if len(markdown) > 1 and sum(len(text) for text in markdown if isinstance(text, str)) > MAX_MARKDOWN:
            self.say("blocks", f"hold more than {MAX_MARKDOWN} characters of markdown in all")
        if len(self.focused) > 1:
            self.say("blocks", f"only one element may have focus_on_load, not {', '.join(self.focused)}")

    def block(self, at: str, value: Any) -> None:
        BLOCK(self, at, value)
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in BLOCKS:
            return
        if self.surface not in BLOCKS_ELSEWHERE.get(kind, {self.surface}):
            self.say(at, f"{kind} has no place in a {self.surface}")
        if kind == "section" and "text" not in value and "fields" not in value:
            self.say(at, "needs text or fields")
        if kind == "image":
            self.exactly_one(at, value, "image_url", "slack_file")
        if kind == "markdown" and isinstance(value.get("text"), str):
            for ping in PINGS_EVERYONE.finditer(value["text"]):
                self.say(at, f"{ping.group(0)} pings everyone")
        held = [*_list_of(value.get("elements")), value.get("accessory"), value.get("element")]
        self.no_twins(at, "action_id", [one.get("action_id") for one in held if isinstance(one, dict)])

    def no_twins(self, at: str, what: str, names: list[Any]) -> None:
        texts = [name for name in names if isinstance(name, str)]
        for name in sorted({name for name in texts if texts.count(name) > 1}):
            self.say(at, f"{what} {name!r} is there twice")

    # Surfaces

    def message(self, message: Thing) -> None:
        self.shape("message", message, MESSAGE, ())
        text = message.get("text")
        if message.get("delete_original") is not True:
            if not isinstance(text, str) or not text.strip():
                self.say("text", "the fallback text is missing or empty")
            elif len(text) > MAX_FALLBACK:
                self.say("text", f"longer than {MAX_FALLBACK} characters ({len(text)})")
        if isinstance(text, str):
            self.mrkdwn("text", text)
        blocks = message.get("blocks")
        if blocks is not None:
            self.blocks(blocks, MAX_BLOCKS_IN_MESSAGE)
            if (size := size_of_blocks(blocks)) > MAX_SIZE_OF_BLOCKS:
                self.say("blocks", f"are more than {MAX_SIZE_OF_BLOCKS} characters of JSON ({size})")
        payload = (
            message["metadata"].get("event_payload", {}) if isinstance(message.get("metadata"), dict) else {}
        )
        if not isinstance(payload, dict):
            self.say("message.metadata.event_payload", "must be an object")

    def view(self, view: Thing) -> None:
        if view.get("type") not in ("modal", "home"):
            self.say("view", f"type must be modal or home, not {view.get('type')!r}")
        modal = self.surface == "modal"
        self.shape("view", view, MODAL if modal else HOME, ("title", "blocks") if modal else ("blocks",))
        blocks = view.get("blocks")
        if blocks is not None:
            self.blocks(blocks, MAX_BLOCKS_IN_VIEW)
        if blocks == []:
            self.say("blocks", "must not be empty")
        asks = any(isinstance(block, dict) and block.get("type") == "input" for block in _list_of(blocks))
        if modal and asks and "submit" not in view:
            self.say("view", "a modal with an input block needs submit")
        if (size := size_of_blocks(view)) > MAX_SIZE_OF_VIEW:
            self.say("view", f"is more than {MAX_SIZE_OF_VIEW} characters of JSON ({size})")


# ----------------------------------------------------------------------------------------- libraries

# What kind of thing stands under which key. Kinds with a `type` of their own are looked up by it.
OPTIONS = {
    "options": "option",
    "initial_options": "option",
    "initial_option": "option",
    "option_groups": "group",
}
CHILDREN: dict[str, dict[str, str]] = {
    "view": {"title": "text", "submit": "text", "close": "text", "blocks": "block"},
    "block": {
        **dict.fromkeys(("text", "fields", "label", "hint", "title", "description"), "text"),
        **dict.fromkeys(("accessory", "element", "elements"), "element"),
        "rows": "cell",
        "column_settings": "column",
        "slack_file": "slack_file",
    },
    "element": {
        **OPTIONS,
        "text": "text",
        "placeholder": "text",
        "confirm": "confirm",
        "filter": "filter",
        "dispatch_action_config": "dispatch",
        "slack_file": "slack_file",
        "initial_value": "block",
    },
    "option": {"text": "text", "description": "text"},
    "group": {"label": "text", "options": "option"},
    "confirm": dict.fromkeys(("title", "text", "confirm", "deny"), "text"),
    "rich": {"elements": "rich", "style": "style"},
    "cell": {"elements": "rich"},
}
TYPED = {
    "view": {"modal", "home"},
    "block": BLOCKS,
    "element": ELEMENTS,
    "rich": {*RICH, *LEAVES},
    "cell": CELLS,
}
TYPED["text"] = {"plain_text", "mrkdwn"}


class RefusedError(Exception):
    """A thing could not be rebuilt; why is already noted."""


class Library:
    """Rebuilds JSON with the classes of one library and compares what comes back."""

    name: str
    classes: ClassVar[dict[str, Any]]
    fine: ClassVar[set[tuple[str, str]]] = set()
    """What each of them had nothing against, see `_alike`: the tests send the same again and again."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def make(self, kind: str, build: Callable[..., Any], given: Thing) -> Any:
        """Call the class; where a library names an argument its own way, this is overridden."""
        return build(**given)

    def validate(self, thing: Any) -> None:
        """Validate one thing without what it holds, for a precise place."""

    def render(self, thing: Any) -> Any:
        raise NotImplementedError

    def parse(self, kind: str, sent: Thing) -> Any:
        """Let the library read raw JSON, if it can."""
        return None

    def post(self, message: Thing, blocks: list[Any]) -> None:
        """Rebuild the message around the blocks, if the library has one."""

    def say(self, at: str, what: object) -> None:
        self.found.append(f"{self.name}: {at}: {' '.join(str(what).split())[:300]}")

    # Both surfaces

    def message(self, message: Thing, blocks: list[Any]) -> list[str]:
        if (alike := (self.name, _alike(message))) in self.fine:
            return self.found
        kept = self.accepted(blocks)
        if not message.get("text") and not kept:
            return self.found  # only deletes the original, or the rules have said what is wrong
        try:
            self.post(message, [self.rebuild("blocks", "block", block) for block in kept])
        except Exception as error:
            self.say("message", error)
        if not self.found:
            self.fine.add(alike)
        return self.found

    def view(self, view: Thing, blocks: list[Any]) -> list[str]:
        kept = self.accepted(blocks)
        if view.get("type") in ("modal", "home"):
            self.compare("view", "view", {**view, "blocks": kept})
        return self.found

    def accepted(self, blocks: list[Any]) -> list[Any]:
        places = ((f"blocks[{index}]", block) for index, block in enumerate(blocks))
        return [block for at, block in places if isinstance(block, dict) and self.compare(at, "block", block)]

    def compare(self, at: str, kind: str, sent: Thing) -> bool:
        if (alike := (self.name, _alike(sent))) in self.fine:
            return True
        before = len(self.found)
        try:
            back = self.render(self.rebuild(at, kind, sent))
            raw = self.parse(kind, copy.deepcopy(sent))
        except RefusedError:
            return False
        except Exception as error:
            self.say(at, error)
            return False
        for place, what in [
            *_differences(at, sent, back),
            *(_differences(at, sent, raw) if raw is not None else []),
        ]:
            if f"{self.name}: {place}: {what}" not in self.found:
                self.say(place, what)
        if len(self.found) > before:
            return False
        self.fine.add(alike)
        return True

    # One thing and what it holds

    def rebuild(self, at: str, kind: str, sent: Any) -> Any:
        if isinstance(sent, list):
            return self.rebuild_all([(f"{at}[{index}]", kind, one) for index, one in enumerate(sent)])
        if not isinstance(sent, dict):
            return sent  # the library may take a bare string; the comparison then shows the difference
        key, given = kind, sent
        if kind in TYPED:
            type_ = sent.get("type")
            if not isinstance(type_, str) or type_ not in TYPED[kind]:
                raise RefusedError  # the rules have said so
            key, given = f"{kind}.{type_}", {name: value for name, value in sent.items() if name != "type"}
        build = self.classes.get(key)
        if build is None:
            self.say(at, f"knows no {key.replace('.', ' ')}")
            raise RefusedError
        holds = {**CHILDREN.get(kind, {}), **({"elements": "rich"} if key == "block.rich_text" else {})}
        names = list(given)
        parts = self.rebuild_all([(f"{at}.{name}", holds.get(name, ""), given[name]) for name in names])
        try:
            thing = self.make(key, build, dict(zip(names, parts, strict=True)))
            self.validate(thing)
        except Exception as error:
            self.say(at, error)
            raise RefusedError from None
        return thing

    def rebuild_all(self, parts: list[tuple[str, str, Any]]) -> list[Any]:
        """Rebuild them all before giving up, so that every problem is named."""
        rebuilt, refused = [], False
        for at, kind, sent in parts:
            try:
                rebuilt.append(self.rebuild(at, kind, sent) if kind else copy.deepcopy(sent))
            except RefusedError:
                refused = True
        if refused:
            raise RefusedError
        return rebuilt


def _alike(sent: Any) -> str:
    """As JSON, without what differs from one time to the next: digits, and the ids that the stand-in gives to blocks."""
    said = re.sub(r'"block_id": "\w{5}"', '"block_id": "00000"', json.dumps(sent, sort_keys=True))
    return re.sub("[0-9]", "0", said)


def _differences(at: str, sent: Any, back: Any) -> Iterator[tuple[str, str]]:
    if isinstance(sent, dict) and isinstance(back, dict):
        for key in sorted({*sent, *back}, key=str):
            mine, theirs = _default(sent.get(key)), _default(back.get(key))
            if theirs is None and mine is not None:
                yield at, f"drops {key!r}"
            elif mine is None and theirs is not None and key != "block_id":
                yield at, f"adds {key!r}"
            elif key == "trigger_actions_on" and isinstance(mine, list) and isinstance(theirs, list):
                mine, theirs = sorted(map(str, mine)), sorted(map(str, theirs))  # a set in slackblocks
                yield from _differences(f"{at}.{key}", mine, theirs)
            elif mine is not None and theirs is not None:
                yield from _differences(f"{at}.{key}", mine, theirs)
    elif isinstance(sent, list) and isinstance(back, list) and len(sent) == len(back):
        for index, (mine, theirs) in enumerate(zip(sent, back, strict=True)):
            yield from _differences(f"{at}[{index}]", mine, theirs)
    elif sent != back:
        yield at, f"turns {sent!r} into {back!r}"


def _default(value: Any) -> Any:
    return None if value is False or value == 0 else value


class _SlackblocksDate(slackblocks_rich.RichTextEmoji):
    """A date in rich text, which this library has no class for: the rules and the others look at what is in it."""

    def __init__(self, **given: Any) -> None:
        super().__init__("date")
        self.given = given

    def _resolve(self) -> Thing:
        return {"type": "date", **self.given}


class Slackblocks(Library):
    name = "slackblocks"
    own_names: ClassVar[dict[str, Any]] = {
        "element.datetimepicker": {"initial_date_time": "initial_datetime"},
        "rich.usergroup": {"usergroup_id": "user_group_id"},
    }
    needs: ClassVar[dict[str, Any]] = {  # arguments without a default that may be None
        "element.checkboxes": {"action_id": None},
        "element.overflow": {"action_id": None},
        "element.radio_buttons": {"action_id": None},
        "element.multi_static_select": {"action_id": None, "options": None},
        "rich.rich_text_list": {"offset": None, "border": None},
        "slack_file": {"url": None, "id": None},
    }
    classes: ClassVar[dict[str, Any]] = {
        "view.modal": slackblocks.ModalView,
        "view.home": slackblocks.HomeTabView,
        "block.section": slackblocks.SectionBlock,
        "block.header": slackblocks.HeaderBlock,
        "block.divider": slackblocks.DividerBlock,
        "block.context": slackblocks.ContextBlock,
        "block.actions": slackblocks.ActionsBlock,
        "block.input": slackblocks.InputBlock,
        "block.rich_text": slackblocks.RichTextBlock,
        "block.image": slackblocks.ImageBlock,
        "block.markdown": slackblocks.MarkdownBlock,
        "block.table": slackblocks.TableBlock,
        "block.file": slackblocks.FileBlock,
        "block.video": slackblocks.VideoBlock,
        "text.plain_text": lambda **given: slackblocks.Text(type_=slackblocks.TextType.PLAINTEXT, **given),
        "text.mrkdwn": lambda **given: slackblocks.Text(type_=slackblocks.TextType.MARKDOWN, **given),
        "element.plain_text": lambda **given: slackblocks.Text(type_=slackblocks.TextType.PLAINTEXT, **given),
        "element.mrkdwn": lambda **given: slackblocks.Text(type_=slackblocks.TextType.MARKDOWN, **given),
        "element.button": slackblocks.Button,
        "element.overflow": slackblocks.OverflowMenu,
        "element.static_select": slackblocks.StaticSelectMenu,
        "element.external_select": slackblocks.ExternalSelectMenu,
        "element.users_select": slackblocks.UserSelectMenu,
        "element.channels_select": slackblocks.ChannelSelectMenu,
        "element.conversations_select": slackblocks.ConversationSelectMenu,
        "element.multi_static_select": slackblocks.StaticMultiSelectMenu,
        "element.multi_external_select": slackblocks.ExternalMultiSelectMenu,
        "element.multi_users_select": slackblocks.UserMultiSelectMenu,
        "element.multi_channels_select": slackblocks.ChannelMultiSelectMenu,
        "element.multi_conversations_select": slackblocks.ConversationMultiSelectMenu,
        "element.checkboxes": slackblocks.CheckboxGroup,
        "element.radio_buttons": slackblocks.RadioButtonGroup,
        "element.datepicker": slackblocks.DatePicker,
        "element.timepicker": slackblocks.TimePicker,
        "element.datetimepicker": slackblocks.DateTimePicker,
        "element.plain_text_input": slackblocks.PlainTextInput,
        "element.email_text_input": slackblocks.EmailInput,
        "element.url_text_input": slackblocks.URLInput,
        "element.number_input": slackblocks.NumberInput,
        "element.file_input": slackblocks.FileInput,
        "element.rich_text_input": slackblocks.RichTextInput,
        "element.image": slackblocks.Image,
        "option": slackblocks.Option,
        "group": slackblocks.OptionGroup,
        "confirm": slackblocks.ConfirmationDialogue,
        "filter": slackblocks.ConversationFilter,
        "dispatch": slackblocks.DispatchActionConfiguration,
        "slack_file": slackblocks.SlackFile,
        "column": slackblocks.ColumnSettings,
        "cell.raw_text": slackblocks.RawText,
        "cell.rich_text": lambda elements: elements[
            0
        ],  # a cell is one rich text object, wrapped on the way out
        "style": dict,
        "rich.rich_text_section": slackblocks_rich.RichTextSection,
        "rich.rich_text_list": slackblocks_rich.RichTextList,
        "rich.rich_text_quote": slackblocks_rich.RichTextQuote,
        "rich.rich_text_preformatted": slackblocks_rich.RichTextCodeBlock,
        "rich.text": slackblocks_rich.RichText,
        "rich.link": slackblocks_rich.RichTextLink,
        "rich.emoji": slackblocks_rich.RichTextEmoji,
        "rich.user": slackblocks_rich.RichTextUser,
        "rich.usergroup": slackblocks_rich.RichTextUserGroup,
        "rich.channel": slackblocks_rich.RichTextChannel,
        "rich.date": _SlackblocksDate,
    }

    def make(self, kind: str, build: Callable[..., Any], given: Thing) -> Any:
        renamed = {self.own_names.get(kind, {}).get(key, key): value for key, value in given.items()}
        if kind.startswith("rich.") and isinstance(renamed.get("style"), dict):
            renamed |= renamed.pop("style")
        return build(**{**self.needs.get(kind, {}), **renamed})

    def render(self, thing: Any) -> Any:
        return json.loads(json.dumps(thing._resolve()))

    def post(self, message: Thing, blocks: list[Any]) -> None:
        slackblocks.Message("C0", message.get("text"), blocks)


class Blockkit(Library):
    name = "blockkit"
    classes: ClassVar[dict[str, Any]] = {
        "view.modal": blockkit.Modal,
        "view.home": blockkit.Home,
        "block.section": blockkit.Section,
        "block.header": blockkit.Header,
        "block.divider": blockkit.Divider,
        "block.context": blockkit.Context,
        "block.actions": blockkit.Actions,
        "block.input": blockkit.Input,
        "block.rich_text": blockkit.RichText,
        "block.image": blockkit.Image,
        "block.markdown": blockkit.Markdown,
        "block.table": blockkit.core.Table,
        "block.file": blockkit.File,
        "block.video": blockkit.Video,
        "text.plain_text": lambda **given: blockkit.Text(type="plain_text", **given),
        "text.mrkdwn": lambda **given: blockkit.Text(type="mrkdwn", **given),
        "element.plain_text": lambda **given: blockkit.Text(type="plain_text", **given),
        "element.mrkdwn": lambda **given: blockkit.Text(type="mrkdwn", **given),
        "element.button": blockkit.Button,
        "element.overflow": blockkit.Overflow,
        "element.static_select": blockkit.StaticSelect,
        "element.external_select": blockkit.ExternalSelect,
        "element.users_select": blockkit.UsersSelect,
        "element.channels_select": blockkit.ChannelsSelect,
        "element.conversations_select": blockkit.ConversationsSelect,
        "element.multi_static_select": blockkit.MultiStaticSelect,
        "element.multi_external_select": blockkit.MultiExternalSelect,
        "element.multi_users_select": blockkit.MultiUsersSelect,
        "element.multi_channels_select": blockkit.MultiChannelsSelect,
        "element.multi_conversations_select": blockkit.MultiConversationsSelect,
        "element.checkboxes": blockkit.Checkboxes,
        "element.radio_buttons": blockkit.RadioButtons,
        "element.datepicker": blockkit.DatePicker,
        "element.timepicker": blockkit.TimePicker,
        "element.datetimepicker": blockkit.DatetimePicker,
        "element.plain_text_input": blockkit.PlainTextInput,
        "element.email_text_input": blockkit.EmailInput,
        "element.url_text_input": blockkit.UrlInput,
        "element.number_input": blockkit.NumberInput,
        "element.file_input": blockkit.FileInput,
        "element.rich_text_input": blockkit.RichTextInput,
        "element.image": blockkit.ImageEl,
        "option": blockkit.Option,
        "group": blockkit.OptionGroup,
        "confirm": blockkit.Confirm,
        "filter": blockkit.ConversationFilter,
        "dispatch": blockkit.DispatchActionConfig,
        "slack_file": blockkit.SlackFile,
        "column": blockkit.core.ColumnSettings,
        "cell.raw_text": blockkit.core.RawText,
        "cell.rich_text": blockkit.RichText,
        "style": blockkit.RichStyle,
        "rich.rich_text_section": blockkit.RichTextSection,
        "rich.rich_text_list": blockkit.RichTextList,
        "rich.rich_text_quote": blockkit.RichTextQuote,
        "rich.rich_text_preformatted": blockkit.RichTextPreformatted,
        "rich.text": blockkit.RichTextEl,
        "rich.link": blockkit.RichLinkEl,
        "rich.emoji": blockkit.RichEmojiEl,
        "rich.user": blockkit.RichUserEl,
        "rich.usergroup": blockkit.RichUserGroupEl,
        "rich.channel": blockkit.RichChannelEl,
        "rich.date": blockkit.RichDateEl,
        "rich.broadcast": blockkit.RichBroadcastEl,
        "rich.color": blockkit.RichColorEl,
    }

    def make(self, kind: str, build: Callable[..., Any], given: Thing) -> Any:
        if kind == "element.number_input":
            limits = {
                key: _as_number(given[key])
                for key in ("initial_value", "min_value", "max_value")
                if key in given
            }
            return build(**{**given, **limits})
        thing = build(**given)
        if kind.startswith("view.") and "private_metadata" not in given:
            del thing._fields["private_metadata"]  # it would become the string "null"
        return thing

    def validate(self, thing: Any) -> None:
        if isinstance(thing, blockkit.core.Component):
            thing.validate()

    def render(self, thing: Any) -> Any:
        return thing.build()

    def post(self, message: Thing, blocks: list[Any]) -> None:
        keys = ("text", "thread_ts", "mrkdwn")
        blockkit.Message(blocks=blocks, **{key: message[key] for key in keys if key in message}).validate()


def _as_number(text: Any) -> Any:
    """Slack takes numbers as strings, blockkit as numbers that it turns into strings."""
    for number in (int, float):
        try:
            if str(number(text)) == text:
                return number(text)
        except (TypeError, ValueError):
            continue
    return text


class SlackSdk(Library):
    name = "slack_sdk"
    classes: ClassVar[dict[str, Any]] = {
        "view.modal": lambda **given: View(type="modal", **given),
        "view.home": lambda **given: View(type="home", **given),
        **{
            f"block.{kind.type}": kind
            for kind in (
                *(sdk.SectionBlock, sdk.HeaderBlock, sdk.DividerBlock, sdk.ContextBlock, sdk.ActionsBlock),
                *(sdk.InputBlock, sdk.RichTextBlock, sdk.ImageBlock, sdk.MarkdownBlock, sdk.TableBlock),
                *(sdk.FileBlock, sdk.VideoBlock),
            )
        },
        **{
            f"element.{kind.type}": kind
            for kind in (
                *(sdk.PlainTextObject, sdk.MarkdownTextObject, sdk.ButtonElement, sdk.OverflowMenuElement),
                *(sdk.StaticSelectElement, sdk.ExternalDataSelectElement, sdk.UserSelectElement),
                *(sdk.ChannelSelectElement, sdk.ConversationSelectElement, sdk.StaticMultiSelectElement),
                *(
                    sdk.ExternalDataMultiSelectElement,
                    sdk.UserMultiSelectElement,
                    sdk.ChannelMultiSelectElement,
                ),
                *(sdk.ConversationMultiSelectElement, sdk.CheckboxesElement, sdk.RadioButtonsElement),
                *(sdk.DatePickerElement, sdk.TimePickerElement, sdk.DateTimePickerElement),
                *(
                    sdk.PlainTextInputElement,
                    sdk.EmailInputElement,
                    sdk.UrlInputElement,
                    sdk.NumberInputElement,
                ),
                *(sdk_elements.FileInputElement, sdk_elements.RichTextInputElement, sdk.ImageElement),
            )
        },
        "text.plain_text": sdk.PlainTextObject,
        "text.mrkdwn": sdk.MarkdownTextObject,
        "option": sdk.Option,
        "group": sdk.OptionGroup,
        "confirm": sdk.ConfirmObject,
        "filter": sdk_elements.ConversationFilter,
        "dispatch": sdk_parts.DispatchActionConfig,
        "slack_file": sdk_parts.SlackFile,
        "column": sdk_parts.TableBlockColumnSettings,
        "cell.raw_text": sdk_parts.RawTextObject,
        "cell.rich_text": sdk.RichTextBlock,
        "style": dict,  # its TextStyle lacks the styles of mentions; its own parser leaves the dict alone too
        "rich.rich_text_section": sdk_elements.RichTextSectionElement,
        "rich.rich_text_list": sdk_elements.RichTextListElement,
        "rich.rich_text_quote": sdk_elements.RichTextQuoteElement,
        "rich.rich_text_preformatted": sdk_elements.RichTextPreformattedElement,
        **{
            f"rich.{kind.type}": kind
            for kind in vars(sdk_elements.RichTextElementParts).values()
            if isinstance(kind, type) and hasattr(kind, "type")
        },
    }

    def validate(self, thing: Any) -> None:
        if isinstance(thing, JsonObject):
            thing.validate_json()

    def render(self, thing: Any) -> Any:
        return thing.to_dict()

    def parse(self, kind: str, sent: Thing) -> Any:
        if kind == "view":
            return View(**sent).to_dict()
        parsed = sdk.Block.parse(sent)
        return parsed.to_dict() if parsed else {}


LIBRARIES: tuple[type[Library], ...] = (Slackblocks, Blockkit, SlackSdk)
