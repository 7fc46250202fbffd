"""Hides from Slack what nobody needs to read there: cards, IBANs, tokens, passwords. Pure, but `follow`."""

from bot.redact.cutting import BEHIND, cut, follow, veiled
from bot.redact.own import endless, problem
from bot.redact.payload import redacted
from bot.redact.rules import Redact, Redactor

__all__ = ["BEHIND", "Redact", "Redactor", "cut", "endless", "follow", "problem", "redacted", "veiled"]
