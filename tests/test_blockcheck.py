import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.blockcheck import mrkdwn_problems, problems_in_message, problems_in_view, size_of_blocks

Thing = dict[str, Any]
CHECKERS = ("rules", "slackblocks", "blockkit", "slack_sdk")


# ------------------------------------------------------------------------------------ small builders


def plain(text: str, **more: Any) -> Thing:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str, **more: Any) -> Thing:
    return {"type": "mrkdwn", "text": text, **more}


def option(value: str, **more: Any) -> Thing:
    return {"text": plain(value.title()), "value": value, **more}


def options(count: int) -> list[Thing]:
    return [option(f"o{number}") for number in range(count)]


def button(text: str = "Reply", **more: Any) -> Thing:
    return {"type": "button", "text": plain(text), "action_id": "reply", **more}


def confirm(**more: Any) -> Thing:
    whole = {"title": plain("Delete?"), "text": plain("Gone is gone."), "confirm": plain("Delete")}
    return {**whole, "deny": plain("Keep"), **more}


def section(text: str = "*Printer* on fire", **more: Any) -> Thing:
    return {"type": "section", "text": mrkdwn(text), **more}


def actions(*elements: Thing, **more: Any) -> Thing:
    return {"type": "actions", "elements": list(elements), **more}


def context(*elements: Thing) -> Thing:
    return {"type": "context", "elements": list(elements)}


def asked(element: Thing, **more: Any) -> Thing:
    return {"type": "input", "label": plain("Your answer"), "element": element, **more}


def text_input(**more: Any) -> Thing:
    return {"type": "plain_text_input", "action_id": "body", **more}


def select(**more: Any) -> Thing:
    return {"type": "static_select", "action_id": "status", "options": options(3), **more}


def overflow(*choices: Thing, **more: Any) -> Thing:
    return {"type": "overflow", "action_id": "more", "options": list(choices), **more}


def leaf(text: str, **style: bool) -> Thing:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def rich(*elements: Thing) -> Thing:
    return {"type": "rich_text", "elements": list(elements)}


def line(*leaves: Thing) -> Thing:
    return {"type": "rich_text_section", "elements": list(leaves)}


def bullets(*lines: Thing, **more: Any) -> Thing:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines), **more}


def quote(*leaves: Thing, **more: Any) -> Thing:
    return {"type": "rich_text_quote", "elements": list(leaves), **more}


def image(**more: Any) -> Thing:
    return {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "A photo", **more}


def table(*rows: list[Thing], **more: Any) -> Thing:
    return {"type": "table", "rows": list(rows), **more}


def cell(text: str) -> Thing:
    return {"type": "raw_text", "text": text}


def message(*blocks: Any, **more: Any) -> Thing:
    return {"channel": "C1", "text": "#42 Printer on fire", "blocks": list(blocks), **more}


def modal(*blocks: Any, **more: Any) -> Thing:
    return {"type": "modal", "title": plain("Reply"), "submit": plain("Send"), "blocks": list(blocks), **more}


def home(*blocks: Any, **more: Any) -> Thing:
    return {"type": "home", "blocks": list(blocks), **more}


def problems(thing: Thing) -> list[str]:
    return problems_in_view(thing) if thing.get("type") in ("modal", "home") else problems_in_message(thing)


# --------------------------------------------------------------------------------------------- good

