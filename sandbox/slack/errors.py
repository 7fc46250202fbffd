"""What the stand-in refuses, in Slack's words."""

from typing import Any


class SlackError(Exception):
    """A Web API call answered `ok: false` with this code and whatever else belongs to it."""

    def __init__(self, error: str, *, status: int = 200, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.retry_after = retry_after
        self.reply: dict[str, Any] = {"ok": False, "error": error, **more}
