"""The stand-in FreeScout over real HTTP: what it answers, what it wrongly accepts, and what it sends."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.freescout import FreeScout
from sandbox.freescout.shapes import encode
from sandbox.serving import serving

SECRET = "a-secret-of-thirty-two-characters"


pytestmark = pytest.mark.asyncio(loop_scope="module")


class Switch:
    """Serves whichever app a test plugs in: starting a server for each test would take most of their time."""

    def __init__(self) -> None:
        self.app: ASGIApp = Starlette()
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Time:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 6, 33, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def moves(self, **by: float) -> None:
        self.now += timedelta(**by)


class Receiver:
    """Takes webhooks, and answers what it was told to: 200 unless `answers` holds something else."""

    def __init__(self) -> None:
        self.got: list[SimpleNamespace] = []
        self.answers: list[int] = []
        self.app = Starlette(
            routes=[
                Route("/hook", self._hook, methods=["GET", "POST"]),
                Route("/old", self._old, methods=["POST"]),
            ]
        )
        self.url = ""

    async def _hook(self, request: Request) -> Response:
        body = await request.body()
        event = request.headers.get("x-freescout-event")
        self.got.append(
            SimpleNamespace(
                method=request.method,
                event=event,
                raw=body,
                json=json.loads(body) if body else None,
                signature=request.headers.get("x-freescout-signature"),
            )
        )
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    async def _old(self, _request: Request) -> Response:
        return RedirectResponse("/hook", 302)

    @property
    def events(self) -> list[str]:
        return [each.event for each in self.got]

    async def gets(self, count: int) -> list[SimpleNamespace]:
        await until(lambda: len(self.got) >= count)
        return self.got


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not true():
            await asyncio.sleep(0.005)


class House:
    """A help desk with two mailboxes, an admin, an agent of the first mailbox, and one conversation."""

    def __init__(self, freescout: FreeScout, time: Time, client: httpx.AsyncClient, url: str) -> None:
        self.freescout, self.time, self.client, self.url = freescout, time, client, url
        self.support = freescout.add_mailbox("Support", "support@example.org")
        self.sales = freescout.add_mailbox("Sales", "sales@example.org")
        self.ada = freescout.add_user("Ada", "Admin", "ada@example.org", role="admin")
        self.ben = freescout.add_user("Ben", "Agent", "ben@example.org", mailboxes=[self.support])
        self.parcel = freescout.customer_writes(
            "mark@example.org",
            "Order #42",
            "<p>Where is <b>it</b>?</p>",
            mailbox=self.support,
            name="Mark Moore",
            cc=["boss@example.org"],
        )

    async def get(self, path: str, **query: object) -> dict:
        answer = await self.client.get(f"/api{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def look(self) -> dict:
        return await self.get(f"/conversations/{self.parcel}")

    async def listed(self, **query: object) -> list[int]:
        found = await self.get("/conversations", **query)
        return [each["id"] for each in found["_embedded"]["conversations"]]

    async def post_thread(self, **body: object) -> httpx.Response:
        return await self.client.post(f"/api/conversations/{self.parcel}/threads", json=body)

    async def put(self, **body: object) -> httpx.Response:
        return await self.client.put(f"/api/conversations/{self.parcel}", json=body)


async def switch() -> AsyncIterator[Switch]:
    one = Switch()
    async with serving(one) as url:
        one.url = url
        yield one


help_desk = pytest_asyncio.fixture(switch, scope="module", loop_scope="module", name="help_desk")
bot = pytest_asyncio.fixture(switch, scope="module", loop_scope="module", name="bot")


@pytest_asyncio.fixture(loop_scope="module")
async def house(help_desk: Switch) -> AsyncIterator[House]:
    time = Time()
    freescout = FreeScout(
        now=time,
        webhook_secret=SECRET,
        speed=100_000,
        first_number=400,
        skip=lambda by: time.moves(seconds=by.total_seconds()),
    )
    help_desk.app = freescout.app
    headers = {"X-FreeScout-API-Key": freescout.api_key}
    async with httpx.AsyncClient(base_url=help_desk.url, headers=headers, timeout=5) as client:
        yield House(freescout, time, client, help_desk.url)
    await freescout.close()


@pytest.fixture
def receiver(house: House, bot: Switch) -> Receiver:
    one = Receiver()
    bot.app, one.url = one.app, bot.url
    house.freescout.subscribe(f"{one.url}/hook")
    return one


# The door


@pytest.mark.parametrize(
    "headers", [{}, {"X-FreeScout-API-Key": "wrong"}, {"Authorization": "Basic a2V5OngK"}]
)
async def test_without_the_key_it_answers_401_and_http_basic_is_no_key(house: House, headers: dict):
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        answer = await stranger.get("/api/mailboxes", headers=headers)
        assert (answer.status_code, list(answer.json())) == (401, ["message"])


async def test_the_key_may_stand_in_the_query(house: House):
    answer = httpx.Response(0)
    async with httpx.AsyncClient(base_url=house.url) as stranger:
        answer = await stranger.get("/api/mailboxes", params={"api_key": house.freescout.api_key})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("GET", "/api/webhooks"),
        ("PATCH", "/api/conversations/1"),
        ("GET", "/api/conversations/1/threads"),
    ],
)
async def test_an_unknown_route_or_method_is_405_with_a_page(house: House, method: str, path: str):
    answer = await house.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_is_missing_is_404_in_json(house: House):
    answer = await house.client.get("/api/conversations/999")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Not Found", "_embedded": {"errors": []}}


@pytest.mark.parametrize(
    "query", [{"updatedSince": "yesterday-ish"}, {"pageSize": "many"}, {"pageSize": "0"}]
)
async def test_a_bad_date_or_page_size_breaks_it(house: House, query: dict):
    answer = await house.client.get("/api/conversations", params=query)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_400_names_one_error_at_a_time(house: House):
    answer = await house.client.post("/api/conversations", json={})
    assert answer.status_code == 400
    (error,) = answer.json()["_embedded"]["errors"]
    assert list(error) == ["path", "message", "source"]
    assert error["path"] == "type"


# Shapes


async def test_a_conversation_has_the_recorded_keys_in_the_recorded_order(house: House):
    recorded = (
        "id number threadsCount type folderId status state subject preview mailboxId assignee createdBy "
        "createdAt updatedAt closedBy closedByUser closedAt userUpdatedAt customerWaitingSince source cc bcc "
        "customer _embedded"
    )
    thread = (
        "id type status state action body source customer createdBy assignedTo to cc bcc createdAt openedAt "
        "_embedded"
    )
    seen = await house.look()
    assert list(seen) == recorded.split()
    assert list(seen["_embedded"]["threads"][0]) == thread.split()
    assert seen["createdAt"] == "2026-11-22T06:33:08Z"
    assert (seen["id"], seen["number"]) == (1, 400)
    assert (seen["assignee"], seen["closedAt"], seen["preview"]) == (None, None, "Where is it?")


async def test_it_has_the_keys_of_every_recorded_payload_that_is_at_hand(house: House):
    folder = Path(__file__).parents[1] / "payloads"
    recorded = folder / "api.get_conversation_5.json"
    if not recorded.exists():
        pytest.skip("no recordings here")
    wanted = json.loads(recorded.read_text())["body"]
    seen = await house.look()
    assert list(seen) == list(wanted)
    assert list(seen["_embedded"]["threads"][0]) == list(wanted["_embedded"]["threads"][0])


async def test_lists_embed_threads_and_tags_only_when_asked(house: House):
    await house.client.put(f"/api/conversations/{house.parcel}/tags", json={"tags": ["vip", "late"]})
    plain = (await house.get("/conversations"))["_embedded"]["conversations"][0]
    full = (await house.get("/conversations", embed="threads,tags"))["_embedded"]["conversations"][0]
    assert plain["_embedded"] == {"threads": []}
    assert len(full["_embedded"]["threads"]) == 1
    assert full["_embedded"]["tags"] == [{"id": 1, "name": "vip"}, {"id": 2, "name": "late"}]
    assert [each["name"] for each in (await house.get("/tags"))["_embedded"]["tags"]] == ["vip", "late"]


async def test_without_the_tags_module_tagging_is_a_400(house: House):
    house.freescout.api.tags_module = False
    answer = await house.client.put(f"/api/conversations/{house.parcel}/tags", json={"tags": ["vip"]})
    assert answer.status_code == 400


async def test_waiting_is_the_last_reply_by_anyone_with_a_text_for_people(house: House):
    house.time.moves(minutes=31)
    assert (await house.look())["customerWaitingSince"] == {
        "time": "2026-11-22T06:33:08Z",
        "friendly": "31 min ago",
        "latestReplyFrom": "customer",
    }
    house.freescout.customer_replies(house.parcel, "Hello?")
    assert (await house.look())["customerWaitingSince"]["time"] == "2026-11-22T07:04:08Z"
    house.freescout.agent_replies(house.parcel, house.ben, "Here")
    assert (await house.look())["customerWaitingSince"]["latestReplyFrom"] == "user"


# What it wrongly accepts


async def test_a_thread_without_cc_wipes_the_conversations_list_even_a_note(house: House):
    assert (await house.look())["cc"] == ["boss@example.org"]
    await house.post_thread(type="note", user=house.ben, text="hm", cc=["boss@example.org"])
    assert (await house.look())["cc"] == ["boss@example.org"]
    await house.post_thread(type="note", user=house.ben, text="hm")
    assert (await house.look())["cc"] == []


@pytest.mark.parametrize("status", ["done", None, 7])
async def test_an_unknown_status_becomes_active(house: House, status: object):
    await house.put(byUser=house.ben, status="closed")
    assert (await house.put(byUser=house.ben, status=status)).status_code == 204
    assert (await house.look())["status"] == "active"


async def test_a_ticket_given_to_nobody_is_lost(house: House):
    answer = await house.put(byUser=house.ben, assignTo=77)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await house.look())["assignee"] is None
    assert await house.listed(assignedTo="") == []
    await house.put(byUser=house.ben, assignTo=-1)
    assert await house.listed(assignedTo="") == [house.parcel]


async def test_a_thread_of_unknown_type_is_a_customers_reply(house: House):
    answer = await house.post_thread(type="reply", user=house.ben, text="Secret words")
    thread = answer.json()
    assert (answer.status_code, thread["type"], thread["createdBy"]["email"]) == (
        201,
        "customer",
        "mark@example.org",
    )


async def test_a_customer_in_a_reply_takes_the_ticket_over(house: House):
    await house.post_thread(type="message", user=house.ben, text="Hi", customer={"email": "eve@example.org"})
    assert (await house.look())["customer"]["email"] == "eve@example.org"
    assert house.freescout.outbox[-1].to == ["eve@example.org"]


async def test_any_user_is_believed_whatever_they_may_see(house: House):
    await house.put(byUser=house.ada, mailboxId=house.sales)
    assert (await house.post_thread(type="note", user=house.ben, text="no access")).status_code == 201
    assert (await house.post_thread(type="note", user=99, text="nobody")).json()["createdBy"] is None


async def test_blank_text_goes_out_as_an_empty_mail(house: House):
    answer = await house.post_thread(type="message", user=house.ben, text="  ")
    assert answer.json()["body"] is None
    assert house.freescout.outbox[-1].text == ""


async def test_a_repeated_post_mails_the_customer_twice(house: House):
    for _ in range(2):
        await house.post_thread(type="message", user=house.ben, text="Once only")
    assert len(house.freescout.outbox) == 2


async def test_threads_of_one_second_come_in_the_wrong_order(house: House):
    house.time.moves(seconds=5)
    house.freescout.customer_replies(house.parcel, "one")
    house.freescout.customer_replies(house.parcel, "two")
    bodies = [each["body"] for each in (await house.look())["_embedded"]["threads"]]
    assert bodies == ["one", "two", "<p>Where is <b>it</b>?</p>"]


async def test_an_unknown_user_sees_all_mailboxes(house: House):
    async def names(user: int) -> list[str]:
        found = await house.get("/mailboxes", userId=user)
        return [each["name"] for each in found["_embedded"]["mailboxes"]]

    assert await names(house.ben) == ["Support"]
    assert await names(house.ada) == ["Support", "Sales"]
    assert await names(99) == ["Support", "Sales"]


async def test_keys_of_a_put_apply_in_their_order_and_those_before_an_error_stay(house: House):
    answer = await house.put(byUser=house.ben, status="closed", mailboxId=99, assignTo=house.ben)
    assert answer.status_code == 400
    seen = await house.look()
    assert (seen["status"], seen["assignee"]) == ("closed", None)
    assert (await house.put(status="active")).status_code == 400


# Writing


async def test_a_message_sets_pending_a_customer_active_and_a_note_nothing(house: House):
    answer = await house.post_thread(type="message", user=house.ben, text="Hi<br>there", cc=["c@example.org"])
    assert answer.headers["resource-id"] == str(answer.json()["id"])
    assert (await house.look())["status"] == "pending"
    await house.post_thread(type="note", user=house.ben, text="n")
    assert (await house.look())["status"] == "pending"
    await house.post_thread(type="customer", customer={"email": "mark@example.org"}, text="c")
    seen = await house.look()
    assert (seen["status"], seen["assignee"]) == ("active", None)
    (mail,) = house.freescout.outbox
    assert (mail.to, mail.cc, mail.text) == (["mark@example.org"], ["c@example.org"], "Hi\nthere")


async def test_an_imported_thread_is_not_mailed_and_keeps_its_date(house: House):
    answer = await house.post_thread(
        type="message", user=house.ben, text="Old", imported=True, createdAt="2020-03-16T14:07:23Z"
    )
    assert answer.json()["createdAt"] == "2020-03-16T14:07:23Z"
    assert house.freescout.outbox == []
    answer = await house.post_thread(
        type="message", user=house.ben, text="New", createdAt="2020-03-16T14:07:23Z"
    )
    assert answer.json()["createdAt"] == "2026-11-22T06:33:08Z"


@pytest.mark.parametrize(
    "body", [{"type": "note", "text": "x"}, {"type": "customer", "text": "x"}, {"type": "note", "user": 1}]
)
async def test_a_thread_without_author_or_text_is_a_400(house: House, body: dict):
    assert (await house.post_thread(**body)).status_code == 400


async def test_bad_attachments_are_skipped_and_names_sanitised(house: House):
    good = base64.b64encode(b"hello").decode()
    files = [
        {"fileName": "my file (1)é.txt", "mimeType": "text/plain", "data": good},
        {"fileName": "x.php", "data": good},
        {"fileName": "bad", "data": "%%"},
    ]
    answer = await house.post_thread(type="note", user=house.ben, text="see", attachments=files)
    first, second = answer.json()["_embedded"]["attachments"]
    assert (first["fileName"], second["fileName"], first["size"]) == ("my_file__1_é.txt", "x.php_", 5)
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(first["fileUrl"])).content == b"hello"
        assert (await stranger.get(first["fileUrl"][:-3] + "000")).status_code == 404


async def test_a_conversation_can_be_created_with_its_threads(house: House):
    body = {
        "type": "email",
        "mailboxId": house.sales,
        "subject": "From Slack",
        "customer": {"email": "new@example.org", "firstName": "New"},
        "threads": [
            {"type": "note", "user": house.ben, "text": "second"},
            {"type": "message", "user": house.ben, "text": "first"},
        ],
    }
    answer = await house.client.post("/api/conversations", json=body)
    made = answer.json()
    assert (answer.status_code, answer.headers["resource-id"]) == (201, str(made["id"]))
    assert (made["status"], made["source"]) == ("pending", {"type": "api", "via": "user"})
    assert sorted((each["id"], each["body"]) for each in made["_embedded"]["threads"]) == [
        (2, "first"),
        (3, "second"),
    ]
    assert house.freescout.outbox[-1].subject == "From Slack"


async def test_line_items_say_who_did_what(house: House):
    house.freescout.agent_assigns(house.parcel, house.ada, house.ben)
    house.freescout.agent_assigns(house.parcel, house.ada, None)
    await house.put(byUser=house.ada, status="closed")
    await house.put(byUser=house.ada, mailboxId=house.sales)
    threads = (await house.look())["_embedded"]["threads"]
    seen = [
        (each["status"], each["action"]["type"], each["action"]["text"], each["body"])
        for each in threads
        if each["type"] == "lineitem"
    ]
    assert seen == [
        ("nochange", "changed-ticket-assignee", "Ada Admin assigned Ben Agent conversation #400", None),
        ("nochange", "changed-ticket-assignee", "Ada Admin assigned anyone conversation #400", None),
        ("closed", "changed-ticket-status", "Ada Admin marked as Closed conversation #400", None),
        ("active", "moved-from-mailbox", "Ada Admin moved conversation from another mailbox", ""),
    ]


# Lists


async def test_an_unfiltered_list_holds_drafts_and_deleted_ones_too(house: House):
    draft = house.freescout.agent_drafts(house.ben, "zoe@example.org", "Draft", "…", mailbox=house.support)
    gone = house.freescout.customer_writes("zoe@example.org", "Gone", "x", mailbox=house.support)
    house.freescout.agent_deletes(gone)
    assert set(await house.listed(nonsense="ignored")) == {house.parcel, draft, gone}
    assert await house.listed(state="published") == [house.parcel]


async def test_filters_narrow_the_list(house: House):
    house.time.moves(minutes=1)
    other = house.freescout.customer_writes("li@example.org", "Login", "x", mailbox=house.sales)
    house.freescout.agent_assigns(other, house.ada, house.ben)
    house.freescout.agent_sets_status(other, house.ada, "pending")
    house.freescout.agent_tags(other, ["vip"])
    both = {house.parcel, other}
    assert set(await house.listed(mailboxId=f"{house.support},{house.sales}")) == both
    assert set(await house.listed(status="active,pending")) == both
    for query in (
        {"mailboxId": house.sales},
        {"status": "pending"},
        {"assignedTo": house.ben},
        {"customerEmail": "li@example.org"},
        {"customerId": 2},
        {"number": 401},
        {"subject": "log"},
        {"tag": "vip"},
        {"createdSince": "2026-11-22T06:34:08Z"},
        {"updatedSince": "2026-11-22T06:34:08Z"},
    ):
        assert await house.listed(**query) == [other], query
    assert await house.listed(assignedTo="") == [house.parcel]
    assert await house.listed(sortField="updatedAt", sortOrder="asc") == [house.parcel, other]
    assert await house.listed(updatedSince="2026-11-22T06:34:09Z") == []


async def test_pages_hold_fifty_and_past_the_last_is_an_empty_list(house: House):
    for count in range(59):
        house.freescout.customer_writes("bulk@example.org", f"No. {count}", "x", mailbox=house.support)
    first, last, past = [await house.get("/conversations", page=page) for page in (1, 2, 3)]
    assert [len(each["_embedded"]["conversations"]) for each in (first, last, past)] == [50, 10, 0]
    assert first["page"] == {"size": 50, "totalElements": 60, "totalPages": 2, "number": 1}


async def test_users_and_customers_are_found_by_address(house: House):
    users = await house.get("/users", email="ben@example.org")
    assert [each["id"] for each in users["_embedded"]["users"]] == [house.ben]
    customers = await house.get("/customers", email="mark@example.org")
    assert customers["_embedded"]["customers"][0]["firstName"] == "Mark"
    assert (await house.client.put("/api/customers/1", json={"firstName": "Marc"})).status_code == 204
    assert (await house.get("/customers/1"))["lastName"] == "Moore"
    house.freescout.delete_user(house.ben)
    assert "_deleted" in (await house.get(f"/users/{house.ben}"))["email"]
    folders = (await house.get(f"/mailboxes/{house.support}/folders"))["_embedded"]["folders"]
    assert folders[0]["name"] == "Unassigned"
    assert folders[0]["totalCount"] == 1


# Webhooks


async def test_a_webhook_is_signed_over_bytes_as_php_writes_them(house: House, receiver: Receiver):
    house.freescout.customer_writes("zoë@example.org", "a/b é", "x", mailbox=house.support)
    await receiver.gets(2)
    created = next(each for each in receiver.got if each.event == "convo.created")
    assert b'"subject":"a\\/b \\u00e9"' in created.raw
    expected = base64.b64encode(hmac.new(SECRET.encode(), created.raw, hashlib.sha1).digest()).decode()
    assert created.signature == expected
    assert encode(json.loads(created.raw)) == created.raw


async def test_scalars_are_of_the_event_but_threads_of_the_sending(house: House, receiver: Receiver):
    house.freescout.customer_replies(house.parcel, "one")
    house.freescout.customer_replies(house.parcel, "two")
    first, second = await receiver.gets(2)
    assert [len(each.json["_embedded"]["threads"]) for each in (first, second)] == [3, 3]
    assert [each.json["preview"] for each in (first, second)] == ["Where is it?", "one"]
    assert [each.json["threadsCount"] for each in (first, second)] == [1, 2]


async def test_a_failed_webhook_is_tried_again_with_the_same_bytes(house: House, receiver: Receiver):
    receiver.answers = [500, 503]
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    got = await receiver.gets(3)
    assert len({each.raw for each in got}) == 1
    assert [(each.attempt, each.outcome) for each in house.freescout.deliveries] == [
        (1, 500),
        (2, 503),
        (3, 200),
    ]


async def test_after_ten_attempts_it_is_gone_for_good(house: House, receiver: Receiver):
    receiver.answers = [500] * 20
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    await receiver.gets(10)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == len(house.freescout.deliveries) == 10


async def test_a_failed_one_does_not_hold_later_ones_back(house: House, receiver: Receiver):
    receiver.answers = [500]
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(3)
    assert receiver.events == ["convo.note.created", "convo.status", "convo.note.created"]


async def test_a_redirect_is_followed_as_get_without_a_body_and_counts_as_success(
    house: House, receiver: Receiver
):
    house.freescout.subscribe(f"{receiver.url}/old", ["convo.status"])
    house.freescout.agent_sets_status(house.parcel, house.ben, "closed")
    got = await receiver.gets(2)
    assert sorted((each.method, len(each.raw) > 0) for each in got) == [("GET", False), ("POST", True)]
    await until(lambda: [each.outcome for each in house.freescout.deliveries] == [200, 200])


async def test_what_is_never_sent(house: House, receiver: Receiver):
    """Unassigning, tags, subject and customer changes, a reopening, an implied status: nothing rings."""
    await house.put(byUser=house.ada, status="closed", assignTo=house.ben)
    await house.post_thread(type="message", user=house.ben, text="m")
    await house.put(byUser=house.ada, assignTo=None, subject="New")
    house.freescout.agent_tags(house.parcel, ["vip"])
    house.freescout.customer_replies(house.parcel, "again")
    house.freescout.workflow_sends(house.parcel, "my.own.event")
    await receiver.gets(5)
    await asyncio.sleep(0.05)
    assert receiver.events == [
        "convo.status",
        "convo.assigned",
        "convo.agent.reply.created",
        "convo.customer.reply.created",
        "my.own.event",
    ]


async def test_each_thing_that_is_sent_has_its_name(house: House, receiver: Receiver):
    desk = house.freescout
    desk.agent_moves(house.parcel, house.ada, house.sales)
    desk.agent_deletes(house.parcel)
    desk.agent_restores(house.parcel)
    desk.customer_renamed(1, "Marc", "Moore")
    desk.agent_deletes_forever(house.parcel)
    await receiver.gets(5)
    assert receiver.events == [
        "convo.moved",
        "convo.deleted",
        "convo.restored",
        "customer.updated",
        "convo.deleted_forever",
    ]
    assert receiver.got[-1].json["_embedded"]["threads"] == []
    assert (await house.client.get(f"/api/conversations/{house.parcel}")).status_code == 404


async def test_an_agents_reply_rings_late_and_even_after_an_undo(house: House, receiver: Receiver):
    thread = house.freescout.agent_replies(house.parcel, house.ben, "Oops", status="active")
    house.freescout.agent_notes(house.parcel, house.ben, "n")
    house.freescout.agent_undoes(thread)
    await receiver.gets(2)
    assert receiver.events == ["convo.note.created", "convo.agent.reply.created"]
    assert thread not in [each["id"] for each in receiver.got[-1].json["_embedded"]["threads"]]
    assert house.freescout.outbox == []


async def test_unknown_event_names_are_dropped_and_none_left_is_a_400(house: House, receiver: Receiver):
    url = f"{receiver.url}/hook"
    answer = await house.client.post(
        "/api/webhooks", json={"url": url, "events": ["convo.moved", "convo.sneezed"]}
    )
    assert (answer.status_code, answer.json()["events"]) == (201, ["convo.moved"])
    assert (
        await house.client.post("/api/webhooks", json={"url": url, "events": ["convo.sneezed"]})
    ).status_code == 400
    assert (await house.client.delete(f"/api/webhooks/{answer.headers['resource-id']}")).status_code == 204
    assert (await house.client.delete(f"/api/webhooks/{answer.headers['resource-id']}")).status_code == 404


# Faults


async def test_a_fault_after_the_write_loses_only_the_answer(house: House):
    house.freescout.faults.api("POST /api/conversations/*/threads", status=502, html=True, after=True)
    answer = await house.post_thread(type="message", user=house.ben, text="Hi")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert len(house.freescout.outbox) == 1
    assert (await house.post_thread(type="message", user=house.ben, text="Hi")).status_code == 201


@pytest.mark.parametrize("after", [True, False])
async def test_a_cut_connection_gives_no_answer_at_all(house: House, after: bool):
    house.freescout.faults.api("POST *", cut=True, after=after)
    with pytest.raises(httpx.TransportError):
        await house.post_thread(type="message", user=house.ben, text="Hi")
    assert len(house.freescout.outbox) == int(after)


async def test_a_hanging_call_times_out_and_a_slow_one_is_answered(house: House):
    house.freescout.faults.api("POST *", hang=30)
    with pytest.raises(httpx.ReadTimeout):
        await house.client.post(f"/api/conversations/{house.parcel}/threads", json={}, timeout=0.05)
    house.freescout.faults.api("POST *", hang=0.02, after=True)
    assert (await house.post_thread(type="note", user=house.ben, text="n")).status_code == 201


async def test_every_call_is_recorded(house: House):
    await house.post_thread(type="note", user=house.ben, text="n")
    await house.get("/conversations", status="active")
    first, second = house.freescout.requests
    assert (first.method, first.path, first.body["text"]) == ("POST", "/api/conversations/1/threads", "n")
    assert (second.method, second.query, second.body) == ("GET", {"status": "active"}, None)


async def test_webhooks_can_be_lost_doubled_and_swapped(house: House, receiver: Receiver):
    desk = house.freescout
    desk.faults.webhooks(drop=1)
    desk.agent_notes(house.parcel, house.ben, "lost")
    desk.faults.webhooks(duplicate=1)
    desk.agent_notes(house.parcel, house.ben, "twice")
    await receiver.gets(2)
    desk.faults.webhooks(reorder=2)
    desk.agent_notes(house.parcel, house.ben, "n")
    desk.agent_sets_status(house.parcel, house.ben, "closed")
    await receiver.gets(4)
    assert receiver.events == ["convo.note.created"] * 2 + ["convo.status", "convo.note.created"]
    assert desk.deliveries[0].outcome == "dropped"


# The page


async def test_the_page_shows_text_and_never_runs_it(house: House):
    house.freescout.customer_writes(
        "x@example.org",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>&lt;b&gt;hi",
        mailbox=house.support,
    )
    page = (await house.client.get("/conversation/2")).text
    assert "&lt;img src=x" in page
    assert "<img" not in page
    assert "alert(1)</script>" not in page
    assert "&lt;b&gt;hi" in page


async def test_people_can_write_on_the_page_without_script(house: House):
    form = {
        "email": "nora@example.org",
        "name": "Nora Quist",
        "mailbox": "1",
        "subject": "Hello",
        "message": "a <b>\nc",
    }
    answer = await house.client.post("/customer/write", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?open=2&as=")
    await house.client.post(
        "/desk/write", data={"open": "2", "user": "2", "kind": "reply", "status": "closed", "message": "Hi"}
    )
    await house.client.post("/desk/write", data={"open": "2", "user": "2", "kind": "note", "message": "psst"})
    await house.client.post("/customer/answer", data={"conversation": "2", "message": "Thanks"})
    await house.client.post(
        "/desk/set", data={"open": "2", "user": "1", "assignee": "2", "tags": "vip, late", "mailbox": "2"}
    )
    page = (await house.client.get("/?open=2")).text
    assert [
        word
        for word in ("a &lt;b&gt;\nc", "Internal note", "psst", "Thanks", "vip", "Mailed")
        if word not in page
    ] == []
    (mail,) = house.freescout.outbox
    assert (mail.to, mail.text) == (["nora@example.org"], "Hi")


async def test_other_sites_cannot_post(house: House):
    form = {"minutes": "30"}
    before = house.time.now
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert (await house.client.post("/clock/skip", data=form, headers=headers)).status_code == 403
    assert house.time.now == before
    assert (
        await house.client.post("/clock/skip", data=form, headers={"Origin": house.url})
    ).status_code == 303
    assert house.time.now == before + timedelta(minutes=30)


async def test_the_page_asks_for_news_and_gets_none_when_nothing_happened(house: House):
    first = (await house.client.get("/live", params={"open": "1"})).json()
    same = {"open": "1", "version": first["version"]}
    assert (await house.client.get("/live", params=same)).status_code == 204
    house.freescout.customer_replies(house.parcel, "News")
    assert "News" in (await house.client.get("/live", params=same)).json()["parts"]["history"]
