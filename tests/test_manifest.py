"""manifest.yml asks for exactly what the code uses: scopes, events, commands and shortcuts."""

import ast
import re
from pathlib import Path
from typing import Any

import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners import COMMAND
from bot.slack import EVENTS, MESSAGES
from commands import ACTIONS

ROOT = Path(__file__).parent.parent
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))

# The scopes of each method, as https://docs.slack.dev/reference/methods lists them.
SCOPES: dict[str, set[str]] = {
    "apps_connections_open": set(),  # the app token has one of its own, connections:write
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_join": {"channels:join"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_members": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "conversations_replies": {"channels:history", "groups:history"},
    "dnd_info": {"dnd:read"},
    "files_completeUploadExternal": {"files:write"},
    "files_delete": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "files_info": {"files:read"},
    "usergroups_list": {"usergroups:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read", "users:read.email"},
    "users_list": {"users:read"},
    "users_lookupByEmail": {"users:read.email"},
    "views_open": set(),
    "views_update": set(),
}


# The scopes of each event, as https://docs.slack.dev/reference/events lists them; of private channels the second.
_OF_CHANNELS = {"channels:read", "groups:read"}
EVENT_SCOPES = {
    "channel_rename": {"channels:read"},
    "channel_shared": _OF_CHANNELS,
    "channel_unarchive": {"channels:read"},
    "channel_unshared": _OF_CHANNELS,
    "group_rename": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "member_joined_channel": _OF_CHANNELS,
    "member_left_channel": _OF_CHANNELS,
    "reaction_added": {"reactions:read"},
}


def methods_called() -> set[str]:
    """Every method of Slack's client that the code names: `desk.web.chat_postMessage`, `self._web.…`, `web.…`."""
    found: set[str] = set()
    for folder in ("bot", "commands"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                inner = node.value if isinstance(node, ast.Attribute) else None
                called = getattr(inner, "attr", getattr(inner, "id", ""))
                if called in ("web", "_web") and hasattr(AsyncWebClient, getattr(node, "attr", "")):
                    found.add(node.attr)
    return found - {"token"}


def test_the_scopes_are_those_of_the_methods_that_the_code_calls() -> None:
    called = methods_called()
    assert called <= set(SCOPES), "a method without its scopes: look them up and add it to SCOPES"
    needed = set().union(*(SCOPES[name] for name in called)) | {"commands"}
    needed |= set().union(*(EVENT_SCOPES[name] for name in EVENTS))
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed
    assert set(SCOPES) == called, "SCOPES lists a method that is not called any more"


def test_the_one_slash_command_is_the_one_that_is_listened_to() -> None:
    commands = MANIFEST["features"]["slash_commands"]
    assert [one["command"] for one in commands] == [COMMAND]
    assert commands[0]["should_escape"] is True, "people.meant needs <@U…> for @someone"


def listeners() -> set[str]:
    """What of Bolt's the code registers: `app.event`, `app.action`, …"""
    source = (ROOT / "bot" / "slack.py").read_text(encoding="utf-8")
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {f.attr for f in calls if isinstance(f, ast.Attribute) and getattr(f.value, "id", "") == "app"}


def test_it_subscribes_to_the_events_that_it_listens_to_and_to_nothing_that_is_typed() -> None:
    """What is typed in a channel or a thread does not even reach the bridge, unless a route wants notes."""
    assert not listeners() & {"message", "shortcut", "global_shortcut", "function", "assistant"}
    assert tuple(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == EVENTS
    assert not [name for name in EVENTS if name.startswith("message") or name == "app_mention"]


def test_the_events_for_notes_from_threads_stand_there_as_comments() -> None:
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^ +# - (message\.[a-z]+)", text, re.MULTILINE)) == MESSAGES
    assert "notes = true" in text
    needed = {"message.channels": "channels:history", "message.groups": "groups:history"}
    assert {needed[name] for name in MESSAGES} <= set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_its_message_shortcuts_are_those_of_the_actions() -> None:
    offered = MANIFEST["features"]["shortcuts"]
    listed = [shortcut.callback_id for action in ACTIONS for shortcut in action.shortcuts]
    assert sorted(one["callback_id"] for one in offered) == sorted(listed)
    assert {one["type"] for one in offered} == {"message"}
    for one in offered:
        assert len(one["name"]) <= 24
        assert len(one["description"]) <= 150
        assert f"*{one['name']}*" in (ROOT / "docs" / "using.md").read_text(encoding="utf-8")


def test_interactivity_is_on_because_there_are_buttons_and_modals() -> None:
    assert any(action.buttons for action in ACTIONS)
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_the_app_may_write_to_people_who_cannot_write_to_it() -> None:
    """Without the tab Slack answers `messages_tab_disabled` to whatever is for one person."""
    assert MANIFEST["features"]["app_home"] == {
        "home_tab_enabled": False,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": True,
    }
    assert "message.im" not in EVENTS


def test_the_texts_keep_within_slacks_limits() -> None:
    about = MANIFEST["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4000
    assert len(MANIFEST["features"]["slash_commands"][0]["description"]) <= 2000
