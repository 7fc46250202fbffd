"""docs/freescout-api.md, made from the code: `make docs` writes it, a test holds it to the code."""

import ast
from pathlib import Path

from bot.freescout.endpoints import ENDPOINTS

ROOT = Path(__file__).parent.parent
HEAD = """# FreeScout's API

Made by `make docs` from `bot/freescout/endpoints.py` and from the calls in the code. *Manual* is the API & Webhooks
module's own; where it and a real server differ, the client follows the server.

Authentication is the header `X-FreeScout-API-Key`; `FREESCOUT_AUTH` chooses another way. Reads and idempotent writes
are tried again after a quick failure, a POST never is. Errors are named by who must act: see
[the house](architecture.md).

| endpoint | in the manual | method | used by | what differs |
|---|---|---|---|---|
"""


def uses() -> dict[str, set[str]]:
    """The files that call each method of the client: `….freescout.users()`, `self._freescout.users()`."""
    found: dict[str, set[str]] = {}
    for folder in ("bot", "commands"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                inner = node.value if isinstance(node, ast.Attribute) else None
                name = inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
                if isinstance(node, ast.Attribute) and name in ("freescout", "_freescout"):
                    found.setdefault(node.attr, set()).add(str(path.relative_to(ROOT)))
    return found


def table() -> str:
    """The whole document."""
    used = uses()
    lines = []
    for endpoint in ENDPOINTS:
        by = sorted(set().union(*(used.get(method, set()) for method in endpoint.methods)))
        lines.append(
            f"| `{endpoint.verb} /api/{endpoint.path}` | {'yes' if endpoint.manual else 'no'} "
            f"| {', '.join(f'`{method}`' for method in endpoint.methods)} "
            f"| {', '.join(f'`{path}`' for path in by) or '–'} | {endpoint.differs} |"
        )
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
