"""docs/bridge.schema.json, for editors: `make docs` writes it, tests hold it to the reader of bridge.toml.

What a key means is taken from its row in docs/configuration.md. https://json-schema.org/draft-07
"""

import json
import re
from pathlib import Path
from typing import Any

from bot.bridgefile import FILE_KEYS
from bot.model import Status
from bot.routing.conditionfile import CONDITIONS, GROUPS, LONGEST, TYPES
from bot.routing.delivery import OF_NEW, Body, Event, Place
from bot.routing.reading import OPEN_TO
from bot.tables import DURATION

Schema = dict[str, Any]
ROOT = Path(__file__).parent.parent
_ROW = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \| (.*?) \|(.*)\|$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")

MANY = ("routes", "hours", "ladder")
"""Tables that are written in double brackets."""
REQUIRED = {"routes": ["channel"], "hours": ["zone", "open"], "ladder": ["steps"]}


def some(one: Schema, least: int = 1) -> Schema:
    """One of a kind, or a list of them."""
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": least}]}


def of(*words: str) -> Schema:
    return {"enum": list(words)}


def a_list(one: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": one, "minItems": least}


def a_table(properties: Schema, required: list[str] | None = None) -> Schema:
    said = {"required": required} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **said}


FLAG: Schema = {"type": "boolean"}
TEXT: Schema = {"type": "string", "pattern": r"\S", "maxLength": LONGEST}
NAME: Schema = {"type": "string", "pattern": r"[^\s#]"}
MAILBOX: Schema = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"\S"}]}
WAIT: Schema = {"type": "string", "pattern": f"^(?:{DURATION})$"}
GROUP: Schema = {"type": "string", "pattern": r"^(?:S[A-Z0-9]{4,}|@[^\s@]{1,80})$"}
PERSON: Schema = {"type": "string", "pattern": r"^(?:[UW][A-Z0-9]+|[^@\s]+@[^@\s]+)$"}
CONDITION: Schema = {"$ref": "#/definitions/condition"}
VALUE: Schema = {"anyOf": [{"type": "string"}, {"type": "integer"}, {"const": True}]}
FIELDS: Schema = {"type": "object", "minProperties": 1, "additionalProperties": some(VALUE)}

RULES: Schema = {
    "mailbox": some(MAILBOX),
    "tag": some(TEXT),
    "customer": some(TEXT),
    "subject": some(TEXT),
    "type": some(of(*TYPES)),
    "assignee": some(TEXT),
    "status": some(of(*(one.value for one in Status if one is not Status.SPAM))),
    "field": some(FIELDS),
    "time": some(TEXT),
    **{group: some(CONDITION) for group in GROUPS},
}
STEP: Schema = a_table(
    {"after": WAIT, "tell": {"anyOf": [of("thread", "channel", "assignee"), GROUP, PERSON]}}, ["after"]
)
SHAPES: dict[str, Schema] = {
    "routes": RULES
    | {
        "channel": NAME,
        "default": FLAG,
        "name": {"type": "string", "maxLength": LONGEST},
        "deliver": a_table({one.value: of(*(OF_NEW if one is Event.NEW else Place)) for one in Event}),
        "body": of(*Body),
        "open_to": some(of(*OPEN_TO), 0),
        "after": some(WAIT),
        "notes": FLAG,
    },
    "routing": {"match": of("all", "first"), "digest": WAIT},
    "stale": {"after": some(WAIT), "every": WAIT},
    "sweep": {"every": WAIT},
    "operators": {"channel": {"type": "string"}, "people": a_list(PERSON)},
    "replies": {"hold": {"anyOf": [WAIT, of("0")]}},
    "hours": {
        "mailbox": MAILBOX,
        "zone": NAME,
        "open": some(TEXT),
        "holidays": {"type": "string"},
        "closed": some(TEXT, 0),
    },
    "ladder": {"mailbox": MAILBOX, "warn": WAIT, "on_duty": GROUP, "steps": a_list(STEP, 1)},
    "pings": {
        "budget": {"type": "integer", "minimum": 1, "maximum": 1000},
        "list_from": {"type": "integer", "minimum": 2, "maximum": 1000},
    },
    "digest": {
        "at": {"type": "string", "pattern": r"^\d{1,2}:\d{2}"},
        "days": TEXT,
        "channels": a_list(NAME),
    },
    "claims": {"quiet": WAIT, "grace": WAIT},
    "redact": dict.fromkeys(("cards", "ibans", "tokens", "passwords"), FLAG)
    | {"patterns": a_list({"type": "string"})},
    "retention": {"after": WAIT},
}


def schema() -> Schema:
    """The whole schema."""
    told = _meanings()
    tables = {name: _table(name, told) for name in FILE_KEYS}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "bridge.toml of freescout-slack",
        "description": "What is shown where, and who is told of a wait. See docs/configuration.md.",
        **a_table(tables, ["routes"]),
        "definitions": {"condition": a_table({key: RULES[key] for key in (*CONDITIONS, *GROUPS)})},
    }


def text() -> str:
    """The file as it is written."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(name: str, told: dict[str, str]) -> Schema:
    keys = {key: _described(SHAPES[name][key], told.get(f"{name}.{key}", "")) for key in FILE_KEYS[name]}
    table = a_table(keys, REQUIRED.get(name))
    return a_list(table, 1 if name == "routes" else 0) if name in MANY else table


def _described(shape: Schema, meaning: str) -> Schema:
    return {"description": meaning, **shape} if meaning else shape


def _meanings() -> dict[str, str]:
    """What docs/configuration.md says of each key, without its markup."""
    document = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return {
        key: _plain(what) + (f". Default: {_plain(default)}" if default.strip() else "")
        for key, what, default in _ROW.findall(document)
    }


def _plain(words: str) -> str:
    return _LINK.sub(r"\1", words).replace("`", "").replace("*", "").strip()


if __name__ == "__main__":
    print(text(), end="")
