"""What may stand in a `rich_text` block, and what Slack's editor makes of what a person writes in it.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

import copy
from collections.abc import Iterator
from typing import Any

from sandbox.slack.rules import Flaws, Rule, boolean, integer, one_of, several, shape, string, typed, url

STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "unlink"), boolean))
_style: dict[str, Rule] = {"style": STYLE}
_id = string(255)

LEAF = typed(
    {
        "text": shape({"text": string(12_000)}, _style),
        "link": shape({"url": url}, {**_style, "text": string(12_000), "unsafe": boolean}),
        "emoji": shape({"name": string(255)}, {**_style, "unicode": string(255), "skin_tone": integer(1, 6)}),
        "user": shape({"user_id": _id}, _style),
        "channel": shape({"channel_id": _id}, _style),
        "usergroup": shape({"usergroup_id": _id}, _style),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, _style),
        "date": shape(
            {"timestamp": integer(0, 1 << 40), "format": string(255)},
            {**_style, "url": url, "fallback": string(3000)},
        ),
        "color": shape({"value": string(30)}, _style),
    },
    "an element",
)
LEAVES = several(LEAF, 0, 5000)
SECTION = shape({"elements": LEAVES}, {})
_border: dict[str, Rule] = {"border": integer(0, 1)}

RICH_TEXT = shape(
    {
        "elements": several(
            typed(
                {
                    "rich_text_section": SECTION,
                    "rich_text_quote": shape({"elements": LEAVES}, _border),
                    "rich_text_preformatted": shape(
                        {"elements": LEAVES}, {**_border, "language": string(50)}
                    ),
                    "rich_text_list": shape(
                        {
                            "style": one_of("bullet", "ordered"),
                            "elements": several(typed({"rich_text_section": SECTION}, "an element"), 1, 5000),
                        },
                        {**_border, "indent": integer(0, 8), "offset": integer(0, 100_000)},
                    ),
                },
                "an element",
            ),
            1,
            5000,
        )
    },
    {"block_id": _id},
)


def written(wanted: str | list[Any] | dict[str, Any] | None) -> dict[str, Any] | None:
    """What a rich-text field holds: of plain text one section, of elements or a whole block just those.

    None where there is nothing: how Slack sends an empty field is not documented, so that is guessed. Raises
    ValueError where no editor could have made this.
    """
    if isinstance(wanted, str):
        text = {"type": "text", "text": wanted}
        wanted = [{"type": "rich_text_section", "elements": [text]}] if wanted else []
    elements = wanted.get("elements") if isinstance(wanted, dict) else wanted
    if not elements:
        return None
    block = {"type": "rich_text", "elements": copy.deepcopy(elements)}
    flaws: Flaws = []
    RICH_TEXT(block, "/rich_text_value", flaws)
    if flaws:
        raise ValueError(f"nobody can write this in Slack: {' '.join(flaws)}")
    return block


def says_something(block: dict[str, Any] | None) -> bool:
    """Whether there is anything in it: a text, or a leaf that stands for one."""
    return any(leaf.get("text") or leaf["type"] != "text" for leaf in _leaves(block or {}))


def _leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in node.get("elements", ()):
        yield from _leaves(inner) if "elements" in inner else [inner]
