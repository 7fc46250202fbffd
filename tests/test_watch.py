"""Routes from Slack, driven as people do: who may, what holds at once, what is refused, what all are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.health import Health
from bot.live import Live
from bot.routing import Route
from bot.store import Store, Watch
from bot.watching import book, stored
from sandbox.clock import Clock
from sandbox.slack import Message, Person
from tests.conftest import House

FILE = (Route("Support", "support", number=1, line=7), Route("Sales", "sales", number=2, line=12))


@pytest.fixture
async def desk(empty_house: House) -> House:
    """The house with a file whose routes have lines, and a channel of which it says nothing."""
    empty_house.slack.add_channel("vips")
    await empty_house.start(routes=FILE)
    return empty_house


async def told(house: House, person: Person, *words: str) -> str:
    """Wait until a person alone was told something that says all of these words."""
    return await house.until(lambda: all(word in house.told(person) for word in words) and house.told(person))


async def said(house: House, words: str, channel: str = "vips") -> Message:
    """Wait until something stands in a channel for everybody, and return it."""
    found = [one for one in house.cards(channel) if words in one.all_text]
    return (
        await house.until(lambda: found or _with(house, words, channel)) and _with(house, words, channel)[-1]
    )


def _with(house: House, words: str, channel: str) -> list[Message]:
    return [one for one in house.cards(channel) if words in one.all_text]


def tagged(house: House, subject: str, *tags: str) -> None:
    """A customer writes to Sales, and it has tags from the start."""
    one = house.freescout.customer_writes("b@example.org", subject, "Hello", mailbox=house.sales)
    house.freescout.agent_tags(one, tags)
    house.freescout.customer_replies(one, "And?")


async def audited(house: House) -> list[tuple[str, str, str, str]]:
    store = Store(house.settings.database_path, house.clock, visiting=True)
    try:
        return [(e["action"], e["before"], e["after"], e["outcome"][:7]) for e in await store.audited(0)]
    finally:
        await store.close()


async def test_a_watch_holds_at_once_is_told_to_all_and_ends_by_the_same_words(desk: House) -> None:
    tagged(desk, "An old one", "vip", "newsletter")
    await desk.quiet()
    await desk.ana.types("/freescout watch sales TAG:VIP -tag:newsletter", channel="vips")
    await said(desk, 'Ana Alves watches Sales, tag "VIP", unless tag "newsletter" here.')
    tagged(desk, "Gold order", "vip")
    tagged(desk, "Our news", "vip", "newsletter")
    await said(desk, "Gold order")
    await desk.stop()
    await desk.start()
    tagged(desk, "Another order", "vip")
    await said(desk, "Another order")
    await desk.ana.types("/freescout unwatch Sales tag:vip -tag:newsletter", channel="vips")
    await said(desk, 'Ana Alves no longer watches Sales, tag "VIP", unless tag "newsletter" here.')
    tagged(desk, "Too late", "vip")
    await said(desk, "Too late", "sales")
    await desk.quiet()
    shown = str([one.all_text for one in desk.cards("vips")])
    assert "Our news" not in shown
    assert "Too late" not in shown
    channel = desk.cards("vips")[0].channel
    words = f"{channel}: Sales tag:VIP -tag:newsletter"
    assert await audited(desk) == [("watch", "", words, "done"), ("unwatch", words, "", "done")]


async def test_only_operators_change_routes_and_a_refusal_is_on_record(desk: House) -> None:
    await desk.ben.types("/freescout watch Support tag:vip", channel="vips")
    await told(desk, desk.ben, "Only admins of FreeScout", "nothing was done")
    await desk.ben.types("/freescout routes", channel="support")
    listed = await told(desk, desk.ben, "Routes of this channel: 1", "route 1 · Support")
    assert "From bridge.toml, line 7: change it there" in listed
    assert "Add Route" not in listed
    assert [one[0] for one in await audited(desk)] == ["watch"]
    await desk.stop()
    await desk.start(operator_people=("BEN@example.org", "U0NOBODY"))
    await desk.ben.types('/freescout watch subject:"order form"', channel="vips")
    await said(desk, "Ben Brandt watches every mailbox, subject (not said here) here.")
    await desk.ben.types('/freescout unwatch subject:"order form"', channel="vips")
    await said(desk, "Ben Brandt no longer watches every mailbox, subject (not said here) here.")
    assert "order form" not in str([one.all_text for one in desk.cards("vips")])
    assert "order form" in str(await audited(desk))


async def test_a_list_says_nothing_of_what_its_reader_may_not_see(desk: House) -> None:
    desk.slack.add_channel("board", private=True, members=[desk.ana])
    await desk.ana.types("/freescout watch Sales tag:gold", channel="vips")
    await told(desk, desk.ana, "FreeScout has no tag gold")
    await desk.ana.types("/freescout watch Sales customer:cy@example.org name:Takeover", channel="vips")
    await said(desk, "watches Sales, customer (not said here) here.")
    await desk.ana.types("/freescout watch customer:cy@example.org status:active", channel="vips")
    await said(desk, "watches every mailbox, customer (not said here), status")
    await desk.ana.types("/freescout watch Support status:pending", channel="board")
    await said(desk, "watches Support", "board")
    await desk.ben.types("/freescout routes", channel="vips")
    listed = await told(
        desk, desk.ben, "Routes of this channel: 2", "watch 1 · for a mailbox that you may not see"
    )
    assert 'watch 2 · every mailbox, customer (not said here), status "active"' in listed
    await desk.ben.types("/freescout routes all", channel="vips")
    everything = await told(desk, desk.ben, "All routes: 5", "route 1 · Support", "route 2 · for a mailbox")
    assert "watch 3 · to a channel that you are not in" in everything
    for word in ("cy@example.org", "Takeover", "pending", desk.cards("board")[0].channel):
        assert word not in str(desk.slack.ephemerals(desk.ben)), word
    await desk.ana.types("/freescout routes all", channel="vips")
    await told(desk, desk.ana, '“Takeover” · Sales, customer "cy@example.org"', 'Support, status "pending"')


async def test_nothing_half_happens_where_freescout_does_not_tell_what_its_mailboxes_are_called(
    desk: House,
) -> None:
    await desk.ana.types("/freescout watch Sales status:pending", channel="vips")
    await said(desk, "watches Sales")
    await desk.ana.types("/freescout routes", channel="vips")
    await told(desk, desk.ana, "Remove")
    page = desk.slack.ephemerals(desk.ana)[-1]
    desk.freescout.faults.api("GET /api/mailboxes*", status=403, times=None)
    desk.clock.skip(timedelta(seconds=301))
    await desk.ana.presses("Remove", on=page)
    await desk.until(lambda: "Routes of" not in desk.told(desk.ana))
    desk.freescout.faults.clear()
    await desk.ana.types("/freescout routes", channel="vips")
    await told(desk, desk.ana, "Routes of this channel: 1")
    assert [one[0] for one in await audited(desk)] == ["watch"]


async def test_an_operator_needs_no_account_in_freescout_and_the_app_has_to_be_let_in(desk: House) -> None:
    olga = desk.slack.add_person("Olga Ops", "olga@corp.example")
    gus = desk.slack.add_person("Gus Guest", "gus@corp.example", guest=True)
    await desk.stop()
    await desk.start(operator_people=(olga.id, gus.id))
    desk.slack.add_channel("secret", private=True, members=[olga], bot_is_member=False)
    await olga.types(f"/freescout watch Support assignee:@{desk.ben.name}", channel="secret")
    await told(desk, olga, "The app is not in this channel", "/invite")
    desk.slack.add_channel("open", bot_is_member=False)
    await olga.types(f"/freescout watch Support assignee:@{desk.ben.name}", channel="open")
    await said(desk, 'watches Support, assignee "ben@example.org" here.', "open")
    desk.slack.add_channel("lobby", members=[gus, olga])
    await gus.types("/freescout watch Support tag:vip", channel="lobby")
    await told(desk, gus, "Guests of this workspace cannot act")


async def test_a_watch_is_refused_with_every_reason_at_once(desk: House) -> None:
    tagged(desk, "Gold", "vip")
    desk.freescout.add_custom_field(desk.support, "Plan", "dropdown", options=["Gold", "Silver"])
    for typed, words in [
        (
            "watch Suport tag:vipp assignee:bob",
            ('Did you mean "Support"?', 'Did you mean "vip"?', "no user bob"),
        ),
        ("watch Support field:Plann=Gold", ("Plann", 'Did you mean "Plan"?')),
        ("watch Support field:Plan=Golf", ("The field Plan is never Golf.", 'Did you mean "Gold"?')),
        ("watch Support status:clsed body:ful", ('Did you mean "closed"?', 'Did you mean "full"?')),
        ("watch Support tga:vip", ("Did you mean tag:?",)),
        (f"watch {desk.support}", ("The same comes here already by route 1 (from bridge.toml, line 7).",)),
        ("unwatch 1", ("Route 1 is from bridge.toml, line 7: change it there.",)),
        ("unwatch support", ("Route 1 is from bridge.toml, line 7: change it there.",)),
        ("unwatch 9", ("There is no watch 9.",)),
        ("unwatch tag:vip", ("No route of this channel says that.",)),
    ]:
        await desk.ana.types(f"/freescout {typed}", channel="support")
        await told(desk, desk.ana, *words)
    direct = desk.slack.workspace.direct(desk.ana.id).id
    await desk.ana.types("/freescout watch Support tag:vip", channel=direct)
    await told(desk, desk.ana, "Routes lead to channels")
    await desk.ana.types("/freescout routes all", channel="vips")
    await told(desk, desk.ana, "All routes: 2")


async def test_the_same_words_in_another_order_are_the_same_route(desk: House) -> None:
    await desk.ana.types(
        '/freescout watch Sales subject:"order form" type:email -subject:a -subject:b', channel="vips"
    )
    await said(desk, "watches")
    await desk.ana.types(
        '/freescout watch type:email -subject:b -subject:a subject:"order form" mailbox:Sales', channel="vips"
    )
    await told(desk, desk.ana, "The same comes here already by watch 1.")
    await desk.ana.types(
        '/freescout unwatch Sales -subject:b type:email subject:"order form" -subject:a', channel="vips"
    )
    await said(desk, "no longer watches")
    assert [(one[0], one[3]) for one in await audited(desk)] == [("watch", "done"), ("unwatch", "done")]


async def test_a_route_of_the_file_is_never_mistaken_for_the_watch_of_the_same_number(desk: House) -> None:
    await desk.ana.types("/freescout watch Sales assignee:nobody", channel="vips")
    await said(desk, "watches")
    for typed, words in [
        ("unwatch route 1", "Route 1 is from bridge.toml, line 7: change it there."),
        ("unwatch Route #2", "Route 2 is from bridge.toml, line 12: change it there."),
        ("unwatch route 3", "There is no route 3."),
        ("unwatch watch 2", "There is no watch 2."),
    ]:
        await desk.ana.types(f"/freescout {typed}", channel="support")
        await told(desk, desk.ana, words)
    assert [one[3] for one in await audited(desk) if one[0] == "unwatch"] == ["refused"] * 2
    await desk.ana.types("/freescout unwatch watch 1", channel="support")
    await told(desk, desk.ana, "Watch 1 is removed.")


async def test_the_dialog_says_what_is_wrong_at_each_field_and_keeps_what_it_does_not_show(
    desk: House,
) -> None:
    tagged(desk, "Gold", "vip", "newsletter")
    await desk.ana.types("/freescout watch", channel="vips")
    await desk.until(lambda: desk.ana.modal)
    await desk.ana.submits(
        {"Tags, one of": "vip", "Exceptions": "newsletter", "Own waits before a reminder": "soon"}
    )
    assert desk.ana.modal
    assert set(desk.ana.modal.errors) == {"unless", "after"}
    await desk.ana.submits(
        {
            "Mailbox": "Sales",
            "Exceptions": "tag:newslettr",
            "Own waits before a reminder": "2h",
            "Somebody adds a note": "Not at all",
        }
    )
    assert desk.ana.modal
    assert desk.ana.modal.errors == {"unless": 'FreeScout has no tag newslettr. Did you mean "newsletter"?'}
    await desk.ana.submits({"Exceptions": "tag:newsletter"})
    assert desk.ana.modal is None
    await said(desk, 'Ana Alves watches Sales, tag "vip", unless tag "newsletter" here.')
    await desk.ana.types("/freescout routes", channel="vips")
    shown = await told(desk, desk.ana, "watch 1 · Sales", "note: nothing", "own waits: 2h", "by Ana Alves")
    assert "Remove" in shown
    page = desk.slack.ephemerals(desk.ana)[-1]
    await desk.ana.presses("Edit", on=page)
    await desk.until(lambda: desk.ana.modal and "Loading" not in desk.ana.modal.all_text)
    await desk.ana.submits({"Name": "Big ones"})
    await said(
        desk, 'Ana Alves changed watch 1 of this channel to Sales, tag "vip", unless tag "newsletter".'
    )
    await desk.ana.presses("Edit", on=page)
    await desk.until(lambda: desk.ana.modal and "Big ones" in str(desk.ana.modal.body))
    await desk.ana.presses("Remove", on=page)
    await said(desk, "no longer watches Sales")
    await desk.ana.submits({"Name": "Too late"})
    assert "Watch 1 was removed already." in str(desk.ana.modal and desk.ana.modal.errors)


async def test_a_dialog_waits_for_a_slow_freescout_and_comes_back_filled_where_that_says_no(
    desk: House,
) -> None:
    tagged(desk, "Gold", "vip")
    await desk.ana.types("/freescout watch", channel="vips")
    await desk.until(lambda: desk.ana.modal)
    desk.freescout.faults.api("GET /api/tags*", hang=3, after=True)
    await desk.ana.submits({"Mailbox": "Sales", "Tags, one of": "vipp", "Name": "Mine"})
    assert desk.ana.last_answer.seconds < 2.9
    await desk.until(lambda: desk.ana.modal and 'Did you mean "vip"?' in desk.ana.modal.all_text)
    assert "Mine" in str(desk.ana.modal and desk.ana.modal.body)
    desk.freescout.faults.clear()
    await desk.ana.submits({"Tags, one of": "vip"})
    await said(desk, 'Ana Alves watches Sales, tag "vip" here.')


# the store and the book, without a house


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> Any:
    one = Store(str(tmp_path / "bridge.db"), clock)
    yield one
    await one.close()


async def test_a_number_is_never_given_twice(store: Store) -> None:
    new = Watch("C1", '{"tag": "a"}', "U1", 3)
    first = await store.add_watch(new)
    assert await store.remove_watch(first.id)
    assert not await store.remove_watch(first.id)
    assert (await store.add_watch(new)).id == first.id + 1


async def test_a_change_of_what_was_not_seen_is_refused_and_an_old_route_stays_old(
    store: Store, clock: Clock
) -> None:
    first = await store.add_watch(Watch("C1", '{"tag": "a"}', "U1", 3))
    clock.skip(timedelta(minutes=1))
    named = replace(first, spec='{"tag": "a", "name": "x"}', slack_user="U2")
    assert await store.change_watch(first, named, anew=False)
    assert not await store.change_watch(first, named, anew=False)
    [kept] = await store.watches()
    assert (kept.spec, kept.slack_user, kept.since) == (named.spec, "U2", first.since)
    assert await store.change_watch(kept, replace(kept, spec='{"tag": "b"}'), anew=True)
    assert (await store.watches())[0].since == pytest.approx(first.since + 60, abs=30)


async def test_routes_of_the_file_are_old_at_first_and_dated_when_they_come_later(
    store: Store, clock: Clock, empty_house: House
) -> None:
    live = Live(empty_house.settings)
    one, other = FILE

    async def since(*routes: Route) -> list[float]:
        await book.take_up(live, store, replace(empty_house.settings, routes=routes))
        return [route.since for route in live.settings.routes]

    def hours(count: int) -> Any:
        return pytest.approx(began + count * 3600, abs=60)

    began = clock().timestamp()
    assert await since(one) == [0]
    clock.skip(timedelta(hours=1))
    assert await since(replace(one, name="Renamed", notes=True), other) == [0, hours(1)]
    clock.skip(timedelta(hours=1))
    assert await since(other) == [hours(1)]
    clock.skip(timedelta(hours=1))
    assert await since(one) == [hours(3)]  # it was away


async def test_a_route_keeps_its_date_in_another_order_and_from_a_version_that_minded_that(
    store: Store, clock: Clock, empty_house: House
) -> None:
    live = Live(empty_house.settings)
    written, ordered = ({"tag": "a", "assignee": "nobody"}, {"assignee": "nobody", "tag": "a"})
    one, same = (stored.read(spec, "C1")[0] for spec in (written, ordered))
    assert one
    assert same
    began = clock().timestamp()
    await store.set_marks(**{"routes": began, f"routes:{stored.formerly(one)}": began})
    for route in (one, same, one):
        clock.skip(timedelta(hours=1))
        await book.take_up(live, store, replace(empty_house.settings, routes=(route,)))
        assert live.settings.routes[0].since == began


async def test_a_route_that_nobody_can_read_is_told_of_and_kept(
    store: Store, clock: Clock, empty_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health(clock)
    live = Live(empty_house.settings, health)
    seen: list[int] = []
    live.then = _counting(seen, live)
    good = await store.add_watch(Watch("C1", '{"tag": "a"}', "U1", 3))
    bad = await store.add_watch(Watch("C1", '{"moon": "full"}', "U1", 3))
    await book.load(live, store)
    [added] = live.settings.routes[len(empty_house.settings.routes) :]
    assert (added.number, added.watched, added.since, added.channel) == (good.id, True, good.since, "C1")
    assert "watch 2 of C1: 'moon' is unknown" in health.problems[0]
    assert len(await store.watches()) == 2
    await store.remove_watch(bad.id)
    live.file(replace(empty_house.settings, routes=()))
    await book.load(live, store)
    assert [route.called for route in live.settings.routes] == ["watch 1"]
    assert health.problems == []
    assert seen == [3, 1]  # loading the same again changes nothing
    caplog.clear()


def _counting(seen: list[int], live: Live) -> Callable[[], None]:
    return lambda: seen.append(len(live.settings.routes))


async def test_a_route_is_refused_where_others_read_than_it_is_open_to(desk: House) -> None:
    guest = desk.slack.add_person("Gus", "gus@example.org", guest=True)
    vips = desk.slack.channel("vips")
    vips.members.append(guest.id)
    await desk.ana.types("/freescout watch Sales assignee:nobody", channel="vips")
    await told(desk, desk.ana, "1 guest reads along there: remove them, or add open_to:guests.")
    assert not desk.cards("vips")
    assert await audited(desk) == []
    await desk.ana.types("/freescout watch Sales assignee:nobody open_to:guests", channel="vips")
    await said(desk, "Ana Alves watches")
    await desk.ana.types("/freescout routes", channel="vips")
    await told(desk, desk.ana, "watch 1")
    await desk.opens(desk.ana, "Edit", desk.slack.ephemerals(desk.ana)[-1])
    await desk.ana.submits({"Who else may read along": []})
    assert "add open_to:guests" in str(desk.ana.modal and desk.ana.modal.errors)
    assert len(desk.cards("vips")) == 1


async def test_what_is_taken_away_is_not_told_to_those_that_the_route_was_not_open_to(desk: House) -> None:
    desk.expects_errors = True  # a guest comes to a channel whose route is not open to guests
    await desk.ana.types("/freescout watch Sales assignee:nobody", channel="vips")
    await said(desk, "watches")
    desk.slack.subscribed |= {"member_joined_channel"}
    guest = desk.slack.add_person("Gus", "gus@example.org", guest=True)
    await desk.slack.joins(guest, "vips")
    await desk.quiet()
    await desk.ana.types("/freescout unwatch 1", channel="vips")
    await told(desk, desk.ana, "That holds from now on.", "1 guest reads along there")
    assert len(desk.cards("vips")) == 1
    assert [one[0] for one in await audited(desk)] == ["watch", "unwatch"]
