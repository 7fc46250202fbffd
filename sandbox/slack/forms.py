"""Fields and what a person put into them: from block elements and choices to Slack's `state.values`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.slack.blocks import elements_of
from sandbox.slack.model import Blocks, Profile
from sandbox.slack.richtext import says_something, written

Element = dict[str, Any]
Typed = dict[str, dict[str, Any]]
Wanted = str | list[Any] | dict[str, Any] | None
PRESSED = ("button", "overflow")  # these keep nothing


@dataclass(frozen=True)
class Usable:
    """An element that a person can use, and the block in which it stands."""

    block: dict[str, Any]
    element: Element

    @property
    def label(self) -> str:
        """What a person reads at it."""
        for thing in (self.block.get("label"), self.element.get("text"), self.element.get("placeholder")):
            if thing:
                return str(thing["text"])
        return str(self.element.get("action_id", ""))

    @property
    def names(self) -> tuple[str, str, str]:
        return self.label, self.block["block_id"], self.element["action_id"]


def usables(blocks: Blocks) -> list[Usable]:
    """Everything in these blocks that a person can use."""
    return [Usable(block, element) for block in blocks for element in elements_of(block)]


def options(element: Element) -> list[dict[str, Any]]:
    """What can be chosen, groups or not."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(option for group in groups for option in group["options"])]


def option_for(element: Element, wanted: str) -> dict[str, Any]:
    """The option with this text, or failing that this value; raises LookupError."""
    by_value = {option.get("value"): option for option in options(element)}
    by_text = {option["text"]["text"]: option for option in options(element)}
    if found := by_text.get(wanted) or by_value.get(wanted):
        return found
    there = ", ".join(repr(o["text"]["text"]) for o in options(element))
    raise LookupError(f"no option {wanted!r}; there are {there}")


def person_for(wanted: str, people: Iterable[Profile]) -> str:
    """The id of the person with this id, name, handle or address; raises LookupError."""
    for user in people:
        if wanted.lower() in (user.id.lower(), user.name.lower(), user.handle, user.email.lower()):
            return user.id
    raise LookupError(f"nobody is called {wanted!r}")


def files_for(element: Element, wanted: Any) -> list[dict[str, Any]]:
    """The files that somebody chose, as Slack sends them: each is JSON already, or has `as_json()`.

    Raises LookupError for what Slack's field would not take.
    """
    chosen = wanted if isinstance(wanted, list) else [wanted] if wanted else []
    files: list[dict[str, Any]] = [each if isinstance(each, dict) else each.as_json() for each in chosen]
    most = element.get("max_files", 10)
    if len(files) > most:
        raise LookupError(f"the field takes at most {most} files, not {len(files)}")
    kinds = [kind.lower() for kind in element.get("filetypes", ())]
    for file in files:
        if kinds and str(file["name"]).rpartition(".")[2].lower() not in kinds:
            raise LookupError(f"the field takes {', '.join(kinds)}, not {file['name']!r}")
    return files


def moment(words: str) -> int | None:
    """Seconds since 1970 of a time like `2026-12-01T09:00`, which the page shows in UTC."""
    return int(datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp()) if words else None


def value_for(element: Element, wanted: Wanted, people: Iterable[Profile]) -> dict[str, Any]:
    """What Slack sends for an element with this typed or chosen; None or empty clears it."""
    kind = element["type"]
    if kind == "rich_text_input":
        return {"type": kind, "rich_text_value": written(wanted)}
    if kind == "file_input":
        return {"type": kind, "files": files_for(element, wanted)}
    many = [wanted] if isinstance(wanted, str) and wanted else list(wanted or [])
    one = many[0] if many else None
    found = list(people)
    match kind:
        case "static_select" | "radio_buttons":
            return {"type": kind, "selected_option": option_for(element, one) if one else None}
        case "checkboxes":
            return {"type": kind, "selected_options": [option_for(element, each) for each in many]}
        case "users_select":
            return {"type": kind, "selected_user": person_for(one, found) if one else None}
        case "multi_users_select":
            return {"type": kind, "selected_users": [person_for(each, found) for each in many]}
        case "datepicker":
            return {"type": kind, "selected_date": one}
        case "datetimepicker":
            return {"type": kind, "selected_date_time": int(one) if one else None}
        case _:
            return {"type": kind, "value": one}


