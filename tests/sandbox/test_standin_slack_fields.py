"""The stand-in Slack's rich-text and file fields: what an app is sent, and what a person sees."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.async_api import async_playwright, expect
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.slack import View
from sandbox.slack.blocks import check_message, check_view
from sandbox.slack.emoji import emoji
from sandbox.slack.errors import SlackError
from sandbox.slack.richtext import written
from tests.blockcheck import problems_in_view
from tests.sandbox import slack_house
from tests.sandbox.slack_house import World

world = slack_house.world
ROOT = Path(__file__).parent.parent.parent

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def rich(*elements: Json, **more: Any) -> Json:
    return {"type": "rich_text", "elements": list(elements), **more}


def section(*leaves: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(leaves)}


def text(content: str, **style: bool) -> Json:
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def asked(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def writing(**more: Any) -> Json:
    return asked("body", "Reply", {"type": "rich_text_input", "action_id": "text", **more})


def attaching(**more: Any) -> Json:
    files = {"type": "file_input", "action_id": "files", **more}
    return asked("attached", "Attachments", files, optional=True)


def modal(*blocks: Json, title: str = "Reply") -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Send"), "blocks": list(blocks)}


class SlackFile:
    """A file of Slack's, as anybody may hand it to a field."""

    def __init__(self, name: str) -> None:
        self.name = name

    def as_json(self) -> Json:
        return {"id": "F1", "name": self.name, "title": self.name, "mimetype": "application/pdf", "size": 3}


async def opened(world: World, *blocks: Json) -> View:
    trigger = world.slack.workspace.triggers.pull(world.ana.id)
    await world.client.views_open(trigger_id=trigger, view=modal(*blocks))
    assert world.ana.modal
    return world.ana.modal


async def heard(world: World, answer: Json | None = None) -> list[Json]:
    """Serve an app that keeps what was submitted to it, and answers just this."""
    got: list[Json] = []

    async def endpoint(request: Request) -> Response:
        payload = json.loads(parse_qs((await request.body()).decode())["payload"][0])
        got.append(payload["view"]["state"]["values"])
        return JSONResponse(answer or {})

    await world.serve(endpoint)
    return got


QUOTE = {"type": "rich_text_quote", "elements": [text("b", italic=True)]}


@pytest.mark.parametrize(
    ("typed", "elements"),
    [
        ("Hello\n\nBye", [section(text("Hello\n\nBye"))]),
        ([section(text("a", bold=True)), QUOTE], [section(text("a", bold=True)), QUOTE]),
        (rich(QUOTE, block_id="b1"), [QUOTE]),
    ],
)
async def test_rich_text_is_sent_as_slack_sends_it(world: World, typed: Any, elements: list[Json]) -> None:
    got = await heard(world)
    await opened(world, writing())
    await world.ana.submits({"Reply": typed})
    value = {"type": "rich_text", "elements": elements}
    assert got == [{"body": {"text": {"type": "rich_text_input", "rich_text_value": value}}}]
    assert world.ana.modal is None


async def test_files_are_sent_as_slack_sends_them(world: World) -> None:
    got = await heard(world)
    await opened(world, writing(), attaching(filetypes=["pdf"], max_files=2))
    file = SlackFile("bill.PDF")
    with pytest.raises(LookupError, match="at most 2"):
        world.ana.fills({"Attachments": [file, file, file]})
    with pytest.raises(LookupError, match=r"pdf, not 'a\.exe'"):
        world.ana.fills({"Attachments": [{"id": "F2", "name": "a.exe"}]})
    await world.ana.submits({"Reply": "Here it is", "Attachments": [file]})
    assert got[0]["attached"]["files"] == {"type": "file_input", "files": [file.as_json()]}


async def test_nothing_in_them_is_sent_as_nothing(world: World) -> None:
    got = await heard(world)
    await opened(world, {**writing(), "optional": True}, attaching())
    await world.ana.submits()
    assert got[0]["body"]["text"] == {"type": "rich_text_input", "rich_text_value": None}
    assert got[0]["attached"]["files"] == {"type": "file_input", "files": []}


@pytest.mark.parametrize("nothing", [None, "", rich(section()), [section(), QUOTE | {"elements": []}]])
async def test_a_required_rich_text_field_must_say_something(world: World, nothing: Any) -> None:
    got = await heard(world)
    await opened(world, writing())
    await world.ana.submits({"Reply": nothing})
    assert world.ana.sees("Please complete this required field.")
    await world.ana.submits({"Reply": [section({"type": "emoji", "name": "wave"})]})
    assert len(got) == 1


async def test_what_stands_in_the_field_at_first_is_what_is_sent(world: World) -> None:
    got = await heard(world)
    view = await opened(world, writing(initial_value=rich(section(text("As said", bold=True)))))
    assert "As said" in view.all_text
    await world.ana.submits()
    assert got[0]["body"]["text"]["rich_text_value"]["elements"] == [section(text("As said", bold=True))]


async def test_an_update_keeps_what_was_typed_under_the_same_ids_only(world: World) -> None:
    view = await opened(world, writing(initial_value=rich(section(text("As said")))))
    world.ana.fills({"Reply": "Typed since"})
    assert "As said" not in view.all_text
    await world.client.views_update(view_id=view.id, view=modal(writing(), title="Two"))
    assert "Typed since" in view.all_text
    other = asked("other", "Reply", {"type": "rich_text_input", "action_id": "text"})
    await world.client.views_update(view_id=view.id, view=modal(other))
    assert "Typed since" not in view.all_text


