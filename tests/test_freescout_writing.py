"""What is written to FreeScout: each harm is stopped before the wire, and nothing goes out that nobody meant."""

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.errors import UserError
from bot.freescout import (
    Assigned,
    ConversationQuery,
    CustomerQuery,
    FreeScout,
    NewConversation,
    NewCustomer,
    NewThread,
    NewUser,
    NotFound,
    Sort,
    Upload,
    Whom,
)
from bot.freescout.writing import (
    KINDS,
    field_values,
    never_a_reply_by_mistake,
    never_active_by_a_typo,
    never_an_empty_mail,
    never_gone,
    never_lost,
)
from bot.model import Status, User
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as StandIn
from sandbox.serving import serving

KEY = "the-key-of-freescout"
NOTE = NewThread("note", "Called them.", (), user=7)
REPLY = NewThread("message", "Done.", ["boss@example.org"], user=7)
FROM_CUSTOMER = NewThread("customer", "It burns.", (), customer="mark@example.org")
ONE = NewConversation(3, "Printer", "mark@example.org", [FROM_CUSTOMER])
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


# ------------------------------------------------------------------------------------------- guards

BLANK = [
    "",
    "  ",
    "\n\t\u00a0",
    "<p></p>",
    "<p> <br/></p>\n",
    "&nbsp;",
    "<div>&nbsp;<br></div>",
    "<!-- nothing -->",
]
TEXTS = ["x", "0", "<p>x</p>", "&lt;br&gt;", "1 < 2", "<3", '<p><img src="a.png"></p>', "&amp;nbsp;", "…"]


@pytest.mark.parametrize("html", BLANK)
def test_never_an_empty_mail(html: str) -> None:
    with pytest.raises(UserError, match="no text"):
        never_an_empty_mail(html)
    for thread in (NOTE, REPLY, FROM_CUSTOMER):
        with pytest.raises(UserError, match="no text"):
            replace(thread, text=html).body()
        with pytest.raises(UserError, match="no text"):
            replace(ONE, threads=[NOTE, replace(thread, text=html)]).body()


@pytest.mark.parametrize("html", TEXTS)
def test_what_somebody_can_see_is_no_empty_mail(html: str) -> None:
    assert replace(REPLY, text=html).body()["text"] == html


@pytest.mark.parametrize("word", ["open", "", "Closed", " closed", "closed,active", "CLOSED", None, 3])
def test_never_active_by_a_typo(word: Any) -> None:
    with pytest.raises(UserError, match="no status"):
        never_active_by_a_typo(word)
    if word is not None:
        with pytest.raises(UserError, match="no status"):
            replace(REPLY, status=word).body()
    if word:
        with pytest.raises(UserError, match="no status"):
            replace(ONE, status=word).body()


@pytest.mark.parametrize("status", Status)
def test_known_statuses_pass(status: Status) -> None:
    assert never_active_by_a_typo(status) == status.value
    assert replace(REPLY, status=status).body()["status"] == status.value
    assert type(replace(REPLY, status=status).body()["status"]) is str


@pytest.mark.parametrize("kind", ["reply", "", "Note", "notes", "lineitem", "phone", "chat", None])
def test_never_a_reply_by_mistake(kind: Any) -> None:
    with pytest.raises(UserError, match="no thread of type"):
        never_a_reply_by_mistake(kind)
    with pytest.raises(UserError, match="no thread of type"):
        replace(NOTE, kind=kind).body()


@pytest.mark.parametrize(
    ("mailbox", "allowed", "passes"), [(1, [1, 2], True), (1, [2], False), (1, [], False), (0, [1], False)]
)
def test_never_lost(mailbox: int, allowed: Sequence[int], passes: bool) -> None:
    if passes:
        never_lost(7, mailbox, allowed)
    else:
        with pytest.raises(UserError, match="cannot see"):
            never_lost(7, mailbox, allowed)


def test_never_gone() -> None:
    never_gone(User(7, email="ben@example.org"))
    with pytest.raises(UserError, match="was deleted"):
        never_gone(User(7, email="ben@example.org_deleted7"))


