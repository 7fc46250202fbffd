"""Things that go wrong at random on both sides of the bridge, and the same way again for the same seed."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from random import Random

from sandbox.freescout import FreeScout
from sandbox.freescout.faults import ApiFault, WebhookFault
from sandbox.slack import Fault, Slack

SPARED = frozenset({"auth.test"})  # who the bot is gets asked once, and without an answer nothing starts

WEBHOOKS: dict[str, Callable[[float], WebhookFault]] = {
    "dropped": lambda _: WebhookFault(drop=1),
    "delayed": lambda seconds: WebhookFault(delay=seconds),
    "duplicated": lambda _: WebhookFault(duplicate=1),
    "reordered": lambda seconds: WebhookFault(reorder=2, hold=seconds),
}
API: dict[str, ApiFault] = {
    "429": ApiFault(status=429, headers={"Retry-After": "1"}),
    "500": ApiFault(status=500, html=True),
    "500 after": ApiFault(status=500, html=True, after=True),
    "502": ApiFault(status=502, html=True),
    "502 after": ApiFault(status=502, html=True, after=True),
    "cut": ApiFault(cut=True),
    "cut after": ApiFault(cut=True, after=True),
    "cut body": ApiFault(cut="body"),
    "truncated": ApiFault(truncate=True),
    "hang": ApiFault(after=True),
}
"""What is cut in its body, truncated or hangs has happened, like all that says `after`."""
SLACK: dict[str, Fault] = {
    "429": Fault(error="ratelimited", retry_after=1),
    "500": Fault(status=500),
    "500 after": Fault(status=500, after=True),
    "html": Fault(html=True),
    "html after": Fault(html=True, after=True),
    "cut": Fault(cut=True),
    "cut after": Fault(cut=True, after=True),
    "internal_error": Fault(error="internal_error"),
    "internal_error after": Fault(error="internal_error", after=True),
}


@dataclass(frozen=True)
class Rates:
    """How much of each goes wrong, from 0 to 1."""

    webhooks: float = 0.1
    freescout: float = 0.1
    slack: float = 0.1
    threads: float | None = None
    """Of what is written into conversations, where that is not as much as of FreeScout's other calls."""


USUAL = Rates()


class Chaos:
    """Lets calls and webhooks go wrong from its making until `calm`; what a test has armed comes first.

    The fate of the nth call of a method, path or event hangs on the seed, its name and n alone: the order in
    which calls of different names come makes no difference. `counts` has each fault that was made, like
    `slack cut after`, and `without` names those that none shall be. `longest` is in real seconds, for delays.
    """

    def __init__(
        self,
        seed: int,
        *,
        freescout: FreeScout | None = None,
        slack: Slack | None = None,
        rates: Rates = USUAL,
        without: Collection[str] = (),
        longest: float = 0.5,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._seed, self._rates, self._longest = seed, rates, longest
        self._freescout, self._slack = freescout, slack
        self._seen: Counter[str] = Counter()
        self._webhook_kinds = _kinds("webhooks", WEBHOOKS, without)
        self._api_kinds = _kinds("freescout", API, without)
        self._slack_kinds = _kinds("slack", SLACK, without)
        if freescout:
            freescout.faults.chaos, freescout.faults.chaos_webhooks = self._api_fault, self._webhook_fault
        if slack:
            slack.faults.chaos = self._slack_fault

    def calm(self) -> None:
        """End it. Webhooks that were delayed or kept back still come."""
        if self._freescout:
            self._freescout.faults.chaos = self._freescout.faults.chaos_webhooks = None
            self._freescout.webhooks.release()
        if self._slack:
            self._slack.faults.chaos = None

    def _webhook_fault(self, event: str) -> WebhookFault | None:
        kind, dice = self._decide("webhooks", event, self._rates.webhooks, self._webhook_kinds)
        return WEBHOOKS[kind](self._wait(dice)) if kind else None

    def _api_fault(self, call: str) -> ApiFault | None:
        writes = call.startswith("POST ") and call.endswith("/threads")
        rate = self._rates.threads if writes and self._rates.threads is not None else self._rates.freescout
        kind, dice = self._decide("freescout", call, rate, self._api_kinds)
        if kind is None:
            return None
        return replace(API[kind], hang=self._wait(dice)) if kind == "hang" else API[kind]

    def _slack_fault(self, method: str) -> Fault | None:
        if method in SPARED:
            return None
        kind, _ = self._decide("slack", method, self._rates.slack, self._slack_kinds)
        return SLACK[kind] if kind else None

    def _decide(self, side: str, name: str, rate: float, kinds: list[str]) -> tuple[str | None, Random]:
        """Throw the dice for one call: a kind of fault, or None where it may pass."""
        self._seen[f"{side} {name}"] += 1
        dice = Random(f"{self._seed} {side} {name} {self._seen[f'{side} {name}']}")  # noqa: S311, no secret
        if dice.random() >= rate or not kinds:
            return None, dice
        kind = dice.choice(kinds)
        self.counts[f"{side} {kind}"] += 1
        return kind, dice

    def _wait(self, dice: Random) -> float:
        return dice.uniform(self._longest / 10, self._longest)


def _kinds(side: str, known: Collection[str], without: Collection[str]) -> list[str]:
    return [kind for kind in known if f"{side} {kind}" not in without]
