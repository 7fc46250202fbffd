"""Where each key of a TOML file stands: paths such as `("routes", 2, "tag")` → lines. Pure.

`tomllib` tells what a file says and not where; this reads what `tomllib` has accepted, and need not doubt it.
https://toml.io/en/v1.0.0
"""

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]
"""Keys, and places in lists from 0 on."""

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")


def located(text: str) -> dict[Path, int]:
    """The line of everything in a text that is valid TOML, from 1 on, by its path."""
    scan = _Scan(text.replace("\r\n", "\n"))
    scan.document()
    return scan.found


class _Scan:
    """One walk through a text."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [place for place, sign in enumerate(text) if sign == "\n"]
        self._last: dict[Path, int] = {}
        """The place of the newest table of each list that is written with `[[…]]`."""

    def document(self) -> None:
        """Go from table to table."""
        table: Path = ()
        while self._skip(_BLANK) and self._at < len(self._text):
            if self._next("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line, many = self._line(), self._next("[")
        keys = self._keys()
        self._at += 1 + many  # the brackets at its end
        path: Path = ()
        for key in keys[:-1]:
            path = self._newest((*path, key))
            self.found.setdefault(path, line)
        path = (*path, keys[-1])
        if many:
            self.found.setdefault(path, line)
            self._last[path] = self._last.get(path, -1) + 1
            path = self._newest(path)
        self.found[path] = line
        return path

    def _newest(self, path: Path) -> Path:
        return (*path, self._last[path]) if path in self._last else path

    def _pair(self, table: Path) -> None:
        line, path = self._line(), table
        for key in self._keys():
            path = (*path, key)
            self.found.setdefault(path, line)
        self._at += 1  # the sign =
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        if self._next("["):
            self._list(path)
        elif self._next("{"):
            self._inline(path)
        elif not self._skip(_STRING):
            self._skip(_BARE_VALUE)

    def _list(self, path: Path) -> None:
        place = 0
        while self._skip(_BLANK) and not self._next("]"):
            self.found[(*path, place)] = self._line()
            self._value((*path, place))
            place += 1
            self._skip(_BLANK)
            self._next(",")

    def _inline(self, path: Path) -> None:
        while self._skip(_BLANK) and not self._next("}"):
            self._pair(path)
            self._skip(_BLANK)
            self._next(",")

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._next("."):
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip(_SPACE)
        start = self._at
        quoted = not self._skip(_BARE_KEY)
        if quoted:
            self._skip(_STRING)
        key = self._text[start : self._at]
        self._skip(_SPACE)
        return str(tomllib.loads(f"key = {key}")["key"]) if quoted else key

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Go past what the pattern matches, which may be nothing; False where it does not match."""
        if match := pattern.match(self._text, self._at):
            self._at = match.end()
        return match is not None

    def _next(self, sign: str) -> bool:
        """Go past this sign, if it comes next."""
        there = self._text.startswith(sign, self._at)
        self._at += there
        return there

    def _line(self) -> int:
        return bisect_right(self._breaks, self._at - 1) + 1
