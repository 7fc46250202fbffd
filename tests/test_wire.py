"""FreeScout's JSON, as recorded from a real server and as nobody would want to receive it."""

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BridgeError, Permanent
from bot.freescout import wire
from bot.model import (
    Attachment,
    Conversation,
    Customer,
    CustomField,
    FieldValue,
    Folder,
    Mailbox,
    Person,
    Status,
    Thread,
    Timelog,
    User,
    Webhook,
)

PAYLOADS = Path(__file__).parent / "payloads"
PROFILE = settings(max_examples=250, deadline=None, derandomize=True)

MARK = Person(1, "customer", "Mark", "Moore", "mark@example.org")
EVE = Person(5, "customer", "Eve", "", "eve@example.org")
ADA = Person(1, "user", "Ada", "Admin", "ada@example.org")
BEN = Person(2, "user", "Ben", "Agent", "ben@example.org")


THINGS = [
    wire.conversation,
    wire.thread,
    wire.mailbox,
    wire.user,
    wire.customer,
    wire.custom_field,
    wire.timelog,
    wire.folder,
    wire.webhook,
]


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"api.{name}.json").read_text())["body"]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{clock}+00:00")


def test_every_recording_is_read_by_one_of_these_tests() -> None:
    assert sorted(path.name[4:-5] for path in PAYLOADS.glob("api.*.json")) == [
        "error_404",
        "get_conversation_1",
        "get_conversation_5",
        "get_customer",
        "get_user",
        "list_conversations",
        "list_conversations_embed_threads",
        "list_customers",
        "list_mailboxes",
        "list_mailboxes_user2",
        "list_users",
    ]


# ------------------------------------------------------------------------------------ conversations


def test_a_long_conversation_is_read_whole() -> None:
    one = wire.conversation(recorded("get_conversation_1"))
    assert (one.id, one.number, one.mailbox_id) == (1, 1, 1)
    assert (one.status, one.state, one.published) == (Status.ACTIVE, "published", True)
    assert one.title == "#1 New subj"
    assert (one.assignee, one.customer) == (BEN, MARK)
    assert (one.created_at, one.updated_at) == (at("06:33:08"), at("06:41:53"))
    assert (one.closed_at, one.closed_by) == (at("06:36:31"), None)
    assert (one.waiting_since, one.latest_reply_from) == (at("06:41:53"), "customer")
    assert (one.cc, one.bcc, one.tags) == ((), (), ())
    assert len(one.threads) == 44


def test_threads_come_oldest_first_although_the_server_sends_a_second_in_the_wrong_order() -> None:
    sent = [thread["id"] for thread in recorded("get_conversation_1")["_embedded"]["threads"]]
    assert sent[:5] == [47, 48, 49, 42, 43]  # the newest second first, the oldest id first within it
    read = [thread.id for thread in wire.conversation(recorded("get_conversation_1")).threads]
    assert read == sorted(sent)
    assert read != sent[::-1]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_within_a_second_the_ids_tell_the_order_and_between_seconds_the_time(order: tuple[int, ...]) -> None:
    sent = [{"id": number, "createdAt": "2026-11-22T06:33:08Z"} for number in order]
    sent.append({"id": 9, "createdAt": "2026-11-22T06:33:07Z"})  # older, and written down later
    told = {"id": 1, "_embedded": {"threads": sent}}
    assert [thread.id for thread in wire.conversation(told).threads] == [9, 1, 2, 3]


def test_each_kind_of_thread_says_what_it_is() -> None:
    threads = {thread.id: thread for thread in wire.conversation(recorded("get_conversation_1")).threads}
    assert threads[1] == Thread(
        id=1,
        type="customer",
        state="published",
        created_at=at("06:33:08"),
        body="<p>Hello <b>team</b>,<br>my order/parcel is late — café ☕</p><script>alert(1)</script>",
        status="active",
        via="customer",
        source="api",
        created_by=MARK,
        customer=MARK,
    )
    assert (threads[2].type, threads[2].created_by, threads[2].body) == ("note", BEN, "line1\nline2 <b>x</b>")
    assert (threads[3].type, threads[3].action) == ("lineitem", "changed-ticket-assignee")
    assert (threads[3].created_by, threads[3].assigned_to, threads[3].body) == (ADA, BEN, "")
    assert threads[4].assigned_to is None
    assert (threads[11].action, threads[11].status) == ("changed-ticket-status", "closed")
    assert (threads[13].type, threads[13].to) == ("message", ("mark@example.org",))
    assert threads[18].action == "moved-from-mailbox"
    assert threads[40].cc == ("a@example.org",)
    assert threads[48].created_by == EVE
    assert threads[49].action == "changed-ticket-customer"


