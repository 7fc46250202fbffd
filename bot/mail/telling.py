"""What is told of a mail beside its text."""

from bot.mail.folding import EARLIER, SIGNATURE, Reading
from bot.mail.words import subject_forwards
from bot.model import Conversation, Thread


def is_forward(conversation: Conversation, entry: Thread) -> bool:
    """Say whether it is the forwarded mail that the subject speaks of: the first, not the replies to it."""
    first = next((one.id for one in conversation.threads if one.type != "lineitem"), entry.id)
    return entry.id == first and subject_forwards(conversation.subject)


def hidden(read: Reading, *, whole: bool) -> str:
    """Say what of a mail is not shown, nothing where all is. `whole`: all that was read stands there."""
    kinds = {EARLIER: "earlier mails", SIGNATURE: "the signature"}
    words = " and ".join(said for kind, said in kinds.items() if kind in read.folded)
    verb = "is" if read.folded == {SIGNATURE} else "are"
    parts = [] if whole and not read.cut else ["this is the beginning"]
    said = "; ".join([*parts, *([f"{words} {verb} folded"] if words else [])])
    return said[:1].upper() + said[1:]
