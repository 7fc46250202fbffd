"""`python -m bot check --live`: the names in bridge.toml against those that FreeScout and Slack really have.

It asks and writes nothing, on either side. What cannot be found out, say for want of a module, is said and is
no fault.
"""

import tomllib

import aiohttp

from bot import slackapi
from bot.freescout import Auth, FreeScout
from bot.lines import located
from bot.livecheck import helpdesk, workspace
from bot.livecheck.findings import Findings
from bot.livecheck.mentions import mentions
from bot.settings import Settings
from bot.tables import Where

__all__ = ["Findings", "checked"]


async def checked(settings: Settings, text: str) -> Findings:
    """Compare all names in the file's text, in which the reader found nothing wrong."""
    root = Where(settings.bridge_config, known=located(text))
    named = list(mentions(root, tomllib.loads(text)))
    found = Findings()
    freescout = FreeScout(
        settings.freescout_url, settings.freescout_api_key, auth=Auth(settings.freescout_auth)
    )
    try:
        await helpdesk.compare(freescout, named, found)
    finally:
        await freescout.close()
    async with aiohttp.ClientSession() as session:
        client = slackapi.client(settings.slack_bot_token, settings.slack_api_url, session)
        await workspace.compare(client, named, found)
        if settings.slack_app_token:
            await workspace.try_socket(client, settings.slack_app_token, found)
    return found