HARMS: dict[str, tuple[Any, str]] = {
    "a reply that gives the ticket away": (replace(REPLY, customer="eve@example.org"), "names no customer"),
    "a note that gives the ticket away": (replace(NOTE, customer="eve@example.org"), "names no customer"),
    "a reply by nobody": (replace(REPLY, user=None), "written by a user"),
    "a note by nobody": (replace(NOTE, user=None), "written by a user"),
    "a customer's message by nobody": (replace(FROM_CUSTOMER, customer=""), "customer's address"),
    "a file of nothing": (replace(REPLY, files=[Upload("a.txt", "text/plain")]), "content or an address"),
    "a time of no zone": (
        replace(NOTE, created_at=datetime(2026, 11, 22, 12)),  # noqa: DTZ001  # that is what is refused
        "needs its zone",
    ),
    "a conversation without a word": (replace(ONE, threads=[]), "first message"),
    "a conversation without a subject": (replace(ONE, subject=" \n"), "needs a subject"),
    "a conversation that begins badly": (replace(ONE, threads=[NOTE, replace(NOTE, user=None)]), "by a user"),
}


@pytest.mark.parametrize(("new", "complaint"), HARMS.values(), ids=HARMS)
def test_what_would_do_harm_has_no_body(new: NewThread | NewConversation, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        new.body()


# ------------------------------------------------------------------------------------------- bodies

BODIES: dict[str, tuple[Any, dict[str, object]]] = {
    "a note": (NOTE, {"type": "note", "text": "Called them.", "cc": [], "user": 7}),
    "a reply": (REPLY, {"type": "message", "text": "Done.", "cc": ["boss@example.org"], "user": 7}),
    "a customer's message": (
        FROM_CUSTOMER,
        {"type": "customer", "text": "It burns.", "cc": [], "customer": {"email": "mark@example.org"}},
    ),
    "a customer's message never names a user": (
        replace(FROM_CUSTOMER, user=7),
        {"type": "customer", "text": "It burns.", "cc": [], "customer": {"email": "mark@example.org"}},
    ),
    "everything": (
        replace(
            REPLY,
            bcc=("archive@example.org",),
            status=Status.CLOSED,
            imported=True,
            created_at=NOON,
            files=[
                Upload("a.txt", "text/plain", b"\x00\xffhello"),
                Upload("b.png", "image/png", url="https://example.org/b.png"),
                Upload("empty.txt", "text/plain", b""),
                Upload("both.txt", "text/plain", b"x", url="https://example.org/x"),
            ],
        ),
        {
            "type": "message",
            "text": "Done.",
            "cc": ["boss@example.org"],
            "user": 7,
            "bcc": ["archive@example.org"],
            "status": "closed",
            "imported": True,
            "createdAt": "2026-11-22T12:00:00Z",
            "attachments": [
                {"fileName": "a.txt", "mimeType": "text/plain", "data": "AP9oZWxsbw=="},
                {"fileName": "b.png", "mimeType": "image/png", "fileUrl": "https://example.org/b.png"},
                {"fileName": "empty.txt", "mimeType": "text/plain", "data": ""},
                {"fileName": "both.txt", "mimeType": "text/plain", "data": "eA=="},
            ],
        },
    ),
    "a time elsewhere": (
        replace(NOTE, created_at=NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))),
        {
            "type": "note",
            "text": "Called them.",
            "cc": [],
            "user": 7,
            "createdAt": "2026-11-22T12:00:00Z",
        },
    ),
    "a conversation": (
        ONE,
        {
            "type": "email",
            "mailboxId": 3,
            "subject": "Printer",
            "customer": {"email": "mark@example.org"},
            "threads": [FROM_CUSTOMER.body()],
        },
    ),
    "a conversation with everything, its threads newest first": (
        replace(
            ONE,
            threads=[FROM_CUSTOMER, NOTE, REPLY],
            type="phone",
            imported=True,
            assignee=7,
            status=Status.PENDING,
            fields={22: "7", 23: "1"},
            created_at=NOON,
            closed_at=NOON + timedelta(hours=1),
        ),
        {
            "type": "phone",
            "mailboxId": 3,
            "subject": "Printer",
            "customer": {"email": "mark@example.org"},
            "threads": [REPLY.body(), NOTE.body(), FROM_CUSTOMER.body()],
            "imported": True,
            "assignTo": 7,
            "status": "pending",
            "customFields": [{"id": 22, "value": "7"}, {"id": 23, "value": "1"}],
            "createdAt": "2026-11-22T12:00:00Z",
            "closedAt": "2026-11-22T13:00:00Z",
        },
    ),
    "a customer": (
        NewCustomer("Mark", emails=["mark@example.org"]),
        {"firstName": "Mark", "emails": [{"value": "mark@example.org", "type": "work"}]},
    ),
    "a customer with everything": (
        NewCustomer(
            "Mark",
            "Moore",
            ["a@example.org", "b@example.org"],
            ["777"],
            "Moore & Sons",
            "Boss",
            "Calls often",
            "https://example.org/mark.png",
            "gravatar",
            ["https://example.org"],
            [("twitter", "@mark")],
            {"city": "Los Angeles", "country": "US"},
        ),
        {
            "firstName": "Mark",
            "lastName": "Moore",
            "emails": [
                {"value": "a@example.org", "type": "work"},
                {"value": "b@example.org", "type": "work"},
            ],
            "phones": [{"value": "777", "type": "work"}],
            "company": "Moore & Sons",
            "jobTitle": "Boss",
            "notes": "Calls often",
            "photoUrl": "https://example.org/mark.png",
            "photoType": "gravatar",
            "websites": [{"value": "https://example.org"}],
            "socialProfiles": [{"value": "@mark", "type": "twitter"}],
            "address": {"city": "Los Angeles", "country": "US"},
        },
    ),
    "a user": (
        NewUser("Ben", "Brandt", "ben@example.org"),
        {"firstName": "Ben", "lastName": "Brandt", "email": "ben@example.org"},
    ),
    "a user with everything": (
        NewUser("Ben", "Brandt", "b@example.org", "secret", "c@example.org", "Boss", "7", "Asia/Tokyo", "u"),
        {
            "firstName": "Ben",
            "lastName": "Brandt",
            "email": "b@example.org",
            "password": "secret",
            "alternateEmails": "c@example.org",
            "jobTitle": "Boss",
            "phone": "7",
            "timezone": "Asia/Tokyo",
            "photoUrl": "u",
        },
    ),
}


