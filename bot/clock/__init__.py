"""Waiting: since when, why, and which step that makes due. Reads no clock: `now` is an argument."""

from bot.clock.account import Effect, Entry, account, awaited, counted, uncounted, unwaited, waiting
from bot.clock.wait import Wait, spoken

__all__ = [
    "Effect",
    "Entry",
    "Wait",
    "account",
    "awaited",
    "counted",
    "spoken",
    "uncounted",
    "unwaited",
    "waiting",
]
