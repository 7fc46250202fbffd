"""Block Kit as HTML: the templates, and the Python that is easier than a template."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sandbox.slack.emoji import emoji
from sandbox.slack.forms import current, options
from sandbox.slack.mrkdwn import Markings, date, leaf_link
from sandbox.slack.workspace import Workspace

PAGE = Path(__file__).parent / "page"
_STYLES = {
    "code": Markup("<code>{}</code>"),
    "bold": Markup("<b>{}</b>"),
    "italic": Markup("<i>{}</i>"),
    "strike": Markup("<s>{}</s>"),
    "underline": Markup("<u>{}</u>"),
}
_KEPT = Markup('<span data-leaf="{}" contenteditable="false">{}</span>')  # an editor gives it back as it was
_ORDERED = Markup('<ol start="{0}" class="indent-{1}">{2}</ol>')
_BULLETS = Markup('<ul class="indent-{1}">{2}</ul>')


class Drawing:
    """Renders templates for one workspace."""

    def __init__(self, slack: Workspace) -> None:
        self._slack, self._marks = slack, Markings(slack)
        self._env = Environment(
            loader=FileSystemLoader(PAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters |= {
            "mrkdwn": self._marks.mrkdwn,
            "markdown": self._marks.markdown,
            "plain": self._marks.plain,
            "text": self.text,
            "rich": self.rich,
            "emoji": lambda name: emoji(name) or f":{name}:",
            "options": options,
            "current": partial(_current),
            "hue": hue,
            "initials": initials,
            "hour": lambda ts: datetime.fromtimestamp(float(ts), UTC).strftime("%H:%M"),
            "wall": lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M}" if at else "",
            "day": lambda ts: datetime.fromtimestamp(float(ts), UTC).strftime("%Y-%m-%d"),
        }

    def page(self, template: str, **context: Any) -> str:
        return self._env.get_template(template).render(slack=self._slack, **context)

    def text(self, text: dict[str, Any]) -> Markup:
        """A text object."""
        draw = self._marks.mrkdwn if text["type"] == "mrkdwn" else self._marks.plain
        return draw(text["text"])

    def rich(self, block: dict[str, Any]) -> Markup:
        """A rich_text block."""
        return _joined(self._part(part) for part in block["elements"])

    def _part(self, part: dict[str, Any]) -> Markup:
        if part["type"] == "rich_text_list":
            return self._list(part)
        inside = _joined(self._leaf(leaf) for leaf in part["elements"])
        if part["type"] == "rich_text_preformatted":
            return Markup("<pre>{}</pre>").format(inside)
        if part["type"] == "rich_text_quote":
            return Markup("<blockquote>{}</blockquote>").format(inside)
        return Markup('<div class="rich">{}</div>').format(inside)

    def _list(self, part: dict[str, Any]) -> Markup:
        items = _joined(
            Markup("<li>{}</li>").format(_joined(self._leaf(leaf) for leaf in item["elements"]))
            for item in part["elements"]
        )
        start = part.get("offset", 0) + 1
        html = _BULLETS if part["style"] == "bullet" else _ORDERED
        return html.format(start, part.get("indent", 0), items)

    def _leaf(self, leaf: dict[str, Any]) -> Markup:
        shown = self._plain_leaf(leaf)
        style = leaf.get("style", {})
        for key, html in _STYLES.items():
            if style.get(key):
                shown = html.format(shown)
        return shown if leaf["type"] in ("text", "link") else _KEPT.format(json.dumps(leaf), shown)

    def _plain_leaf(self, leaf: dict[str, Any]) -> Markup:
        match leaf["type"]:
            case "link":
                return leaf_link(leaf["url"], leaf.get("text", ""))
            case "emoji":
                return self._marks.plain(emoji(leaf["name"]) or f":{leaf['name']}:")
            case "user":
                return self._marks.person(leaf["user_id"])
            case "usergroup":
                return self._marks.group(leaf["usergroup_id"])
            case "channel":
                return self._marks.channel(leaf["channel_id"])
            case "date":
                return date(leaf["timestamp"], leaf["format"], leaf.get("fallback", ""), leaf.get("url", ""))
            case "broadcast":
                return Markup('<span class="mention loud">@{}</span>').format(leaf["range"])
            case _:
                return Markup.escape(leaf.get("text", leaf.get("value", "")))


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _current(element: dict[str, Any], block: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    return current(block, element, typed)


def hue(text: str) -> int:
    """A colour, one of eight, that stays with an id."""
    return sum(map(ord, text)) % 8


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()
