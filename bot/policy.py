"""What each error of Slack's and FreeScout's leads to: one table, read by the code and by docs/errors.md.

Slack's codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors and its neighbours.
"""

from dataclasses import dataclass
from enum import StrEnum


class Then(StrEnum):
    """What happens next."""

    LATER = "tried again later; a channel that is told to wait waits, and no other does"
    LOOK = "looked for first, because it may have happened, and done again only if it is not there"
    SHUT = "nothing goes to that channel, the operators are told once; one try a while later opens it again"
    STOP = "nothing is posted anywhere, webhooks are still taken; goes on when Slack says yes again"
    JOIN = "the bot joins a public channel and says it again; a private one is shut until it is invited"
    PLAIN = "the same is said as plain text"
    ANEW = "the card comes anew, as there is no message any more that could be changed"
    LEAVE = "the message stays as it is"
    WITHOUT = "messages come without their files, the operators are told once; tried again ten minutes later"
    OPERATOR = "kept and tried each minute, while the operators see what to put right"
    GONE = "the card says that the conversation was deleted"
    PERSON = "said to the person who asked for it; else parked after three tries, until the next webhook"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `words` tell an operator what to do, where there is something to do."""

    then: Then
    words: str = ""


_KEY = "Slack refuses the bot token: put the right one in SLACK_BOT_TOKEN and start the bridge anew"
_NEW_TOKEN = "install the app again, put its new token in SLACK_BOT_TOKEN and start the bridge anew"  # noqa: S105 - words
_RIGHTS = "a workspace setting keeps the bot from posting there"

SLACK: dict[str, Rule] = {
    "ratelimited": Rule(Then.LATER),
    "rate_limited": Rule(Then.LATER),
    "message_limit_exceeded": Rule(Then.LATER),
    "service_unavailable": Rule(Then.LATER),
    "team_added_to_org": Rule(Then.LATER),
    "external_channel_migrating": Rule(Then.LATER),
    "update_failed": Rule(Then.LATER),
    "internal_error": Rule(Then.LOOK),
    "fatal_error": Rule(Then.LOOK),
    "request_timeout": Rule(Then.LOOK),
    "invalid_auth": Rule(Then.STOP, _KEY),
    "not_authed": Rule(Then.STOP, _KEY),
    "account_inactive": Rule(Then.STOP, f"the app was removed from the Slack workspace: {_NEW_TOKEN}"),
    "token_revoked": Rule(Then.STOP, f"the Slack bot token was revoked: {_NEW_TOKEN}"),
    "token_expired": Rule(Then.STOP, f"the Slack bot token has expired: {_NEW_TOKEN}"),
    "missing_scope": Rule(Then.OPERATOR, "the Slack app lacks a scope: install it again with manifest.yml"),
    "not_in_channel": Rule(Then.JOIN, "the bot is not in the channel: invite it there"),
    "channel_not_found": Rule(
        Then.SHUT,
        "Slack has no such channel that the bot can see: invite it there, or change its route",
    ),
    "is_archived": Rule(Then.SHUT, "the channel is archived: unarchive it, or change its route"),
    "is_inactive": Rule(Then.SHUT, "the channel is archived: unarchive it, or change its route"),
    "restricted_action": Rule(Then.SHUT, _RIGHTS),
    "restricted_action_read_only_channel": Rule(Then.SHUT, _RIGHTS),
    "restricted_action_thread_only_channel": Rule(Then.SHUT, _RIGHTS),
    "restricted_action_non_threadable_channel": Rule(Then.SHUT, _RIGHTS),
    "posting_to_channel_denied": Rule(Then.SHUT, _RIGHTS),
    "team_access_not_granted": Rule(Then.SHUT, "the app may not act in that workspace: install it there"),
    "ekm_access_denied": Rule(Then.SHUT, "the workspace's key management keeps the bot from posting"),
    "messages_tab_disabled": Rule(
        Then.SHUT,
        "the app may write to nobody: switch on its App Home » Messages Tab, or use manifest.yml",
    ),
    "others_read_along": Rule(  # the bridge's own: see `audience`
        Then.SHUT,
        "guests or another organisation read along there: remove them, or write open_to in the route",
    ),
    "invalid_blocks": Rule(Then.PLAIN),
    "invalid_blocks_format": Rule(Then.PLAIN),
    "msg_blocks_too_long": Rule(Then.PLAIN),
    "msg_too_long": Rule(Then.PLAIN),
    "message_not_found": Rule(Then.ANEW),
    "thread_not_found": Rule(Then.ANEW),
    "cant_update_message": Rule(Then.LEAVE),
    "edit_window_closed": Rule(Then.LEAVE),
    "file_uploads_disabled": Rule(
        Then.WITHOUT, "the workspace allows no uploads: change that, or leave it at that"
    ),
    "storage_limit_reached": Rule(Then.WITHOUT, "the workspace has no room left for files"),
    "not_allowed": Rule(Then.WITHOUT, "a workspace setting forbids it"),
}

FREESCOUT: dict[str, Rule] = {
    "no connection": Rule(Then.LATER),
    "429": Rule(Then.LATER),
    "500, 502, 503, 504, or a web page": Rule(Then.LATER),
    "a read that breaks off": Rule(Then.LATER),
    "a reply or note that breaks off": Rule(Then.LOOK),
    "401": Rule(Then.OPERATOR, "see FREESCOUT_API_KEY"),
    "a redirect": Rule(Then.OPERATOR, "put the final address in FREESCOUT_URL"),
    "404 of no API, 405": Rule(Then.OPERATOR, "switch the API & Webhooks module on"),
    "404 of the API": Rule(Then.GONE),
    "400, 403, 409, 412, 413, 415, 422": Rule(Then.PERSON),
}


def slack(code: str) -> Rule:
    """The rule for one of Slack's codes; what nobody foresaw is nobody's to repeat."""
    return SLACK.get(code, Rule(Then.PERSON))
