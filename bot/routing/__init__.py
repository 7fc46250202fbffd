"""Routes: which channels show a conversation, how things are said there, and why. Pure."""

from bot.routing.choosing import Choice, choices, chosen, fits_in, leads_from
from bot.routing.conditions import Condition, Facts, Key, Rule, facts
from bot.routing.delivery import Body, Deliver, Event, Place
from bot.routing.guide import Guide
from bot.routing.reading import KEYS, ROUTING_KEYS, read, read_route, read_routing
from bot.routing.route import Route, Routing

__all__ = [
    "KEYS",
    "ROUTING_KEYS",
    "Body",
    "Choice",
    "Condition",
    "Deliver",
    "Event",
    "Facts",
    "Guide",
    "Key",
    "Place",
    "Route",
    "Routing",
    "Rule",
    "choices",
    "chosen",
    "facts",
    "fits_in",
    "leads_from",
    "read",
    "read_route",
    "read_routing",
]