def test_attachments_keep_their_names_and_their_secret_addresses() -> None:
    threads = {thread.id: thread for thread in wire.conversation(recorded("get_conversation_1")).threads}
    first, second = threads[39].attachments
    assert (first.id, first.name, first.mime, first.size) == (1, "my_file__1_é.txt", "text/plain", 5)
    assert first.url.startswith("http://127.0.0.1:8080/storage/attachment/4/4/1/my_file__1_é.txt?id=1&token=")
    assert (second.id, second.name) == (2, "bad.php_")
    assert sum(len(thread.attachments) for thread in threads.values()) == 2


def test_a_customer_without_a_name_goes_by_the_address() -> None:
    one = wire.conversation(recorded("get_conversation_5"))
    assert one.customer == Person(4, "customer", email="anon@example.org")
    assert one.customer.name == "anon@example.org"
    assert (one.assignee, one.closed_at, one.closed_by) == (None, None, None)
    assert [thread.id for thread in one.threads] == [41]
    assert one.threads[0].assigned_to is None


def test_a_list_is_read_row_by_row() -> None:
    told = recorded("list_conversations")
    rows = [wire.conversation(row) for row in wire.embedded(told, "conversations")]
    assert [(row.id, row.status, row.latest_reply_from) for row in rows] == [
        (4, "pending", "user"),
        (5, "active", "customer"),
        (1, "active", "customer"),
    ]
    assert rows[0].customer == Person(3, "customer", "Phil")
    assert all(row.threads == () for row in rows)
    assert wire.total_pages(told) == 1


def test_a_list_with_threads_holds_drafts_as_well() -> None:
    told = recorded("list_conversations_embed_threads")
    rows = [wire.conversation(row) for row in wire.embedded(told, "conversations")]
    assert [(row.id, row.state, [thread.type for thread in row.threads]) for row in rows] == [
        (5, "published", ["customer"]),
        (2, "draft", []),
        (4, "published", ["note"]),
    ]
    assert not rows[1].published
    assert wire.total_pages(told) == 2


# ---------------------------------------------------------------------------- mailboxes, users, rest


def test_mailboxes_are_read() -> None:
    support, sales = (wire.mailbox(row) for row in wire.embedded(recorded("list_mailboxes"), "mailboxes"))
    assert support == Mailbox(1, "Support", "support@example.org")
    assert sales == Mailbox(2, "Sales", "sales@example.org")
    mine = [wire.mailbox(row) for row in wire.embedded(recorded("list_mailboxes_user2"), "mailboxes")]
    assert mine == [support]


def test_users_are_read() -> None:
    assert wire.user(recorded("get_user")) == User(2, "Ben", "Agent", "ben@example.org", "user")
    assert [wire.user(row) for row in wire.embedded(recorded("list_users"), "users")] == [
        User(2, "Ben", "Agent", "ben@example.org", "user"),
        User(1, "Ada", "Admin", "ada@example.org", "admin"),
    ]


def test_what_is_not_a_list_of_conversations_holds_none() -> None:
    assert wire.embedded(recorded("list_customers"), "conversations") == []
    assert len(wire.embedded(recorded("list_customers"), "customers")) == 1
    assert wire.embedded(recorded("get_customer"), "threads") == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (recorded("error_404"), "Not Found"),
        (
            {
                "message": "Bad request",
                "_embedded": {"errors": [{"path": "type", "message": "Unknown type", "source": "JSON"}]},
            },
            "Bad request; type Unknown type",
        ),
        ({"_embedded": {"errors": [{"path": "a"}, {"message": "b"}, None, 7]}}, "a; b"),
        ({"message": None}, ""),
        ("a page", ""),
        (None, ""),
        ({"message": "x" * 999}, "x" * 300),
    ],
)
def test_a_complaint_is_one_line(told: object, expected: str) -> None:
    assert wire.complaint(told) == expected