GOOD: dict[str, Thing] = {
    "a message of text alone": {"channel": "C1", "text": "Nobody is waiting."},
    "an update that takes the blocks away": {"channel": "C1", "ts": "1.2", "text": "Done", "blocks": []},
    "arguments that are None, which the SDK does not send": message(section(), thread_ts=None, metadata=None),
    "a response that deletes the original": {"delete_original": True},
    "an ephemeral response": {"text": "Only you", "response_type": "ephemeral", "replace_original": False},
    "a threaded message with metadata": message(
        section(),
        thread_ts="1700000000.000100",
        reply_broadcast=True,
        unfurl_links=False,
        unfurl_media=False,
        mrkdwn=True,
        metadata={"event_type": "mirror", "event_payload": {"thread": 7, "sure": True}},
    ),
    "a section of mrkdwn": message(section("*bold* _it_ `code` &lt;b&gt; a > b & c", block_id="b1")),
    "a section of plain text": message({"type": "section", "text": plain("a < b <!channel>", emoji=True)}),
    "plain text that says no to emoji": message({"type": "section", "text": plain(":x:", emoji=False)}),
    "verbatim mrkdwn": message({"type": "section", "text": mrkdwn("a", verbatim=True)}),
    "a section of fields": message({"type": "section", "fields": [mrkdwn("*A*\n1"), plain("B")] * 5}),
    "a section with text, fields and a button": message(
        section(fields=[mrkdwn("a")], accessory=button(value="42"))
    ),
    "a section with an image": message(section(accessory=image())),
    "a section with a select": message(section(accessory=select(placeholder=plain("Status")))),
    "a section with an overflow": message(section(accessory=overflow(option("a"), option("b")))),
    "a section with a date picker": message(
        section(accessory={"type": "datepicker", "action_id": "day", "initial_date": "2026-01-31"})
    ),
    "a header": message({"type": "header", "text": plain("Waiting <1 h", emoji=True), "block_id": "top"}),
    "a context of every text and an image": message(context(mrkdwn("_a_"), plain("b"), image())),
    "a divider": message({"type": "divider"}, {"type": "divider", "block_id": "d"}),
    "buttons of every kind": message(
        actions(
            button("Reply", action_id="a", style="primary", value="42"),
            button("Open", action_id="b", url="https://desk.example.org/conversation/42?a=1&b=2#t"),
            button("Spam", action_id="c", style="danger", confirm=confirm(style="danger")),
            button("Later", action_id="d", accessibility_label="Put off until later"),
            block_id="acts",
        )
    ),
    "an overflow with links and a confirmation": message(
        actions(
            overflow(
                option("open", url="https://example.org/x"),
                option("spam", description=plain("Out of sight")),
                confirm=confirm(),
            )
        )
    ),
    "an overflow of one option": message(actions(overflow(option("only")))),
    "an overflow of five options": message(actions(overflow(*options(5)))),
    "a static select with an initial option": message(
        actions(select(initial_option=option("o1"), placeholder=plain("Status"), confirm=confirm()))
    ),
    "a static select of groups": message(
        actions(
            {
                "type": "static_select",
                "action_id": "s",
                "option_groups": [{"label": plain("Team"), "options": options(2)}],
            }
        )
    ),
    "every other select": message(
        actions(
            {"type": "users_select", "action_id": "u", "placeholder": plain("Who"), "initial_user": "U1"},
            {"type": "channels_select", "action_id": "c", "initial_channel": "C1"},
            {
                "type": "conversations_select",
                "action_id": "v",
                "default_to_current_conversation": True,
                "filter": {"include": ["public", "private"], "exclude_bot_users": True},
            },
            {"type": "external_select", "action_id": "e", "min_query_length": 2},
            {"type": "timepicker", "action_id": "t", "initial_time": "09:30", "timezone": "Europe/Berlin"},
        )
    ),
    "every multi select": home(
        section(accessory={"type": "multi_users_select", "action_id": "u", "initial_users": ["U1"]}),
        section(accessory={"type": "multi_channels_select", "action_id": "c", "max_selected_items": 3}),
        section(accessory={"type": "multi_conversations_select", "action_id": "v"}),
        section(accessory={"type": "multi_external_select", "action_id": "e"}),
        section(
            accessory={
                "type": "multi_static_select",
                "action_id": "s",
                "options": options(4),
                "initial_options": [option("o1"), option("o3")],
            }
        ),
    ),
    "an input block in a message": message(asked(text_input(), dispatch_action=True)),
    "rich text of every leaf that all libraries know": message(
        rich(
            line(
                leaf("plain "),
                leaf("all", bold=True, italic=True, strike=True, code=True),
                {"type": "link", "url": "https://example.org/?q=1&b"},
                {
                    "type": "link",
                    "url": "mailto:ana@example.org",
                    "text": "Ana <ana@example.org>",
                    "style": {"bold": True, "code": False},
                },
                {"type": "emoji", "name": "wave"},
                {"type": "user", "user_id": "U1", "style": {"bold": True}},
                {"type": "usergroup", "usergroup_id": "S1"},
                {"type": "channel", "channel_id": "C1"},
            )
        )
    ),
    "rich text of nested lists, quotes and code": message(
        rich(
            line(leaf("<!channel> is harmless here\n")),
            bullets(line(leaf("one")), line(leaf("two"))),
            bullets(line(leaf("deeper")), indent=1, border=0),
            bullets(line(leaf("deepest")), indent=8, border=1),
            {"type": "rich_text_list", "style": "ordered", "elements": [line(leaf("5."))], "offset": 4},
            quote(leaf("They wrote")),
            {"type": "rich_text_preformatted", "elements": [leaf("if a < b:\n  pass")], "border": 1},
        )
    ),
    "an image": message(image(title=plain("Photo"), block_id="i")),
    "an image that lies in Slack": message(
        {"type": "image", "slack_file": {"id": "F0123456789"}, "alt_text": "A photo"}
    ),
    "a table": message(
        table(
            [cell("Who"), cell("Waiting")],
            [{"type": "rich_text", "elements": [line(leaf("Ana", bold=True))]}, cell("3 h")],
            column_settings=[{"align": "left", "is_wrapped": True}, {"align": "right"}],
        )
    ),
    "two markdown blocks": message(
        {"type": "markdown", "text": "# A\n| a |\n|---|"}, {"type": "markdown", "text": "b"}
    ),
    "mrkdwn with every good token": message(
        section(
            "<@U1> <@U1|ana> <#C1> <#C1|general> <!subteam^S1|@desk> <https://a.example/x?y=1|a b> "
            "<https://a.example> <mailto:a@b.example|mail> <tel:+491234> "
            "<!date^1700000000^{date_short_pretty} at {time}|14 Nov, 22:13 UTC> "
            "<!date^1700000000^{ago}^https://a.example/|then>"
        )
    ),
    "fifty blocks": message(*[section(f"{number}") for number in range(50)]),
    "a section at its limit": message(section("x" * 3000)),
    "a full modal": modal(
        asked(
            text_input(
                multiline=True,
                initial_value="Dear Ana,\n",
                min_length=1,
                max_length=3000,
                placeholder=plain("Write"),
                focus_on_load=True,
                dispatch_action_config={"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
            ),
            block_id="body",
            hint=plain("The customer reads this."),
            optional=True,
            dispatch_action=True,
        ),
        asked(select(initial_option=option("o2"))),
        asked(
            {
                "type": "checkboxes",
                "action_id": "c",
                "options": [option("a", description=plain("First")), option("b")],
                "initial_options": [option("b")],
            }
        ),
        asked(
            {
                "type": "radio_buttons",
                "action_id": "r",
                "options": options(2),
                "initial_option": option("o0"),
            },
            optional=False,
        ),
        asked({"type": "users_select", "action_id": "u"}),
        close=plain("Cancel"),
        private_metadata=json.dumps({"conversation": 42}),
        callback_id="reply",
        notify_on_close=True,
        clear_on_close=True,
        external_id="reply-42",
    ),
    "a modal of every other input": modal(
        asked({"type": "email_text_input", "action_id": "a", "initial_value": "a@b.example"}),
        asked({"type": "url_text_input", "action_id": "b", "placeholder": plain("https://")}),
        asked(
            {
                "type": "number_input",
                "action_id": "c",
                "is_decimal_allowed": False,
                "initial_value": "3",
                "min_value": "1",
                "max_value": "10",
            }
        ),
        asked({"type": "number_input", "is_decimal_allowed": True, "initial_value": "2.5"}),
        asked({"type": "file_input", "action_id": "d", "filetypes": ["pdf", "png"], "max_files": 3}),
        asked({"type": "datepicker", "action_id": "e", "initial_date": "2026-01-31"}),
        asked({"type": "datetimepicker", "action_id": "f", "initial_date_time": 1_700_000_000}),
        asked({"type": "timepicker", "action_id": "g"}),
        asked({"type": "rich_text_input", "action_id": "h", "initial_value": rich(line(leaf("Hello")))}),
        asked(
            {
                "type": "conversations_select",
                "action_id": "i",
                "response_url_enabled": True,
                "default_to_current_conversation": True,
            }
        ),
    ),
    "a modal that asks nothing": {
        "type": "modal",
        "title": plain("Working"),
        "blocks": [section("Loading …")],
    },
    "a home tab": home(
        {"type": "header", "text": plain("What needs me")},
        section(accessory=button()),
        {"type": "divider"},
        actions(button("Refresh")),
        context(mrkdwn("a")),
        rich(line(leaf("a"))),
        private_metadata="x",
        callback_id="home",
        external_id="home-U1",
    ),
    "a hundred blocks in a home tab": home(*[section(f"{number}") for number in range(100)]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_slack_accepts_is_no_problem_for_any_checker(name: str):
    assert problems(GOOD[name]) == []


# ------------------------------------------------------------------------------------------- faults

LONG_URL = "https://example.org/" + "x" * 3000

FAULTS: dict[str, tuple[Thing, str]] = {
    # The message itself
    "a message without fallback text": ({"channel": "C1", "blocks": [section()]}, "fallback"),
    "a blank fallback text": (message(section(), text="  "), "fallback"),
    "a fallback text that is too long": (message(section(), text="x" * 4001), "4000"),
    "a fallback text that is no string": (message(section(), text=7), "fallback"),
    "a fallback text that pings everyone": (message(text="<!channel> help"), "pings everyone"),
    "a fallback text with raw markup": (message(text="mail from <b>"), "&lt;"),
    "blocks that are no list": ({"text": "a", "blocks": section()}, "blocks: must be a list"),
    "a block that is no object": (message("section"), "blocks[0]"),
    "a block without a type": (message({"text": mrkdwn("a")}), "blocks[0]"),
    "a block of an unknown type": (message({"type": "sektion", "text": mrkdwn("a")}), "'sektion'"),
    "a block type that only some libraries know": (message({"type": "card", "title": mrkdwn("a")}), "'card'"),
    "fifty-one blocks": (message(*[section(f"{n}") for n in range(51)]), "more than 50"),
    "more JSON than a message takes": (message(*[section("x" * 2900)] * 5), "13200"),
    "a misspelt argument": (message(section(), thread_tz="1.2"), "unknown key 'thread_tz'"),
    "a thread_ts that is a number": (message(section(), thread_ts=1.2), "message.thread_ts"),
    "a flag that is a string": (message(section(), unfurl_links="false"), "message.unfurl_links"),
    "names that are turned into mentions": (message(section(), link_names=True), "link_names"),
    "parsing that is left to Slack": (message(section(), parse="full"), "message.parse"),
    "an attachment": (message(attachments=[{"text": "a"}]), "attachments"),
    "metadata without a payload": (message(metadata={"event_type": "a"}), "event_payload is missing"),
    "metadata with a flat payload": (
        message(metadata={"event_type": "a", "event_payload": "b"}),
        "event_payload",
    ),
    "something that is no JSON": (message(section(block_id=b"b")), "JSON"),
    "half of a surrogate pair": (message(section("\ud83d")), "JSON"),
    "two blocks of one block_id": (
        message(section(block_id="a"), section(block_id="a")),
        "'a' is there twice",
    ),
    "two tables": (message(table([cell("a")]), table([cell("b")])), "more than one table"),
    # Sections, headers, contexts
    "a section without anything": (message({"type": "section"}), "blocks[0]"),
    "a section whose text is a bare string": (message({"type": "section", "text": "a"}), "blocks[0].text"),
    "an empty text": (message(section("")), "blocks[0].text"),
    "a text that is null": (message({"type": "section", "text": None}), "null"),
    "a section that is too long": (message(section("x" * 3001)), "3000"),
    "a text of an unknown type": (
        message({"type": "section", "text": {"type": "markdown", "text": "a"}}),
        "text",
    ),
    "emoji in mrkdwn": (message({"type": "section", "text": mrkdwn("a", emoji=True)}), "'emoji'"),
    "verbatim plain text": (message({"type": "section", "text": plain("a", verbatim=True)}), "verbatim"),
    "eleven fields": (message({"type": "section", "fields": [mrkdwn("a")] * 11}), "more than 10"),
    "no fields": (message({"type": "section", "fields": []}), "must not be empty"),
    "a field that is too long": (message({"type": "section", "fields": [mrkdwn("x" * 2001)]}), "fields[0]"),
    "two accessories": (message(section(accessory=[button(), button()])), "accessory"),
    "an input as an accessory": (message(section(accessory=text_input())), "plain_text_input"),
    "a misspelt key of a block": (message(section(blok_id="a")), "blok_id"),
    "a block_id that is too long": (message(section(block_id="x" * 256)), "255"),
    "an empty block_id": (message(section(block_id="")), "block_id"),
    "a header of mrkdwn": (message({"type": "header", "text": mrkdwn("a")}), "plain_text"),
    "a header that is too long": (message({"type": "header", "text": plain("x" * 151)}), "150"),
    "a header without text": (message({"type": "header"}), "text is missing"),
    "an empty context": (message(context()), "must not be empty"),
    "eleven things in a context": (message(context(*[mrkdwn("a")] * 11)), "more than 10"),
    "a button in a context": (message(context(button())), "no place in a block of type context"),
    # mrkdwn
    "a ping of the channel": (message(section("<!channel> help")), "<!channel> pings everyone"),
    "a ping of those who are here": (message(section("<!here|here> help")), "pings everyone"),
    "a ping in a context": (message(context(mrkdwn("<!everyone>"))), "pings everyone"),
    "a ping in a field": (message({"type": "section", "fields": [mrkdwn("<!here>")]}), "fields[0]"),
    "a ping in a markdown block": (message({"type": "markdown", "text": "<!channel>"}), "pings everyone"),
    "raw markup from outside": (message(section("mail from <b>Ana</b>")), "&lt;"),
    "a lone angle bracket": (message(section("a < b")), "&lt;"),
    "a link with a foreign scheme": (message(section("<javascript:x|click>")), "&lt;"),
    "a date without a fallback": (message(section("<!date^1700000000^{date}>")), "&lt;"),
    "a date with an unknown part": (message(section("<!date^1700000000^{dat}|x>")), "unknown date part"),
    # Actions and what they hold
    "empty actions": (message(actions()), "must not be empty"),
    "twenty-six buttons": (message(actions(*[button(action_id=f"a{n}") for n in range(26)])), "25"),
    "two elements of one action_id": (message(actions(button(), button("Again"))), "'reply' is there twice"),
    "an unknown element": (message(actions({"type": "knob", "action_id": "a"})), "'knob'"),
    "an element that is null": (message(actions(None)), "elements[0]"),
    "an image among the actions": (message(actions(image())), "no place in a block of type actions"),
    "a button text that is too long": (message(actions(button("x" * 76))), "elements[0].text"),
    "a button without text": (message(actions({"type": "button", "action_id": "a"})), "text is missing"),
    "a button of mrkdwn": (message(actions(button() | {"text": mrkdwn("a")})), "plain_text"),
    "an empty button text": (message(actions(button(""))), "elements[0].text"),
    "a button in an unknown style": (message(actions(button(style="default"))), "style"),
    "a button value that is too long": (message(actions(button(value="x" * 2001))), "2000"),
    "a button value that is a number": (message(actions(button(value=42))), "value"),
    "an action_id that is too long": (message(actions(button(action_id="x" * 256))), "255"),
    "an empty action_id": (message(actions(button(action_id=""))), "action_id"),
    "a URL that is too long": (message(actions(button(url=LONG_URL))), "3000"),
    "a URL without a scheme": (message(actions(button(url="example.org"))), "URL"),
    "a URL that runs a script": (message(actions(button(url="javascript:alert(1)"))), "URL"),
    "a URL with a space": (message(actions(button(url="https://example.org/a b"))), "URL"),
    "a misspelt key of an element": (message(actions(button(vlaue="a"))), "vlaue"),
    "a confirmation without a deny": (
        message(actions(button(confirm={k: v for k, v in confirm().items() if k != "deny"}))),
        "deny is missing",
    ),
    "a confirmation title that is too long": (
        message(actions(button(confirm=confirm(title=plain("x" * 101))))),
        "confirm.title",
    ),
    "a confirmation text that is too long": (
        message(actions(button(confirm=confirm(text=plain("x" * 301))))),
        "confirm.text",
    ),
    "a confirmation button that is too long": (
        message(actions(button(confirm=confirm(confirm=plain("x" * 31))))),
        "confirm.confirm",
    ),
    "a confirmation in an unknown style": (message(actions(button(confirm=confirm(style="red")))), "style"),
    "an unknown key of a confirmation": (message(actions(button(confirm=confirm(ok="a")))), "'ok'"),
    "a select without options": (message(actions({"type": "static_select", "action_id": "a"})), "options"),
    "a select of no options": (message(actions(select(options=[]))), "must not be empty"),
    "a select of 101 options": (message(actions(select(options=options(101)))), "100"),
    "a select of options and groups": (
        message(actions(select(option_groups=[{"label": plain("A"), "options": options(1)}]))),
        "option_groups",
    ),
    "an initial option that is no option": (
        message(actions(select(initial_option=option("elsewhere")))),
        "initial",
    ),
    "an initial option with another label": (
        message(actions(select(initial_option={"text": plain("Other"), "value": "o1"}))),
        "initial",
    ),
    "an option text that is too long": (message(actions(select(options=[option("x" * 76)]))), "75"),
    "an option value that is too long": (
        message(actions(select(options=[{"text": plain("a"), "value": "x" * 151}]))),
        "150",
    ),
    "an option without a value": (message(actions(select(options=[{"text": plain("a")}]))), "value"),
    "an option of mrkdwn in a select": (
        message(actions(select(options=[{"text": mrkdwn("a"), "value": "a"}]))),
        "plain_text",
    ),
    "a link in a select": (message(actions(select(options=[option("a", url="https://a.example")]))), "'url'"),
    "an unknown key of an option": (
        message(actions(select(options=[option("a", selected=True)]))),
        "selected",
    ),
    "a placeholder that is too long": (message(actions(select(placeholder=plain("x" * 151)))), "150"),
    "an overflow of six options": (message(actions(overflow(*options(6)))), "5"),
    "an overflow of no options": (message(actions(overflow())), "must not be empty"),
    "a day that does not exist": (
        message(actions({"type": "datepicker", "action_id": "a", "initial_date": "2026-02-30"})),
        "initial_date",
    ),
    "a time that does not exist": (
        message(actions({"type": "timepicker", "action_id": "a", "initial_time": "25:00"})),
        "initial_time",
    ),
    "a filter that includes nothing known": (
        message(
            actions({"type": "conversations_select", "action_id": "a", "filter": {"include": ["secret"]}})
        ),
        "include",
    ),
    "a response_url in a message": (
        message(actions({"type": "conversations_select", "action_id": "a", "response_url_enabled": True})),
        "response_url_enabled",
    ),
    # Rich text
    "empty rich text": (message(rich()), "must not be empty"),
    "an empty leaf": (message(rich(line(leaf("")))), "elements[0].elements[0].text"),
    "a section of rich text without leaves": (message(rich(line())), "must not be empty"),
    "a leaf outside of a section": (message(rich(leaf("a"))), "elements[0]"),
    "an unknown leaf": (message(rich(line({"type": "mention", "user_id": "U1"}))), "'mention'"),
    "a leaf with an unknown style": (message(rich(line(leaf("a", blink=True)))), "blink"),
    "a leaf whose style is no flag": (message(rich(line({**leaf("a"), "style": {"bold": "yes"}}))), "bold"),
    "a mention in code style": (
        message(rich(line({"type": "user", "user_id": "U1", "style": {"code": True}}))),
        "code",
    ),
    "a broadcast": (message(rich(line({"type": "broadcast", "range": "here"}))), "pings everyone"),
    "a rich text date without a time": (
        message(rich(line({"type": "date", "format": "{time}"}))),
        "timestamp",
    ),
    "a rich link without a URL": (message(rich(line({"type": "link", "text": "a"}))), "url is missing"),
    "a rich link that runs a script": (
        message(rich(line({"type": "link", "url": "javascript:x", "text": "a"}))),
        "URL",
    ),
    "a rich link with an empty label": (
        message(rich(line({"type": "link", "url": "https://a.example", "text": ""}))),
        "text",
    ),
    "a list in an unknown style": (message(rich(bullets(line(leaf("a")), style="dash"))), "style"),
    "a list that is indented too far": (message(rich(bullets(line(leaf("a")), indent=9))), "indent"),
    "a list of bare leaves": (message(rich(bullets(leaf("a")))), "elements[0].elements[0]"),
    "a list in a list": (message(rich(bullets(bullets(line(leaf("a")))))), "elements[0].elements[0]"),
    "a border that is too thick": (
        message(rich({"type": "rich_text_preformatted", "elements": [leaf("a")], "border": 2})),
        "border",
    ),
    "a mention in code": (
        message(rich({"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U1"}]})),
        "preformatted",
    ),
    # Images, tables, markdown
    "an image without an alternative": (
        message({"type": "image", "image_url": "https://example.org/a.png"}),
        "alt_text is missing",
    ),
    "an image without a source": (message({"type": "image", "alt_text": "a"}), "exactly one"),
    "an image of two sources": (message(image(slack_file={"id": "F0123456789"})), "exactly one"),
    "a table of no rows": (message(table()), "must not be empty"),
    "a table of 101 rows": (message(table(*[[cell("a")]] * 101)), "100"),
    "a table of 21 columns": (message(table([cell("a")] * 21)), "20"),
    "an empty cell": (message(table([cell("")])), "rows[0][0]"),
    "a column that is aligned nowhere": (
        message(table([cell("a")], column_settings=[{"align": "top"}])),
        "align",
    ),
    "markdown that is too long in all": (
        message({"type": "markdown", "text": "x" * 7000}, {"type": "markdown", "text": "y" * 5001}),
        "12000",
    ),
    # Views
    "a view of an unknown type": ({"type": "modul", "title": plain("A"), "blocks": [section()]}, "type"),
    "a modal without a title": ({"type": "modal", "blocks": [section()]}, "title is missing"),
    "a modal title that is too long": (modal(section(), title=plain("x" * 25)), "24"),
    "a modal title of mrkdwn": (modal(section(), title=mrkdwn("a")), "plain_text"),
    "a submit that is too long": (modal(section(), submit=plain("x" * 25)), "view.submit"),
    "a close that is too long": (modal(section(), close=plain("x" * 25)), "view.close"),
    "a modal that asks but cannot be sent": (
        {"type": "modal", "title": plain("A"), "blocks": [asked(text_input())]},
        "submit",
    ),
    "a modal of no blocks": (modal(), "must not be empty"),
    "a modal without blocks": ({"type": "modal", "title": plain("A")}, "blocks is missing"),
    "a modal of 101 blocks": (modal(*[section(f"{n}") for n in range(101)]), "100"),
    "private metadata that is too long": (modal(section(), private_metadata="x" * 3001), "3000"),
    "private metadata that is no string": (modal(section(), private_metadata={"a": 1}), "private_metadata"),
    "a callback_id that is too long": (modal(section(), callback_id="x" * 256), "255"),
    "an external_id that is too long": (modal(section(), external_id="x" * 256), "255"),
    "a misspelt key of a view": (modal(section(), calback_id="a"), "calback_id"),
    "a flag of a view that is a number": (modal(section(), notify_on_close=1), "notify_on_close"),
    "a home tab with a title": (home(section(), title=plain("A")), "title"),
    "a table in a modal": (modal(table([cell("a")])), "no place in a modal"),
    "markdown in a home tab": (home({"type": "markdown", "text": "a"}), "no place in a home"),
    "an upload in a message": (
        message(asked({"type": "file_input", "action_id": "a"})),
        "no place in a message",
    ),
    "an upload in a home tab": (home(asked({"type": "file_input", "action_id": "a"})), "no place in a home"),
    "a number field in a message": (
        message(asked({"type": "number_input", "action_id": "a", "is_decimal_allowed": True})),
        "no place in a message",
    ),
    "a button in an input block": (modal(asked(button())), "no place in a block of type input"),
    "an input without a label": (modal({"type": "input", "element": text_input()}), "label is missing"),
    "an input without an element": (modal({"type": "input", "label": plain("A")}), "element is missing"),
    "a label that is too long": (modal(asked(text_input(), label=plain("x" * 2001))), "2000"),
    "a hint of mrkdwn": (modal(asked(text_input(), hint=mrkdwn("a"))), "plain_text"),
    "an optional that is a string": (modal(asked(text_input(), optional="no")), "optional"),
    "lengths the wrong way round": (modal(asked(text_input(min_length=9, max_length=3))), "min_length"),
    "a text field that takes too much": (modal(asked(text_input(max_length=3001))), "max_length"),
    "an initial value that does not fit": (
        modal(asked(text_input(initial_value="too long", max_length=3))),
        "max_length",
    ),
    "an empty private_metadata": (modal(section(), private_metadata=""), "view.private_metadata"),
    "an empty initial value": (modal(asked(text_input(initial_value=""))), "initial_value"),
    "an unknown trigger": (
        modal(asked(text_input(dispatch_action_config={"trigger_actions_on": ["on_blur"]}))),
        "on_blur",
    ),
    "eleven checkboxes": (
        modal(asked({"type": "checkboxes", "action_id": "a", "options": options(11)})),
        "10",
    ),
    "a tick where there is no box": (
        modal(
            asked(
                {
                    "type": "checkboxes",
                    "action_id": "a",
                    "options": options(2),
                    "initial_options": [option("o7")],
                }
            )
        ),
        "initial",
    ),
    "eleven radio buttons": (
        modal(asked({"type": "radio_buttons", "action_id": "a", "options": options(11)})),
        "10",
    ),
    "two fields that both want the focus": (
        modal(asked(text_input(focus_on_load=True)), asked(text_input(focus_on_load=True))),
        "focus_on_load",
    ),
    "numbers out of order": (
        modal(
            asked(
                {
                    "type": "number_input",
                    "action_id": "a",
                    "is_decimal_allowed": False,
                    "initial_value": "11",
                    "max_value": "10",
                }
            )
        ),
        "out of order",
    ),
}

# What Slack takes and one library refuses: reported too, so that all three stay usable as witnesses.
REFUSED: dict[str, tuple[Thing, str]] = {
    "a section that is always expanded": (message(section(expand=True)), "slackblocks"),
    "a rich text colour": (message(rich(line({"type": "color", "value": "#36C5F0"}))), "slackblocks"),
    "underlined rich text": (message(rich(line(leaf("a", underline=True)))), "blockkit"),
    "an emoji with its code point": (
        message(rich(line({"type": "emoji", "name": "wave", "unicode": "1f44b"}))),
        "slackblocks",
    ),
    "an emoji with a skin tone": (
        message(rich(line({"type": "emoji", "name": "wave", "skin_tone": 2}))),
        "blockkit",
    ),
    "a link that is marked unsafe": (
        message(rich(line({"type": "link", "url": "https://a.example", "unsafe": True}))),
        "slack_sdk",
    ),
    "a quote with a border": (message(rich(quote(leaf("a"), border=1))), "slack_sdk"),
    "a confirmation of mrkdwn": (message(actions(button(confirm=confirm(text=mrkdwn("*a*"))))), "blockkit"),
    "a checkbox of mrkdwn": (
        modal(asked({"type": "checkboxes", "options": [{"text": mrkdwn("*a*"), "value": "a"}]})),
        "blockkit",
    ),
    "a description of mrkdwn": (
        modal(asked({"type": "radio_buttons", "options": [option("a", description=mrkdwn("*a*"))]})),
        "slackblocks",
    ),
    "a long alternative text": (message(image(alt_text="x" * 256)), "blockkit"),
    "an initial option out of a group": (
        message(
            actions(
                {
                    "type": "static_select",
                    "option_groups": [{"label": plain("Team"), "options": options(2)}],
                    "initial_option": option("o1"),
                }
            )
        ),
        "blockkit",
    ),
    "a search that needs no letters": (
        message(actions({"type": "external_select", "min_query_length": 0})),
        "blockkit",
    ),
    "a moment among the actions": (message(actions({"type": "datetimepicker"})), "blockkit"),
    "a table in a home tab": (home(table([cell("a")])), "blockkit"),
    "a cell of two paragraphs": (
        message(table([{"type": "rich_text", "elements": [line(leaf("a")), quote(leaf("b"))]}])),
        "slackblocks",
    ),
    "a rich text field of a given height": (
        modal(asked({"type": "rich_text_input", "action_id": "a", "min_lines": 3})),
        "blockkit",
    ),
    "a long initial address": (
        modal(asked({"type": "url_text_input", "initial_value": "https://a.example/" + "x" * 60})),
        "blockkit",
    ),
}


def test_there_are_plenty_of_planted_faults():
    assert len(FAULTS) >= 60


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_reported_with_its_place(name: str):
    thing, hint = FAULTS[name]
    found = problems(thing)
    assert any(hint in problem for problem in found), found
    assert all(problem.split(": ")[0] in CHECKERS for problem in found)


@pytest.mark.parametrize("name", REFUSED)
def test_what_one_library_does_not_know_is_reported_as_its_problem(name: str):
    thing, library = REFUSED[name]
    found = problems(thing)
    assert any(problem.startswith(f"{library}: ") for problem in found), found
    assert not any(problem.startswith("rules: ") for problem in found), "Slack itself has nothing against it"


# ------------------------------------------------------------------- faults planted everywhere at once


def places(thing: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every object inside, except the payload of metadata, which is anybody's own."""
    if isinstance(thing, dict):
        yield path
    inside = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, value in inside:
        if key != "event_payload":
            yield from places(value, (*path, key))


def at(thing: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        thing = thing[key]
    return thing


def spoilt(thing: Thing, path: tuple[Any, ...], spoil: Callable[[Thing], Any]) -> Thing:
    whole = copy.deepcopy(thing)
    spoil(at(whole, path))
    return whole


DEEP = [name for name in GOOD if len(GOOD[name].get("blocks", [])) < 20]


@pytest.mark.parametrize("name", DEEP)
def test_an_unknown_key_is_reported_wherever_it_stands(name: str):
    for path in places(GOOD[name]):
        found = problems(spoilt(GOOD[name], path, lambda one: one.update(surprise="x")))
        assert any("surprise" in problem for problem in found), path


JUNK = (None, "", 7, "text", [1], {"a": {"b": [None]}}, True, [[]], {"type": []})


@pytest.mark.parametrize("name", DEEP)
def test_junk_in_any_place_is_reported_and_never_raises(name: str):
    spots = [(path, key) for path in places(GOOD[name]) for key in at(GOOD[name], path)]
    for number, (path, key) in enumerate(spots):
        junk = JUNK[number % len(JUNK)]
        may_be_right = (
            (junk in (True, 7, "text") and type(at(GOOD[name], path)[key]) is type(junk))
            or key in ("event_payload", "delete_original")
            or (junk is None and not path)  # an argument that is None is not sent
        )
        found = problems(spoilt(GOOD[name], path, lambda one, key=key, junk=junk: one.update({key: junk})))
        assert found or may_be_right, (path, key, junk)


@pytest.mark.parametrize("junk", [None, 7, "text", [], {}, {"blocks": None}, {"blocks": {}}, {"type": {}}])
def test_junk_in_place_of_the_whole_is_reported_and_never_raises(junk: Any):
    assert problems_in_message(junk)
    assert problems_in_view(junk)


# -------------------------------------------------------------------------------------- the fine print


def test_the_checker_leaves_what_it_checks_untouched():
    for thing in [*GOOD.values(), *(fault for fault, _ in FAULTS.values())]:
        before = copy.deepcopy(thing)
        problems(thing)
        assert thing == before


def test_a_problem_names_the_checker_the_place_and_the_fault():
    found = problems_in_message(message(section(), actions(button("x" * 76))))
    assert "rules: blocks[1].elements[0].text.text: longer than 75 characters (76)" in found
    assert {problem.split(": ")[0] for problem in found} == set(CHECKERS)
    assert all("blocks[1].elements[0]" in problem for problem in found)


def test_one_bad_block_hides_no_other():
    found = problems_in_message(
        message(section(""), section(), actions(button("x" * 76)), {"type": "header"})
    )
    for place in ("blocks[0]", "blocks[2]", "blocks[3]"):
        assert {problem.split(": ")[0] for problem in found if place in problem} == set(CHECKERS)
    assert not any("blocks[1]" in problem for problem in found)


def test_the_size_is_that_of_compact_json_in_characters():
    assert size_of_blocks([{"type": "divider"}]) == len('[{"type":"divider"}]')
    assert size_of_blocks(["é😀"]) == len('["é😀"]')


def test_a_message_may_be_exactly_as_large_as_slack_allows():
    blocks = [section("x" * 2900, block_id=f"b{number}") for number in range(4)]
    blocks.append(section("x"))
    blocks[-1]["text"]["text"] = "x" * (13_200 - size_of_blocks(blocks) + 1)
    assert size_of_blocks(blocks) == 13_200
    assert problems_in_message(message(*blocks)) == []
    blocks[-1]["text"]["text"] += "x"
    assert any("13200" in problem for problem in problems_in_message(message(*blocks)))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("&lt;!channel&gt; is only talked about", 0),
        ("@channel does nothing without link_names", 0),
        ("> a quote\na > b", 0),
        ("<!channel> and <!here>", 2),
        ("<!channel", 1),
        ("<<https://a.example|a>>", 1),
        ("<>", 1),
        ("<https://>", 1),
        ("<https://a.example|>", 1),
        ("<!date^1^{date}|>", 1),
        ("<!date^soon^{date}|x>", 1),
        ("<!date^1^today|x>", 1),
    ],
)
def test_only_tokens_of_slack_may_stand_in_angle_brackets(text: str, count: int):
    assert len(list(mrkdwn_problems(text))) == count
