"""Pings: which steps of a ladder a place shows, and in what words. Pure: `now` is an argument."""

from bot.pings.saying import PING, Rungs, Saying, numbers, say
from bot.pings.words import enough

__all__ = ["PING", "Rungs", "Saying", "enough", "numbers", "say"]
