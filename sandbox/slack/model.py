"""The things that this Slack is made of: people, channels, messages, views."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Blocks = list[dict[str, Any]]


@dataclass(eq=False)
class Profile:
    """Who somebody is. `team` is another workspace's id for a Slack Connect person."""

    id: str
    name: str
    email: str
    team: str
    guest: bool = False
    stranger: bool = False
    deleted: bool = False
    is_bot: bool = False
    tz: str = "UTC"

    @property
    def handle(self) -> str:
        """The name behind the @: lower case, dots for spaces."""
        return re.sub(r"[^\w]+", ".", self.name.lower()).strip(".")

    def as_json(self) -> dict[str, Any]:
        """The user object of users.info. https://docs.slack.dev/reference/objects/user-object"""
        profile = {"real_name": self.name, "display_name": self.handle, "team": self.team}
        if not self.is_bot:
            profile["email"] = self.email
        about: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.handle,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
        }
        if self.deleted:
            return about
        rights = {"is_admin": False, "is_owner": False, "is_restricted": self.guest}
        zone = {"tz": self.tz, "tz_label": self.tz, "tz_offset": 0}
        stranger = {"is_stranger": True} if self.stranger else {}
        return {**about, **zone, **rights, **stranger, "real_name": self.name, "is_ultra_restricted": False}


@dataclass(eq=False)
class Message:
    """One message. It is changed in place, so whoever holds it sees what became of it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: Blocks = field(default_factory=list)
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    edited: str | None = None
    broadcast: bool = False
    by_app: bool = False
    only_for: str | None = None
    thread: "list[Message]" = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False
    trouble: str | None = None  # the warning beside a button whose press the app did not answer

    @property
    def all_text(self) -> str:
        """Every word of it that is shown: the blocks, or the text where there are none."""
        return "\n".join(words(self.blocks)) if self.blocks else self.text

    @property
    def block_id(self) -> str:
        return self.blocks[0]["block_id"] if self.blocks else ""


@dataclass(eq=False)
class Channel:
    """A channel, or with `im_with` a direct conversation of that person with the app."""

    id: str
    name: str
    private: bool
    members: list[str]
    created: int
    im_with: str | None = None
    archived: bool = False
    shared: bool = False  # with another company
    open_to_all: bool = False
    messages: list[Message] = field(default_factory=list)


def words(node: Any) -> Iterator[str]:
    """Every text that a person would read in blocks or a view, in order."""
    if isinstance(node, list):
        for item in node:
            yield from words(item)
    elif isinstance(node, dict):
        if node.get("type") == "rich_text_section":
            yield "".join(_leaf(e) for e in node["elements"])
            return
        for key, value in node.items():
            shown = key in ("text", "title", "fallback") and isinstance(value, str)
            if shown:
                yield value
            elif key not in ("value", "options", "option_groups", "confirm"):
                yield from words(value)


def _leaf(element: dict[str, Any]) -> str:
    if element["type"] == "emoji":
        return f":{element['name']}:"
    for key in ("text", "fallback", "url", "user_id", "channel_id", "range"):
        if key in element:
            return str(element[key])
    return ""


@dataclass(eq=False)
class View:
    """A modal that a person has open, or the app's Home for one person."""

    id: str
    person: str
    body: dict[str, Any]
    root: str
    previous: str | None = None
    hash: str = ""
    typed: dict[str, dict[str, Any]] = field(default_factory=dict)  # state values by block and action
    errors: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None

    @property
    def blocks(self) -> Blocks:
        blocks: Blocks = self.body["blocks"]
        return blocks

    @property
    def title(self) -> str:
        return str(self.body.get("title", {}).get("text", ""))

    @property
    def all_text(self) -> str:
        """Every word of it that is shown, with what stands in its fields and the errors at them."""
        filled = [str(v.get("value") or "") for block in self.typed.values() for v in block.values()]
        return "\n".join([*words(self.body), *filled, *self.errors.values(), self.trouble or ""])


def fill_in_ids(blocks: Blocks) -> None:
    """Give blocks and elements without an id one, as Slack does."""
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4).replace("-", "x").replace("_", "y")[:5])
        usable = block.get("elements", []) if block["type"] == "actions" else []
        for element in [*usable, block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and element.get("type") != "image":
                element.setdefault("action_id", secrets.token_hex(3))
