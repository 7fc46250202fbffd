"""The names of FreeScout's: mailboxes, tags, custom fields and their values, users."""

from collections.abc import Sequence

from bot.errors import BridgeError
from bot.freescout import FreeScout
from bot.livecheck.findings import Findings, folded, of_kind
from bot.livecheck.mentions import Kind, Mention
from bot.model import CustomField, Mailbox
from bot.tables import meant


async def compare(freescout: FreeScout, named: Sequence[Mention], found: Findings) -> None:
    """Ask for what the file names, and for nothing else."""
    try:
        boxes = await freescout.mailboxes()
    except BridgeError as error:  # without it nothing of FreeScout's is known
        found.wrong.append(f"FreeScout: {error}")
        return
    _mailboxes(boxes, of_kind(named, Kind.MAILBOX), found)
    if tags := of_kind(named, Kind.TAG):
        await _tags(freescout, tags, found)
    if fields := of_kind(named, Kind.FIELD):
        await _fields(freescout, boxes, fields, found)
    if users := of_kind(named, Kind.USER):
        await _users(freescout, users, found)
    found.met.append(f"FreeScout has {len(boxes)} mailbox{'es' * (len(boxes) != 1)}.")


def _mailboxes(boxes: Sequence[Mailbox], named: Sequence[Mention], found: Findings) -> None:
    for one in named:
        if not any(_is(box, one.name) for box in boxes):
            found.missing(one, "FreeScout", [box.name for box in boxes])


def _is(box: Mailbox, name: str | int) -> bool:
    return box.id == name if isinstance(name, int) else box.name.casefold() == name.casefold()


async def _tags(freescout: FreeScout, named: Sequence[Mention], found: Findings) -> None:
    """A tag that nobody has used yet is not in FreeScout's list, and without its module there is no list."""
    known = await found.told("FreeScout's tags", freescout.tags())
    if known == ():
        found.unknown.append("FreeScout's tags: it lists none, perhaps for want of the module Tags")
    for one in named if known else ():
        if str(one.name).casefold() not in folded(known or ()):
            found.missing(one, "FreeScout", known or (), ", unless nobody has used it yet")


async def _fields(
    freescout: FreeScout, boxes: Sequence[Mailbox], named: Sequence[Mention], found: Findings
) -> None:
    wanted = [box for box in boxes if any(_may_have(one, box) for one in named)]
    told = {
        box: await found.told(f'Custom fields of "{box.name}"', freescout.custom_fields(box.id))
        for box in wanted
    }
    for one in named:
        asked = [told[box] for box in wanted if _may_have(one, box)]
        if None not in asked:
            _field(one, [field for fields in asked for field in fields or ()], found)


def _may_have(one: Mention, box: Mailbox) -> bool:
    return not one.boxes or any(_is(box, name) for name in one.boxes)


def _field(one: Mention, known: Sequence[CustomField], found: Findings) -> None:
    name = str(one.name).strip().casefold()
    here = [field for field in known if name in (field.name.casefold(), str(field.id))]
    if not here:
        found.missing(one, "FreeScout", [field.name for field in known])
    elif all(field.options for field in here):  # free text may be anything
        options = [word for field in here for option in field.options for word in option]
        found.wrong += [
            f'{one.where}: the custom field "{here[0].name}" has no value "{value}".{meant(value, options)}'
            for value in one.values
            if value.casefold() not in folded(options)
        ]


async def _users(freescout: FreeScout, named: Sequence[Mention], found: Findings) -> None:
    known = await found.told("FreeScout's users", freescout.users())
    if known is not None:
        words = [word for user in known for word in (user.name, user.email) if word]
        ids = [str(user.id) for user in known]
        for one in named:
            if str(one.name).casefold() not in folded([*words, *ids]):
                found.missing(one, "FreeScout", words)
