"""Errors, by who can act on them.

BridgeError
├── ConfigError   the operator, before anything starts
├── UserError     the person in Slack: they read the message as it stands
│   └── NotAllowed  the same, for want of a right: that they were told no goes on record
├── Permanent     the operator: trying again cannot help
├── Transient     nobody: try again later
└── Ambiguous     nobody yet: a write was cut off, look before doing anything
"""

from collections.abc import Sequence


class BridgeError(Exception):
    """What every error of the bridge is. The text holds neither a secret nor a customer's words."""


class ConfigError(BridgeError):
    """Settings that cannot work. `problems` holds every one of them, a sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UserError(BridgeError):
    """Something that the person in Slack can put right; the text says how."""


class NotAllowed(UserError):
    """Something that a person has no right to. `user` and `conversation` are FreeScout's ids, where known."""

    def __init__(self, message: str, user: int = 0, conversation: int = 0) -> None:
        self.user, self.conversation = user, conversation
        super().__init__(message)


class Permanent(BridgeError):
    """Something that stays wrong until an operator changes it."""


class Transient(BridgeError):
    """Something that passes. `retry_after` is in seconds, where the other side named it."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Misconfigured(Transient):
    """A key, a scope, an address or a channel that is wrong. Waiting work stays, and tries again slowly.

    `code` is the other side's word for it, where it has one.
    """

    def __init__(self, message: str, code: str = "") -> None:
        self.code = code
        super().__init__(message, retry_after=60.0)


class Ambiguous(BridgeError):
    """A write that may or may not have happened."""
