"""Which routes only custom fields decide, which FreeScout's lists may not tell."""

import pytest

from bot.model import Mailbox
from bot.routing import Condition, Key, Route, Routing, Rule
from bot.settings import Settings
from bot.takers import deciding

SUPPORT = Mailbox(1, "Support")
GOLD = Rule((Condition(Key.FIELD, (), "Plan"),))
ALL = Route("Support", "all")
VIP = Route("Support", "vip", rule=Rule((Condition(Key.TAG, frozenset({"vip"}), "vip"),)))
ASKS = Route("Support", "gold", rule=GOLD)
UNLESS = Route("Support", "rest", rule=Rule(unless=(GOLD,)))
DEEP = Route("Support", "deep", rule=Rule(any=(Rule(every=(GOLD,)),)))
REST = Route(None, "rest", default=True)
ELSEWHERE = Route("Sales", "sales", rule=GOLD)


@pytest.mark.parametrize(
    ("routes", "first", "expected"),
    [
        ((ALL, VIP, REST), False, ()),
        ((ALL, VIP, REST), True, ()),
        ((ALL, ELSEWHERE, REST), False, ()),
        ((ALL, ELSEWHERE, REST), True, ()),
        ((ALL, VIP, ASKS), False, (ASKS,)),
        ((ALL, UNLESS, DEEP), False, (UNLESS, DEEP)),
        ((VIP, ASKS, REST), False, (ASKS, REST)),
        ((VIP, ASKS, ELSEWHERE), True, (VIP, ASKS)),
    ],
)
def test_what_custom_fields_decide(
    routes: tuple[Route, ...], first: bool, expected: tuple[Route, ...]
) -> None:
    settings = Settings("", "", "", "", routes=routes, routing=Routing(first=first))
    assert deciding(routes, settings, SUPPORT) == expected
    assert deciding((ALL,), settings, SUPPORT) == tuple(one for one in expected if one == ALL)
