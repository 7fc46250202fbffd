"""Where each key of the file stands: tables of what TOML lets people write, and a property of any of it."""

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from bot.lines import located
from bot.tables import Path, Where, duration_meant, meant, nearest

LADDER = """# a file
stale.after = "2h"   # a dotted key

[[ladder]]
mailbox = "Support"
steps = [
  { after = "1h", tell = "thread" }, { after = "2h" },
  # a comment, with ] and }

  { after = "3h" },
]

[[ladder]]
[ladder.inner]
"on duty".'x.y' = '''
]
'''
[[ladder.parts]]
one = 1
[[ladder.parts]]
two = "a \\" # no comment"
three = \"\"\"\"quoted\"\"\"\"\"
four = 1979-05-27 07:32:00
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), None),
        (("nothing",), None),
        (("stale",), 2),
        (("stale", "after"), 2),
        (("stale", "every"), 2),
        (("ladder", 0), 4),
        (("ladder", 0, "mailbox"), 5),
        (("ladder", 0, "warn"), 4),
        (("ladder", 0, "steps"), 6),
        (("ladder", 0, "steps", 0), 7),
        (("ladder", 0, "steps", 0, "tell"), 7),
        (("ladder", 0, "steps", 1), 7),
        (("ladder", 0, "steps", 2), 10),
        (("ladder", 0, "steps", 2, "tell"), 10),
        (("ladder", 1), 13),
        (("ladder", 1, "inner"), 14),
        (("ladder", 1, "inner", "on duty", "x.y"), 15),
        (("ladder", 1, "parts", 0, "one"), 19),
        (("ladder", 1, "parts", 1), 20),
        (("ladder", 1, "parts", 1, "two"), 21),
        (("ladder", 1, "parts", 1, "three"), 22),
        (("ladder", 1, "parts", 1, "four"), 23),
    ],
)
def test_a_path_has_the_line_of_its_key_or_else_of_what_is_around_it(path: Path, expected: int) -> None:
    for text in (LADDER, LADDER.replace("\n", "\r\n")):
        assert Where("bridge.toml", path=path, known=located(text)).line == expected


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# nothing", "[a]", "a = 1", "a = []", "a = {}", "a=[[],[[1]]]#x"]
)
def test_the_smallest_files_are_read_to_their_end(text: str) -> None:
    assert set(located(text)) >= set(paths(tomllib.loads(text)))


# ------------------------------------------------------------------------------------------- anything

STRINGS = st.sampled_from(
    [
        '"x"',
        "'y'",
        '"a # b"',
        '"\\" ] }"',
        "'\\'",
        '"""\n[no.table]\nx = 1\n"""',
        "'''\n]\n# '''",
        '""""q"""""',
        "''''q'''''",
        '"""a\\\\"""',
        '""',
        "''",
        "''''''",
        '"""\\\n  x"""',
    ]
)
SCALARS = (
    st.sampled_from(["1", "true", "-2.5e3", "0xDEAD", "1979-05-27 07:32:00", "07:32:00", "inf"]) | STRINGS
)
BREAKS = st.sampled_from(["", " ", "\n", "\n\t", " # ] } a comment\n", "\n\n  "])
"""What may stand between the elements of a list."""


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A valid file, in which every key is written once in the whole file."""
    number = iter(range(10_000))

    def key() -> str:
        name = f"k{next(number)}_"
        return draw(st.sampled_from([name, f'"{name}"', f"'{name}'", f'"{name[:-1]}\\u005F"']))

    def dotted() -> str:
        return draw(st.sampled_from([".", " . "])).join(key() for _ in range(draw(st.integers(1, 3))))

    def value(depth: int = 0) -> str:
        kind = draw(st.sampled_from(["scalar", "list", "inline"])) if depth < 3 else "scalar"
        count = draw(st.integers(0, 3))
        if kind == "list":
            inner = [f"{draw(BREAKS)}{value(depth + 1)}{draw(BREAKS)}" for _ in range(count)]
            return (
                "["
                + ",".join(inner)
                + draw(st.sampled_from(["", ","] if inner else [""]))
                + draw(BREAKS)
                + "]"
            )
        if kind == "inline":
            return "{ " + ", ".join(f"{dotted()} = {value(depth + 1)}" for _ in range(count)) + " }"
        return draw(SCALARS)

    def pairs() -> Iterator[str]:
        for _ in range(draw(st.integers(0, 3))):
            yield f"{dotted()}{draw(st.sampled_from([' = ', '=']))}{value()}{draw(st.sampled_from(['', ' # x = [']))}"

    written = list(pairs())
    for _ in range(draw(st.integers(0, 3))):
        header = dotted()
        if draw(st.booleans()):
            written += [f"[{header}]", *pairs()]
            continue
        for _ in range(draw(st.integers(1, 3))):
            written += [f"[[{header}]] # x", *pairs(), f"[{header}.{key()}]", *pairs()]
    return draw(st.sampled_from(["\n", "\r\n", "\n\n"])).join(written) + "\n"


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    """Every path of what a file says."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from paths(one, (*path, key))


@profile(max_examples=60, deadline=None, derandomize=True)
@given(texts())
def test_every_key_of_any_file_is_on_the_line_that_is_told(text: str) -> None:
    said = text.replace("\r\n", "\n").split("\n")
    found = located(text)
    whole = tomllib.loads(text)
    for path in paths(whole):
        assert path in found
        if isinstance(path[-1], str):
            assert path[-1][:-1] in said[found[path] - 1]
    assert set(found) <= set(paths(whole))


# --------------------------------------------------------------------------------------------- places


def test_a_place_is_said_with_its_line_and_its_name() -> None:
    root = Where("bridge.toml", known=located(LADDER))
    ladder = root.part("ladder 1", "ladder", 0)
    assert str(root) == "bridge.toml"
    assert str(root.key("stale")) == "bridge.toml:2"
    assert str(ladder.key("mailbox")) == "bridge.toml:5, ladder 1"
    assert str(ladder.key("steps").part("step 3", 2)) == "bridge.toml:10, ladder 1, step 3"
    assert str(Where.of("bridge.toml").part("[stale]", "stale")) == "bridge.toml, [stale]"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("assigne", "assignee"),
        ("Thread", "thread"),
        (" chanel ", "channel"),
        ("zzz", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_a_wrong_word_is_met_with_the_nearest_right_one(word: object, expected: str) -> None:
    known = ("thread", "channel", "assignee")
    assert nearest(word, known) == expected
    assert meant(word, known) == (f' Did you mean "{expected}"?' if expected else "")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2 hours", "2h"),
        ("2H", "2h"),
        ("1 hour, 30 min", "1h30m"),
        ("90 Seconds", "90s"),
        ("1 day", "1d"),
        ("2h", ""),
        ("0 min", ""),
        ("2", ""),
        ("soon", ""),
        (2, ""),
    ],
)
def test_a_duration_in_words_is_met_with_one_that_can_be_read(written: object, expected: str) -> None:
    assert duration_meant(written) == (f' Did you mean "{expected}"?' if expected else "")
