"""The stand-in Slack, over real HTTP and real sockets, with a small real Bolt app as its guest."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiohttp import ClientError
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack.blocks import check_message
from sandbox.slack.errors import SlackError
from tests.sandbox import slack_house
from tests.sandbox.slack_house import World, error, until

world = slack_house.world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, **more}


OVERFLOW = {
    "type": "overflow",
    "action_id": "more",
    "options": [{"text": plain("Snooze"), "value": "snooze"}, {"text": plain("Spam"), "value": "spam"}],
}
CARD: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Printer on fire*"}},
    {"type": "actions", "elements": [button("Reply", "reply", style="primary", value="412"), OVERFLOW]},
]
MODAL: Json = {
    "type": "modal",
    "callback_id": "reply_form",
    "title": plain("Reply"),
    "submit": plain("Send"),
    "private_metadata": "412",
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "body",
            "label": plain("Your reply"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


def bolt(world: World, **more: Any) -> AsyncApp:
    """A small app: a command that posts a card, a button that opens a modal, a modal that answers."""
    app = AsyncApp(client=world.client, signing_secret=world.slack.signing_secret, **more)
    app.heard = []  # type: ignore[attr-defined]

    @app.command("/freescout")
    async def command(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack(f"You said {body['text']}")
        await client.chat_postMessage(channel=body["channel_id"], text="Printer on fire", blocks=CARD)

    @app.action("reply")
    async def reply(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("more")
    async def more_(ack: Any, action: Json, respond: Any) -> None:
        await ack()
        await respond(text=f"Chose {action['selected_option']['value']}", replace_original=False)

    @app.view("reply_form")
    async def submitted(ack: Any, view: Json) -> None:
        said = view["state"]["values"]["body"]["text"]["value"]
        await ack(response_action="errors", errors={"body": "Too short"}) if len(said) < 3 else await ack()
        app.heard.append(("submitted", view["private_metadata"], said))  # type: ignore[attr-defined]

    @app.view_closed("reply_form")
    async def closed(ack: Any) -> None:
        await ack()
        app.heard.append("closed")  # type: ignore[attr-defined]

    @app.event("message")
    async def message(event: Json) -> None:
        app.heard.append(("message", event["text"], event.get("thread_ts")))  # type: ignore[attr-defined]

    @app.event("app_mention")
    async def mention(event: Json) -> None:
        app.heard.append(("mention", event["text"]))  # type: ignore[attr-defined]

    @app.event("channel_archive")
    async def archived(event: Json) -> None:
        app.heard.append(("archived", event["channel"]))  # type: ignore[attr-defined]

    @app.shortcut("to_note")
    async def shortcut(ack: Any, shortcut: Json) -> None:
        await ack()
        app.heard.append(("shortcut", shortcut["message"]["text"]))  # type: ignore[attr-defined]

    return app


@pytest.fixture(params=["http", "socket"])
async def guest(world: World, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    """The small app, connected both ways in turn."""
    app = bolt(world)
    if request.param == "http":
        handler = AsyncSlackRequestHandler(app)
        await world.serve(handler.handle)
        yield app
        return
    socket = AsyncSocketModeHandler(app, world.slack.app_token)
    await socket.connect_async()
    await until(lambda: world.slack.sockets.connected == 1)
    yield app
    await socket.close_async()


# The app as a person meets it, over HTTP and over the socket


async def test_a_command_a_button_and_a_modal_work_from_end_to_end(world: World, guest: AsyncApp) -> None:
    ana = world.ana
    await ana.types("/freescout 412 for @ben in #support")
    assert ana.ephemerals[0].text == f"You said 412 for <@{world.ben.id}|ben> in <#{world.support}|support>"
    assert not world.ben.sees("You said")
    await until(lambda: world.ben.sees("Printer on fire"))
    card = world.slack.messages("support")[-1]
    await ana.presses("Reply", on=card)
    await until(lambda: ana.modal)
    await ana.submits({"Your reply": "No"})
    assert ana.modal and ana.modal.errors == {"body": "Too short"}
    await ana.submits({"text": "Use water"})
    assert ana.modal is None
    assert guest.heard[-1] == ("submitted", "412", "Use water")  # type: ignore[attr-defined]


async def test_an_overflow_is_answered_through_its_response_url(world: World, guest: AsyncApp) -> None:
    card = await world.post(blocks=CARD)
    await world.ana.presses("Snooze", on=card)
    await until(lambda: world.ana.sees("Chose snooze"))
    assert not world.ben.sees("Chose snooze")
    assert world.slack.responses == [{"text": "Chose snooze", "replace_original": False}]


async def test_messages_mentions_shortcuts_and_closing_reach_the_app(world: World, guest: AsyncApp) -> None:
    card = await world.post(blocks=CARD)
    await world.ana.types("tea & <biscuits>", thread=card)
    await world.ben.types("@FreeScout help")
    await world.ben.shortcut("to_note", on=card)
    await world.ana.presses("reply", on=card)
    await until(lambda: world.ana.modal)
    await world.ana.closes()
    heard = guest.heard  # type: ignore[attr-defined]
    await until(lambda: len(heard) == 5)
    assert ("message", "tea &amp; &lt;biscuits&gt;", card.ts) in heard
    assert ("mention", f"<@{world.slack.bot_user}> help") in heard
    assert ("shortcut", "Hello") in heard
    assert "closed" in heard
    assert world.ana.last_answer.ok


async def test_files_edits_and_deletions_of_messages_reach_the_app(world: World) -> None:
    app = AsyncApp(client=world.client, signing_secret=world.slack.signing_secret)
    heard: list[Json] = []

    @app.event("message")
    async def message(event: Json) -> None:
        heard.append(event)

    await world.serve(AsyncSlackRequestHandler(app).handle)
    card = await world.post(blocks=CARD)
    photo = world.slack.add_file(world.ana, "photo.png", b"1")
    said = await world.ana.types("tea", thread=card, files=[photo])
    assert said
    await world.ana.edits(said, "coffee")
    await world.ana.deletes(said)
    await until(lambda: len(heard) == 3)
    shared, edited, deleted = heard
    assert (shared["subtype"], shared["files"][0]["id"]) == ("file_share", photo.id)
    assert (edited["subtype"], edited["message"]["text"]) == ("message_changed", "coffee")
    assert edited["previous_message"]["text"] == "tea"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)
    assert {one["channel_type"] for one in heard} == {"channel"}


async def test_what_befalls_a_channel_reaches_the_app(world: World, guest: AsyncApp) -> None:
    world.slack.subscribed.add("channel_archive")
    await world.slack.archives("support")
    assert world.slack.delivery.answers[-1].ok
    await until(lambda: guest.heard == [("archived", world.support)])  # type: ignore[attr-defined]


async def test_a_socket_comes_back_after_a_refresh_and_its_address_is_good_once(world: World) -> None:
    app = bolt(world)
    handler = AsyncSocketModeHandler(app, world.slack.app_token)
    world.stack.push_async_callback(handler.close_async)
    await handler.connect_async()
    await until(lambda: world.slack.sockets.connected == 1)
    used = handler.client.wss_uri  # type: ignore[union-attr]
    await world.slack.sockets.refresh()
    await until(lambda: world.slack.sockets.connected == 1)
    await world.ana.types("/freescout again")
    assert world.ana.sees("You said again")
    async with httpx.AsyncClient() as plain_client:
        assert (await plain_client.get(str(used).replace("ws", "http", 1))).status_code == 401


# Deliveries


async def test_every_delivery_carries_a_signature_that_the_sdk_accepts(world: World) -> None:
    verifier, kinds = SignatureVerifier(world.slack.signing_secret), []

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        assert verifier.is_valid_request(body, dict(request.headers))
        assert not SignatureVerifier("another").is_valid_request(body, dict(request.headers))
        kinds.append(request.headers["content-type"])
        return PlainTextResponse("")

    await world.serve(endpoint)
    await world.ana.types("/freescout")
    await world.ana.types("hello")
    await world.ana.presses("Reply", on=await world.post(blocks=CARD))
    assert kinds == ["application/x-www-form-urlencoded", "application/json", kinds[0]]
    assert world.ana.last_answer.status == 200


async def test_an_event_is_sent_four_times_with_one_id_and_the_number_of_the_try(world: World) -> None:
    tries: list[tuple[str | None, str]] = []

    async def endpoint(request: Request) -> Response:
        tries.append((request.headers.get("x-slack-retry-num"), (await request.json())["event_id"]))
        return PlainTextResponse("", 500 if len(tries) < 4 else 200)

    await world.serve(endpoint)
    await world.ana.types("hello")
    assert [number for number, _ in tries] == [None, "1", "2", "3"]
    assert len({event for _, event in tries}) == 1
    assert world.ana.last_answer.ok
    assert world.ana.last_answer.attempts == 4


async def test_a_request_url_proves_itself(world: World) -> None:
    handler = AsyncSlackRequestHandler(bolt(world))
    await world.serve(handler.handle)
    assert await world.slack.verify_request_url()


async def test_a_person_is_told_when_the_app_does_not_answer(world: World) -> None:
    async def endpoint(_: Request) -> Response:
        await asyncio.sleep(0.5)
        return PlainTextResponse("")

    await world.serve(endpoint)
    world.slack.delivery.patience = 0.1
    await world.ana.types("/freescout")
    assert world.ana.notices == ["/freescout failed with the error operation_timeout"]
    card = await world.post(blocks=CARD)
    await world.ana.presses("Reply", on=card)
    assert "did not answer in time" in (card.trouble or "")
    await open_modal(world)
    await world.ana.submits({"body": "All I wrote"})
    assert world.ana.sees("We had some trouble connecting. Try again?")
    assert world.ana.sees("All I wrote")


async def test_a_command_does_not_work_in_a_thread(world: World) -> None:
    card = await world.post()
    await world.ana.types("/freescout", thread=card)
    assert world.ana.sees("/freescout is not supported in threads")


async def test_what_is_pressed_must_be_there(world: World) -> None:
    card = await world.post(blocks=CARD)
    with pytest.raises(LookupError, match="'Reply', 'Snooze', 'Spam'"):
        await world.ana.presses("Close", on=card)


# Modals


async def open_modal(world: World, view: Json = MODAL) -> str:
    trigger = world.slack.workspace.triggers.pull(world.ana.id)
    reply = await world.client.views_open(trigger_id=trigger, view=view)
    return str(reply["view"]["id"])


async def test_a_trigger_is_good_once_and_for_a_short_while(world: World) -> None:
    triggers = world.slack.workspace.triggers
    trigger = triggers.pull(world.ana.id)
    await world.client.views_open(trigger_id=trigger, view=MODAL)
    assert await error(world.client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
    trigger, triggers.life = triggers.pull(world.ana.id), 0.0
    assert await error(world.client.views_open(trigger_id=trigger, view=MODAL)) == "expired_trigger_id"
    assert await error(world.client.views_open(trigger_id="x", view=MODAL)) == "invalid_trigger_id"


async def test_a_view_is_updated_by_its_hash_and_keeps_what_was_typed(world: World) -> None:
    view_id = await open_modal(world)
    world.ana.fills({"Your reply": "Dear Mark"})
    old = world.ana.modal.hash  # type: ignore[union-attr]
    await world.client.views_update(
        view_id=view_id, hash=old, view={**MODAL, "title": plain("Reply to #412")}
    )
    assert world.ana.modal and world.ana.modal.title == "Reply to #412"
    assert world.ana.sees("Dear Mark")
    assert await error(world.client.views_update(view_id=view_id, hash=old, view=MODAL)) == "hash_conflict"
    assert await error(world.client.views_update(view_id="V0", view=MODAL)) == "not_found"


ANSWERS: list[tuple[Json, list[str], str]] = [
    ({}, [], ""),
    ({"response_action": "update", "view": {**MODAL, "title": plain("Two")}}, ["Two"], ""),
    ({"response_action": "push", "view": {**MODAL, "title": plain("Two")}}, ["Reply", "Two"], ""),
    ({"response_action": "clear"}, [], ""),
    ({"response_action": "errors", "errors": {"nowhere": "x"}}, ["Reply"], "trouble connecting"),
]


async def test_the_answer_to_a_submission_is_done(world: World) -> None:
    answers = iter(answer for answer, _, _ in ANSWERS)

    async def endpoint(_: Request) -> Response:
        return JSONResponse(next(answers))

    await world.serve(endpoint)
    for _, titles, trouble in ANSWERS:
        await open_modal(world)
        await world.ana.submits({"Your reply": "Hello"})
        assert [view.title for view in world.ana.modals] == titles
        assert not trouble or world.ana.sees(trouble)


async def test_a_required_field_stops_a_submission_before_the_app(world: World) -> None:
    await open_modal(world)
    await world.ana.submits()
    assert world.ana.sees("Please complete this required field.")
    assert world.slack.delivery.answers == []


# The Web API


async def test_tokens_and_methods_are_checked(world: World) -> None:
    slack = world.slack
    for token, wrong in (
        (None, "not_authed"),
        ("xoxb-no", "invalid_auth"),
        (slack.app_token, "not_allowed_token_type"),
    ):
        client = AsyncWebClient(token=token, base_url=slack.api_url)
        assert await error(client.auth_test()) == wrong
    assert (await world.client.auth_test())["user_id"] == slack.bot_user
    assert await error(world.client.api_call("chat.nonsense")) == "unknown_method"
    assert await error(world.client.api_call("apps.connections.open")) == "not_allowed_token_type"


async def test_posting_is_refused_where_slack_refuses_it(world: World) -> None:
    slack = world.slack
    outside = slack.add_channel("outside", bot_is_member=False)
    hidden = slack.add_channel("hidden", private=True, bot_is_member=False)
    slack.channel(slack.add_channel("old")).archived = True
    long = [{"type": "markdown", "text": "x" * 12_000}, {"type": "section", "text": plain("y" * 1_500)}]
    table: list[tuple[str, Json]] = [
        ("channel_not_found", {"channel": "C404", "text": "x"}),
        ("channel_not_found", {"channel": hidden, "text": "x"}),
        ("not_in_channel", {"channel": outside, "text": "x"}),
        ("is_archived", {"channel": "#old", "text": "x"}),
        ("no_text", {"channel": "support", "text": ""}),
        ("msg_too_long", {"channel": "support", "text": "x" * 40_001}),
        ("msg_blocks_too_long", {"channel": "support", "text": "x", "blocks": long}),
    ]
    slack._api._pace = None  # this is not about the pace
    for wrong, args in table:
        assert await error(world.client.api_call("chat.postMessage", json=args)) == wrong
    with_form = {
        "channel": "#support",
        "text": "by form",
        "blocks": "[]",
        "metadata": '{"event_type":"a","event_payload":{"n":1}}',
    }
    assert (await world.client.api_call("chat.postMessage", data=with_form))["message"]["metadata"][
        "event_type"
    ] == "a"


@pytest.mark.parametrize(
    ("blocks", "place"),
    [
        ([{"type": "nonsense"}], "/blocks/0/type"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "section", "text": plain("x" * 3001)}], "/blocks/0/text/text"),
        ([{"type": "section", "text": plain("x"), "colour": "red"}], "/blocks/0/colour"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text/type"),
        ([{"type": "actions", "elements": []}], "/blocks/0/elements"),
        ([{"type": "actions", "elements": [button("x" * 76, "a")]}], "/blocks/0/elements/0/text/text"),
        ([{"type": "actions", "elements": [button("x", "a"), button("y", "a")]}], "/blocks/0"),
        ([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}], "/blocks/1/block_id"),
        ([{"type": "divider"}] * 51, "/blocks"),
        ([{"type": "context", "elements": [button("x", "a")]}], "/blocks/0/elements/0/type"),
        (
            [
                {
                    "type": "rich_text",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}],
                }
            ],
            "/blocks/0/elements/0/elements/0/text",
        ),
    ],
)
def test_wrong_blocks_are_refused_with_their_place(blocks: list[Json], place: str) -> None:
    with pytest.raises(SlackError) as caught:
        check_message(blocks)
    assert caught.value.reply["error"] == "invalid_blocks"
    assert f"[json-pointer:{place}]" in caught.value.reply["response_metadata"]["messages"][0]


async def test_a_refused_message_says_where_it_is_wrong(world: World) -> None:
    with pytest.raises(SlackApiError) as caught:
        await world.client.chat_postMessage(channel="support", text="x", blocks=[{"type": "section"}])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "json-pointer:/blocks/0" in caught.value.response["response_metadata"]["messages"][0]


async def test_messages_are_changed_and_taken_back_only_by_who_wrote_them(world: World) -> None:
    client, support = world.client, world.support
    card = await world.post()
    await client.chat_update(channel=support, ts=card.ts, text="Changed")
    assert world.ben.sees("Changed")
    assert card.edited
    theirs = await world.ana.types("mine")
    assert theirs
    assert await error(client.chat_update(channel=support, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await error(client.chat_update(channel=support, ts="1.000001", text="x")) == "message_not_found"
    assert await error(client.chat_update(channel=support, ts=card.ts, text="x" * 4001)) == "msg_too_long"
    await client.chat_delete(channel=support, ts=card.ts)
    assert await error(client.chat_delete(channel=support, ts=card.ts)) == "message_not_found"


async def test_history_and_replies_come_in_pages_with_metadata_on_request(world: World) -> None:
    mark = {"event_type": "card", "event_payload": {"conversation": 412}}
    first = await world.post(metadata=mark)
    second = await world.post(text="Second")
    reply = await world.post(thread_ts=first.ts, text="A reply")
    client, support = world.client, world.support
    page = await client.conversations_history(channel=support, limit=1, include_all_metadata=True)
    assert [m["ts"] for m in page["messages"]] == [second.ts]
    cursor = page["response_metadata"]["next_cursor"]
    page = await client.conversations_history(
        channel=support, limit=1, cursor=cursor, include_all_metadata=True
    )
    assert page["messages"][0]["metadata"] == mark
    assert page["messages"][0]["reply_count"] == 1
    newer = await client.conversations_history(channel=support, oldest=first.ts)
    assert [m["ts"] for m in newer["messages"]] == [second.ts]
    thread = await client.conversations_replies(channel=support, ts=first.ts)
    assert [m["ts"] for m in thread["messages"]] == [first.ts, reply.ts]
    assert "metadata" not in thread["messages"][0]
    assert world.slack.replies("support", first.ts) == first.thread == [reply]


async def test_people_are_found_by_id_and_address(world: World) -> None:
    guest = world.slack.add_person("Gus", "gus@example.com", guest=True)
    gone = world.slack.add_person("Gone", "gone@example.com", deleted=True)
    far = world.slack.add_person("Far", "far@example.net", team="T0OTHER")
    client = world.client
    assert (await client.users_lookupByEmail(email="ANA@example.com"))["user"]["id"] == world.ana.id
    assert await error(client.users_lookupByEmail(email=gone.email)) == "users_not_found"
    assert await error(client.users_info(user="U404")) == "user_not_found"
    assert (await client.users_info(user=guest.id))["user"]["is_restricted"]
    assert (await client.users_info(user=far.id))["user"]["is_stranger"]
    assert not guest.may_see(world.slack.channel("support"))


async def test_posting_too_fast_is_refused_for_a_second_in_that_channel_only(world: World) -> None:
    for _ in range(5):
        await world.post()
    with pytest.raises(SlackApiError) as caught:
        await world.client.chat_postMessage(channel="#support", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    await world.client.chat_postMessage(channel=world.ana.id, text="elsewhere")


async def test_a_response_url_is_good_five_times_within_thirty_minutes(world: World) -> None:
    path = world.slack.workspace.replies.lend(world.ana.id, world.support, None)
    async with httpx.AsyncClient() as client:
        codes = [
            (await client.post(world.slack.url + path, json={"text": "x"})).status_code for _ in range(6)
        ]
        assert codes == [200] * 5 + [404]
        path = world.slack.workspace.replies.lend(world.ana.id, world.support, None)
        world.skipped = timedelta(minutes=31)
        assert (await client.post(world.slack.url + path, json={"text": "x"})).status_code == 404
    assert len(world.slack.ephemerals(world.ana)) == 5


# Faults


async def test_faults_happen_as_often_as_they_were_armed(world: World) -> None:
    faults, client = world.slack.faults, world.client
    faults.api("chat.postMessage", error="ratelimited", retry_after=2)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="support", text="x")
    assert caught.value.response.headers["Retry-After"] == "2"
    faults.api(status=500, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await client.auth_test()
    faults.api("auth.test", html=True)
    with pytest.raises(SlackApiError):
        await client.auth_test()
    assert (await client.auth_test())["ok"]


async def test_a_cut_before_the_call_posts_nothing_and_one_after_it_posts_unseen(world: World) -> None:
    client = AsyncWebClient(token=world.slack.bot_token, base_url=world.slack.api_url, retry_handlers=[])
    for after, posted in ((False, 0), (True, 1)):
        world.slack.faults.api("chat.postMessage", cut=True, after=after)
        with pytest.raises(ClientError):
            await client.chat_postMessage(channel="support", text="x")
        assert len(world.slack.messages("support")) == posted
    assert [call.reply is None for call in world.slack.called("chat.postMessage")] == [True, False]


async def test_a_call_that_hangs_after_it_happened_leaves_the_message(world: World) -> None:
    world.slack.faults.api("chat.postMessage", hang=5, after=True)
    posting = asyncio.ensure_future(world.client.chat_postMessage(channel="support", text="x"))
    await until(lambda: world.slack.messages("support"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(posting, 0.1)
    assert len(world.slack.messages("support")) == 1


# The page


async def test_the_page_refuses_posts_from_elsewhere_and_escapes_what_the_app_sends(world: World) -> None:
    evil = '<img src=x onerror=alert(1)> <javascript:alert(1)|x> <https://a.b/"onmouseover=x|y>'
    await world.post(text=evil)
    async with httpx.AsyncClient(base_url=world.slack.url) as client:
        html = (await client.get("/")).text
        assert "<img src=x" not in html
        assert 'href="javascript' not in html
        assert '"onmouseover' not in html
        for headers in ({}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            sent = {"as": world.ana.id, "text": "x", "channel": world.support}
            assert (await client.post("/do/type", json=sent, headers=headers)).status_code == 403
    assert len(world.slack.messages("support")) == 1


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine to show the page in")
async def test_the_page_drives_the_app_and_keeps_what_is_being_typed(world: World) -> None:
    from playwright.async_api import async_playwright  # noqa: PLC0415, only where there is a browser

    app = bolt(world)
    await world.serve(AsyncSlackRequestHandler(app).handle)
    await world.post(blocks=CARD)
    async with async_playwright() as player:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        page.set_default_timeout(20_000)
        wrong: list[str] = []
        page.on("pageerror", lambda failure: wrong.append(str(failure)))
        await page.goto(f"{world.slack.url}/?as={world.ana.id}")
        await page.fill(".pane .composer textarea", "half a thou")
        await page.click("summary[aria-label='More actions']")
        await world.ben.types("Somebody else talks")
        await page.wait_for_selector("text=Somebody else talks")
        assert await page.input_value(".pane .composer textarea") == "half a thou"
        assert await page.is_visible("text=Snooze")
        await page.click("button:has-text('Reply') >> nth=0")
        await page.wait_for_selector("[data-modal]")
        await page.keyboard.type("No")
        await page.click("[data-submit]")
        await page.wait_for_selector("text=Too short")
        await page.fill("[data-modal] textarea", "Use water")
        await page.click("[data-submit]")
        await page.wait_for_selector("[data-modal]", state="detached")
        await page.fill(".pane .composer textarea", "/freescout 412")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=You said 412")
        await browser.close()
    assert app.heard[-1] == ("submitted", "412", "Use water")  # type: ignore[attr-defined]
    assert wrong == []
