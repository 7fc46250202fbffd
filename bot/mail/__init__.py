"""Mail bodies: HTML as it came from anywhere ↔ text that Slack shows. Pure.

`rich_text` leaves need no escaping and cannot ping, so they are the home of everything a customer writes.
`lines` and `plain` read all of a mail; `read` folds the earlier mails and the signature.
"""

from bot.mail.folding import EARLIER, SIGNATURE, Reading, images, read, snippet, whole
from bot.mail.lines import Line, Run
from bot.mail.links import honest
from bot.mail.reading import ENOUGH, lines, plain
from bot.mail.telling import hidden, is_forward
from bot.mail.text import escape, from_slack, one_line, right_to_left, to_html

__all__ = [
    "EARLIER",
    "ENOUGH",
    "SIGNATURE",
    "Line",
    "Reading",
    "Run",
    "escape",
    "from_slack",
    "hidden",
    "honest",
    "images",
    "is_forward",
    "lines",
    "one_line",
    "plain",
    "read",
    "right_to_left",
    "snippet",
    "to_html",
    "whole",
]
