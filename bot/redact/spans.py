"""A place in a text, and the words that stand there instead. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

CARD, IBAN, TOKEN, PASSWORD, OWN = "[card number]", "[IBAN]", "[token]", "[password]", "[redacted]"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to, not with, `end`; `word` is what people read there."""

    start: int
    end: int
    word: str


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, and where some overlap one for all of them, under the name of the first."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            last = found[-1]
            found[-1] = Span(last.start, max(last.end, span.end), last.word)
        else:
            found.append(span)
    return found


def replaced(text: str, spans: list[Span]) -> str:
    """The text with the words in place of what they stand for."""
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += [text[at : span.start], span.word]
        at = span.end
    return "".join([*pieces, text[at:]])


def parted(texts: Iterable[str], spans: Sequence[Span]) -> Iterator[str]:
    """Texts that are one text, each as it is said: a word stands where what it hides began."""
    start = first = 0
    for text in texts:
        end, at, words = start + len(text), start, ""
        while first < len(spans) and spans[first].start < end:
            span = spans[first]
            words += text[max(at, start) - start : max(span.start, at) - start]
            words += span.word if span.start >= start else ""
            at = min(max(at, span.end), end)
            if span.end > end:
                break
            first += 1
        yield words + text[at - start :]
        start = end
