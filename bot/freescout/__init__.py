"""FreeScout's API, as the real server speaks it."""

from bot.freescout.client import FreeScout
from bot.freescout.http import NotFound

__all__ = ["FreeScout", "NotFound"]