async def test_an_app_may_complain_at_either_field(world: World) -> None:
    await heard(world, {"response_action": "errors", "errors": {"body": "Too short", "attached": "Too big"}})
    view = await opened(world, writing(), attaching())
    await world.ana.submits({"Reply": "Hi"})
    assert view.errors == {"body": "Too short", "attached": "Too big"}
    assert "Hi" in view.all_text


def test_nobody_can_write_what_the_editor_does_not_know() -> None:
    with pytest.raises(ValueError, match="unsupported type: image"):
        written([{"type": "image"}])


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (writing(initial_value="Hello"), "/element/initial_value"),
        (writing(initial_value=section(text("Hello"))), "/element/initial_value/type"),
        (writing(multiline=True), "/element/multiline"),
        (asked("b", "Reply", {"type": "rich_text_input"}), "missing required field: action_id"),
        (attaching(max_files=11), "/element/max_files"),
        (attaching(filetypes="pdf"), "/element/filetypes"),
    ],
)
def test_wrong_fields_are_refused(block: Json, fault: str) -> None:
    with pytest.raises(SlackError) as caught:
        check_view(modal(block))
    assert fault in str(caught.value.reply["response_metadata"]["messages"])
    assert problems_in_view(modal(block))


def test_the_fields_stand_only_where_slack_has_them() -> None:
    fields = (writing(initial_value=rich(section(text("a")))), attaching(filetypes=["pdf"], max_files=10))
    check_view(modal(*fields))
    check_view({"type": "home", "blocks": [writing()]}, "home")
    assert problems_in_view(modal(*fields)) == []
    for check in (
        lambda: check_message([writing()]),
        lambda: check_message([attaching()]),
        lambda: check_view({"type": "home", "blocks": [attaching()]}, "home"),
    ):
        with pytest.raises(SlackError):
            check()


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine to show the page in")
async def test_the_page_has_an_editor_that_keeps_the_formatting(world: World) -> None:
    got = await heard(world)
    mention = {"type": "user", "user_id": world.ben.id}
    first = [
        section(text("Hello "), mention, text(", see\n\n"), text("this", bold=True)),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "offset": 2,
            "elements": [
                section({"type": "link", "url": "https://example.org/a?b=1&c", "text": "c"}),
                section(text("<d>")),
            ],
        },
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("e"))]},
        QUOTE,
        {"type": "rich_text_preformatted", "elements": [text("f\n  g")]},
    ]
    view = await opened(world, writing(initial_value=rich(*first)), attaching())
    world.ana.fills({"Attachments": [SlackFile("bill.pdf")]})
    async with async_playwright() as player:
        browser = await player.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda failure: broken.append(str(failure)))
        await page.goto(f"{world.slack.url}/?as={world.ana.id}")
        await expect(page.get_by_text("bill.pdf")).to_be_visible()
        await page.click("[data-submit]")
        await page.wait_for_selector("[data-modal]", state="detached")
        assert got[0]["body"]["text"]["rich_text_value"]["elements"] == first
        assert got[0]["attached"]["files"]["files"][0]["name"] == "bill.pdf"

        await opened(world, writing(placeholder=plain("Dear customer")), attaching(max_files=2))
        editor = page.get_by_role("textbox", name="Reply")
        await editor.click()
        await page.keyboard.type("One ")
        await page.get_by_role("button", name="Bold").dispatch_event("mousedown")
        await page.keyboard.type("two")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Bold").dispatch_event("mousedown")
        await page.keyboard.type("three")
        chosen = [
            {"name": name, "mimeType": "text/plain", "buffer": name.encode()} for name in ("a.txt", "b.txt")
        ]
        await page.set_input_files("input[type=file]", chosen)
        await page.wait_for_selector("text=b.txt")
        await page.get_by_role("button", name="Remove a.txt").click()
        await page.wait_for_selector("text=a.txt", state="detached")
        await world.ben.types("Somebody else talks")
        await page.wait_for_selector("text=Somebody else talks")
        await page.click("[data-submit]")
        await page.wait_for_selector("[data-modal]", state="detached")
        await browser.close()
    (attached,) = got[1]["attached"]["files"]["files"]
    assert (attached["name"], attached["mimetype"], attached["size"]) == ("b.txt", "text/plain", 5)
    assert world.slack.workspace.files[attached["id"]].data == b"b.txt"
    said = got[1]["body"]["text"]["rich_text_value"]["elements"]
    assert len(said) == 1
    leaves = said[0]["elements"]
    assert "".join(leaf["text"] for leaf in leaves).replace("\u00a0", " ") == "One two\n\nthree"
    assert [leaf["text"] for leaf in leaves if leaf.get("style") == {"bold": True}] == ["two"]
    assert broken == []
    assert view.errors == {}


def test_every_emoji_that_the_bridge_names_is_drawn() -> None:
    speaking = [
        path for path in (ROOT / "bot").rglob("*.py") if "store" not in path.parts
    ]  # SQLite's :memory:
    texts = [path.read_text(encoding="utf-8") for path in speaking]
    named = {name for one in texts for name in re.findall(r'":([a-z0-9_+-]+):"', one)}
    assert {"lock", "truck"} <= named
    assert {name for name in named if emoji(name) is None} == set()
