"""Pages: offsets over a set that moves while it is read."""

import math
from collections.abc import AsyncIterator

from bot.errors import Misconfigured
from bot.freescout import fields, wire
from bot.freescout.http import Http, Query

_MOST_PAGES = 2_000


async def rows(http: Http, path: str, name: str, query: Query | None = None) -> AsyncIterator[object]:
    """Yield every row of a list once, page by page.

    Where rows left the set meanwhile, later ones moved up onto pages that were read already. A total that
    shrank tells how many pages to go back. A row that comes twice was moved, as an update does in a list by
    time: then all pages are read again at the end, backwards, so that what moves up is still ahead.
    Past its last page the server sends an empty list.
    """
    seen: set[object] = set()
    page, furthest, total, step = 1, 0, 0, 1
    moved = False
    for _ in range(_MOST_PAGES):
        told = await http.get(path, {**(query or {}), "page": page})
        if "_embedded" not in fields.table(told):
            raise Misconfigured(
                f"FreeScout answers GET {path} in another form than the API & Webhooks module does: "
                "another module of that name seems to be installed"
            )
        found = fields.embedded(told, name)
        for row in found:
            identity = fields.table(row).get("id", repr(row))
            if identity not in seen:
                seen.add(identity)
                yield row
            elif page > furthest:
                moved = True
        left, total = total - wire.total(told), wire.total(told)
        furthest = max(furthest, page)
        if step < 0:
            page -= 1
        elif left > 0 and page > 1:
            page = max(1, page - math.ceil(left / wire.page_size(told)))
        elif found and page < wire.total_pages(told):
            page += 1
        elif moved:
            page, step = page - 1, -1
        else:
            return
        if page < 1:
            return
