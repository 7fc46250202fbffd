"""docs/errors.md, made from bot/policy.py: `make docs` writes it, a test holds it to the code."""

from bot.policy import FREESCOUT, SLACK, Rule

HEAD = """# What an error leads to

Made by `make docs` from `bot/policy.py`, which is the table that the bridge itself reads.
"""


def table() -> str:
    """The whole document."""
    return HEAD + _part("Slack's errors", SLACK) + _part("FreeScout's answers", FREESCOUT)


def _part(title: str, rules: dict[str, Rule]) -> str:
    rows = [f"| `{code}` | {rule.then.value} | {rule.words or '–'} |" for code, rule in rules.items()]
    return (
        f"\n## {title}\n\n| error | what happens | what the operator reads |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


if __name__ == "__main__":
    print(table(), end="")
