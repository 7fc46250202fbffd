"""Which files of a thread come to Slack, and what is said of those that do not. Pure.

An attachment's address in FreeScout opens it for anyone, for ever: it is fetched from, and never shown.
"""

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from bot.downloads import same_site
from bot.mail import images, one_line
from bot.model import Attachment, Conversation, Thread

MOST_BYTES = 20_000_000
"""For one file: it is held in memory whole. What is larger is seldom wanted in a chat."""
MOST_FILES = 10
"""For one thread: as many as Slack shows in one message."""
_STORE = "/storage/"
"""In every address of a stored file: a body without it need not be read for pictures."""
_OLD = 5
"""Threads older than the card whose files come along."""


def old_and_new(conversation: Conversation, told: Sequence[str], card: float | None) -> list[Thread]:
    """The threads whose files are brought: all since the `card` was posted, and a few from before that.

    A card that comes late, for a conversation of years, would else bring a hundred files that nobody has
    asked for; who wants an older one follows the link to FreeScout. `card` is in seconds since 1970, None
    where it is not posted yet. Which threads are older than it never changes, so that nothing slips out of
    reach while new ones come.
    """
    shown = [one for one in conversation.threads if one.state == "published" and one.type in told]
    old = [one for one in shown if card is None or one.created_at.timestamp() < card]
    return [*old[-_OLD:], *(one for one in shown if one not in old)]


def brought(thread: Thread, home: str) -> tuple[Attachment, ...]:
    """The files to bring: those that lie at FreeScout, `home`: attachments, then pictures of the body."""
    urls = images(thread.body, _origin(home)) if _STORE in thread.body else ()
    pictures = [Attachment(0, _name(url), "", 0, url) for url in urls]
    files = {file.url: file for file in [*pictures, *thread.attachments] if same_site(file.url, home)}
    first = [file for file in thread.attachments if file.url in files]
    every = [*first, *(file for file in files.values() if file not in first)]
    return tuple(file for file in every[:MOST_FILES] if file.size <= MOST_BYTES)


def stays(thread: Thread) -> bool:
    """Whether an attachment is left out for its size or for the number of them."""
    return len(thread.attachments) > MOST_FILES or any(one.size > MOST_BYTES for one in thread.attachments)


def named(thread: Thread) -> str:
    """The names and sizes of a thread's attachments, in a line."""
    shown = [f"{one_line(one.name, 60)} ({_told(one)})" for one in thread.attachments[:MOST_FILES]]
    more = len(thread.attachments) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _origin(home: str) -> str:
    parts = urlsplit(home)
    return f"{parts.scheme}://{parts.netloc}"


def _name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2]) or "picture"


def _told(file: Attachment) -> str:
    return f"{size(file.size)}, too large for here" if file.size > MOST_BYTES else size(file.size)


def size(count: int) -> str:
    """Bytes as people say them."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
