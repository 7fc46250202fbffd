"""What was put into a modal's fields, out of what Slack sends of it. Pure.

https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

import json
from collections.abc import Mapping
from typing import Any


def kept(view: Mapping[str, Any]) -> dict[str, Any]:
    """What a view carries along."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def filled(view: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a view's fields, each block of ours holding one."""
    fields: dict[str, str] = {}
    rich: dict[str, Any] = {}
    files: list[str] = []
    for block, elements in ((view.get("state") or {}).get("values") or {}).items():
        for element in elements.values():
            chosen = element.get("selected_option") or {}
            several = " ".join(str(one.get("value")) for one in element.get("selected_options") or ())
            moment = element.get("selected_date_time")
            fields[block] = str(element.get("value") or chosen.get("value") or moment or several)
            if element.get("type") == "rich_text_input":
                rich[block] = element.get("rich_text_value") or {}
            files += [str(one["id"]) for one in element.get("files") or () if one.get("id")]
    return {"fields": fields, "rich": rich, "files": tuple(files)}
