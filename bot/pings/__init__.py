"""Pings: which steps of a ladder a place shows, and in what words. Pure: `now` is an argument."""

from bot.pings.saying import PING, Rungs, Saying, calls, numbers, say
from bot.pings.words import call, called, enough

__all__ = ["PING", "Rungs", "Saying", "call", "called", "calls", "enough", "numbers", "say"]
