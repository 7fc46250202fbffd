"""The browser page: one person's view of this Slack, and the posts by which it really drives the app."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.slack.drawing import PAGE, Drawing
from sandbox.slack.errors import SlackError
from sandbox.slack.files import new_file
from sandbox.slack.forms import Usable, current, moment, options, usables, value_for
from sandbox.slack.model import Channel, Message, View
from sandbox.slack.person import Person
from sandbox.slack.richtext import written
from sandbox.slack.workspace import Workspace

HOLD = 0.8  # seconds a question for changes is kept open: shorter than a server waits when it stops
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Sent = dict[str, Any]


class Pages:
    """Serves the page. `settings` are asked each time: who runs the sandbox may set them late."""

    def __init__(
        self, slack: Workspace, people: Mapping[str, Person], settings: Callable[[], dict[str, Any]]
    ) -> None:
        self._slack, self._people, self._settings = slack, people, settings
        self._drawing = Drawing(slack)
        self._read: dict[tuple[str, str], str] = {}

    def routes(self) -> list[Route | Mount]:
        verbs = {
            "type": self._type,
            "press": self._press,
            "submit": self._submit,
            "attach": self._attach,
            "close": self._close,
            "shortcut": self._shortcut,
            "dismiss": self._dismiss,
            "home": self._home,
        }
        doing = [Route(f"/do/{name}", self._doing(verb), methods=["POST"]) for name, verb in verbs.items()]
        return [
            Route("/", self.page),
            Route("/changes", self.changes),
            Route("/archives/{channel}/{message}", self.permalink),
            Mount("/page", StaticFiles(directory=PAGE)),
            *doing,
        ]

    # What is shown

    async def page(self, request: Request) -> Response:
        """The whole page for one person, at one channel and maybe one thread."""
        if not self.is_ours(request):
            return PlainTextResponse("wrong host", 403)
        me = self._people.get(request.query_params.get("as") or request.cookies.get("as", ""))
        me = me or next((p for p in self._people.values() if not p.profile.deleted), None)
        if me is None:
            return PlainTextResponse("Nobody is here yet. Add a person, then come back.")
        html = self._drawing.page("slack.html", **self._context(request, me))
        answer = HTMLResponse(html, headers=HEADERS)
        answer.set_cookie("as", me.id, samesite="strict", httponly=True)
        return answer

    def _context(self, request: Request, me: Person) -> dict[str, Any]:
        asked = request.query_params
        mine = [c for c in self._slack.channels.values() if not c.im_with and me.may_see(c)]
        channel = self._where(asked.get("channel", ""), me, mine)
        thread = self._slack.find(channel, asked.get("thread")) if channel else None
        if channel and channel.messages:
            self._read[me.id, channel.id] = channel.messages[-1].ts
        app = bool(channel and channel.im_with)
        title = self._slack.bot.name if app else "#" + channel.name if channel else self._slack.name
        settings = self._settings()
        return {
            "me": me,
            "people": [p for p in self._people.values() if not (p.profile.deleted or p.profile.is_bot)],
            "channels": sorted(mine, key=lambda c: c.name),
            "channel": channel,
            "thread": thread,
            "thread_shown": self._seen(me, channel, thread) if channel and thread else [],
            "shown": self._seen(me, channel, None) if channel else [],
            "app": app,
            "home_open": app and asked.get("home") == "1",
            "base": f"/?as={me.id}&channel={channel.id if channel else ''}",
            "title": title,
            "unread": self._unread(me, mine),
            "version": self._slack.version,
            "now": _millis(self._slack.now()),
            "commands": settings["commands"],
            "shortcuts": settings["shortcuts"],
            "helpdesk": settings["helpdesk"],
        }

    def _where(self, name: str, me: Person, mine: list[Channel]) -> Channel | None:
        if name == "none":
            return None
        if name == "app":
            return self._slack.direct(me.id)
        found = self._slack.channels.get(name)
        if found and me.may_see(found):
            return found
        return min(mine, key=lambda c: c.name, default=None)

    def _seen(self, me: Person, channel: Channel, thread: Message | None) -> list[Message]:
        """What this person sees in a channel or a thread, in order: messages, and what is only for them."""
        private = [m for m in me.ephemerals if m.channel == channel.id]
        if thread:
            return _in_order([*thread.thread, *(m for m in private if m.thread_ts == thread.ts)])
        shared = [reply for m in channel.messages for reply in m.thread if reply.broadcast]
        return _in_order([*channel.messages, *shared, *(m for m in private if not m.thread_ts)])

    def _unread(self, me: Person, channels: list[Channel]) -> dict[str, int]:
        """How many new messages, by channel; `app` stands for the direct conversation with the app."""
        counts = {}
        direct = [channel for channel in self._slack.channels.values() if channel.im_with == me.id]
        for channel in [*channels, *direct]:
            since = self._read.get((me.id, channel.id), "0")
            new = sum(m.ts > since and m.user != me.id for m in channel.messages)
            counts["app" if channel.im_with else channel.id] = new
        return {channel: count for channel, count in counts.items() if count}

    async def changes(self, request: Request) -> Response:
        """Say when there is something newer than the page has; wait a moment for it."""
        since = request.query_params.get("since", "")
        for _ in range(int(HOLD / 0.04)):
            if str(self._slack.version) != since:
                break
            await asyncio.sleep(0.04)
        return JSONResponse({"version": self._slack.version}, headers=HEADERS)

    async def permalink(self, request: Request) -> Response:
        """Open the channel and the thread that a permalink means."""
        channel = self._slack.channels.get(request.path_params["channel"])
        digits = request.path_params["message"].removeprefix("p")
        message = self._slack.find(channel, f"{digits[:-6]}.{digits[-6:]}") if channel else None
        if channel is None or message is None:
            return PlainTextResponse("There is no such message.", 404)
        parent = message.thread_ts or (message.ts if message.thread else "")
        thread = f"&thread={parent}" if parent else ""
        return RedirectResponse(f"/?channel={channel.id}{thread}#m{message.ts}", 303)

    # What is done

    def is_ours(self, request: Request, *, posted: bool = False) -> bool:
        """Whether a request comes from this server's own page.

        Another site, or a name that only points here, must not act for the person at this browser.
        """
        served = urlsplit(self._slack.url)
        port = f":{served.port}" if served.port else ""
        hosts = {served.netloc, f"127.0.0.1{port}", f"localhost{port}"} - {""}
        host = request.headers.get("host", "")
        if self._slack.url and host not in hosts:
            return False
        origin = request.headers.get("origin")
        return not posted or (origin is not None and urlsplit(origin).netloc == host)

    def _doing(
        self, verb: Callable[[Person, Sent], Awaitable[None]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if not self.is_ours(request, posted=True):
                return PlainTextResponse("not from this page", 403)
            sent = json.loads(await request.body())
            me = self._people[sent["as"]]
            before = len(me.notices)
            try:
                await verb(me, sent)
            except (LookupError, PermissionError, SlackError) as wrong:
                return JSONResponse({"notices": [str(wrong)]})
            return JSONResponse({"notices": me.notices[before:]})

        return endpoint

    async def _type(self, me: Person, sent: Sent) -> None:
        await me.types(sent["text"], channel=sent["channel"], thread=sent.get("thread") or None)

    def _message(self, me: Person, sent: Sent) -> Message:
        for message in me.ephemerals:
            if message.ts == sent["ts"]:
                return message
        found = self._slack.find(self._slack.channel(sent["channel"]), sent["ts"])
        if found is None:
            raise LookupError("That message is gone.")
        return found

    def _view(self, me: Person, sent: Sent) -> View:
        for view in [*me.modals, *([me.home] if me.home else [])]:
            if view.id == sent["view"]:
                return view
        raise LookupError("That window is gone.")

    async def _press(self, me: Person, sent: Sent) -> None:
        place = self._view(me, sent) if sent.get("view") else self._message(me, sent)
        if isinstance(place, View):
            self._fill(place, sent.get("values", []))
        usable = _usable(place, sent["block"], sent["action"])
        await me.uses(place, usable, _chosen(usable, sent.get("choice")))

    def _fill(self, view: View, values: list[list[Any]]) -> None:
        for block, action, choice in values:
            usable = _usable(view, block, action)
            kept = {"type": usable.element["type"], **_chosen(usable, choice)}
            view.typed.setdefault(block, {})[action] = kept

    async def _submit(self, me: Person, sent: Sent) -> None:
        view = self._view(me, sent)
        if view is me.modal:
            self._fill(view, sent["values"])
            await me.submits()

    async def _attach(self, me: Person, sent: Sent) -> None:
        """Put a file into a field, or take one out."""
        view = self._view(me, sent)
        usable = _usable(view, sent["block"], sent["action"])
        there = current(usable.block, usable.element, view.typed)["files"]
        files = [file for file in there if file["id"] != sent.get("without")]
        if "data" in sent:
            data = base64.b64decode(sent["data"])
            files.append(new_file(self._slack, me.id, sent["name"], data, "").as_json())
        view.typed.setdefault(sent["block"], {})[sent["action"]] = value_for(usable.element, files, [])
        self._slack.changed()

    async def _close(self, me: Person, sent: Sent) -> None:
        if me.modal and me.modal.id == sent["view"]:
            await me.closes()

    async def _shortcut(self, me: Person, sent: Sent) -> None:
        await me.shortcut(sent["shortcut"], on=self._message(me, sent))

    async def _dismiss(self, me: Person, sent: Sent) -> None:
        message = self._message(me, sent)
        if message.only_for == me.id:
            self._slack.remove(message)

    async def _home(self, me: Person, _: Sent) -> None:
        await me.opens_home()


def _in_order(messages: list[Message]) -> list[Message]:
    return sorted(messages, key=lambda m: m.ts)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _usable(place: Message | View, block: str, action: str) -> Usable:
    for usable in usables(place.blocks):
        if usable.names[1:] == (block, action):
            return usable
    raise LookupError("That button is gone.")


def _chosen(usable: Usable, choice: Any) -> dict[str, Any]:
    """From what the page sends (an option's number, an id, a text) to the part of an action or a state."""
    element = usable.element
    picked = [options(element)[int(i)] for i in _listed(choice)] if options(element) else []
    match element["type"]:
        case "button":
            return {"value": element["value"]} if "value" in element else {}
        case "overflow" | "static_select" | "radio_buttons":
            return {"selected_option": picked[0] if picked else None}
        case "checkboxes":
            return {"selected_options": picked}
        case "users_select":
            return {"selected_user": choice or None}
        case "multi_users_select":
            return {"selected_users": _listed(choice)}
        case "datepicker":
            return {"selected_date": choice or None}
        case "datetimepicker":
            return {"selected_date_time": moment(str(choice or ""))}
        case "rich_text_input":
            return {"rich_text_value": written(choice)}
        case _:
            return {"value": choice or None}


def _listed(choice: Any) -> list[str]:
    if isinstance(choice, list):
        return [str(each) for each in choice]
    return [] if choice in (None, "") else [str(choice)]
