"""The stand-in Slack as one object: serve its `app`, add people and channels, and let them act."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from sandbox.slack.admins import Admins
from sandbox.slack.api import Call, Pace, WebApi
from sandbox.slack.delivery import Delivery
from sandbox.slack.faults import Faults
from sandbox.slack.files import FileServer, new_file, share
from sandbox.slack.model import Channel, Message, Profile, SlackFile
from sandbox.slack.pages import Pages
from sandbox.slack.payloads import VERIFICATION_TOKEN
from sandbox.slack.person import Person
from sandbox.slack.responses import Responses
from sandbox.slack.sockets import Sockets
from sandbox.slack.workspace import Workspace


class Slack(Admins):
    """A workspace with one app in it. Who serves `app` sets `url`, and `request_url` for HTTP delivery."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        bot_token: str = "xoxb-sandbox-bot",
        app_token: str = "xapp-sandbox-app",
        signing_secret: str = "sandbox-signing-secret",
        limit_posts: bool = True,
    ) -> None:
        self.workspace = Workspace(now)
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.faults = Faults()
        self.people: dict[str, Person] = {}
        self.subscribed: set[str] = set()
        self.message_shortcuts: dict[str, str] = {}  # title by callback_id, for the page's message menus
        self.commands = {"/freescout": "[what to do]"}  # the hints that the page gives while one types
        self.helpdesk_url: str | None = None
        self.sockets = Sockets(self.workspace.app_id)
        self.delivery = Delivery(signing_secret, self.sockets)
        self._responses = Responses(self.workspace)
        self._api = WebApi(
            self.workspace,
            self.faults,
            bot_token=bot_token,
            app_token=app_token,
            open_socket=self.sockets.ticket,
            pace=Pace() if limit_posts else None,
        )
        self._pages = Pages(self.workspace, self.people, self._settings)
        self._files = FileServer(self.workspace, self.faults, bot_token, self._record, self._pages.is_ours)
        self.app = Starlette(routes=self._routes())

    def _settings(self) -> dict[str, Any]:
        shown = {"commands": self.commands, "shortcuts": self.message_shortcuts}
        return {**shown, "helpdesk": self.helpdesk_url}

    def _record(self, what: str, file: str) -> None:
        self.calls.append(Call(what, {"file": file}))

    def _routes(self) -> list[Route | Mount]:
        return [
            *self._pages.routes(),
            *self._files.routes(),
            Route("/api/{method}", self._api.endpoint, methods=["GET", "POST"]),
            Route("/responses/{name}", self._responses.endpoint, methods=["POST"]),
        ]

    @property
    def url(self) -> str:
        """Where this Slack is served, without a slash at the end."""
        return self.workspace.url

    @url.setter
    def url(self, address: str) -> None:
        self.workspace.url = address.rstrip("/")

    @property
    def api_url(self) -> str:
        """What a client takes as its `base_url`, and an app as SLACK_API_URL."""
        return f"{self.url}/api/"

    @property
    def request_url(self) -> str | None:
        """The app's address for HTTP deliveries; not used while a socket is connected."""
        return self.delivery.request_url

    @request_url.setter
    def request_url(self, address: str | None) -> None:
        self.delivery.request_url = address

    @property
    def team(self) -> str:
        return self.workspace.team

    @property
    def bot_user(self) -> str:
        return self.workspace.bot.id

    @property
    def bot_id(self) -> str:
        return self.workspace.bot_id

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API, in order."""
        return self._api.calls

    def called(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def responses(self) -> list[dict[str, object]]:
        """Every body that was posted to a response_url."""
        return self._responses.sent

    def add_channel(
        self,
        name: str,
        *,
        private: bool = False,
        members: tuple[Person | str, ...] | list[Person | str] = (),
        bot_is_member: bool = True,
    ) -> str:
        """Make a channel and return its id.

        A public one without `members` has everybody in it, who comes later too: all but guests and
        people of other workspaces.
        """
        ids = [member if isinstance(member, str) else member.id for member in members]
        open_to_all = not ids and not private
        if open_to_all:
            ids = [person.id for person in self.people.values() if _belongs(person.profile)]
        ids += [self.bot_user] if bot_is_member else []
        channel = self.workspace.new_channel(name, ids, private=private)
        channel.open_to_all = open_to_all
        return channel.id

    def add_person(
        self,
        name: str,
        email: str,
        *,
        guest: bool = False,
        team: str | None = None,
        deleted: bool = False,
        is_bot: bool = False,
    ) -> Person:
        """Add somebody. With a `team` other than this one they come through Slack Connect."""
        slack = self.workspace
        stranger = team not in (None, slack.team)
        profile = Profile(
            slack.new_id("U"), name, email, team or slack.team, guest, stranger, deleted, is_bot
        )
        slack.add_person(profile)
        person = self.people[profile.id] = Person(profile, slack, self.delivery)
        for channel in slack.channels.values():
            if channel.open_to_all and _belongs(profile):
                channel.members.append(profile.id)
        return person

    def add_file(self, person: Person, name: str, content: bytes, mime: str = "") -> SlackFile:
        """Let somebody upload a file, say in a modal's field; nobody else sees it yet."""
        return new_file(self.workspace, person.id, name, content, mime)

    def share(
        self, person: Person, files: list[SlackFile], channel: str, text: str = "", thread: str | None = None
    ) -> Message:
        """Let somebody say something with files in a channel; no event goes to the app."""
        where, slack = self.channel(channel), self.workspace
        message = Message(where.id, slack.next_ts(), person.id, text, thread_ts=thread, files=list(files))
        for file in files:
            share(file, where, message.ts, thread)
        return slack.post(message)

    def channel(self, name_or_id: str) -> Channel:
        """A channel, to look at or to change (`archived`, `shared`, `members`)."""
        return self.workspace.channel(name_or_id)

    def messages(self, channel: str) -> list[Message]:
        """The top-level messages of a channel, oldest first; each has its `thread`."""
        return list(self.channel(channel).messages)

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The replies in a thread, oldest first, without the message it hangs from."""
        found = self.workspace.find(self.channel(channel), ts)
        return list(found.thread) if found else []

    def ephemerals(self, person: Person | str) -> list[Message]:
        """What only this person was shown: chat.postEphemeral, slash answers and response_url."""
        return list(self.workspace.private.get(person if isinstance(person, str) else person.id, []))

    async def verify_request_url(self) -> bool:
        """Send url_verification to the request URL; whether it answered the challenge."""
        return await self.delivery.verify(VERIFICATION_TOKEN)

    async def close(self) -> None:
        """End the sockets, with Slack's `disconnect`, and the client for deliveries."""
        await self.sockets.close()
        await self.delivery.close()


def _belongs(profile: Profile) -> bool:
    return not (profile.guest or profile.stranger or profile.deleted)
