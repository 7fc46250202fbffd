"""Sentences of the bridge's own: what they name to be typed is shown as code, wherever they are said."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot import cards, dialog, forms, linkcards, receipts
from bot.dialog import Before
from bot.surfaces import Ask, FieldError
from bot.watching import dialog as routes
from tests.samples import sample_reply

SAID = "Nothing was done. Say `/freescout link` first."
CODE = "'text': '/freescout link', 'style': {'code': True}"


@pytest.mark.parametrize(
    ("words", "leaves"),
    [
        ("Say `2h` or `3d`.", [("Say ", False), ("2h", True), (" or ", False), ("3d", True), (".", False)]),
        ("`me`", [("me", True)]),
        ("Nothing of that.", [("Nothing of that.", False)]),
        ("a ` alone, *bold* <@U1>", [("a ` alone, *bold* <@U1>", False)]),
        ("over `two\nlines`", [("over `two\nlines`", False)]),
        ("``x`` is", [("`", False), ("x", True), ("` is", False)]),
        ("", []),
    ],
)
def test_what_stands_in_backticks_is_code(words: str, leaves: list[tuple[str, bool]]) -> None:
    made: list[dict[str, Any]] = [*cards.coded(words)]
    assert [(leaf["text"], leaf.get("style") == {"code": True}) for leaf in made] == leaves


def answers() -> dict[str, Any]:
    """The blocks of all that says a sentence of ours in rich text."""
    stopped = sample_reply(state="failed", error=SAID, choice="edit")
    return {
        "a refusal that offers to link": linkcards.refusal(SAID, None).blocks,
        "a reply that did not go": receipts.stopped(stopped, "https://help.example.org").blocks,
        "a modal in place of another": forms.notice("Reply", SAID)["blocks"],
        "a dialog asked once more": dialog.which("message", Before(), ("", ""), error=SAID)["blocks"],
        "a route's dialog once more": routes.view(routes.Form({}, (), {}, SAID))["blocks"],
    }


@pytest.mark.parametrize("where", answers())
def test_no_answer_shows_its_backticks(where: str) -> None:
    shown = repr(answers()[where])
    assert CODE in shown
    assert "`" not in shown


async def test_what_one_person_is_told_has_its_code() -> None:
    said: dict[str, Any] = {}

    async def respond(**words: Any) -> Any:
        said.update(words)
        return SimpleNamespace(status_code=200)

    desk: Any = None
    await Ask(desk, "U1", respond=respond).tell(SAID)
    assert CODE in repr(said["blocks"])
    assert "`" not in repr(said["blocks"])


def test_at_a_field_slack_shows_plain_text_alone() -> None:
    error = FieldError("until", "Say `2h`.", {"also": "Or `3d`."})
    assert error.fields == {"until": "Say 2h.", "also": "Or 3d."}
