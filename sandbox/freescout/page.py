"""The page `Customers & Help Desk`: write as a customer on its left, work as an agent on its right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.freescout.records import STATUSES
from sandbox.freescout.text import as_html, plain
from sandbox.freescout.views import Views
from sandbox.freescout.writing import number

if TYPE_CHECKING:
    from sandbox.freescout.server import FreeScout

HERE = Path(__file__).parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PARTS = ("clock", "answerable", "people", "list", "head", "actions", "history", "mailed")
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
# Only what a browser shows without running it is shown; all else is a download.
SHOWN_TYPES = ("image/png", "image/jpeg", "image/gif", "application/pdf", "text/plain")

Action = Callable[[FormData], int | None]


def ours(request: Request) -> bool:
    """Refuse other sites' posts: nobody logs in here, so any page could send its form to this address."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return False
    return origin is None or urlsplit(origin).netloc == host


class Page:
    """The pages and their forms. Every form works without script, which only saves the reloading."""

    def __init__(self, freescout: FreeScout, skip: Callable[[timedelta], None] | None) -> None:
        self._help = freescout
        self._skip = skip
        self._views = Views(freescout.world)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._templates.filters["plain"] = plain

    def routes(self) -> list[Route]:
        actions: dict[str, Action] = {
            "/customer/write": self._customer_writes,
            "/customer/answer": self._customer_answers,
            "/desk/write": self._agent_writes,
            "/desk/set": self._agent_sets,
            "/clock/skip": self._clock_skips,
        }
        return [
            Route("/", self.show),
            Route("/conversation/{id:int}", self.show),
            Route("/live", self.live),
            Route("/assets/{name}", self.asset),
            Route("/storage/attachment/{path:path}", self.attachment),
            *(Route(path, self._posted(action), methods=["POST"]) for path, action in actions.items()),
        ]

    # What is shown

    def _values(self, request: Request) -> dict[str, Any]:
        world, query = self._help.world, request.query_params
        chosen = number(request.path_params.get("id") or query.get("open"))
        agent = number(query.get("as"))
        users = [one for one in world.users.values() if one.can_log_in]
        if agent not in world.users:
            agent = users[0].id if users else 0
        return {
            "view": self._views,
            "world": world,
            "users": users,
            "agent": agent,
            "open": world.conversations.get(chosen),
            "statuses": STATUSES,
            "slack_url": self._help.slack_url,
            "can_skip": self._skip is not None,
            "version": self._version(),
        }

    def _version(self) -> str:
        return f"{self._help.world.version}.{self._help.world.now():%d%H%M}"

    async def show(self, request: Request) -> Response:
        values = self._values(request)
        missing = "id" in request.path_params and values["open"] is None
        page = self._templates.get_template("page.html").render(values)
        return HTMLResponse(page, 404 if missing else 200, headers=SECURITY)

    async def live(self, request: Request) -> Response:
        """The parts that change by themselves, or 204 where nothing did since the caller's version."""
        if request.query_params.get("version") == self._version():
            return Response(status_code=204, headers=SECURITY)
        values = self._values(request)
        parts = {
            name: self._templates.get_template(f"{name}.html").render(values)
            for name in (*PARTS, *(["composer"] if "whole" in request.query_params else []))
        }
        shown = values["open"].id if values["open"] else 0
        return JSONResponse({"version": values["version"], "open": shown, "parts": parts}, headers=SECURITY)

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ("page.css", "page.js"):
            raise HTTPException(404)
        return FileResponse(HERE / "assets" / name, headers={"Cache-Control": "no-cache"})

    async def attachment(self, request: Request) -> Response:
        """Open to anyone who has the address, for ever, as on the real server."""
        found = self._help.world.attachments.get(number(request.query_params.get("id")))
        if (
            found is None
            or found.path != request.url.path
            or found.token != request.query_params.get("token")
        ):
            raise HTTPException(404)
        shown = found.mime_type in SHOWN_TYPES
        disposition = {} if shown else {"Content-Disposition": "attachment"}
        return Response(found.data, media_type=found.mime_type, headers={**SECURITY, **disposition})

    # What is done

    def _posted(self, action: Action) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if not ours(request):
                raise HTTPException(403)
            # Starlette wants another package for forms. These carry no files, so the standard library does.
            text = (await request.body()).decode(errors="replace")
            form = FormData(dict(parse_qsl(text, keep_blank_values=True)))
            self._help.webhooks.wake()
            opened = action(form)
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse({"open": opened})
            query = urlencode({"open": opened or self._text(form, "open"), "as": self._text(form, "user")})
            return RedirectResponse(f"/?{query}", 303)

        return endpoint

    @staticmethod
    def _text(form: FormData, name: str) -> str:
        value = form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def _number(self, form: FormData, name: str, known: dict[int, Any]) -> int:
        value = number(self._text(form, name))
        if value not in known:
            raise HTTPException(400)
        return value

    def _customer_writes(self, form: FormData) -> int | None:
        known = self._help.world.customers.get(number(self._text(form, "customer")))
        email = known.email if known else self._text(form, "email")
        message = self._text(form, "message")
        if "@" not in email or not message:
            raise HTTPException(400)
        return self._help.customer_writes(
            email,
            self._text(form, "subject") or "(no subject)",
            as_html(message),
            mailbox=self._number(form, "mailbox", self._help.world.mailboxes),
            name=self._text(form, "name"),
        )

    def _customer_answers(self, form: FormData) -> int | None:
        conversation = self._number(form, "conversation", self._help.world.conversations)
        if message := self._text(form, "message"):
            self._help.customer_replies(conversation, as_html(message))
        return conversation

    def _agent_writes(self, form: FormData) -> int | None:
        conversation = self._number(form, "open", self._help.world.conversations)
        user = self._number(form, "user", self._help.world.users)
        message = self._text(form, "message")
        if message and form.get("kind") == "note":
            self._help.agent_notes(conversation, user, as_html(message))
        elif message:
            status = self._text(form, "status")
            chosen = status if status in STATUSES else "pending"
            self._help.agent_replies(conversation, user, as_html(message), status=chosen)
        return conversation

    def _agent_sets(self, form: FormData) -> int | None:
        """Set whichever of the properties the form has."""
        conversation = self._number(form, "open", self._help.world.conversations)
        user = self._number(form, "user", self._help.world.users)
        if (status := self._text(form, "status")) in STATUSES:
            self._help.agent_sets_status(conversation, user, status)
        if "assignee" in form:
            assignee = self._text(form, "assignee")
            who = self._number(form, "assignee", self._help.world.users) if assignee else None
            self._help.agent_assigns(conversation, user, who)
        if "mailbox" in form:
            mailbox = self._number(form, "mailbox", self._help.world.mailboxes)
            self._help.agent_moves(conversation, user, mailbox)
        if "tags" in form:
            self._help.agent_tags(conversation, self._text(form, "tags").split(","))
        if "state" in form:
            deleting = self._text(form, "state") == "deleted"
            (self._help.agent_deletes if deleting else self._help.agent_restores)(conversation, user)
        return conversation

    def _clock_skips(self, form: FormData) -> int | None:
        minutes = number(self._text(form, "minutes"))
        if self._skip is None or not 0 < minutes <= 7 * 24 * 60:
            raise HTTPException(400)
        self._skip(timedelta(minutes=minutes))
        return None