@pytest.mark.parametrize(("new", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_holds_what_was_set_and_nothing_else(new: Any, expected: dict[str, object]) -> None:
    assert new.body() == expected


@pytest.mark.parametrize("kind", KINDS)
def test_cc_is_always_there_and_a_customer_on_a_customers_message_alone(kind: str) -> None:
    body = {"message": REPLY, "note": NOTE, "customer": FROM_CUSTOMER}[kind].body()
    assert isinstance(body["cc"], list)
    assert ("customer" in body, "user" in body) == (kind == "customer", kind != "customer")


def test_every_part_of_a_thread_is_in_the_body_that_has_everything() -> None:
    sent = set(BODIES["everything"][1]) | {"customer"}
    names = {"kind": "type", "created_at": "createdAt", "files": "attachments"}
    assert {names.get(one.name, one.name) for one in fields(NewThread)} == sent


def test_custom_fields_go_by_their_ids() -> None:
    assert field_values({}) == []
    assert field_values({22: "7", 23: ""}) == [{"id": 22, "value": "7"}, {"id": 23, "value": ""}]


# ------------------------------------------------------------------------------------------ queries

LEAST = {"state": "published", "sortField": "createdAt", "sortOrder": "asc"}
QUERIES: dict[str, tuple[Any, dict[str, object]]] = {
    "nothing but the state": (ConversationQuery(), LEAST),
    "nobody's": (ConversationQuery(assignee=Assigned.TO_NOBODY), LEAST | {"assignedTo": ""}),
    "somebody's": (ConversationQuery(assignee=7), LEAST | {"assignedTo": 7}),
    "number 0 is not every number": (ConversationQuery(number=0), LEAST | {"number": 0}),
    "lists by commas": (
        ConversationQuery(mailboxes=[1, 2], statuses=[Status.ACTIVE, Status.PENDING]),
        LEAST | {"mailboxId": "1,2", "status": "active,pending"},
    ),
    "everything": (
        ConversationQuery(
            [1],
            5,
            [Status.SPAM],
            "deleted",
            7,
            9,
            "mark@example.org",
            412,
            "Printer",
            "vip",
            "phone",
            NOON,
            NOON,
            Sort.WAITING,
            newest_first=True,
            threads=True,
        ),
        {
            "mailboxId": "1",
            "folderId": 5,
            "status": "spam",
            "state": "deleted",
            "assignedTo": 7,
            "customerId": 9,
            "customerEmail": "mark@example.org",
            "number": 412,
            "subject": "Printer",
            "tag": "vip",
            "type": "phone",
            "createdSince": "2026-11-22T12:00:00Z",
            "updatedSince": "2026-11-22T12:00:00Z",
            "sortField": "waitingSince",
            "sortOrder": "desc",
            "embed": "threads,tags",
        },
    ),
    "customers": (CustomerQuery(), {"sortField": "createdAt", "sortOrder": "asc"}),
    "certain customers": (
        CustomerQuery("Mark", "Moore", "777", "mark@example.org", NOON, "firstName", newest_first=True),
        {
            "firstName": "Mark",
            "lastName": "Moore",
            "phone": "777",
            "email": "mark@example.org",
            "updatedSince": "2026-11-22T12:00:00Z",
            "sortField": "firstName",
            "sortOrder": "desc",
        },
    ),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES)
def test_a_query_asks_for_what_was_set_and_always_for_a_state(
    query: Any, expected: dict[str, object]
) -> None:
    assert query.parameters() == expected


def test_a_status_that_is_none_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="open"):
        ConversationQuery(statuses=["open"]).parameters()  # type: ignore[list-item]
    with pytest.raises(UserError, match="zone"):
        ConversationQuery(updated_since=datetime(2026, 11, 22)).parameters()  # noqa: DTZ001


# ------------------------------------------------------------------------------- through the client


class Office:
    def __init__(self, server: StandIn, client: FreeScout) -> None:
        self.server, self.client = server, client
        self.support = server.add_mailbox("Support", "support@example.org")
        self.sales = server.add_mailbox("Sales", "sales@example.org")
        self.ana = server.add_user("Ana", "Alves", "ana@example.org", role="admin")
        self.ben = server.add_user("Ben", "Brandt", "ben@example.org", mailboxes=[self.sales])
        self.first = server.customer_writes("mark@example.org", "Printer", "<p>!</p>", mailbox=self.support)

    @property
    def one(self) -> Any:
        return self.server.world.conversations[self.first]

    @property
    def written(self) -> list[str]:
        return [call.method for call in self.server.requests if call.method != "GET"]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    server = StandIn(now=Clock(), api_key=KEY)
    async with serving(server.app) as url:
        client = FreeScout(url, KEY)
        yield Office(server, client)
        await client.close()
    await server.close()


async def test_files_arrive_byte_for_byte_and_the_missing_are_counted(office: Office) -> None:
    files = [
        Upload("a.bin", "application/octet-stream", bytes(range(256))),
        Upload("b.txt", "text/plain", url="https://nowhere.invalid/b.txt"),
        Upload("", "text/plain", b"no name"),
    ]
    written = await office.client.add_thread(office.first, replace(NOTE, user=office.ana, files=files))
    thread = office.one.threads[-1]
    assert (written.id, written.missing) == (thread.id, 2)
    assert [file.data for file in thread.attachments] == [bytes(range(256))]
    sent = office.server.requests[-1].body["attachments"][0]["data"]
    assert base64.b64decode(sent, validate=True) == bytes(range(256))


async def test_threads_of_a_new_conversation_come_to_stand_in_their_order(office: Office) -> None:
    made = await office.client.create_conversation(
        NewConversation(
            office.support,
            "Old matter",
            "eve@example.org",
            [
                replace(FROM_CUSTOMER, customer="eve@example.org", created_at=NOON),
                replace(NOTE, user=office.ana, created_at=NOON + timedelta(minutes=1)),
                replace(REPLY, user=office.ana, created_at=NOON + timedelta(minutes=2)),
            ],
            imported=True,
            created_at=NOON,
        )
    )
    assert [thread.type for thread in made.threads] == ["customer", "note", "message"]
    assert made.created_at == NOON
    assert made.cc == ("boss@example.org",)
    assert office.server.outbox == []


Harm = Callable[[Office], Any]
REFUSED: dict[str, Harm] = {
    "a blank reply": lambda o: o.client.add_thread(o.first, replace(REPLY, text="<br>")),
    "a reply that takes the ticket over": lambda o: o.client.add_thread(
        o.first, replace(REPLY, customer="eve@example.org")
    ),
    "a reply of an unknown type": lambda o: o.client.add_thread(o.first, replace(REPLY, kind="reply")),
    "an unknown status": lambda o: o.client.set_status(o.first, "open", user=o.ana),
    "no subject": lambda o: o.client.set_subject(o.first, " ", user=o.ana),
    "a conversation without a message": lambda o: o.client.create_conversation(replace(ONE, threads=[])),
}


@pytest.mark.parametrize("harm", REFUSED.values(), ids=REFUSED)
async def test_a_harm_is_stopped_before_the_wire(office: Office, harm: Harm) -> None:
    with pytest.raises(UserError):
        await harm(office)
    assert office.server.requests == []


async def test_nobody_is_assigned_who_is_unknown_deleted_or_cannot_see_the_mailbox(office: Office) -> None:
    conversation = await office.client.conversation(office.first)
    with pytest.raises(NotFound):
        await office.client.assign(conversation, User(999), user=office.ana)
    with pytest.raises(NotFound):
        await office.client.assign(conversation, User(0), user=office.ana)
    with pytest.raises(UserError, match="cannot see"):
        await office.client.assign(conversation, User(office.ben), user=office.ana)
    gone = office.server.add_user("Cy", "Cole", "cy@example.org", role="admin")
    office.server.delete_user(gone)
    with pytest.raises(UserError, match="was deleted"):
        await office.client.assign(conversation, User(gone), user=office.ana)
    assert (office.written, office.one.assignee) == ([], None)
    await office.client.assign(conversation, User(office.ana), user=office.ana)
    assert (office.written, office.one.assignee) == (["PUT"], office.ana)


async def test_one_thing_a_call_because_several_are_no_transaction(office: Office) -> None:
    client = office.client
    sales = next(box for box in await client.mailboxes() if box.id == office.sales)
    eve = await client.create_customer(NewCustomer("Eve", emails=["eve@example.org"]))
    await client.move(office.first, sales, user=office.ana)
    await client.set_subject(office.first, "Better", user=office.ana)
    await client.set_customer(office.first, eve, user=office.ana)
    bodies = [call.body for call in office.server.requests if call.method == "PUT"]
    assert bodies == [
        {"byUser": office.ana, "mailboxId": office.sales},
        {"byUser": office.ana, "subject": "Better"},
        {"byUser": office.ana, "customerId": eve.id},
    ]
    assert (office.one.mailbox, office.one.subject, office.one.customer) == (office.sales, "Better", eve.id)


def test_a_customer_is_named_by_id_or_by_address_with_a_name_for_a_new_one() -> None:
    thread = NewThread(
        "customer", "hello", cc=(), customer=Whom("new@example.org", first="Nora", last="Quist")
    )
    assert thread.body()["customer"] == {"email": "new@example.org", "firstName": "Nora", "lastName": "Quist"}
    assert NewConversation(1, "Hi", Whom(id=7), [thread]).body()["customer"] == {"id": 7}
    with pytest.raises(UserError):
        NewConversation(1, "Hi", "", [thread]).body()
