"""What an app may answer to a submitted modal: errors, update, push, clear.

https://docs.slack.dev/surfaces/modals#response_actions
"""

from typing import Any

from sandbox.slack.blocks import check_view
from sandbox.slack.errors import SlackError
from sandbox.slack.model import View
from sandbox.slack.views import replace, stacked
from sandbox.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


def obey(slack: Workspace, view: View, answer: dict[str, Any]) -> None:
    """Do to an open view what the app answered; no answer closes it. A wrong one is trouble, in the view."""
    stack = slack.views.get(view.person, [])
    try:
        match answer.get("response_action"):
            case None:
                if view in stack:
                    stack.remove(view)
            case "errors":
                _errors(view, answer.get("errors"))
            case "update":
                check_view(answer.get("view"))
                replace(slack, view, answer["view"])
            case "push":
                check_view(answer.get("view"))
                stacked(slack, stack, answer["view"])
            case "clear":
                stack.clear()
            case _:
                raise SlackError("invalid_arguments")
    except SlackError as wrong:
        messages = wrong.reply.get("response_metadata", {}).get("messages", [])
        view.trouble = " ".join([TROUBLE, f"({wrong})", *messages])


def _errors(view: View, errors: Any) -> None:
    """Show errors at their fields. Only an input can carry one: Slack takes nothing else."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_arguments")
    view.errors = {str(block): str(words) for block, words in errors.items()}