@pytest.mark.parametrize("told", [None, [], "x", 3, {}, {"page": None}, {"page": {"totalPages": "many"}}])
def test_a_list_that_does_not_say_has_one_page(told: object) -> None:
    assert wire.total_pages(told) == 1


# ------------------------------------------------------------------------------------------- oddities


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-04-21T13:24:01Z", datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC)),
        ("2021-04-21T13-24-01Z", datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC)),
        ("2021-04-21 13:24:01", datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC)),
        ("2021-04-21T13:24:01.999999Z", datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC)),
        ("2021-04-21T13:24:01+00:00", datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC)),
        (" 2021-04-21T13:24:01Z ", datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC)),
        ("2021-02-30T13:24:01Z", None),
        ("2021-04-21T25:24:01Z", None),
        ("0000-00-00T00:00:00Z", None),
        ("2021-04-21", None),
        ("٢٠٢١-٠٤-٢١T١٣:٢٤:٠١Z", None),
        ("just now", None),
        ("", None),
        (None, None),
        (1619011441, None),
        (True, None),
        ([], None),
    ],
)
def test_dates_are_read_as_the_server_and_as_the_manual_write_them(
    written: object, expected: datetime | None
) -> None:
    assert wire.conversation({"id": 1, "closedAt": written}).closed_at == expected


def test_a_conversation_needs_no_more_than_an_id() -> None:
    one = wire.conversation({"id": 9})
    began = datetime(1970, 1, 1, tzinfo=UTC)
    assert one == Conversation(9, 9, 0, Status.ACTIVE, "published", "", began, began)
    assert one.title == "#9 (no subject)"


@pytest.mark.parametrize("told", [None, [], "x", 3, {}, {"id": None}, {"id": True}, {"id": "x"}, {"id": 1.5}])
@pytest.mark.parametrize("read", THINGS)
def test_something_without_an_id_cannot_be_put_right_by_trying_again(read: Any, told: object) -> None:
    with pytest.raises(Permanent, match="without an id"):
        read(told)


def test_numbers_may_come_as_strings() -> None:
    one = wire.conversation(
        {
            "id": "12",
            "number": " 34 ",
            "mailboxId": "5",
            "customer": {"id": "6"},
            "_embedded": {"threads": [{"id": "7", "_embedded": {"attachments": [{"id": "8", "size": "9"}]}}]},
        }
    )
    assert (one.id, one.number, one.mailbox_id) == (12, 34, 5)
    assert one.customer == Person(6, "person")
    assert one.threads[0].id == 7
    assert one.threads[0].attachments == (Attachment(8, "a file without a name", size=9),)


# -------------------------------------------------------------- customers, custom fields, time, folders


def test_a_customer_is_read_with_all_that_is_kept_of_them() -> None:
    mark = Customer(
        id=1,
        first="Mark",
        last="Moore",
        created_at=at("06:33:08"),
        updated_at=at("06:33:08"),
        emails=("mark@example.org",),
    )
    assert wire.customer(recorded("get_customer")) == mark
    assert [wire.customer(row) for row in wire.embedded(recorded("list_customers"), "customers")] == [mark]


def test_a_customers_lists_and_address_lie_under_embedded() -> None:
    told = {
        "id": "7",
        "firstName": None,
        "company": "Moore & Sons",
        "jobTitle": "Boss",
        "notes": "Calls often",
        "photoUrl": "https://example.org/mark.png",
        "_embedded": {
            "emails": [{"id": 1, "value": "a@example.org", "type": "home"}, {"value": None}, "junk"],
            "phones": [{"id": 0, "value": 777, "type": "home"}],
            "social_profiles": [{"value": "@mark", "type": "twitter"}],
            "websites": [{"value": "https://example.org"}],
            "address": {"city": "Los Angeles", "country": "US", "state": None},
        },
    }
    assert wire.customer(told) == Customer(
        id=7,
        company="Moore & Sons",
        job_title="Boss",
        notes="Calls often",
        photo_url="https://example.org/mark.png",
        emails=("a@example.org",),
        phones=("777",),
        social_profiles=("@mark",),
        websites=("https://example.org",),
        city="Los Angeles",
        country="US",
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"1": "USD", "2": "EUR"}, (("1", "USD"), ("2", "EUR"))),
        ({"1": 5, "x": None}, (("1", "5"), ("x", ""))),
        (None, ()),
        ("", ()),
        ([], ()),
    ],
)
def test_the_options_of_a_custom_field_are_an_object_or_null_or_an_empty_string(
    options: object, expected: tuple[tuple[str, str], ...]
) -> None:
    told = {"id": 23, "name": "Currency", "type": "dropdown", "options": options, "required": True}
    assert wire.custom_field(told) == CustomField(23, "Currency", "dropdown", expected, required=True)


