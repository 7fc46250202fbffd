"""A stand-in FreeScout: a real HTTP server with its API, its webhooks, its habits, and a small page."""

from sandbox.freescout.faults import Faults
from sandbox.freescout.records import Mail
from sandbox.freescout.server import Call, FreeScout
from sandbox.freescout.webhooks import EVENTS, Delivery, sign

__all__ = ["EVENTS", "Call", "Delivery", "Faults", "FreeScout", "Mail", "sign"]
