"""What a person writes in Slack's rich-text field ↔ the HTML that FreeScout mails. Pure.

A block comes from a person's Slack, or from a draft that an older version kept: it may be None, lack keys, or
hold elements that nobody knew when this was written. Nothing here raises for that; what can be read is kept.

https://docs.slack.dev/reference/block-kit/block-elements/rich-text-input-element
"""

from bot.written.making import Block, from_html, from_message, from_text, mentioned, shown
from bot.written.markup import html, plain
from bot.written.reading import blank

__all__ = [
    "Block",
    "blank",
    "from_html",
    "from_message",
    "from_text",
    "html",
    "mentioned",
    "plain",
    "shown",
]
