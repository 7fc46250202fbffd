"""Lists that move while they are read: each row comes once, and none that was there all the time is lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.errors import Misconfigured, Transient
from bot.freescout import ConversationQuery, CustomerQuery, FreeScout, Sort
from bot.freescout.breaker import Breaker
from bot.freescout.http import Http
from bot.freescout.paging import rows
from sandbox.clock import Clock
from sandbox.freescout import FreeScout as StandIn
from sandbox.serving import serving

KEY = "the-key-of-freescout"
SIZE = 5

Change = Callable[["Shelf"], None]


class Shelf:
    """A list in pages of five that is changed before certain answers, counted from 1."""

    def __init__(self, count: int) -> None:
        self.rows = list(range(1, count + 1))
        self.changes: dict[int, list[Change]] = {}
        self.asked: list[int] = []
        self.app = Starlette(routes=[Route("/api/{rest:path}", self.answer)])

    async def answer(self, request: Request) -> Response:
        page = int(request.query_params["page"])
        self.asked.append(page)
        for change in self.changes.pop(len(self.asked), []):
            change(self)
        shown = self.rows[(page - 1) * SIZE : page * SIZE]
        pages = {
            "size": SIZE,
            "totalElements": len(self.rows),
            "totalPages": max(1, -(-len(self.rows) // SIZE)),
        }
        return JSONResponse({"_embedded": {"rows": [{"id": one} for one in shown]}, "page": pages})

    def before(self, answer: int, *changes: Change) -> "Shelf":
        self.changes.setdefault(answer, []).extend(changes)
        return self


def leaves(*ids: int) -> Change:
    return lambda shelf: shelf.rows.__setitem__(slice(None), [one for one in shelf.rows if one not in ids])


def comes(*ids: int) -> Change:
    return lambda shelf: shelf.rows.extend(ids)


def comes_first(*ids: int) -> Change:
    return lambda shelf: shelf.rows.__setitem__(slice(0, 0), ids)


def is_updated(one: int) -> Change:
    """Leaves its place and comes to stand at the end, as in a list by the time of the last change."""

    def change(shelf: Shelf) -> None:
        shelf.rows.remove(one)
        shelf.rows.append(one)

    return change


async def read(shelf: Shelf) -> list[int]:
    async with serving(shelf.app) as url:
        http = Http(url, KEY)
        found = await _ids(http)
        await http.close()
        return found


async def _ids(http: Http) -> list[int]:
    return [row["id"] async for row in rows(http, "rows", "rows") if isinstance(row, dict)]


CASES: dict[str, tuple[Shelf, set[int]]] = {
    "nothing at all": (Shelf(0), set()),
    "one page": (Shelf(5), set()),
    "a page and one": (Shelf(6), set()),
    "nothing moves": (Shelf(23), set()),
    "one leaves a page that was read": (Shelf(23).before(2, leaves(1)), set()),
    "one leaves the page to come": (Shelf(23).before(2, leaves(7)), {7}),
    "a whole page leaves": (Shelf(23).before(2, leaves(1, 2, 3, 4, 5)), set()),
    "more than a page leaves": (Shelf(23).before(4, leaves(*range(1, 13))), set()),
    "all that was read leaves before the last page": (Shelf(23).before(5, leaves(*range(1, 21))), set()),
    "everything leaves": (Shelf(23).before(2, lambda shelf: shelf.rows.clear()), set(range(6, 24))),
    "some leave every time": (
        Shelf(23).before(2, leaves(1, 2)).before(3, leaves(3)).before(4, leaves(6, 7)).before(5, leaves(8)),
        {6, 7},  # these were gone before their turn came
    ),
    "some leave while it is read again": (
        Shelf(23).before(3, leaves(1, 2)).before(6, leaves(3)).before(7, leaves(6)),
        set(),
    ),
    "one comes at the end": (Shelf(23).before(3, comes(99)), set()),
    "one comes in front": (Shelf(23).before(3, comes_first(99)), {99}),
    "many come in front every time": (
        Shelf(23).before(2, comes_first(91, 92)).before(3, comes_first(93)).before(5, comes_first(94)),
        {91, 92, 93, 94},
    ),
    "one is updated": (Shelf(23).before(2, is_updated(1)), set()),
    "one is updated that is still to come": (Shelf(23).before(2, is_updated(12)), set()),
    "several are updated": (Shelf(23).before(3, is_updated(1), is_updated(8), is_updated(2)), set()),
    "more leave than come": (Shelf(23).before(4, leaves(1, 2, 3, 4, 5, 6, 7), comes(91, 92)), set()),
    "as many come as leave, and nothing tells": (Shelf(23).before(2, leaves(1), comes(91)), {6}),
    "more come than leave": (Shelf(23).before(4, leaves(1), comes(91, 92)), set()),
}


@pytest.mark.parametrize(("shelf", "may_be_missing"), CASES.values(), ids=CASES)
async def test_rows_that_leave_and_arrive(shelf: Shelf, may_be_missing: set[int]) -> None:
    before = set(shelf.rows)
    found = await read(shelf)
    assert len(found) == len(set(found))
    assert (before | set(shelf.rows)) - set(found) <= may_be_missing
    assert shelf.changes == {}, "the test changes something after the end"


@pytest.mark.parametrize(
    ("count", "asked"), [(0, [1]), (4, [1]), (5, [1]), (6, [1, 2]), (23, [1, 2, 3, 4, 5])]
)
async def test_a_list_that_keeps_still_is_read_once(count: int, asked: list[int]) -> None:
    shelf = Shelf(count)
    assert await read(shelf) == list(range(1, count + 1))
    assert shelf.asked == asked


async def test_a_list_that_moved_is_read_again_from_its_end() -> None:
    shelf = Shelf(23).before(3, leaves(1))
    found = await read(shelf)
    assert shelf.asked == [1, 2, 3, 4, 5, 4, 3, 2, 1]
    assert found[-1] == 11  # it had moved onto the second page


# --------------------------------------------------------------------------------------- at random


class Reader:
    """One server and one loop for all the examples: starting them takes longer than an example."""

    shelf: Shelf

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._url = self._loop.run_until_complete(self._stack.enter_async_context(serving(self)))
        self._http = Http(self._url, KEY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.shelf.app(scope, receive, send)

    def read(self, shelf: Shelf) -> list[int]:
        self.shelf = shelf
        return self._loop.run_until_complete(_ids(self._http))

    def close(self) -> None:
        self._loop.run_until_complete(self._http.close())
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    one = Reader()
    yield one
    one.close()


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    count=st.integers(0, 40),
    moves=st.lists(
        st.tuples(st.integers(2, 12), st.lists(st.integers(1, 40), max_size=12), st.integers(0, 3)),
        max_size=5,
    ),
)
def test_whatever_is_removed_between_pages_all_that_stays_is_read_once(
    reader: Reader, count: int, moves: list[tuple[int, list[int], int]]
) -> None:
    """Arrivals are fewer than what leaves: only as many of both leave no trace in the total."""
    shelf = Shelf(count)
    for index, (answer, gone, new) in enumerate(moves):
        arrivals = range(1000 + 10 * index, 1000 + 10 * index + new)

        def change(shelf: Shelf, gone: list[int] = gone, arrivals: range = arrivals) -> None:
            left = len(set(gone) & set(shelf.rows))
            leaves(*gone)(shelf)
            comes(*list(arrivals)[: max(0, left - 1)])(shelf)

        shelf.before(answer, change)
    before = set(shelf.rows)
    found = reader.read(shelf)
    assert len(found) == len(set(found))
    assert before & set(shelf.rows) <= set(found)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    count=st.integers(6, 40),
    moves=st.lists(st.tuples(st.integers(2, 8), st.integers(1, 40)), max_size=6),
)
def test_whatever_is_updated_between_pages_every_row_is_read_once(
    reader: Reader, count: int, moves: list[tuple[int, int]]
) -> None:
    shelf = Shelf(count)
    for answer, one in moves:
        if one <= count and answer <= -(-count // SIZE):
            shelf.before(answer, is_updated(one))
    found = reader.read(shelf)
    assert sorted(found) == list(range(1, count + 1))


# ------------------------------------------------------------------------- what a list may look like


def says(*pages: Any) -> Starlette:
    async def answer(request: Request) -> Response:
        page = int(request.query_params["page"])
        body = pages[page - 1] if page <= len(pages) else {"_embedded": {"rows": []}}
        return Response(json.dumps(body), media_type="application/json")

    return Starlette(routes=[Route("/api/rows", answer)])


async def told(app: Starlette) -> list[object]:
    async with serving(app) as url:
        http = Http(url, KEY)
        try:
            return [row async for row in rows(http, "rows", "rows")]
        finally:
            await http.close()


async def test_a_list_that_names_no_pages_has_one() -> None:
    assert await told(says({"_embedded": {"rows": [{"id": 1}, {"id": 2}]}})) == [{"id": 1}, {"id": 2}]


async def test_rows_without_an_id_are_told_apart_by_what_they_say() -> None:
    page = {"_embedded": {"rows": ["vip", "late", "vip", {"id": None, "name": "x"}, {"id": [1]}]}}
    assert await told(says(page)) == ["vip", "late", {"id": None, "name": "x"}, {"id": [1]}]


async def test_an_id_is_the_same_as_a_number_and_as_a_string() -> None:
    pages = {"totalPages": 2, "totalElements": 2}
    first = {"_embedded": {"rows": [{"id": 1}]}, "page": pages}
    second = {"_embedded": {"rows": [{"id": "1"}, {"id": 2}]}, "page": pages}
    assert await told(says(first, second)) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("body", [[], [{"id": 1}], {}, {"data": []}, "x", None, 3])
async def test_another_form_is_another_modules(body: object) -> None:
    with pytest.raises(Misconfigured, match="another module"):
        await told(says(body))


async def test_a_server_that_never_ends_is_left_in_the_end() -> None:
    class Endless:
        asked = 0

        async def get(self, _: str, query: dict[str, int]) -> object:
            self.asked += 1
            return {"_embedded": {"rows": [{"id": query["page"]}]}, "page": {"totalPages": 10**9}}

    endless: Any = Endless()
    assert len([row async for row in rows(endless, "rows", "rows")]) == 2_000


# ---------------------------------------------------------------------------------- the real stand-in


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    one = StandIn(now=Clock(), api_key=KEY)
    yield one
    await one.close()


async def test_a_desk_at_work_is_listed_whole(server: StandIn) -> None:
    mailbox = server.add_mailbox("Support", "support@example.org")
    ana = server.add_user("Ana", "Alves", "ana@example.org", role="admin")
    made = list(server.fill(230, mailbox=mailbox, statuses=("active",), spacing=timedelta(seconds=1)))
    for sort in (Sort.CREATED, Sort.UPDATED):
        async with serving(server.app) as url:
            client = FreeScout(url, KEY)
            found: list[int] = []
            closed: set[int] = set()
            written: set[int] = set()
            async for one in client.conversations(ConversationQuery(sort=sort)):
                found.append(one.id)
                if len(found) in (50, 100, 150):
                    gone = found[len(closed)]
                    closed.add(gone)
                    server.agent_deletes(gone)
                    server.agent_notes(found[-1], ana, "A note")  # moves it to the end of the updated ones
                    more = {
                        server.customer_writes("new@example.org", "New", "x", mailbox=mailbox)
                        for _ in range(2)
                    }
                    written |= more
            assert len(found) == len(set(found))
            assert {*made, *written} <= set(found)
            made = [*(set(made) | written) - closed]
            await client.close()


async def test_the_other_lists_have_pages_too(server: StandIn) -> None:
    mailbox = server.add_mailbox("Support", "support@example.org")
    for count in range(120):
        server.add_user("Nr", str(count), f"nr{count}@example.org")
    server.fill(120, mailbox=mailbox, customers=120, tags=[(f"tag{count}",) for count in range(60)])
    async with serving(server.app) as url:
        client = FreeScout(url, KEY)
        assert len(await client.users()) == 120
        assert len([one async for one in client.customers(CustomerQuery())]) == 120
        assert len([one async for one in client.customers(CustomerQuery(), most=60)]) == 60
        assert len(await client.tags()) == 60
        await client.close()


async def test_a_page_that_fails_is_tried_again_and_no_row_comes_twice(server: StandIn) -> None:
    async def at_once(_: float) -> None:
        pass

    mailbox = server.add_mailbox("Support", "support@example.org")
    made = server.fill(120, mailbox=mailbox)
    async with serving(server.app) as url:
        http = Http(url, KEY, breaker=Breaker(after=1000), sleep=at_once)
        found: list[Any] = []
        async for row in rows(http, "conversations", "conversations", {"sortOrder": "asc"}):
            found.append(row)
            if len(found) == 50:
                server.faults.api("GET /api/conversations", status=502, times=2)
        assert sorted(row["id"] for row in found) == list(made)
        server.faults.api("GET /api/conversations", status=502, times=None)
        with pytest.raises(Transient):
            [row async for row in rows(http, "conversations", "conversations")]
        await http.close()
