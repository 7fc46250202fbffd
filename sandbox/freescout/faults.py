"""What can go wrong on the wire, armed by tests: lost, late or broken answers, lost or doubled webhooks."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal

from starlette.responses import HTMLResponse, Response

from sandbox.freescout.shapes import encode

TITLES = {
    405: "Method Not Allowed",
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Back in a moment: maintenance",
    504: "Gateway Timeout",
}


@dataclass(slots=True, kw_only=True)
class ApiFault:
    """One armed fault: `match` is a pattern over `METHOD /path`. `Faults.api` says what the others mean."""

    match: str = "*"
    status: int | None = None
    html: bool = False
    hang: float = 0
    cut: bool | Literal["body"] = False
    truncate: bool = False
    drip: float = 0
    after: bool = False
    times: int | None = 1
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Response | None:
        """The answer in place of the real one, if there is to be any."""
        if self.status is None and not self.html:
            return None
        status = self.status or 500
        if self.html:
            title = TITLES.get(status, "Whoops, looks like something went wrong.")
            return HTMLResponse(
                f"<!DOCTYPE html><html><body><h1>{title}</h1></body></html>", status, self.headers
            )
        return Response(encode({"message": "Error"}), status, self.headers, "application/json")

    @property
    def needs_the_answer(self) -> bool:
        """Whether there is something to spoil only in a real answer, so that the call is carried out."""
        spoils = self.truncate or self.drip > 0 or self.cut == "body"
        return self.after or (spoils and self.answer() is None)


@dataclass(slots=True)
class WebhookFault:
    """How many of the next deliveries meet which fate; `delay` is in seconds and stays until cleared.

    What `reorder` keeps back goes after `hold` seconds even if nothing more comes to overtake it.
    """

    drop: int = 0
    duplicate: int = 0
    reorder: int = 0
    delay: float = 0
    hold: float | None = None

    @property
    def is_used_up(self) -> bool:
        return not (self.drop or self.duplicate or self.reorder)


class Faults:
    """Arm them one by one; each is used up after its `times` (None: never).

    Where nothing is armed, chaos is asked, if there is one: with `METHOD /path`, or with an event's name.
    """

    def __init__(self) -> None:
        self._api: list[ApiFault] = []
        self.next_webhooks = WebhookFault()
        self.chaos: Callable[[str], ApiFault | None] | None = None
        self.chaos_webhooks: Callable[[str], WebhookFault | None] | None = None

    def api(
        self,
        match: str = "*",
        *,
        status: int | None = None,
        html: bool = False,
        hang: float = 0,
        cut: bool | Literal["body"] = False,
        truncate: bool = False,
        drip: float = 0,
        redirect: str | None = None,
        retry_after: float | str | None = None,
        maintenance: bool = False,
        after: bool = False,
        times: int | None = 1,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Spoil API calls that match, like `POST /api/conversations/*/threads`, or files, `GET /storage/*`.

        `status` answers so, as JSON, or as a page with `html`; `cut` drops the connection without an answer;
        `hang` first waits so many real seconds. With `after` the call is carried out, and only then is its
        answer spoiled. `hang` alone loses the call, and with `after` only makes it slow.

        `redirect` is a 301 to there, `maintenance` a 503 with a page, `retry_after` a header with either or
        with a `status` (429 where none is given). Three spoil an answer's body, the real one unless there is
        another: `truncate` sends its first half as if that were all; `cut="body"` drops the connection in the
        middle; `drip` sends a byte every so many seconds.
        """
        more = dict(headers or {})
        if redirect is not None:
            status, html, more["Location"] = status or 301, True, redirect
        if maintenance:
            status, html = status or 503, True
        if retry_after is not None:
            status, more["Retry-After"] = status or 429, str(retry_after)
        self._api.append(
            ApiFault(
                match=match,
                status=status,
                html=html,
                hang=hang,
                cut=cut,
                truncate=truncate,
                drip=drip,
                after=after,
                times=times,
                headers=more,
            )
        )

    def webhooks(self, *, drop: int = 0, duplicate: int = 0, delay: float = 0, reorder: int = 0) -> None:
        """Lose, send twice, or hold and send in reverse so many of the next deliveries; delay all."""
        self.next_webhooks = WebhookFault(drop=drop, duplicate=duplicate, reorder=reorder, delay=delay)

    def clear(self) -> None:
        """Disarm everything; chaos goes on."""
        self._api.clear()
        self.next_webhooks = WebhookFault()

    def take(self, method: str, path: str) -> ApiFault | None:
        """The armed fault for this call, counted down."""
        for fault in self._api:
            if fnmatchcase(f"{method} {path}", fault.match):
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self._api.remove(fault)
                return fault
        return self.chaos(f"{method} {path}") if self.chaos else None

    def take_webhook(self, event: str) -> tuple[WebhookFault, float]:
        """What is armed for this delivery, to be counted down, and its delay by chaos alone."""
        armed = self.next_webhooks
        fault = self.chaos_webhooks(event) if self.chaos_webhooks and armed.is_used_up else None
        if fault is None:
            return armed, 0
        self.next_webhooks = replace(fault, delay=armed.delay)
        return self.next_webhooks, fault.delay
