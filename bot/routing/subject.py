"""What a route asks of a subject: words, or a pattern. Pure."""

import re
from dataclasses import dataclass, field
from typing import Self

_SEEN = 300
"""Characters of a subject in which patterns search, so that none can search for long."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that stand next to each other in a subject, or a regular expression for it."""

    said: str
    pattern: re.Pattern[str] = field(compare=False)
    part: str = field(default="", compare=False)
    """What has to stand in the subject in any case, which is quicker to see."""

    @classmethod
    def of_words(cls, said: str) -> Self:
        """Whole words, in any case of their letters."""
        words = said.casefold().split()
        inner = r"\s+".join(re.escape(one) for one in words)
        return cls(said, re.compile(rf"(?<!\w){inner}(?!\w)"), max(words, key=len, default=""))

    def found(self, folded: str, written: str) -> bool:
        """Whether it stands in a subject: words in it casefolded, a pattern in its beginning as written.

        Casefolding makes other letters of some, `ss` of `ß`, which a pattern would look for in vain.
        """
        if self.part:
            return self.part in folded and self.pattern.search(folded) is not None
        return self.pattern.search(written, 0, _SEEN) is not None
