"""The dialog of a route from Slack: its table → fields, and what was put into them → a table. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot import mail
from bot.cards import Block, context, plain, sentence
from bot.errors import UserError
from bot.forms import View, checks_input, line_input, modal, select_input, text_input
from bot.model import Mailbox, Status
from bot.routing import Body, Event, Place
from bot.routing.conditionfile import GROUPS, TYPES
from bot.routing.delivery import DEFAULTS, read_deliver
from bot.routing.reading import OPEN_TO
from bot.tables import Where
from bot.watching import phrases
from bot.watching.stored import Problem, Table

T = TypeVar("T")

CALLBACK = "watch"
ANY, KEPT, USUAL = "any", "kept", "usual"
_MOST = 98
"""Slack shows 100 options; two of them are no mailboxes."""
_FLAGS = (
    ("notes", "What is typed in the threads of its cards becomes a note"),
    ("default", "Only what no other route takes"),
)
_EVENTS = {
    Event.NEW: "A new conversation",
    Event.CUSTOMER: "The customer writes again",
    Event.REPLY: "A colleague replies",
    Event.NOTE: "Somebody adds a note",
    Event.ASSIGNED: "It is assigned",
    Event.STATUS: "Its status changes",
    Event.OTHER: "It is moved, merged or given to another customer",
}
_PLACES = {
    Place.THREAD: "In the card's thread",
    Place.BOTH: "In the thread and in the channel",
    Place.CHANNEL: "In the channel",
    Place.ASSIGNEE: "A direct message to the assignee",
    Place.DIGEST: "Collected, once an hour",
    Place.NOTHING: "Not at all",
}
_BODIES = {Body.FULL: "All of it", Body.SNIPPET: "Its beginning", Body.NONE: "Nothing of it"}
_OTHERS = {"guests": "Guests of this workspace", "organisations": "People of other organisations"}
_STATUSES = tuple(one.value for one in Status if one is not Status.SPAM)


@dataclass(frozen=True, slots=True)
class Form:
    """What the dialog is about: a route of `channel`, new, or one that is there with its `spec`."""

    spec: Table
    boxes: Sequence[Mailbox]
    kept: Mapping[str, Any]
    wrong: str = ""
    """What is to be put right, where it cannot be said at its field any more."""


def view(form: Form) -> View:
    """Make the dialog."""
    new = not form.kept.get("watch")
    blocks = [sentence(form.wrong[:2000], "warning")] if form.wrong else []
    blocks += [_head("Which conversations"), *_which(form)]
    blocks += [_head("How they are said here"), *_how(form.spec)]
    return modal(CALLBACK, "Add Route" if new else "Edit Route", "Add" if new else "Save", blocks, form.kept)


def _head(words: str) -> Block:
    return {"type": "header", "text": plain(words)}


def _which(form: Form) -> list[Block]:
    spec, called = form.spec, {box.id: box.name for box in form.boxes}
    shown = [
        _mailbox(form),
        line_input("tag", "Tags, one of", initial=_joined(spec, "tag"), placeholder="vip, key account"),
        line_input(
            "customer", "Customers, one of", initial=_joined(spec, "customer"), placeholder=_CUSTOMERS
        ),
        _lines("subject", "Words of the subject, one of", _several(spec, "subject"), _SUBJECT),
        checks_input(
            "type", "Type, any without a tick", [(t, t.title()) for t in TYPES], _several(spec, "type")
        ),
        line_input(
            "assignee", "Assigned to one of", initial=_joined(spec, "assignee"), placeholder=_ASSIGNEE
        ),
        checks_input(
            "status",
            "Status when it comes here, any without a tick",
            [(one, one.title()) for one in _STATUSES],
            _several(spec, "status"),
        ),
        _lines("field", "Custom fields", _fields(spec), _FIELDS),
        _lines("time", "When the customer wrote", _several(spec, "time"), _TIME),
        _lines("unless", "Exceptions", [phrases.terms(one, called) for one in _unless(spec)], _UNLESS),
    ]
    return [*shown, context(plain(_HIDDEN))] if _hidden(spec) else shown


_CUSTOMERS = "ana@example.org, @big.example"
_ASSIGNEE = "nobody, anybody, an address or a name"
_SUBJECT = "One a line; a pattern stands between slashes: /order [0-9]+/"
_FIELDS = "One a line, all of them have to be so: Plan = Gold"
_TIME = "One a line: open or closed, by the mailbox's hours, or like mon-fri 18:00-08:00"
_UNLESS = 'One a line: tag:newsletter, or subject:"out of office" customer:@big.example for both together'
_HIDDEN = "This route has conditions that the dialog does not show. They stay as they are."


def _mailbox(form: Form) -> Block:
    said: Any = form.spec.get("mailbox")
    options = [(ANY, "Every mailbox")]
    options += [(str(box.id), mail.one_line(box.name, 75)) for box in form.boxes[:_MOST]]
    chosen = ANY if said is None else str(said)
    if chosen not in dict(options):
        names = {box.id: box.name for box in form.boxes}
        known = [names.get(one, f"mailbox {one}") for one in (said if isinstance(said, list) else [said])]
        options, chosen = [*options, (KEPT, mail.one_line(" or ".join(known), 75))], KEPT
    return select_input("mailbox", "Mailbox", options, chosen)


def _how(spec: Table) -> list[Block]:
    said = spec.get("deliver") or {}
    flags = [key for key, _ in _FLAGS if spec.get(key)]
    return [
        line_input(
            "name", "Name", initial=str(spec.get("name", "")), placeholder="What people call this route"
        ),
        *(_event(event, str(said.get(event, USUAL))) for event in Event),
        select_input(
            "body",
            "Show of each message",
            [(one.value, _BODIES[one]) for one in Body],
            spec.get("body", Body.FULL),
        ),
        line_input(
            "after", "Own waits before a reminder", initial=_joined(spec, "after"), placeholder="30m, 2h, 1d"
        ),
        checks_input("options", "Also", list(_FLAGS), flags),
        checks_input(
            "open_to",
            "Who else may read along",
            [(one, _OTHERS[one]) for one in OPEN_TO],
            _several(spec, "open_to"),
        ),
    ]


def _event(event: Event, chosen: str) -> Block:
    usual = _PLACES[DEFAULTS[event]]
    places = [(one.value, _PLACES[one]) for one in Place if _goes(event, one)]
    options = [(USUAL, f"As usual: {usual[:1].lower()}{usual[1:]}"), *places]
    return select_input(f"deliver.{event}", _EVENTS[event], options, chosen)


def _goes(event: Event, place: Place) -> bool:
    problems: list[str] = []
    read_deliver(Where(""), {event.value: place.value}, problems)
    return not problems


def _lines(block: str, label: str, lines: Sequence[str], hint: str) -> Block:
    return {**text_input(block, label, initial="\n".join(lines), hint=hint), "optional": True}


def _several(spec: Table, key: str) -> list[str]:
    said = spec.get(key)
    return [str(one) for one in (said if isinstance(said, list) else [said]) if one is not None]


def _joined(spec: Table, key: str) -> str:
    return ", ".join(_several(spec, key))


def _fields(spec: Table) -> list[str]:
    return [
        f"{name} = {one}" if one is not True else name
        for name, value in (spec.get("field") or {}).items()
        for one in (value if isinstance(value, list) else [value])
    ]


def _unless(spec: Table, *, shown: bool = True) -> list[Table]:
    return [rule for rule in spec.get("unless") or () if (rule.keys().isdisjoint(GROUPS)) is shown]


def _hidden(spec: Table) -> Table:
    """What the dialog does not show: it stays."""
    hidden = {key: spec[key] for key in ("all", "any") if spec.get(key)}
    unless = _unless(spec, shown=False)
    return {**hidden, "unless": unless} if unless else hidden


def read(fields: Mapping[str, str], before: Table) -> tuple[Table, tuple[Problem, ...]]:
    """What was put into the fields, as a table, with what cannot be one; `before` is how the route was."""
    problems: list[Problem] = []
    said: Table = {"mailbox": _chosen_mailbox(fields.get("mailbox", ANY), before)}
    for key in ("tag", "assignee"):
        said[key] = _one_or_more(re.split(r"\s*[,;\n]\s*", fields.get(key, "").strip()))
    for key in ("customer", "after", "type", "status", "open_to"):
        said[key] = _one_or_more(re.split(r"[\s,;]+", fields.get(key, "").strip()))
    for key in ("subject", "time"):
        said[key] = _one_or_more([line.strip() for line in fields.get(key, "").splitlines()])
    said["field"] = _asked("field", lambda: phrases.pairs(fields.get("field", "").splitlines()), problems)
    unless = _asked("unless", lambda: phrases.exceptions(fields.get("unless", "")), problems)
    hidden = _hidden(before)
    said["unless"] = [*(unless or ()), *hidden.pop("unless", ())]
    said["deliver"] = _chosen_places(fields)
    said["name"] = fields.get("name", "").strip()
    said["body"] = fields.get("body", "") if fields.get("body") != Body.FULL else ""
    said |= {key: key in fields.get("options", "").split() for key, _ in _FLAGS}
    return {**hidden, **{key: value for key, value in said.items() if value}}, tuple(problems)


def _chosen_mailbox(chosen: str, before: Table) -> int | str | list[int | str] | None:
    return before.get("mailbox") if chosen == KEPT else int(chosen) if chosen.isdecimal() else None


def _chosen_places(fields: Mapping[str, str]) -> Table:
    chosen = {event.value: fields.get(f"deliver.{event}", USUAL) for event in Event}
    return {event: place for event, place in chosen.items() if place not in ("", USUAL)}


def _one_or_more(said: Sequence[str]) -> str | list[str] | None:
    found = [one for one in said if one]
    return found[0] if len(found) == 1 else found or None


def _asked(block: str, reader: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return reader()
    except UserError as error:
        problems.append(Problem(block, str(error)))
        return None


def at_fields(problems: Sequence[Problem]) -> dict[str, str]:
    """What is to be put right, by the field at which it is said."""
    found: dict[str, str] = {}
    for one in problems:
        block = {"": "mailbox", "notes": "options", "default": "options", "deliver": "deliver.new"}.get(
            one.key, one.key
        )
        block = "mailbox" if block in ("all", "any", "channel") else block
        found[block] = f"{found[block]} {one.words}" if block in found else one.words
    return found
