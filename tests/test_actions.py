"""Every action on disk is listed, every id is unique, every button that is shown is answered."""

import importlib
from collections import Counter
from pathlib import Path

from bot import cards, dialog, quiet, receipts
from bot.model import Status
from commands import ACTIONS
from tests.samples import sample_conversation, sample_place

FOLDER = Path(__file__).parent.parent / "commands"


def test_every_action_on_disk_is_listed_once() -> None:
    on_disk = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    listed = [action.name for action in ACTIONS]
    assert sorted(listed) == sorted(on_disk)
    for name in on_disk:
        assert importlib.import_module(f"commands.{name}").ACTION in ACTIONS


def test_every_id_is_unique() -> None:
    """Of two listeners for one id Bolt would silently ignore the second."""
    ids = [f"word {word.name}" for action in ACTIONS for word in action.words]
    ids += [f"button {button.action_id}" for action in ACTIONS for button in action.buttons]
    ids += [f"option {option.word}" for action in ACTIONS for option in action.options]
    ids += [f"shortcut {shortcut.callback_id}" for action in ACTIONS for shortcut in action.shortcuts]
    ids += [f"modal {modal.callback_id}" for action in ACTIONS for modal in action.modals]
    ids += [f"reaction {reaction.name}" for action in ACTIONS for reaction in action.reactions]
    assert [one for one, count in Counter(ids).items() if count > 1] == []


def test_every_button_and_option_that_a_card_can_show_is_answered() -> None:
    buttons = {button.action_id for action in ACTIONS for button in action.buttons}
    options = {option.word for action in ACTIONS for option in action.options}
    for status in Status:
        shown = cards.card(sample_conversation(status=status), sample_place())
        elements = [e for block in shown.blocks if block["type"] == "actions" for e in block["elements"]]
        assert elements
        for element in elements:
            if element["type"] == "overflow":
                assert {option["value"].partition(":")[0] for option in element["options"]} <= options
            else:
                assert element["action_id"] in buttons
    names = ("CANCEL", "EDIT", "ANYWAY", "DISCARD", "AGAIN", "ARRIVED")
    asked = {quiet.TAKE, quiet.YES, quiet.RELEASE}
    assert {cards.OPEN, *asked, *(getattr(receipts, name) for name in names)} <= buttons


def test_every_modal_that_can_be_opened_is_answered() -> None:
    answered = {modal.callback_id for action in ACTIONS for modal in action.modals}
    assert {*dialog.CALLBACKS.values(), *dialog.ASKING.values(), "assign", "snooze", "watch"} == answered