@pytest.mark.parametrize(
    ("word", "expected"), [(True, True), (1, True), ("1", True), (False, False), (0, False), (None, False)]
)
def test_what_is_required_may_be_a_number(word: object, expected: bool) -> None:
    assert wire.custom_field({"id": 1, "required": word}).required is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, ()),
        ({"customFields": None}, ()),
        ({"customFields": []}, ()),
        ({"customFields": "none"}, ()),
        ({"customFields": [{"id": 1}]}, (FieldValue(1, ""),)),
        (
            {
                "customFields": [
                    {"id": 22, "name": "Amount", "value": 7, "text": ""},
                    {"id": "23", "name": "Currency", "value": "1", "text": "USD"},
                    {"id": 24, "name": "When", "value": None, "text": None},
                ]
            },
            (FieldValue(22, "Amount", "7"), FieldValue(23, "Currency", "1", "USD"), FieldValue(24, "When")),
        ),
    ],
)
def test_custom_fields_may_be_there_or_not_and_change_nothing_else(
    told: dict[str, object], expected: tuple[FieldValue, ...]
) -> None:
    without = wire.conversation(recorded("get_conversation_5"))
    found = wire.conversation({**recorded("get_conversation_5"), **told})
    assert found == replace(without, fields=expected)


@pytest.mark.parametrize(
    ("created", "updated"),
    [
        ("2021-04-21T13:24:01Z", "2021-04-21T13:43:10Z"),
        ("2021-04-21T13-24-01Z", "2021-04-21T13-43-10Z"),
    ],
    ids=["as the server writes it", "as the manual prints it"],
)
def test_a_timelog_is_read_whichever_way_its_dates_are_written(created: str, updated: str) -> None:
    told = {
        "id": 498,
        "conversationStatus": "pending",
        "userId": 1,
        "timeSpent": "219",
        "paused": False,
        "finished": 1,
        "createdAt": created,
        "updatedAt": updated,
    }
    expected = Timelog(
        498,
        1,
        219,
        "pending",
        paused=False,
        finished=True,
        created_at=datetime(2021, 4, 21, 13, 24, 1, tzinfo=UTC),
        updated_at=datetime(2021, 4, 21, 13, 43, 10, tzinfo=UTC),
    )
    assert wire.timelog(told) == expected
    damaged = [told, {"id": None}, {}, "junk", None]
    assert wire.conversation({"id": 1, "_embedded": {"timelogs": damaged}}).timelogs == (expected,)


def test_a_folder_is_read() -> None:
    told = {
        "id": 3,
        "name": "Mine",
        "type": 20,
        "userId": "2",
        "totalCount": "9",
        "activeCount": 4,
        "meta": [],
    }
    assert wire.folder(told) == Folder(3, "Mine", "20", 2, 9, 4)
    assert wire.folder({"id": 3, "name": None}) == Folder(3)


