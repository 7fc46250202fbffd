"""Answers outside the Web API: the body of a slash command's answer, and posts to a `response_url`.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack.arguments import Arguments
from sandbox.slack.chat import MOST_TEXT, content
from sandbox.slack.delivery import Answer
from sandbox.slack.errors import SlackError
from sandbox.slack.model import Message
from sandbox.slack.triggers import Reply
from sandbox.slack.workspace import Workspace


def show_answer(slack: Workspace, answer: Answer, person: str, channel: str) -> None:
    """Show what a slash command was answered with, text or JSON, to whom it says: mostly only the asker."""
    body = Arguments(answer.json())
    if not body and isinstance(answer.body, str) and answer.body.strip():
        body = Arguments(text=answer.body)
    if body.get("text") or body.get("blocks"):
        try:
            _say(slack, body, person, channel, None)
        except SlackError as wrong:
            slack.notify(person, f"The app's answer could not be shown: {wrong}")


def _say(slack: Workspace, body: Arguments, person: str, channel: str, thread: str | None) -> Message:
    text, blocks = content(body, MOST_TEXT)
    only_for = None if body.text("response_type") == "in_channel" else person
    thread_ts = body.text("thread_ts") or thread
    return slack.from_app(channel, text, blocks or [], only_for=only_for, thread_ts=thread_ts)


class Responses:
    """The `response_url`s: five posts each, within thirty minutes."""

    def __init__(self, slack: Workspace) -> None:
        self.sent: list[dict[str, Any]] = []
        self._slack = slack

    async def endpoint(self, request: Request) -> Response:
        """Take one post."""
        try:
            body = Arguments(json.loads(await request.body()))
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        self.sent.append(dict(body))
        try:
            self._apply(self._slack.replies.use(request.path_params["name"]), body)
        except SlackError as refused:
            return JSONResponse(refused.reply, 404 if refused.status == 404 else 400)
        return PlainTextResponse("ok")

    def _apply(self, reply: Reply, body: Arguments) -> None:
        source = reply.source
        there = source if source and not source.deleted else None
        if body.flag("delete_original"):
            if there:
                self._slack.remove(there)
        elif body.flag("replace_original") and there:
            text, blocks = content(body, MOST_TEXT)
            self._slack.rewrite(there, text, blocks or [])
        else:
            _say(self._slack, body, reply.person, reply.channel, reply.thread_ts)
