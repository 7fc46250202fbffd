"""Small rules to check what an app sends against, put together in `blocks.py` into Slack's own.

A rule takes a value, the place where it stands (a JSON pointer) and the list to which it adds what is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Flaws = list[str]
Rule = Callable[[Any, str, Flaws], None]


def flaw(flaws: Flaws, at: str, what: str) -> None:
    """Note one thing that is wrong, in the form in which Slack says it."""
    flaws.append(f"[ERROR] {what} [json-pointer:{at}]")


def string(most: int, least: int = 1) -> Rule:
    """A string of `least` to `most` characters."""

    def check(value: Any, at: str, flaws: Flaws) -> None:
        if not isinstance(value, str):
            flaw(flaws, at, "must be a string")
        elif len(value) < least:
            flaw(flaws, at, f"must be more than {least - 1} characters")
        elif len(value) > most:
            flaw(flaws, at, f"must be less than {most + 1} characters")

    return check


def url(value: Any, at: str, flaws: Flaws) -> None:
    """An address that a person can open."""
    string(3000)(value, at, flaws)
    if isinstance(value, str) and not value.startswith(("https://", "http://", "mailto:", "tel:")):
        flaw(flaws, at, "must be a valid URL")


def boolean(value: Any, at: str, flaws: Flaws) -> None:
    if not isinstance(value, bool):
        flaw(flaws, at, "must be a boolean")


def integer(least: int, most: int) -> Rule:
    """A whole number in these bounds."""

    def check(value: Any, at: str, flaws: Flaws) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            flaw(flaws, at, f"must be an integer from {least} to {most}")

    return check


def one_of(*words: str) -> Rule:
    """One of these words."""

    def check(value: Any, at: str, flaws: Flaws) -> None:
        if value not in words:
            flaw(flaws, at, "must be one of: " + ", ".join(words))

    return check


def several(rule: Rule, least: int, most: int) -> Rule:
    """A list of `least` to `most` items that each obey `rule`."""

    def check(value: Any, at: str, flaws: Flaws) -> None:
        if not isinstance(value, list):
            flaw(flaws, at, "must be an array")
            return
        if len(value) < least:
            flaw(flaws, at, f"no less than {least} items allowed")
        if len(value) > most:
            flaw(flaws, at, f"no more than {most} items allowed [{len(value)} given]")
        for number, item in enumerate(value):
            rule(item, f"{at}/{number}", flaws)

    return check


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule], any_of: Sequence[str] = ()) -> Rule:
    """An object with these keys and no others; of `any_of` at least one must be there."""
    known = {**required, **optional}

    def check(value: Any, at: str, flaws: Flaws) -> None:
        if not isinstance(value, dict):
            flaw(flaws, at, "must be an object")
            return
        for key in required:
            if key not in value:
                flaw(flaws, at, f"missing required field: {key}")
        if any_of and not any(key in value for key in any_of):
            flaw(flaws, at, "must have one of: " + ", ".join(any_of))
        for key, inner in value.items():
            if key == "type":
                continue
            if key not in known:
                flaw(flaws, f"{at}/{key}", "no more properties allowed")
            else:
                known[key](inner, f"{at}/{key}", flaws)

    return check


def typed(shapes: Mapping[str, Rule], what: str) -> Rule:
    """An object whose `type` says which of `shapes` it has to have."""

    def check(value: Any, at: str, flaws: Flaws) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in shapes:
            shapes[kind](value, at, flaws)
        elif kind is None:
            flaw(flaws, at, f"{what} must be an object with a type")
        else:
            flaw(flaws, f"{at}/type", f"unsupported type: {kind}")

    return check


def text(most: int, *kinds: str) -> Rule:
    """A text object, of both kinds unless told."""
    both: dict[str, Rule] = {
        "plain_text": shape({"text": string(most)}, {"emoji": boolean}),
        "mrkdwn": shape({"text": string(most)}, {"verbatim": boolean}),
    }
    return typed({kind: both[kind] for kind in (kinds or both)}, "a text")


def plain(most: int) -> Rule:
    """A text object that must be plain."""
    return text(most, "plain_text")
