"""`python -m bot why 412`: why a conversation is where it is in Slack, and what is said of it there.

FreeScout and Slack are read, the memory is a copy: nothing is written, and nobody is told.
"""

from datetime import datetime

from bot.glass import copied
from bot.settings import Settings
from bot.staging import staged
from bot.why import explain, printed
from bot.whyfacts import Reader


async def explained(settings: Settings, words: str, now: datetime) -> str:
    """Explain the conversation that a number or an address means; raise BridgeError where that cannot be."""
    with copied(settings.database_path) as copy:
        async with staged(settings, copy, now) as there:
            identity = await there.desk.meant(words)
            return printed(explain(await Reader(there.desk).facts(identity)))
