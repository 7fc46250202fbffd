"""The dialog in which an answer is written: who gets it, what they wrote last, who else answers. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bot import mail, written
from bot.cards import Block, context, named, plain, richtext_block, sentence, when, writer
from bot.changes import Seen, address
from bot.forms import LONGEST, View, checks_input, files_input, line_input, modal, rich_input, select_input
from bot.model import Conversation, Mailbox, Status, Thread, User
from bot.plan import TOLD
from bot.redact import cut
from bot.richtext import section, text
from bot.store import Reply, Writing
from bot.surfaces import FieldError

Kind = Literal["message", "note"]

CALLBACKS: dict[Kind, str] = {"message": "reply", "note": "note"}
ASKING: dict[Kind, str] = {"message": "reply.which", "note": "note.which"}
"""The modals that ask for the conversation first."""
WHICH = "which"
TEXT, CC, BCC, STATUS, MORE, FILES = "text", "cc", "bcc", "status", "more", "files"
"""The dialog's fields."""
ASSIGN, KEEP = "assign", "keep"
"""The boxes among them: assign it to me, keep the files that are attached already."""
MOST_FILES = 10
_EXCERPT = 800
"""Characters of the customer's newest message, above the field."""
_LINES = 8
_CROWD = 10
"""How many who are at it are named: a dialog takes a hundred blocks."""
_AFTER = [(Status.PENDING, "Pending"), (Status.ACTIVE, "Active"), (Status.CLOSED, "Closed")]
_ADDRESS = re.compile(r"[^@\s,;<>\"()\[\]]{1,64}@(?:[^@\s,;<>\"().\[\]]+\.)+[^@\s,;<>\"().\[\]]{2,}")


