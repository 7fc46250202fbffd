"""What differs between installs: modules that are there or not, and the version."""

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """Set them on `FreeScout.api`, at any time."""

    tags_module: bool = True
    custom_fields_module: bool = True
    """Off: no conversation has `customFields`, and its routes answer 400, like those of tags."""
    lists_custom_fields: bool = False
    """On: lists fill `customFields`. The manual shows them empty there; no list with fields was recorded."""
    lists_webhooks: bool = False
    """The recorded version has no such route; later ones do."""
    wrong_module: bool = False
    """Another module's API answers under `/api`: see `othermodule.py`."""