def _initial(element: Element) -> dict[str, Any]:
    kind = element["type"]
    match kind:
        case "static_select" | "radio_buttons":
            return {"type": kind, "selected_option": element.get("initial_option")}
        case "checkboxes":
            return {"type": kind, "selected_options": element.get("initial_options", [])}
        case "users_select":
            return {"type": kind, "selected_user": element.get("initial_user")}
        case "multi_users_select":
            return {"type": kind, "selected_users": element.get("initial_users", [])}
        case "datepicker":
            return {"type": kind, "selected_date": element.get("initial_date")}
        case "datetimepicker":
            return {"type": kind, "selected_date_time": element.get("initial_date_time")}
        case "rich_text_input":
            return {"type": kind, "rich_text_value": written(element.get("initial_value"))}
        case "file_input":
            return {"type": kind, "files": []}
        case _:
            return {"type": kind, "value": element.get("initial_value")}


def current(block: dict[str, Any], element: Element, typed: Typed) -> dict[str, Any]:
    """What stands in one element now."""
    kept = typed.get(block["block_id"], {}).get(element["action_id"])
    return kept if kept and kept["type"] == element["type"] else _initial(element)


def state(blocks: Blocks, typed: Typed) -> dict[str, Any]:
    """`state` as Slack sends it. https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
    values: Typed = {}
    for usable in usables(blocks):
        if usable.element["type"] not in PRESSED:
            _, block_id, action_id = usable.names
            there = values.setdefault(block_id, {})
            there[action_id] = current(usable.block, usable.element, typed)
    return {"values": values}


def missing(blocks: Blocks, typed: Typed) -> dict[str, str]:
    """The complaints that Slack itself makes before it asks the app: fields that must be filled."""
    complaints = {}
    for usable in usables(blocks):
        if usable.block["type"] != "input":
            continue
        kept = current(usable.block, usable.element, typed)
        if not _filled(kept) and not usable.block.get("optional"):
            complaints[usable.block["block_id"]] = "Please complete this required field."
        elif note := _length(usable.element, kept.get("value")):
            complaints[usable.block["block_id"]] = note
    return complaints


def _filled(kept: dict[str, Any]) -> bool:
    if kept["type"] == "rich_text_input":
        return says_something(kept["rich_text_value"])
    return any(value for key, value in kept.items() if key != "type")


def _length(element: Element, value: str | None) -> str | None:
    if not value:
        return None
    if len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(value) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return None


def look_up(blocks: Blocks, name: str) -> Usable:
    """The field with this label, block_id or action_id; raises LookupError and names those there are."""
    there = usables(blocks)
    for place in range(3):
        for usable in there:
            if usable.names[place] == name:
                return usable
    raise LookupError(f"no {name!r} here; there are {', '.join(repr(u.label) for u in there) or 'none'}")


def pressed(blocks: Blocks, name: str, people: Iterable[Profile]) -> tuple[Usable, dict[str, Any]]:
    """Find what somebody means by "presses": an element by its words or action_id, or one of its options.

    Returns it, and the part of the action that says what was chosen.
    """
    found = list(people)
    for usable in usables(blocks):
        if usable.element["type"] == "button" and name in usable.names:
            chosen = {"value": usable.element["value"]} if "value" in usable.element else {}
            return usable, chosen
    for usable in usables(blocks):
        try:
            return usable, _chosen(usable.element, name, found)
        except LookupError:
            continue
    there = [u.label for u in usables(blocks) if u.element["type"] == "button"]
    there += [o["text"]["text"] for u in usables(blocks) for o in options(u.element)]
    raise LookupError(f"nothing to press called {name!r}; there are {', '.join(map(repr, there)) or 'none'}")


def _chosen(element: Element, name: str, people: list[Profile]) -> dict[str, Any]:
    if element["type"] == "overflow":
        return {"selected_option": option_for(element, name)}
    if element["type"] in ("static_select", "radio_buttons", "users_select"):
        return {key: kept for key, kept in value_for(element, name, people).items() if key != "type"}
    if element["type"] == "checkboxes":
        return {"selected_options": [option_for(element, name)]}
    raise LookupError(name)
