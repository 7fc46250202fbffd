"""The names of Slack's: the app's scopes, channels and who reads them, user groups, people."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.audience import Audience
from bot.channels import Channels
from bot.errors import BridgeError, Misconfigured
from bot.livecheck.findings import Findings, folded, of_kind
from bot.livecheck.mentions import Kind, Mention
from bot.slackapi import call, socket_address

SCOPES = (
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "dnd:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "reactions:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
"""What manifest.yml asks for."""
_NOT_OURS = ("is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
Row = Mapping[str, Any]


async def compare(web: AsyncWebClient, named: Sequence[Mention], found: Findings) -> None:
    """Ask Slack for all channels, and for groups and people where the file names some."""
    try:
        me = await _who_am_i(web, found)
    except BridgeError as error:  # without it nothing of Slack's is known
        found.wrong.append(f"Slack: {error}")
        return
    if channels := of_kind(named, Kind.CHANNEL):
        await _channels(web, channels, found)
    if groups := of_kind(named, Kind.GROUP):
        await _groups(web, groups, found)
    if people := of_kind(named, Kind.PERSON):
        await _people(web, people, found)
    found.met.append(f"Slack is {me.get('team')}, and the bot is {me.get('user')} there.")


async def try_socket(web: AsyncWebClient, app_token: str, found: Findings) -> None:
    """Ask Slack for a socket, as the bridge will, and open none."""
    try:
        await socket_address(web, app_token)
    except Misconfigured as error:
        found.wrong.append(f"Slack: {error}")
    except BridgeError as error:
        found.unknown.append(f"Socket Mode: {error}")


async def _who_am_i(web: AsyncWebClient, found: Findings) -> Row:
    """Who the bot is; its scopes come in a header. https://docs.slack.dev/authentication/installing-with-oauth"""
    headers: dict[str, str] = {}

    async def asked() -> AsyncSlackResponse:
        response = await web.auth_test()
        headers.update({name.lower(): value for name, value in response.headers.items()})
        return response

    told = await call(asked)
    if "x-oauth-scopes" not in headers:
        found.unknown.append("the app's scopes: Slack does not name them")
    elif missing := sorted(set(SCOPES) - {one.strip() for one in headers["x-oauth-scopes"].split(",")}):
        found.wrong.append(
            f"Slack: the app lacks the scope{'s' * (len(missing) > 1)} {', '.join(missing)}: "
            "install it again with manifest.yml."
        )
    return told


async def _channels(web: AsyncWebClient, named: Sequence[Mention], found: Findings) -> None:
    kinds = "public_channel,private_channel"
    rows = await found.told("Slack's channels", _pages(web.conversations_list, "channels", types=kinds))
    if rows is None:
        return
    known = {word: row for row in _archived_first(rows) for word in (str(row["name"]), str(row["id"]))}
    audience = Audience(web, Channels(web), tuple, time.monotonic)
    for one in named:
        row = known.get(str(one.name))
        if row is None:
            names = [str(row["name"]) for row in rows if not row.get("is_archived")]
            found.missing(one, "Slack", names, " that the bot can see; to a private one it must be invited")
        elif row.get("is_archived"):
            found.wrong.append(f"{one.where}: the channel #{row['name']} is archived.")
        else:
            await _one_channel(audience, row, one, found)


def _archived_first(rows: Sequence[Row]) -> list[Row]:
    """So that of two of one name the one in use is found."""
    return sorted(rows, key=lambda row: not row.get("is_archived"))


async def _one_channel(audience: Audience, row: Row, one: Mention, found: Findings) -> None:
    if not row.get("is_member") and not row.get("is_private"):
        found.met.append(f"{one.where}: the bot is not in #{row['name']} yet. It joins when it first posts.")
    if "[operators]" in one.where.place:
        return  # nothing of customers is said there
    others = await found.told(f"Who reads #{row['name']}", audience.others(str(row["id"])))
    if others and (refusal := others.refusal(one.open_to)):
        words = str(refusal).rpartition(" (")[0]
        found.wrong.append(f"{one.where}: nothing goes to #{row['name']}: {words}.")


async def _groups(web: AsyncWebClient, named: Sequence[Mention], found: Findings) -> None:
    told = await found.told("Slack's user groups", call(web.usergroups_list))
    if told is not None:
        rows = [row for row in told.get("usergroups") or [] if not row.get("date_delete")]
        handles = [f"@{row.get('handle')}" for row in rows]
        known = folded([*handles, *(str(row.get("id")) for row in rows)])
        for one in named:
            if str(one.name).casefold() not in known:
                found.missing(one, "Slack", handles)


async def _people(web: AsyncWebClient, named: Sequence[Mention], found: Findings) -> None:
    rows = await found.told("Slack's people", _pages(web.users_list, "members"))
    if rows is None:
        return
    known = {word.casefold(): row for row in rows for word in (_address(row), str(row.get("id"))) if word}
    addresses = [_address(row) for row in rows if not row.get("deleted")]
    for one in named:
        row = known.get(str(one.name).casefold())
        if row is None:
            found.missing(one, "Slack", addresses)
        elif row.get("deleted"):
            found.wrong.append(f"{one.where}: the account of {one.name} is deactivated.")
        elif any(row.get(flag) for flag in _NOT_OURS):
            found.wrong.append(f"{one.where}: {one.name} is a bot, a guest or of another organisation.")


def _address(row: Row) -> str:
    return str((row.get("profile") or {}).get("email") or "")


async def _pages(method: Callable[..., Any], key: str, **arguments: Any) -> list[Row]:
    """Everything in a list, page by page. https://docs.slack.dev/apis/web-api/pagination"""
    found: list[Row] = []
    cursor = None
    while True:
        told = await call(method, limit=1000, cursor=cursor, **arguments)
        found += told.get(key) or []
        cursor = (told.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return found
