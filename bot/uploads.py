"""Bytes → a file of Slack's that nobody sees yet. https://docs.slack.dev/messaging/working-with-files"""

import asyncio
from typing import Any

import httpx

from bot.desk import Desk
from bot.errors import Transient
from bot.files import is_slack
from bot.slackapi import SlackRefused, call
from bot.tls import trust

_UPLOAD = httpx.Timeout(90, connect=10)


async def upload(desk: Desk, name: str, data: bytes) -> str:
    """Bring bytes to Slack; return the file's id. What is not completed afterwards Slack forgets."""
    told = await call(desk.web.files_getUploadURLExternal, filename=name, length=len(data))
    identity, address = str(told.get("file_id") or ""), str(told.get("upload_url") or "")
    if not identity or not is_slack(address, desk.settings.slack_api_url):
        raise Transient("Slack names no place to upload a file to")
    try:
        client = httpx.AsyncClient(timeout=_UPLOAD, verify=trust())
        async with client, asyncio.timeout(_UPLOAD.read):
            answer = await client.post(address, content=data)
    except (httpx.HTTPError, TimeoutError) as error:
        raise Transient(f"an upload to Slack broke off ({type(error).__name__})") from error
    if not answer.is_success:
        raise Transient(f"Slack does not take an upload ({answer.status_code})")
    return identity


async def info(desk: Desk, file: str) -> dict[str, Any] | None:
    """What Slack knows of a file; None where it knows nothing."""
    try:
        told = (await call(desk.web.files_info, file=file)).get("file")
    except SlackRefused:
        return None
    return told if isinstance(told, dict) else None


def shares(told: dict[str, Any], channel: str) -> list[dict[str, Any]]:
    """Where a file is shared in a channel, public or private."""
    found = told.get("shares") or {}
    return [one for kind in found.values() for one in kind.get(channel) or []]
