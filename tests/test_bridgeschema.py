"""docs/bridge.schema.json says to an editor what the reader of bridge.toml says to an operator."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bot.bridgefile import FILE_KEYS
from bot.errors import ConfigError
from bot.ladderfile import STEP_KEYS
from bot.routing.conditionfile import CONDITIONS, GROUPS
from bot.settings import load
from tests import bridgeschema
from tests.test_settings import BROKEN, LEAST

ROOT = Path(__file__).parent.parent
WRITTEN = (ROOT / "docs" / "bridge.schema.json").read_text(encoding="utf-8")
ROUTE = '[[routes]]\nmailbox = "Support"\nchannel = "support"\n'
PAPERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PIECES = [
    pytest.param(piece, id=f"{path.name}-{number}")
    for path in PAPERS
    for number, piece in enumerate(
        re.findall(r"```toml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    )
]
EXAMPLE = (ROOT / "bridge.example.toml").read_text(encoding="utf-8")


@cache
def validator() -> Draft7Validator:
    return Draft7Validator(json.loads(WRITTEN))


def refused(text: str) -> bool:
    """Whether an editor would complain."""
    return not validator().is_valid(json.loads(json.dumps(tomllib.loads(text), default=str)))


def wrong(text: str) -> bool:
    """Whether the bridge would not start."""
    try:
        load(LEAST, lambda _name: text)
    except ConfigError:
        return True
    return False


def whole(piece: str) -> str:
    """A piece of a document with what every file needs."""
    return piece if "[[routes]]" in piece else f"{piece}\n{ROUTE}"


def test_the_schema_is_what_the_code_makes_of_itself() -> None:
    assert bridgeschema.text() == WRITTEN, "run `make docs`"
    Draft7Validator.check_schema(json.loads(WRITTEN))


def test_every_key_that_the_reader_knows_is_in_it_and_none_other() -> None:
    tables: dict[str, Any] = json.loads(WRITTEN)["properties"]
    keys = {name: tuple(table.get("items", table)["properties"]) for name, table in tables.items()}
    assert keys == FILE_KEYS
    assert {name: tuple(shapes) for name, shapes in bridgeschema.SHAPES.items()}.keys() == FILE_KEYS.keys()
    assert all(set(shapes) == set(FILE_KEYS[name]) for name, shapes in bridgeschema.SHAPES.items())
    assert set(bridgeschema.STEP["properties"]) == set(STEP_KEYS)


def test_every_key_is_described() -> None:
    for name, table in json.loads(WRITTEN)["properties"].items():
        for key, shape in table.get("items", table)["properties"].items():
            assert shape["description"], f"{name}.{key}"


@pytest.mark.parametrize("piece", [*PIECES, pytest.param(EXAMPLE, id="the example")])
def test_every_example_is_good_in_an_editor_and_in_the_bridge(piece: str) -> None:
    assert (refused(whole(piece)), wrong(whole(piece))) == (False, False)


def test_the_example_with_all_that_it_shows_switched_on_is_good_as_well() -> None:
    """What stands there behind a # is meant to be used."""
    shown = re.sub(r"^# (?=[a-z_]+ = |\[|  \{|\])", "", EXAMPLE, flags=re.MULTILINE)
    assert tomllib.loads(shown).keys() > tomllib.loads(EXAMPLE).keys()
    assert (refused(shown), wrong(shown)) == (False, False)


@pytest.mark.parametrize("key", [f"{table}.{key}" for table, keys in FILE_KEYS.items() for key in keys])
def test_what_no_key_may_say_is_refused_by_both(key: str) -> None:
    table, name = key.split(".")
    header = f"[[{table}]]" if table in bridgeschema.MANY else f"[{table}]"
    text = f"{ROUTE if table != 'routes' else ''}{header}\n{name} = [[1.5]]\n"
    assert (refused(text), wrong(text)) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        BROKEN,
        "",
        "[stale]\n",
        f"{ROUTE}[stael]\n",
        f"{ROUTE}chanel = 'x'\n",
        f"{ROUTE}after = '2 hours'\n",
        f"{ROUTE}body = 'all'\n",
        f"{ROUTE}deliver = {{ customer = 'somewhere' }}\n",
        f"{ROUTE}deliver = {{ new = 'thread' }}\n",
        f"{ROUTE}open_to = ['everybody']\n",
        f"{ROUTE}any = [{{ tga = 'vip' }}]\n",
        f"{ROUTE}unless = {{ status = 'spam' }}\n",
        *(f"{ROUTE}{key} = []\n" for key in (*CONDITIONS[1:], *GROUPS)),
        *(f"{ROUTE}any = [{{ {key} = [] }}]\n" for key in (*CONDITIONS, *GROUPS)),
        f"{ROUTE}field = {{}}\n",
        f"{ROUTE}field = {{ Plan = [] }}\n",
        f"{ROUTE}[pings]\nbudget = 0\n",
        f"{ROUTE}[[ladder]]\nsteps = []\n",
        f"{ROUTE}[[ladder]]\nsteps = [{{ after = '1h', tell = 'everybody' }}]\n",
        f"{ROUTE}[[hours]]\nopen = ['mon-fri 09:00-17:00']\n",
        f"[routes]\n{ROUTE[11:]}",
    ],
)
def test_what_is_wrong_is_refused_by_both(text: str) -> None:
    assert (refused(text), wrong(text)) == (True, True)


def test_the_example_names_its_schema() -> None:
    name = EXAMPLE.splitlines()[0].removeprefix("#:schema ")
    assert (ROOT / name).exists()
