"""`Guide`: routes by what they cannot do without, so that a conversation asks those alone that may fit. Pure.

Each route stands under one condition that counts always: the customer it names, else the tags, else the
mailboxes; under none where it names neither.
"""

from collections.abc import Hashable, Sequence

from bot.routing.conditions import Facts, Key
from bot.routing.route import Route

_Place = tuple[Key, Hashable]


class Guide(Sequence[Route]):
    """Routes in their order, which `chosen` may be asked of like any others."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self._under: dict[_Place, list[int]] = {}
        self._anyway: list[int] = []
        for number, route in enumerate(self._routes):
            places = _places(route)
            for place in places:
                self._under.setdefault(place, []).append(number)
            if not places:
                self._anyway.append(number)

    def __len__(self) -> int:
        return len(self._routes)

    def __getitem__(self, at: int) -> Route:  # type: ignore[override]  # nobody asks for slices
        return self._routes[at]

    def fitting(self, facts: Facts) -> list[Route]:
        """Those that may fit, in their order; every other one does not."""
        numbers = set(self._anyway)
        for key, said in ((Key.CUSTOMER, facts.customer), (Key.TAG, facts.tags), (Key.MAILBOX, facts.boxes)):
            for one in said:
                numbers.update(self._under.get((key, one), ()))
        return [self._routes[number] for number in sorted(numbers)]


def _places(route: Route) -> list[_Place]:
    """Under what a route stands."""
    for key in (Key.CUSTOMER, Key.TAG):
        for condition in route.rule.conditions:
            if condition.key is key:
                return [(key, one) for one in condition.wanted]
    return [(Key.MAILBOX, one) for one in route.boxes]
