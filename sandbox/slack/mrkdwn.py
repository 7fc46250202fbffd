"""Slack's own markup, and Markdown as the markdown block takes it, as safe HTML.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Callable
from html import unescape

from markupsafe import Markup, escape

from sandbox.slack.emoji import with_emoji
from sandbox.slack.workspace import Workspace

SAFE = ("http://", "https://", "mailto:", "tel:")
_LINK = Markup('<a class="link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
_HOLE = "\ue000{}\ue001"
_HOLES = re.compile("\ue000(\\d+)\ue001")
_BEFORE, _AFTER = r"(?<![\w\\])", r"(?!\w)"
_STYLES = [
    (re.compile(rf"{_BEFORE}{re.escape(mark)}(\S(?:[^\n]*?\S)?){re.escape(mark)}{_AFTER}"), tag)
    for mark, tag in (("*", "b"), ("_", "i"), ("~", "s"))
]


class Markings:
    """Turns marked-up text into HTML. It knows the names behind the ids in one workspace."""

    def __init__(self, slack: Workspace) -> None:
        self._slack = slack

    def mrkdwn(self, text: str) -> Markup:
        """Slack's markup."""
        return _Page().render(text, self._angled)

    def markdown(self, text: str) -> Markup:
        """Markdown, as far as the markdown block knows it: headings, lists, quotes, code, links."""
        return _Page().markdown(text)

    def plain(self, text: str) -> Markup:
        """Plain text, with its emoji."""
        return escape(with_emoji(text))

    def _angled(self, inside: str) -> Markup:
        """What stands between < and >."""
        target, _, label = inside.partition("|")
        if target.startswith("@"):
            return self.person(target[1:], label)
        if target.startswith("#"):
            return self.channel(target[1:], label)
        if target.startswith("!date^"):
            return self._date(target, label)
        if target.startswith("!subteam^"):
            return self.group(target.removeprefix("!subteam^"), label)
        if target.startswith("!"):
            word = label or "@" + target[1:].split("^")[0]
            return Markup('<span class="mention loud">{}</span>').format(word)
        return link(target, label)

    def _date(self, target: str, fallback: str) -> Markup:
        parts = unescape(target).split("^")
        if len(parts) < 3 or not parts[1].isdigit():
            return escape(fallback or target)
        return date(int(parts[1]), parts[2], fallback, parts[3] if len(parts) > 3 else "")

    def person(self, user: str, label: str = "") -> Markup:
        """A mention."""
        name = self._slack.people[user].name if user in self._slack.people else label or user
        return Markup('<span class="mention">@{}</span>').format(unescape(name))

    def group(self, group: str, label: str = "") -> Markup:
        """A user group's mention."""
        known = self._slack.groups.get(group)
        name = known.handle if known else label.removeprefix("@") or group
        return Markup('<span class="mention">@{}</span>').format(unescape(name))

    def channel(self, channel: str, label: str = "") -> Markup:
        """A channel's name, to be opened by a click."""
        found = self._slack.channels.get(channel)
        if found is None:
            return Markup('<span class="mention">#{}</span>').format(label or channel)
        html = Markup('<a class="mention" data-nav href="/?channel={}">#{}</a>')
        return html.format(found.id, found.name)


def link(target: str, label: str = "") -> Markup:
    """A link, if it is one that a browser may follow; else only its words."""
    address = unescape(target)
    words = unescape(label) or address.removeprefix("mailto:")
    if not address.lower().startswith(SAFE):
        return escape(words)
    return _LINK.format(address, with_emoji(words))


def leaf_link(address: str, words: str) -> Markup:
    """A link of rich text, whose words stand as they are: neither entities nor emoji are read in them."""
    words = words or address
    return _LINK.format(address, words) if address.lower().startswith(SAFE) else escape(words)


def date(timestamp: int, form: str, fallback: str, target: str = "") -> Markup:
    """A time, which the page's script writes in the reader's own zone."""
    html = Markup('<time class="date" data-unix="{}" data-format="{}">{}</time>')
    shown = html.format(timestamp, form, unescape(fallback))
    return link_around(target, shown) if target else shown


def link_around(target: str, inside: Markup) -> Markup:
    if not target.lower().startswith(SAFE):
        return inside
    return _LINK.format(target, inside)


class _Page:
    """One text on its way to HTML. Finished pieces are kept aside, so that nothing looks at them again."""

    def __init__(self) -> None:
        self._kept: list[Markup] = []

    def _keep(self, html: Markup) -> str:
        self._kept.append(html)
        return _HOLE.format(len(self._kept) - 1)

    def _fill(self, text: str) -> Markup:
        while _HOLES.search(text):
            text = _HOLES.sub(lambda found: str(self._kept[int(found[1])]), text)
        return Markup(text)  # noqa: S704, everything in it was escaped on its way in

    def _code(self, tag: str, code: str) -> str:
        html = Markup("<pre>{}</pre>") if tag == "pre" else Markup("<code>{}</code>")
        return self._keep(html.format(unescape(code)))

    def _cut_code(self, text: str) -> str:
        text = text.replace("\ue000", "").replace("\ue001", "")
        text = re.sub(
            r"```\w*\n?(.+?)```", lambda m: self._code("pre", m[1].strip("\n")), text, flags=re.DOTALL
        )
        return re.sub(r"`([^`\n]+)`", lambda m: self._code("code", m[1]), text)

    def render(self, text: str, angled: Callable[[str], Markup]) -> Markup:
        text = self._cut_code(text)
        text = re.sub(r"<([^<>\n]+)>", lambda m: self._keep(angled(m[1])), text)
        text = with_emoji(str(escape(unescape(text))))
        for pattern, tag in _STYLES:
            text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
        return self._fill(_quotes(text))

    def markdown(self, text: str) -> Markup:
        text = self._cut_code(text)
        text = re.sub(r"!?\[([^\]\n]+)\]\(([^)\s]+)\)", lambda m: self._keep(link(m[2], m[1])), text)
        text = with_emoji(str(escape(text)))
        for pattern, html in (
            (r"\*\*(\S(?:[^\n]*?\S)?)\*\*", r"<b>\1</b>"),
            (r"(?<![\w*])[*_](\S(?:[^\n*_]*?\S)?)[*_](?![\w*])", r"<i>\1</i>"),
            (r"~~(\S(?:[^\n]*?\S)?)~~", r"<s>\1</s>"),
            (r"(?m)^#{1,6} +(.+)$", r'<b class="heading">\1</b>'),
            (r"(?m)^([ \t]*)[-*+] +(.+)$", r"\1• \2"),
            (r"(?m)^-{3,}$", "<hr>"),
        ):
            text = re.sub(pattern, html, text)
        return self._fill(_quotes(text))


def _quotes(escaped_text: str) -> str:
    """Gather the lines that begin with > (escaped, by now) into quotes."""
    text = re.sub(
        r"(?m)(?:^&gt; ?.*(?:\n|$))+",
        lambda m: "<blockquote>" + re.sub(r"(?m)^&gt; ?", "", m[0]).rstrip("\n") + "</blockquote>",
        escaped_text,
    )
    return re.sub(r"\n*(<blockquote>)|(</blockquote>)\n", r"\1\2", text)
