"""The things that this Slack is made of: people, channels, messages, views."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Blocks = list[dict[str, Any]]


@dataclass(eq=False)
class Profile:
    """Who somebody is. `team` is another workspace's id for a Slack Connect person."""

    id: str
    name: str
    email: str
    team: str
    guest: bool = False  # of several channels, as far as is told; `alone` in one
    stranger: bool = False
    deleted: bool = False
    is_bot: bool = False
    tz: str = "UTC"
    organisation: str = ""
    """The id of the Enterprise organisation that they belong to, if it is one."""
    alone: bool = False

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
        if self.organisation:
            about["enterprise_user"] = {"id": self.id, "enterprise_id": self.organisation}
        if self.deleted:
            return about
        guest = {"is_restricted": self.guest or self.alone, "is_ultra_restricted": self.alone}
        rights = {"is_admin": False, "is_owner": False, **guest}
        zone = {"tz": self.tz, "tz_label": self.tz, "tz_offset": 0}
        stranger = {"is_stranger": True} if self.stranger else {}
        return {**about, **zone, **rights, **stranger, "real_name": self.name}


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
    files: "list[SlackFile]" = field(default_factory=list)
    deleted: bool = False
    trouble: str | None = None  # the warning beside a button whose press the app did not answer

    @property
    def all_text(self) -> str:
        """Every word of it that is shown: the blocks, or the text where there are none."""
        shown = [*words(self.blocks)] if self.blocks else [self.text]
        return "\n".join([*shown, *(file.title for file in self.files if not file.deleted)])

    @property
    def block_id(self) -> str:
        return self.blocks[0]["block_id"] if self.blocks else ""


@dataclass(eq=False)
class SlackFile:
    """A file. One of an app's is `completed` only when it was uploaded in all three steps."""

    id: str
    name: str
    title: str
    mime: str
    data: bytes
    user: str
    created: int
    home: str  # the address of this Slack
    team: str
    mode: str = "hosted"  # or `external`, or `hidden_by_limit`
    shares: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    completed: bool = True
    deleted: bool = False
    ticket: str = ""  # where its bytes go, and how many were announced
    announced: int = 0
    moved_to: str = ""  # where fetching it is redirected to

    def as_json(self) -> dict[str, Any]:
        """The file object. https://docs.slack.dev/reference/objects/file-object"""
        if self.deleted or self.mode == "hidden_by_limit":
            return {"id": self.id, "mode": "tombstone" if self.deleted else self.mode}
        place = f"{self.home}/files-pri/{self.team}-{self.id}"
        filetype, name = self.name.rpartition(".")[2].lower(), quote(self.name, safe="")
        public, private = self.shares.get("public", {}), self.shares.get("private", {})
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title,
            "mimetype": self.mime,
            "filetype": filetype,
            "pretty_type": filetype.upper(),
            "user": self.user,
            "user_team": self.team,
            "editable": False,
            "size": len(self.data),
            "mode": self.mode,
            "is_external": self.mode == "external",
            "external_type": "gdrive" if self.mode == "external" else "",
            "is_public": bool(public),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{place}/{name}",
            "url_private_download": f"{place}/download/{name}",
            "permalink": f"{self.home}/files/{self.user}/{self.id}/{name}",
            "file_access": "visible",
            "shares": self.shares,
            "channels": list(public),
            "groups": list(private),
            "ims": [],
        }


@dataclass(eq=False)
class UserGroup:
    """A user group; `disabled` is when it was switched off."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: int = 0

    def as_json(self, team: str, *, users: bool) -> dict[str, Any]:
        """The user group object. https://docs.slack.dev/reference/objects/usergroup-object"""
        listed = {"users": list(self.users), "user_count": len(self.users)} if users else {}
        about = {"id": self.id, "team_id": team, "is_usergroup": True, "name": self.name, **listed}
        return {**about, "handle": self.handle, "description": "", "date_delete": self.disabled}


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
    pending: list[str] = field(default_factory=list)  # the workspaces that were invited to share it
    org_shared: bool = False  # with other workspaces of the own Enterprise organisation
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
            shown = key in ("text", "title", "fallback", "initial_value") and isinstance(value, str)
            if shown:
                yield value
            elif key not in ("value", "options", "option_groups", "confirm"):
                yield from words(value)


def _leaf(element: dict[str, Any]) -> str:
    if element["type"] == "emoji":
        return f":{element['name']}:"
    for key in ("text", "fallback", "url", "user_id", "usergroup_id", "channel_id", "range"):
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
        body = {**self.body, "blocks": [self._filled_in(block) for block in self.blocks]}
        filled = [str(v.get("value") or "") for block in self.typed.values() for v in block.values()]
        return "\n".join([*words(body), *filled, *self.errors.values(), self.trouble or ""])

    def _filled_in(self, block: dict[str, Any]) -> dict[str, Any]:
        """An input block with what was put in where its initial value stood."""
        element = block.get("element", {})
        kept = self.typed.get(block["block_id"], {}).get(element.get("action_id"))
        return {**block, "element": {**element, "initial_value": kept}} if kept else block


def fill_in_ids(blocks: Blocks) -> None:
    """Give blocks and elements without an id one, as Slack does."""
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4).replace("-", "x").replace("_", "y")[:5])
        usable = block.get("elements", []) if block["type"] == "actions" else []
        for element in [*usable, block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and element.get("type") != "image":
                element.setdefault("action_id", secrets.token_hex(3))
