"""The stand-in FreeScout: what can be written to it, and what becomes of it."""

import base64

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serving import serving
from tests.sandbox import freescout_house
from tests.sandbox.freescout_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
help_desk, bot = freescout_house.help_desk, freescout_house.bot
house, receiver = freescout_house.house, freescout_house.receiver


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


def filed(name: str, url: object) -> dict:
    return {"fileName": name, "mimeType": "text/plain", "fileUrl": url}


async def test_attachments_can_be_fetched_but_from_this_machine_alone(house: House):
    async def file(request: Request) -> Response:
        return Response(b"fetched") if request.url.path == "/good" else Response(b"no", 404)

    async with serving(Starlette(routes=[Route("/{name}", file)])) as url:
        files = [
            filed("good.txt", f"{url}/good"),
            filed("missing.txt", f"{url}/missing"),
            filed("away.txt", "http://files.example.org/good"),
            filed("local.txt", "file:///etc/hostname"),
            filed("odd.txt", "http://[::1"),
            filed("none.txt", None),
            filed("shut.txt", "http://127.0.0.1:1/good"),
            "nonsense",
        ]
        answer = await house.post_thread(type="note", user=house.ben, text="see", attachments=files)
    (only,) = answer.json()["_embedded"]["attachments"]
    assert (only["fileName"], only["size"]) == ("good.txt", 7)
    assert (await house.client.get(only["fileUrl"])).content == b"fetched"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("my file (1) é.txt", "my_file__1_é.txt"),
        ("bad.php", "bad.php_"),
        ("../../etc/passwd", "passwd"),
        ("a&b#c.pdf", "a_b_c.pdf"),
    ],
)
async def test_names_are_made_harmless(house: House, given: str, kept: str):
    files = [{"fileName": given, "data": base64.b64encode(b"x").decode()}]
    answer = await house.post_thread(type="note", user=house.ben, text="see", attachments=files)
    assert answer.json()["_embedded"]["attachments"][0]["fileName"] == kept


async def test_bcc_goes_with_the_mail_and_stays_on_the_conversation(house: House):
    answer = await house.post_thread(type="message", user=house.ben, text="Hi", bcc=["b@example.org"])
    assert answer.json()["bcc"] == (await house.look())["bcc"] == ["b@example.org"]
    assert house.freescout.outbox[-1].bcc == ["b@example.org"]


def new(house: House, **change: object) -> dict:
    thread = {"type": "customer", "text": "t", "customer": {"email": "li@example.org"}}
    body = {
        "type": "email",
        "mailboxId": house.support,
        "subject": "s",
        "customer": {"email": "li@example.org"},
    }
    return {**body, "threads": [thread], **change}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"type": "letter", "mailboxId": 99}, "type"),
        ({"mailboxId": 99, "subject": ""}, "mailboxId"),
        ({"subject": " "}, "subject"),
        ({"threads": []}, "threads"),
        ({"threads": ["text"]}, "threads"),
        ({"customer": {}}, "customer"),
        ({"customer": {"id": 99}}, "customer"),
        ({"threads": [{"text": "t"}]}, "type"),
        ({"threads": [{"type": "note", "user": 1}]}, "text"),
        ({"threads": [{"type": "note", "text": "t"}]}, "user"),
    ],
)
async def test_a_conversation_is_refused_for_one_thing_at_a_time(house: House, change: dict, path: str):
    answer = await house.client.post("/api/conversations", json=new(house, **change))
    assert answer.status_code == 400
    assert [each["path"] for each in answer.json()["_embedded"]["errors"]] == [path]
    assert await house.listed() == [house.parcel]


async def test_an_imported_conversation_keeps_its_dates_and_mails_nobody(house: House):
    threads = [
        {"type": "note", "text": "third", "user": house.ben, "createdAt": "2020-03-16T14:09:00Z"},
        {"type": "message", "text": "second", "user": house.ben, "createdAt": "2020-03-16T14:08:00Z"},
        {"type": "customer", "text": "first", "customer": {"email": "li@example.org"}},
    ]
    dates = {"createdAt": "2020-03-16T14:07:23Z", "closedAt": "2020-03-17T10:00:00Z"}
    body = new(house, threads=threads, imported=True, status="closed", assignTo=house.ben, **dates)
    made = (await house.client.post("/api/conversations", json=body)).json()
    assert {key: made[key] for key in dates} == dates
    assert (made["status"], made["assignee"]["id"], house.freescout.outbox) == ("closed", house.ben, [])
    assert [(each["body"], each["createdAt"][14:16]) for each in made["_embedded"]["threads"]] == [
        ("third", "09"),
        ("second", "08"),
        ("first", "07"),
    ]


async def test_dates_count_only_where_imported_and_a_bad_one_breaks_it(house: House):
    plain = await house.client.post("/api/conversations", json=new(house, createdAt="not a date"))
    assert (plain.status_code, plain.json()["createdAt"]) == (201, "2026-11-22T06:33:08Z")
    broken = await house.client.post(
        "/api/conversations", json=new(house, createdAt="not a date", imported=True)
    )
    assert (broken.status_code, broken.headers["content-type"][:9]) == (500, "text/html")
    assert len(await house.listed()) == 2


@pytest.mark.parametrize("kind", ["phone", "chat"])
async def test_calls_and_chats_can_be_kept_as_well(house: House, kind: str):
    note = {"type": "note", "text": "called", "user": house.ben}
    caller = {"phone": "123", "firstName": "Phil"}
    body = new(house, type=kind, threads=[note], customer=caller, status="nonsense")
    made = (await house.client.post("/api/conversations", json=body)).json()
    assert (made["type"], made["status"], made["threadsCount"]) == (kind, "active", 0)
    assert (made["customer"]["firstName"], made["customer"]["email"]) == ("Phil", "")
    assert await house.listed(type=kind) == [made["id"]]


async def test_files_of_a_new_conversation_stay_with_their_thread(house: House):
    def note(name: str) -> dict:
        files = [{"fileName": f"{name}.txt", "data": base64.b64encode(b"x").decode()}]
        return {"type": "note", "user": house.ben, "text": name, "attachments": files}

    body = new(house, threads=[note("second"), note("first")])
    made = (await house.client.post("/api/conversations", json=body)).json()
    found = {
        each["body"]: each["_embedded"]["attachments"][0]["fileName"] for each in made["_embedded"]["threads"]
    }
    assert found == {"first": "first.txt", "second": "second.txt"}
