"""What came of `python -m bot forget`, as it is printed."""

from collections import Counter
from dataclasses import dataclass, field

from bot.erasing import How, Thing


@dataclass
class Report:
    """What was found, taken away, and what was not."""

    dry: bool
    conversations: list[int] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    audited: int = 0
    named: list[str] = field(default_factory=list)
    """What else names the address."""
    merged: list[int] = field(default_factory=list)
    """Those of the conversations that were merged with another."""
    elsewhere: list[int] = field(default_factory=list)
    """Other conversations in which messages of theirs were found."""

    @property
    def empty(self) -> bool:
        """Whether there was nothing to forget."""
        return not (self.conversations or self.elsewhere or self.rows)

    def said(self) -> str:
        """The report, as it is printed."""
        if self.empty:
            return "Nothing is known of that: no conversation was found."
        ids = ", ".join(str(one) for one in self.conversations) or "none of their own"
        done = "would be removed" if self.dry else "removed"
        lines = [f"Conversations: {ids}."]
        lines += [f"Messages of theirs in conversation {one}, which stays." for one in self.elsewhere]
        lines += [f"Slack: {count} {what} {done}." for what, count in sorted(self.removed.items())]
        lines += [] if self.removed else ["Slack: nothing stands there."]
        lines += [f"Database: {what}, {count} {done}." for what, count in self.rows.items()]
        lines += [f"NOT removed: {one}" for one in self.failed]
        lines += self._stays()
        return "\n".join(lines)

    def _stays(self) -> list[str]:
        found = ", ".join(str(one) for one in self.elsewhere)
        where = "was shown under its old number or is known as the customer's"
        where = f"stands above as of conversation {found}" if found else where
        ends = "would be kept" if self.dry else "is kept"
        again = "nothing of them is shown again unless the customer writes anew"
        lines = [f"Stays: that these ids are forgotten {ends}, so that {again}."]
        if self.audited:
            lines.append(
                f"Stays: {self.audited} entries of the audit log, who did what to which conversation. "
                "Each holds the one before: what was taken out would break all that follow."
            )
        lines += [f"Stays: {one}" for one in self.named]
        lines += [
            f"Stays: of conversation {one}, the subject and what others wrote there. Where they quote the "
            "customer is not found: look at it."
            for one in self.elsewhere
        ]
        lines += [
            f"Stays: conversation {one} was merged with another. Of what came there by it only that is known "
            f"which {where}: look at the other one."
            for one in self.merged
        ]
        lines.append("Stays: FreeScout's own data, what people wrote in Slack themselves, and what only one")
        lines.append("person saw there; Slack's exports and backups; backups of the bridge's database.")
        return lines


def called(thing: Thing) -> str:
    """What a thing is called in the report."""
    if thing.how is How.SCRUBBED:
        return "lines in messages that speak of several"
    kind = thing.key.partition(":")[0]
    words = {"thread": "messages", "files": "files' messages", "ping": "reminders", "reply": "receipts"}
    words |= {"card": "cards", "digest": "places in digests", "": "direct messages"}
    return words.get(kind, "other lines")
