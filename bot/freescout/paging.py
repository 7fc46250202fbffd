"""Pages: offsets over a set that moves while it is read."""

from collections.abc import AsyncIterator

from bot.errors import Misconfigured
from bot.freescout import fields, wire
from bot.freescout.http import Http, Query

_MOST_PAGES = 2_000


async def rows(http: Http, path: str, name: str, query: Query | None = None) -> AsyncIterator[object]:
    """Yield every row of a list once, page by page.

    Where rows left the set meanwhile, later ones moved up onto pages that were read already. Another total
    tells, or a row that comes twice, as one does that an update moved: then all pages are read again from the
    end, so that what moves up is still ahead. Only where a row leaves and another one comes between the same
    two pages nothing tells, and one row waits for the next reading.
    """
    seen: set[object] = set()
    totals: set[int] = set()
    page, moved = 0, False
    last = False
    while not last and page < _MOST_PAGES:
        page += 1
        told = await page_of(http, path, query, page)
        found = fields.embedded(told, name)
        totals.add(wire.total(told))
        last = not found or page >= wire.total_pages(told)  # past the last one the server sends empty lists
        for row in found:
            if (identity := _identity(row)) in seen:
                moved = True
            else:
                seen.add(identity)
                yield row
    for before in range(page - 1 if moved or len(totals) > 1 else 0, 0, -1):
        for row in fields.embedded(await page_of(http, path, query, before), name):
            if (identity := _identity(row)) not in seen:
                seen.add(identity)
                yield row


async def page_of(http: Http, path: str, query: Query | None, page: int) -> object:
    """Fetch one page as it is told; past the last one it has no rows."""
    told = await http.get(path, {**(query or {}), "page": page})
    if "_embedded" in fields.table(told):
        return told
    raise Misconfigured(
        f"FreeScout answers GET {path} in another form than the API & Webhooks module does: "
        "another module of that name seems to be installed"
    )


def _identity(row: object) -> object:
    return fields.integer(fields.table(row).get("id")) or repr(row)
