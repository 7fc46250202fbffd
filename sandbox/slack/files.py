"""Files: uploading in three steps, what is known of them, and fetching them with the app's token.

https://docs.slack.dev/messaging/working-with-files
"""

import json
import mimetypes
import secrets
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import Reply, parent_of, where
from sandbox.slack.errors import SlackError
from sandbox.slack.faults import Faults, strike
from sandbox.slack.model import Channel, SlackFile
from sandbox.slack.workspace import Workspace

UPLOAD, DOWNLOAD = "files.upload", "files.download"
"""What faults and calls name the two steps that are no methods: the POST of the bytes, and their GET."""
MOST_BYTES = 1_000_000_000
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in</body></html>"
SAFE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def get_upload_url(slack: Workspace, args: Arguments) -> Reply:
    """files.getUploadURLExternal"""
    args.need("filename")
    length = args.number("length", 0)
    if length <= 0:
        raise SlackError("missing_argument")
    if length > MOST_BYTES:
        raise SlackError("file_upload_size_restricted")
    file = new_file(slack, slack.bot.id, str(args["filename"]), b"", "")
    file.completed, file.ticket, file.announced = False, secrets.token_urlsafe(24), length
    return {"ok": True, "upload_url": f"{slack.url}/upload/v1/{file.ticket}", "file_id": file.id}


def complete_upload(slack: Workspace, args: Arguments) -> Reply:
    """files.completeUploadExternal: once for each file, as Slack's page says of it."""
    named = _named(args.get("files"))
    channel = where(slack, args, field="channel_id") if args.text("channel_id") else None
    files = [_uploaded(slack, one["id"]) for one in named]
    for file, one in zip(files, named, strict=True):
        file.completed, file.title = True, str(one.get("title") or file.name)
    if channel is not None:
        thread, comment = args.text("thread_ts"), args.text("initial_comment") or ""
        if slack.slow_shares is None:
            _show(slack, channel, files, thread, comment)
        else:
            slack.slow_shares.append(lambda: _show(slack, channel, files, thread, comment))
    return {"ok": True, "files": [{"id": file.id, "title": file.title} for file in files]}


def info(slack: Workspace, args: Arguments) -> Reply:
    """files.info"""
    return {"ok": True, "file": _known(slack, args).as_json(), "comments": [], "content": None}


def delete(slack: Workspace, args: Arguments) -> Reply:
    """files.delete: an app may delete its own."""
    file = _known(slack, args)
    if file.user != slack.bot.id:
        raise SlackError("cant_delete_file")
    file.deleted, file.data = True, b""
    slack.changed()
    return {"ok": True}


def new_file(slack: Workspace, user: str, name: str, data: bytes, mime: str) -> SlackFile:
    """Keep a file."""
    mime = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
    created = int(slack.now().timestamp())
    file = SlackFile(slack.new_id("F"), name, name, mime, data, user, created, slack.url, slack.team)
    slack.files[file.id] = file
    return file


def share(file: SlackFile, channel: Channel, ts: str, thread_ts: str | None) -> None:
    """Note that a message shows the file."""
    place = {"ts": ts, "channel_name": channel.name, "team_id": file.team}
    kind = "private" if channel.private else "public"
    shares = file.shares.setdefault(kind, {}).setdefault(channel.id, [])
    shares.append(place | ({"thread_ts": thread_ts} if thread_ts else {}))


def _named(files: Any) -> list[dict[str, Any]]:
    try:
        found = json.loads(files) if isinstance(files, str) else files
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise SlackError("invalid_arguments")
    return [{"id": "", **one} for one in found]


def _uploaded(slack: Workspace, name: str) -> SlackFile:
    file = slack.files.get(name)
    if file is None or file.completed or not file.data:
        raise SlackError("file_not_found")
    return file


def _known(slack: Workspace, args: Arguments) -> SlackFile:
    args.need("file")
    file = slack.files.get(args.text("file") or "")
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    return file


def _show(
    slack: Workspace, channel: Channel, files: list[SlackFile], thread: str | None, comment: str
) -> None:
    """Make the message that shows them: it has no metadata, and nobody can give it any."""
    parent = parent_of(slack, channel, thread)
    thread_ts = parent.ts if parent else None
    message = slack.from_app(channel.id, comment, [], thread_ts=thread_ts, files=files)
    for file in files:
        share(file, channel, message.ts, thread_ts)


class FileServer:
    """What is no method: taking the bytes, giving them to who has the token, and showing them on the page."""

    def __init__(
        self,
        slack: Workspace,
        faults: Faults,
        bot_token: str,
        record: Callable[[str, str], None],
        is_ours: Callable[[Request], bool],
    ) -> None:
        self._slack, self._faults, self._token = slack, faults, bot_token
        self._record, self._is_ours = record, is_ours

    def routes(self) -> list[Route]:
        return [
            Route("/upload/v1/{ticket}", self.upload, methods=["POST"]),
            Route("/files-pri/{key}/{name:path}", self.download),
            Route("/open/{file}", self.open),
        ]

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a file, raw or as a form."""

        async def answer() -> Response:
            ticket = request.path_params["ticket"]
            file = next((one for one in self._slack.files.values() if one.ticket == ticket), None)
            data = _content(request.headers.get("content-type", ""), await request.body())
            if file is None or file.completed:
                return PlainTextResponse("no such upload", 404)
            self._record(UPLOAD, file.id)
            if len(data) != file.announced:  # guessed: what Slack's own server says then is not documented
                return PlainTextResponse("the length is another", 400)
            file.data = data
            return PlainTextResponse(f"OK - {len(data)}")

        fault = self._faults.take(UPLOAD)
        return await answer() if fault is None else await strike(fault, request, answer)

    async def download(self, request: Request) -> Response:
        """Give a file to the app. Anybody else, and a wrong token, gets the login page, with status 200!

        https://github.com/slackapi/bolt-js/issues/2585
        """

        async def answer() -> Response:
            file = self._slack.files.get(request.path_params["key"].rpartition("-")[2])
            if request.headers.get("authorization") != f"Bearer {self._token}":
                return HTMLResponse(LOGIN_PAGE)
            if file is None or file.deleted or not file.completed:
                return PlainTextResponse("", 404)
            self._record(DOWNLOAD, file.id)
            if file.moved_to:
                return RedirectResponse(file.moved_to, 302)
            return Response(file.data, media_type=file.mime)

        fault = self._faults.take(DOWNLOAD)
        return await answer() if fault is None else await strike(fault, request, answer)

    async def open(self, request: Request) -> Response:
        """Show a file on the page: pictures as such, anything else as a download."""
        file = self._slack.files.get(request.path_params["file"])
        if not self._is_ours(request) or file is None or file.deleted:
            return PlainTextResponse("There is no such file.", 404)
        headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
        if file.mime not in SAFE_TYPES:
            headers["Content-Disposition"] = "attachment"
        return Response(file.data, media_type=file.mime, headers=headers)


def _content(kind: str, body: bytes) -> bytes:
    """The bytes themselves, or those of the first part of a form."""
    if not kind.startswith("multipart/"):
        return body
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    part = next(form.iter_parts(), None)
    found = part.get_payload(decode=True) if part else b""
    return found if isinstance(found, bytes) else b""
