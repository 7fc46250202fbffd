"""Which channels show a conversation, and after which waits they speak up."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Conversation, Mailbox, Status
from bot.routes import matching, waits
from bot.routing import Route
from bot.settings import Settings, Stale

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SUPPORT, STREET = Mailbox(1, "Support"), Mailbox(2, "STRASSE 1")
BY_ID, BY_NAME, SALES, STREETS = (
    Route(1, "all"),
    Route("support", "named"),
    Route("Sales", "sales"),
    Route("straße 1", "street"),
)
ROUTES = (BY_ID, BY_NAME, SALES, STREETS, Route(1, "again"))


def conversation(mailbox: int) -> Conversation:
    return Conversation(5, 412, mailbox, Status.ACTIVE, "published", "", NOW, NOW)


def having(*routes: Route) -> Settings:
    return Settings("https://help.example.org", "", "", "", routes=routes)


@pytest.mark.parametrize(
    ("number", "mailbox", "channels"),
    [
        (1, SUPPORT, ["all", "named", "again"]),
        (1, None, ["all", "again"]),
        (1, Mailbox(1, "SUPPORT"), ["all", "named", "again"]),
        (1, Mailbox(1, ""), ["all", "again"]),
        (2, STREET, ["street"]),
        (3, Mailbox(3, "sales"), ["sales"]),
        (3, Mailbox(3, "Sales team"), []),
        (4, None, []),
        (11, None, []),
    ],
)
def test_routes_match_by_id_or_by_name_in_their_own_order(
    number: int, mailbox: Mailbox | None, channels: list[str]
) -> None:
    assert [route.channel for route in matching(conversation(number), mailbox, having(*ROUTES))] == channels


def test_a_name_is_never_taken_for_a_missing_mailbox() -> None:
    assert matching(conversation(9), None, having(Route("None", "x"), Route("", "y"))) == ()


def test_a_route_has_its_own_waits_or_those_of_everybody() -> None:
    everybody, own = (timedelta(hours=2),), (timedelta(minutes=5), timedelta(hours=1))
    settings = Settings("https://help.example.org", "", "", "", stale=Stale(everybody))
    assert waits(Route(1, "a"), settings) == everybody
    assert waits(Route(1, "a", own), settings) == own
