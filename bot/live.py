"""`Live`: the settings that hold at this moment: the file may change, and so may the routes people add."""

from bot.settings import Settings


class Live:
    """Holds what `Desk.settings` gives; whoever takes up a change puts new settings here, as a whole."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
