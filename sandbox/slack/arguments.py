"""Reading what a Web API call was sent, form or JSON, and cutting long answers into pages."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.slack.errors import SlackError

_JSON_IN_FORMS = ("blocks", "attachments", "view", "metadata", "files")


class Arguments(dict[str, Any]):
    """The arguments of one call, forgiving about how booleans and numbers are spelled."""

    def text(self, name: str) -> str | None:
        """A string, or None where it is missing or empty."""
        value = self.get(name)
        return None if value in (None, "") else str(value)

    def need(self, *names: str) -> None:
        """Raise `invalid_arguments` unless all these are there."""
        missing = [name for name in names if self.get(name) in (None, "")]
        if missing:
            messages = [f"[ERROR] missing required field: {name}" for name in missing]
            raise SlackError("invalid_arguments", response_metadata={"messages": messages})

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.get(name) or default)
        except ValueError:
            raise SlackError("invalid_limit") from None


async def read_arguments(request: Request) -> Arguments:
    """Everything that was sent along: the query, then the body."""
    found = Arguments(request.query_params)
    kind = request.headers.get("content-type", "")
    if request.method == "POST" and kind.startswith("application/json"):
        found.update(_json_body(await request.body()))
    elif request.method == "POST":
        found.update(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    for key in _JSON_IN_FORMS:
        if isinstance(found.get(key), str) and found[key]:
            found[key] = _parsed(key, found[key])
    return found


def _json_body(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(sent, dict):
        raise SlackError("json_not_object")
    return sent


def _parsed(key: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        error = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise SlackError(error.get(key, "invalid_arguments")) from None


def token_of(request: Request, args: Arguments) -> str:
    """The token of a call, from its header or its arguments; it is taken out of these."""
    argument = args.pop("token", None)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else str(argument or "")


def page_of(items: list[Any], args: Arguments, default: int = 100) -> tuple[list[Any], str]:
    """One page of `items`, and the cursor of the next or an empty string."""
    start = 0
    if cursor := args.text("cursor"):
        try:
            start = int(urlsafe_b64decode(cursor.encode()).removeprefix(b"next:"))
        except ValueError:
            raise SlackError("invalid_cursor") from None
    end = start + min(max(args.number("limit", default), 1), 1000)
    more = urlsafe_b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], more