@dataclass(frozen=True, slots=True)
class Before:
    """What stands in the fields when the dialog opens."""

    rich: Mapping[str, Any] | None = None
    cc: tuple[str, ...] | None = None
    """None is what FreeScout would send to."""
    bcc: tuple[str, ...] | None = None
    status: str = Status.PENDING
    assign: bool = False
    files: str = ""
    """Slack's ids of files that were attached before."""
    outbox: int = 0
    """The reply that is edited, by its id."""
    hint: str = ""
    """What there is to know of the files."""

    @classmethod
    def of(cls, reply: Reply) -> "Before":
        """As it was written."""
        return cls(
            json.loads(reply.rich) if reply.rich else written.from_text(reply.text),
            tuple(reply.cc.split()),
            tuple(reply.bcc.split()),
            reply.status or Status.PENDING,
            bool(reply.assign),
            reply.files,
            reply.id,
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """What the dialog shows above its fields."""

    conversation: Conversation
    mailbox: Mailbox | None
    others: tuple[Writing, ...] = ()
    """Who else writes an answer just now."""
    held: tuple[Reply, ...] = ()
    """Replies that are about to go."""
    news: tuple[str, ...] = ()
    """What happened while the dialog was open, a sentence each."""

    @property
    def version(self) -> str:
        """Tells what a dialog shows from what it should show."""
        who = sorted((one.slack_user, one.kind) for one in self.others)
        seen = asdict(replace(Seen.of(self.conversation), known=(), since=0, latest=0))
        told = [one.id for one in self.conversation.threads if one.state == "published" and one.type in TOLD]
        return json.dumps((seen, told, who, [one.id for one in self.held]))


def dialog(kind: Kind, scene: Scene, user: User, before: Before, where: tuple[str, str]) -> View:
    """Make the dialog; `where` is the channel and the thread in which its writer sees answers."""
    kept: dict[str, Any] = {
        "conversation": scene.conversation.id,
        "number": scene.conversation.number,
        "user": user.id,
        "name": mail.one_line(user.name, 80),
        "channel": where[0],
        "thread": where[1],
        "outbox": before.outbox,
        "files": before.files,
        **_seen(scene),
    }
    title, submit = ("Note", "Save Note") if kind == "note" else ("Reply", "Send Reply")
    blocks = [*_head(kind, scene, kept["name"]), *_fields(kind, scene, before)]
    return {**modal(CALLBACKS[kind], title, submit, blocks, kept), "notify_on_close": True}


def which(kind: Kind, before: Before, where: tuple[str, str], number: str = "", error: str = "") -> View:
    """Ask to which conversation a message belongs, and keep its text meanwhile, which may be long.

    `number` and `error`: what was said already, and why it cannot be.
    """
    what, place = "Note" if kind == "note" else "Reply", "412, or its address in FreeScout"
    blocks = [
        *([sentence(error[:2000], "warning")] if error else []),
        line_input(WHICH, "Which conversation?", initial=number, placeholder=place, needed=True),
        {**rich_input(TEXT, what, before.rich), "optional": True},
    ]
    kept = {"channel": where[0], "thread": where[1], "files": before.files, "hint": before.hint}
    return modal(ASKING[kind], what, "Next", blocks, kept)


def anew(view: View, kind: Kind, scene: Scene) -> View:
    """The same dialog with what there is to see now; what is typed in it stays.

    Whom it goes to stays as well: who wrote to another customer or from another mailbox is asked.
    https://docs.slack.dev/surfaces/modals#updating_views
    """
    kept = json.loads(view["private_metadata"])
    old, now = kept["seen"], _seen(scene)["seen"]
    kept["seen"] = {**now, "customer": old["customer"], "mailbox": old["mailbox"]}
    fields = [block for block in view["blocks"] if block["type"] == "input"]
    return {
        **view,
        "private_metadata": json.dumps(kept, ensure_ascii=False),
        "blocks": [*_head(kind, scene, kept["name"]), *fields],
    }


def barred(view: View) -> View:
    """The same dialog for somebody who may not see the conversation any more: their words, no more."""
    words = "FreeScout does not let you see this conversation any more, so this cannot be sent."
    fields = [block for block in view["blocks"] if block["type"] == "input"]
    return {**view, "blocks": [context(":no_entry_sign:", plain(words)), *fields]}


def addresses(words: str, field: str, own: str) -> tuple[str, ...]:
    """Read the addresses of a field, each once; `own` is the mailbox's.

    Raises FieldError where something is no address, or would send the mail back to where it comes from.
    """
    found = dict.fromkeys(part for part in re.split(r"[\s,;]+", words.strip()) if part)
    wrong = [part for part in found if not _ADDRESS.fullmatch(part)]
    if wrong:
        shown = mail.one_line(", ".join(wrong), 200)
        raise FieldError(field, f"No e-mail address: {shown}. Put bare addresses, with commas between.")
    if own and own.casefold() in (part.casefold() for part in found):
        raise FieldError(field, f"{own} is this mailbox itself: the mail would come back as a new message.")
    return tuple(found)


def _seen(scene: Scene) -> dict[str, Any]:
    customer = scene.conversation.customer
    return {
        "customer": customer.email if customer else "",
        "own": scene.mailbox.email if scene.mailbox else "",
        "seen": asdict(Seen.of(scene.conversation)),
    }


def _head(kind: Kind, scene: Scene, writer: str) -> list[Block]:
    conversation = scene.conversation
    title = text(mail.one_line(conversation.title, 200), bold=True)
    warnings = list(_warnings(scene))
    if kind == "note":
        return [
            richtext_block(section(title)),
            context(":memo:", plain(f"Internal: the customer does not see it. As {writer}")),
            *warnings,
        ]
    customer = conversation.customer
    to = mail.one_line(customer.email, 120) if customer else ""
    name = mail.one_line(customer.name, 80) if customer else "nobody"
    mailbox = mail.one_line(scene.mailbox.name, 60) if scene.mailbox else "FreeScout"
    shown = f"\nTo {name}" + (f" · {to}" if to != name else "")
    return [
        richtext_block(section(title, text(shown))),
        context(":outbox_tray:", plain(f"From {mailbox}, as {writer}")),
        *_not_sent_to(scene),
        *warnings,
        *_newest(scene),
    ]


def _warnings(scene: Scene) -> list[Block]:
    found: list[Block] = []
    if scene.news:
        words = " ".join(mail.one_line(one, 200) for one in scene.news)
        found.append(context(":new:", plain(f"Since you opened this: {words}")))
    found += [writer(one) for one in scene.others[:_CROWD]]
    for reply in scene.held[:_CROWD]:
        words = (
            f"{mail.one_line(reply.name, 80)}'s reply is about to go to the customer: see the card's thread."
        )
        found.append(context(":hourglass_flowing_sand:", plain(words)))
    return found


def _newest(scene: Scene) -> list[Block]:
    """The customer's newest message, and who answered it already."""
    asked = [thread for thread in scene.conversation.threads if thread.type == "customer"]
    if not asked:
        return []
    body = "\n".join(mail.read(asked[-1].body).text.splitlines()[:_LINES])
    body = f"{body[: cut(body, _EXCERPT)].rstrip()}…" if len(body) > _EXCERPT else body or "(no text)"
    quote: Block = {"type": "rich_text_quote", "elements": [text(body)]}
    return [richtext_block(quote), *_answered(scene.conversation, asked[-1])]


def _answered(conversation: Conversation, asked: Thread) -> list[Block]:
    later = conversation.threads[conversation.threads.index(asked) + 1 :]
    answers = [thread for thread in later if thread.type == "message" and thread.state == "published"]
    if not answers:
        return []
    last = answers[-1]
    words = f"{named(last.created_by)} has answered this already,"
    return [context(":leftwards_arrow_with_hook:", plain(words), when(last.created_at))]


def _fields(kind: Kind, scene: Scene, before: Before) -> list[Block]:
    blocks = [rich_input(TEXT, "Note" if kind == "note" else "Reply", before.rich)]
    boxes: list[tuple[str, str]] = []
    if kind == "message":
        cc, bcc = before.cc, before.bcc
        blocks += [
            line_input(CC, "Cc", initial=_fitting(copies(scene) if cc is None else cc)),
            line_input(BCC, "Bcc", initial=_fitting(scene.conversation.bcc if bcc is None else bcc)),
            select_input(STATUS, "Afterwards the conversation is", [*_AFTER], before.status),
        ]
        boxes.append((ASSIGN, "Assign the conversation to me"))
    count = len(before.files.split())
    if count:
        boxes.append((KEEP, f"Keep the {count} files that are attached" if count > 1 else "Keep the file"))
    if boxes:
        checked = [name for name, on in ((ASSIGN, before.assign), (KEEP, bool(count))) if on]
        blocks.append(checks_input(MORE, "Also", boxes, checked))
    return [*blocks, files_input(FILES, "Files", MOST_FILES, before.hint)]


def _fitting(found: Sequence[str]) -> str:
    """As many addresses as a field takes: one that is cut would be another address."""
    kept = ""
    for one in found:
        longer = f"{kept}, {one}" if kept else one
        if len(longer) > LONGEST:
            break
        kept = longer
    return kept


def copies(scene: Scene) -> tuple[str, ...]:
    """Who gets a copy: FreeScout's own list, without the mailbox and the customer, who gets the mail."""
    left_out = {address(scene.conversation), (scene.mailbox.email if scene.mailbox else "").casefold()}
    return tuple(one for one in scene.conversation.cc if one.casefold() not in left_out)


def _not_sent_to(scene: Scene) -> list[Block]:
    """Say who was in the customer's mail and does not get the answer, and why."""
    own = (scene.mailbox.email if scene.mailbox else "").casefold()
    asked = [thread for thread in scene.conversation.threads if thread.type == "customer"]
    there = [*asked[-1].to, *asked[-1].cc] if asked else []
    getting = {address(scene.conversation), own, *(one.casefold() for one in scene.conversation.cc)}
    words = [
        "To write to somebody else, change the customer in FreeScout: a reply always goes to the customer."
    ]
    if own and own in (one.casefold() for one in scene.conversation.cc):
        words.append(f"{own} is left out of Cc: it is this mailbox itself.")
    for name, there_are in (("Cc", copies(scene)), ("Bcc", scene.conversation.bcc)):
        if count := len(set(there_are) - set(_fitting(there_are).split(", "))):
            words.append(f"{count} addresses do not fit into {name}: they get no copy.")
    others = [one for one in dict.fromkeys(there) if one.casefold() not in getting]
    if others:
        shown = mail.one_line(", ".join(others), 300)
        words.append(f"Not sent to {shown}, who were in the customer's mail: put into Cc who should read it.")
    return [context(plain(" ".join(words)))]