def test_a_webhook_is_read() -> None:
    told = {"id": 4, "url": "https://example.org/hook", "events": ["convo.created", None], "mailboxes": []}
    assert wire.webhook(told) == Webhook(4, "https://example.org/hook", ("convo.created",))
    assert wire.webhook({"id": "4"}) == Webhook(4, "")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("vip", "vip"),
        ({"id": 1, "name": " vip ", "counter": 3, "color": 0}, "vip"),
        ({"id": 1, "tag": "vip"}, "vip"),
        ({"id": 1}, ""),
        (None, ""),
    ],
)
def test_a_tag_is_a_word_or_an_object(told: object, expected: str) -> None:
    assert wire.tag(told) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((status.value, status) for status in Status),
        ("CLOSED", Status.CLOSED),
        ("snoozed", Status.ACTIVE),
        ("", Status.ACTIVE),
        (None, Status.ACTIVE),
        (3, Status.ACTIVE),
        ([], Status.ACTIVE),
    ],
)
def test_a_status_that_nobody_knows_is_active_as_on_the_server(word: object, expected: Status) -> None:
    assert wire.conversation({"id": 1, "status": word}).status is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["vip", "late"], ("vip", "late")),
        ([{"id": 1, "name": "vip"}, {"tag": "late"}], ("vip", "late")),
        (["", None, {}, [], {"name": ""}, " x "], ("x",)),
        (None, ()),
        ({"a": "b"}, ()),
    ],
)
def test_tags_come_as_words_or_as_objects(tags: object, expected: tuple[str, ...]) -> None:
    assert wire.conversation({"id": 1, "_embedded": {"tags": tags}}).tags == expected


def test_half_an_emoji_becomes_something_that_can_be_sent_on() -> None:
    half = "\ud83d"
    person = {"id": 1, "firstName": half, "email": half}
    one = wire.conversation(
        {
            "id": 1,
            "subject": f"a{half}b",
            "customer": person,
            "cc": [half],
            "_embedded": {
                "tags": [half],
                "threads": [{"id": 1, "body": half, "_embedded": {"attachments": [{"fileName": half}]}}],
            },
        }
    )
    assert one.subject == "a?b"
    repr(one).encode()
    assert half not in repr(one)


# ------------------------------------------------------------------------------------- damaged bodies

WHOLE = [
    (wire.conversation, recorded("get_conversation_5")),
    (wire.conversation, recorded("list_conversations_embed_threads")["_embedded"]["conversations"][2]),
    (
        wire.conversation,
        {
            **recorded("get_conversation_1"),
            "_embedded": {"threads": recorded("get_conversation_1")["_embedded"]["threads"][:12]},
        },
    ),
    (
        wire.conversation,
        {
            "id": 1,
            "customFields": [{"id": 23, "name": "Currency", "value": "1", "text": "USD"}],
            "_embedded": {
                "tags": [{"id": 1, "name": "vip"}],
                "timelogs": [{"id": 498, "userId": 1, "timeSpent": 219, "createdAt": "2021-04-21T13-24-01Z"}],
            },
        },
    ),
    (wire.user, recorded("get_user")),
    (wire.customer, recorded("get_customer")),
    (wire.custom_field, {"id": 23, "name": "Currency", "options": {"1": "USD"}, "required": True}),
    (wire.folder, {"id": 3, "name": "Mine", "userId": 2, "totalCount": 9, "activeCount": 4}),
    (wire.webhook, {"id": 4, "url": "https://example.org/hook", "events": ["convo.created"]}),
    (wire.mailbox, recorded("list_mailboxes")["_embedded"]["mailboxes"][0]),
    (wire.complaint, recorded("error_404")),
    (wire.total_pages, recorded("list_users")),
]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "\ud800", "9" * 30, "-1", 10**40]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "_embedded", "threads", "type", "body"]) | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Any, Any]:
    read, body = draw(st.sampled_from(WHOLE))
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 4))):
        *path, last = draw(st.sampled_from(places(body)[1:] or [("id",)]))
        inside = body
        for key in path:
            inside = inside[key]
        if draw(st.booleans()):
            inside[last] = draw(JUNK)
        else:
            del inside[last]
        if not body:
            break
    return read, body


@PROFILE
@given(damaged())
def test_a_damaged_body_is_read_or_refused_in_our_own_words(case: tuple[Any, Any]) -> None:
    read, body = case
    try:
        found = read(body)
    except BridgeError:
        return
    repr(found).encode()  # no half characters are left
    if isinstance(found, Conversation):
        assert [(t.created_at, t.id) for t in found.threads] == sorted(
            (t.created_at, t.id) for t in found.threads
        )


@PROFILE
@given(JUNK)
def test_junk_is_read_or_refused_in_our_own_words(told: object) -> None:
    for read in (*THINGS, wire.tag, wire.complaint, wire.total_pages, wire.total):
        try:
            read(told)
        except BridgeError:
            continue
