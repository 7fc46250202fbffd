"""Files of Slack's on their way to FreeScout, fetched just before a reply or note goes.

https://docs.slack.dev/messaging/working-with-files and https://docs.slack.dev/reference/objects/file-object
"""

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bot.desk import Desk
from bot.downloads import NoFile, Page, TooLarge, download, file_name, same_site
from bot.errors import Misconfigured, UserError
from bot.freescout import Upload
from bot.slackapi import SlackRefused, call

MOST_BYTES = 10_000_000
"""For one file: FreeScout takes it as base64 in one JSON body, and PHP's usual limits begin near there."""
MOST_TOGETHER = 20_000_000
"""Mail servers commonly refuse messages beyond 25 MB, of which base64 takes a third."""
MOST_FILES = 10
"""What Slack's own file field takes."""

_HIDDEN = "Slack hides it because of the workspace's plan: upload it again"
_DELETED = "it was deleted from Slack: upload it again, or send without it"
_UNSEEN = (
    "Slack does not show it to the app: it was deleted, or stands where the app is not. "
    "Download it and attach it in the dialog instead"
)
_EXTERNAL = "it lies outside Slack, at Google Drive or the like: put its link in the text, or upload it"


async def fetch_all(desk: Desk, files: Sequence[str]) -> tuple[Upload, ...]:
    """Fetch files by Slack's ids, in order; raise UserError where they are too many or too large together."""
    if len(files) > MOST_FILES:
        raise UserError(f"At most {MOST_FILES} files go with a message, and these are {len(files)}.")
    found: list[Upload] = []
    for file in files:
        found.append(await fetch(desk, file))
        if sum(len(one.data or b"") for one in found) > MOST_TOGETHER:
            raise UserError(f"The files are larger than {MOST_TOGETHER // 1_000_000} MB together.")
    return tuple(found)


async def fetch(desk: Desk, file: str) -> Upload:
    """Fetch one file by Slack's id.

    Raise UserError where it cannot go along, Misconfigured where the app may not read files, Transient and
    Ambiguous where it may come later.
    """
    try:
        told = (await call(desk.web.files_info, file=file)).get("file") or {}
    except SlackRefused as error:
        if error.code == "file_deleted":
            raise _refused("A file", _DELETED) from error
        if error.code == "file_not_found":
            raise _refused("A file", _UNSEEN) from error
        raise
    name = file_name(str(told.get("name") or told.get("title") or ""))
    url = _address(name, told)
    mime = str(told.get("mimetype") or "application/octet-stream")
    headers = {"Authorization": f"Bearer {desk.settings.slack_bot_token}"}
    allowed = partial(is_slack, api=desk.settings.slack_api_url)
    try:
        came = await download(url, MOST_BYTES, allowed, headers=headers, page=mime == "text/html")
    except TooLarge as error:
        raise _too_large(name) from error
    except Page as error:
        raise _login() from error
    except NoFile as error:
        raise _refused(name, f"{error}") from error
    if mime == "text/html" and len(came.data) != told.get("size"):
        raise _login()  # a page was wanted, but this is another one
    return Upload(name, mime, came.data)


def _address(name: str, told: dict[str, Any]) -> str:
    """Where the file is, unless it is known already that it cannot go along."""
    mode = told.get("mode")
    if mode == "tombstone":
        raise _refused(name, _DELETED)
    if mode == "hidden_by_limit":
        raise _refused("A file", _HIDDEN)
    if mode == "external" or told.get("is_external"):
        raise _refused(name, _EXTERNAL)
    size = told.get("size")
    if isinstance(size, int) and size > MOST_BYTES:
        raise _too_large(name)
    url = told.get("url_private_download") or told.get("url_private")
    if not isinstance(url, str) or not url:
        raise _refused(name, "Slack offers no download of it: a canvas or list cannot be attached")
    return url


def is_slack(url: str, api: str) -> bool:
    """Whether the token may go there: Slack's own hosts, or that of SLACK_API_URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    slack = parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))
    return slack or same_site(url, api)


def _refused(name: str, why: str) -> UserError:
    return UserError(f"{name} cannot go along: {why}.")


def _too_large(name: str) -> UserError:
    return _refused(name, f"it is larger than {MOST_BYTES // 1_000_000} MB. Send a link to it")


def _login() -> Misconfigured:
    words = "Slack sends its login page in place of a file: the app lacks files:read, install it again with"
    return Misconfigured(f"{words} manifest.yml (missing_scope)", "missing_scope")
