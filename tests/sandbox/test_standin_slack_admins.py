"""The stand-in Slack: what people do to an app's messages, channels and token, and what the app hears of it."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.slack import Message
from tests.sandbox import slack_house
from tests.sandbox.slack_house import World, error

world = slack_house.world
Json = dict[str, Any]

EVENTS = (
    "channel_archive channel_unarchive channel_rename channel_left group_archive group_unarchive group_rename "
    "group_left member_joined_channel tokens_revoked message.channels message.groups message.im"
)


@pytest.fixture
async def heard(world: World) -> list[Json]:
    """The events that a subscribed app was sent, without their wrapping."""
    got: list[Json] = []

    async def endpoint(request: Request) -> Response:
        sent = await request.json()
        assert (sent["type"], sent["event_id"][:2]) == ("event_callback", "Ev")
        got.append(sent["event"])
        return PlainTextResponse("")

    await world.serve(endpoint)
    world.slack.subscribed = set(EVENTS.split())
    return got


def names(heard: list[Json]) -> list[str]:
    return [each["type"] for each in heard]


# Messages


async def thread_of(world: World, ts: str) -> list[Json]:
    return (await world.client.conversations_replies(channel=world.support, ts=ts))["messages"]


async def replies_to(world: World, message: Message) -> Message:
    """Post into a thread over the API, and see how the answer has it."""
    answer = await world.client.chat_postMessage(channel=world.support, text="Late", thread_ts=message.ts)
    found = world.slack.workspace.find(world.slack.channel(world.support), answer["ts"])
    assert found and answer["message"].get("thread_ts") == found.thread_ts
    return found


async def test_a_message_without_replies_is_gone(world: World, heard: list[Json]) -> None:
    card = await world.post(metadata={"event_type": "card", "event_payload": {"n": 1}})
    await world.slack.deletes(card)
    assert world.slack.messages("support") == []
    assert await error(thread_of(world, card.ts)) == "thread_not_found"
    update = world.client.chat_update(channel=world.support, ts=card.ts, text="x")
    assert await error(update) == "message_not_found"
    assert (await replies_to(world, card)).thread_ts is None
    assert [each.text for each in world.slack.messages("support")] == ["Late"]
    (event,) = heard
    assert (event["type"], event["subtype"], event["deleted_ts"]) == ("message", "message_deleted", card.ts)
    assert (event["channel"], event["previous_message"]["text"]) == (world.support, "Hello")
    with pytest.raises(LookupError):
        await world.slack.deletes(card)


async def test_a_message_with_replies_leaves_a_stub_that_says_nothing_of_it(
    world: World, heard: list[Json]
) -> None:
    card = await world.post(metadata={"event_type": "card", "event_payload": {"n": 1}})
    reply = await world.post(thread_ts=card.ts, text="A reply")
    await world.slack.deletes(card)
    stub, answer = await thread_of(world, card.ts)
    assert (stub["subtype"], stub["user"], stub["reply_count"]) == ("tombstone", "USLACKBOT", 1)
    assert {"bot_id", "blocks", "metadata", "edited"}.isdisjoint(stub)
    assert answer["ts"] == reply.ts
    history = await world.client.conversations_history(channel=world.support, include_all_metadata=True)
    assert history["messages"] == [stub]
    for call in (world.client.chat_update, world.client.chat_delete):
        assert await error(call(channel=world.support, ts=card.ts, text="x")) == "message_not_found"
    assert (heard[0]["subtype"], heard[0]["message"]["subtype"]) == ("message_changed", "tombstone")

    late = await replies_to(world, card)
    assert late.thread_ts == card.ts
    for each in (late, reply):
        await world.slack.deletes(each)
    assert world.slack.messages("support") == []
    assert await error(thread_of(world, card.ts)) == "thread_not_found"


async def test_a_thread_that_is_named_by_a_deleted_reply_is_not_found(world: World) -> None:
    card = await world.post()
    reply = await world.post(thread_ts=card.ts, text="A reply")
    assert (await replies_to(world, reply)).thread_ts == card.ts
    await world.slack.deletes(reply)
    assert (await replies_to(world, reply)).thread_ts is None


# Channels


async def test_an_archived_channel_takes_nothing_until_it_is_back(world: World, heard: list[Json]) -> None:
    card, client = await world.post(), world.client
    await world.slack.archives("support", by=world.ben)
    await world.slack.archives("support")
    assert await error(client.chat_postMessage(channel=world.support, text="x")) == "is_archived"
    assert await error(client.chat_update(channel=world.support, ts=card.ts, text="x")) == "is_inactive"
    assert await error(client.conversations_join(channel=world.support)) == "is_archived"
    listed = await client.conversations_list(exclude_archived=True)
    assert listed["channels"] == []
    await world.slack.unarchives("support")
    await world.slack.unarchives("support")
    await client.chat_update(channel=world.support, ts=card.ts, text="x")
    archived, back = heard
    assert (archived["type"], archived["channel"], archived["user"]) == (
        "channel_archive",
        world.support,
        world.ben.id,
    )
    assert (back["type"], back["channel"], back["user"]) == (
        "channel_unarchive",
        world.support,
        world.ana.id,
    )


async def test_the_app_is_removed_and_invited_again(world: World, heard: list[Json]) -> None:
    for _ in range(2):
        await world.slack.kicks_bot("support", by=world.ben)
    assert await error(world.client.chat_postMessage(channel=world.support, text="x")) == "not_in_channel"
    assert await error(world.client.conversations_history(channel=world.support)) == "not_in_channel"
    for _ in range(2):
        await world.slack.invites_bot("support", by=world.ben)
    await world.post()
    left, joined = heard
    assert (left["type"], left["channel"], left["actor_id"]) == (
        "channel_left",
        world.support,
        world.ben.id,
    )
    assert (joined["type"], joined["user"]) == ("member_joined_channel", world.slack.bot_user)
    assert (joined["channel"], joined["channel_type"], joined["inviter"]) == (
        world.support,
        "C",
        world.ben.id,
    )


async def test_a_private_channel_has_events_of_its_own_and_tells_its_members_alone(
    world: World, heard: list[Json]
) -> None:
    slack = world.slack
    slack.add_channel("board", private=True, members=[world.ana])
    await slack.archives("board")
    await slack.unarchives("board")
    await slack.renames("board", "council")
    await slack.deletes(await world.post(channel="council"))
    await slack.kicks_bot("council")
    assert await error(world.client.chat_postMessage(channel="council", text="x")) == "channel_not_found"
    await slack.archives("council")
    await slack.unarchives("council")
    await slack.invites_bot("council")
    assert names(heard) == [
        "group_archive",
        "group_unarchive",
        "group_rename",
        "message",
        "group_left",
        "member_joined_channel",
    ]
    assert heard[2]["channel"]["name"] == "council"
    assert (heard[3]["channel_type"], heard[5]["channel_type"]) == ("group", "G")


async def test_a_renamed_channel_keeps_its_id(world: World, heard: list[Json]) -> None:
    await world.slack.renames("support", "help")
    found = await world.client.conversations_info(channel=world.support)
    assert found["channel"]["name"] == "help"
    assert (heard[0]["type"], heard[0]["channel"]["id"]) == ("channel_rename", world.support)


async def test_a_message_of_a_direct_conversation_can_be_deleted_too(world: World, heard: list[Json]) -> None:
    await world.slack.deletes(await world.post(channel=world.ana.id))
    assert heard[0]["channel_type"] == "im"


# The token


async def test_a_revoked_token_opens_nothing_until_it_is_restored(world: World, heard: list[Json]) -> None:
    slack, client = world.slack, world.client
    await slack.revokes_token()
    for call in (client.auth_test, client.users_list, client.conversations_list):
        assert await error(call()) == "token_revoked"
    assert await error(client.chat_postMessage(channel=world.support, text="x")) == "token_revoked"
    assert (await client.api_test())["ok"]
    await slack.restores_token()
    await world.post()
    await slack.revokes_token("account_inactive")
    assert await error(client.auth_test()) == "account_inactive"
    assert names(heard) == ["tokens_revoked"] * 2
    assert heard[0]["tokens"] == {"oauth": [], "bot": [slack.bot_user]}


# Who hears


async def test_only_what_the_app_subscribed_to_is_sent(world: World, heard: list[Json]) -> None:
    world.slack.subscribed = {"channel_unarchive"}
    await world.slack.archives("support")
    await world.slack.deletes(await world.post(channel=world.ana.id))
    await world.slack.unarchives("support")
    await world.slack.kicks_bot("support")
    assert names(heard) == ["channel_unarchive"]


async def test_an_event_is_sent_again_until_it_is_taken(world: World) -> None:
    tries: list[tuple[str | None, str]] = []

    async def endpoint(request: Request) -> Response:
        tries.append((request.headers.get("x-slack-retry-num"), (await request.json())["event_id"]))
        return PlainTextResponse("", 404)

    await world.serve(endpoint)
    world.slack.subscribed = {"channel_archive"}
    await world.slack.archives("support")
    assert [number for number, _ in tries] == [None, "1", "2", "3"]
    assert len({event for _, event in tries}) == 1
