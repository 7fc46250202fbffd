"""The documentation cannot rot: what exists is described, and what is described works."""

import re
import tomllib
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot import bridgefile, cards, settings
from bot.__main__ import main
from bot.freescout import FreeScout
from bot.freescout.endpoints import ENDPOINTS
from bot.model import Status
from commands import ACTIONS
from tests import apitable, errortable
from tests.samples import sample_conversation, sample_place
from tests.test_settings import LEAST

ROOT = Path(__file__).parent.parent
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", settings.ENVIRONMENT)
def test_every_variable_is_documented_and_in_the_example(name: str) -> None:
    assert re.search(rf"^\| `{name}` \|", DOCS["configuration.md"], re.MULTILINE)
    assert re.search(rf"^(# )?{name}=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)


def test_no_variable_is_documented_that_is_not_there() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", DOCS["configuration.md"], re.MULTILINE))
    assert documented == set(settings.ENVIRONMENT)


def test_every_key_of_the_file_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", DOCS["configuration.md"], re.MULTILINE))
    assert documented == {f"{table}.{key}" for table, keys in bridgefile.FILE_KEYS.items() for key in keys}


def test_the_defaults_that_are_documented_are_the_true_ones() -> None:
    minimal = dict.fromkeys(settings.ENVIRONMENT, "")
    minimal |= LEAST
    loaded = settings.load(minimal, lambda _: '[[routes]]\nmailbox = "a"\nchannel = "b"')
    rows = re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| `([^`]+)` \|", DOCS["configuration.md"], re.MULTILINE)
    assert len(rows) == 6
    for name, default in rows:
        assert str(getattr(loaded, name.lower())) == default


def test_the_example_of_the_environment_has_defaults_and_what_is_refused_until_it_is_filled_in() -> None:
    shown = {name: value for name, value in dotenv_values(ROOT / ".env.example").items() if value}
    defaults = {name: shown[name] for name in shown if name not in settings.EXAMPLES}
    assert {name: shown[name] for name in settings.EXAMPLES} == settings.EXAMPLES
    loaded = settings.load({**LEAST, **defaults}, lambda _: '[[routes]]\nmailbox = "a"\nchannel = "b"')
    assert {name: str(getattr(loaded, name.lower())) for name in defaults} == defaults


def test_the_example_loads() -> None:
    loaded = settings.load(LEAST, lambda _: (ROOT / "bridge.example.toml").read_text(encoding="utf-8"))
    assert len(loaded.routes) == 2


@pytest.mark.parametrize("name", sorted(DOCS))
def test_every_piece_of_toml_in_the_documents_loads(name: str) -> None:
    for piece in re.findall(r"```toml\n(.*?)```", DOCS[name], re.DOTALL):
        tomllib.loads(piece)
        whole = piece if "[[routes]]" in piece else f'{piece}\n[[routes]]\nmailbox = "a"\nchannel = "b"\n'
        settings.load(LEAST, lambda _, text=whole: text)


def test_every_word_of_the_command_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `/freescout ([a-z]+)[^`]*` \|", DOCS["using.md"], re.MULTILINE)
    assert documented == [word.name for action in ACTIONS for word in action.words]


def test_every_button_of_the_card_is_documented() -> None:
    for status in ("active", "pending", "closed", "spam"):
        message = cards.card(sample_conversation(status=Status(status)), sample_place())
        for element in message.blocks[-1]["elements"]:  # type: ignore[attr-defined]
            labels = [option["text"]["text"] for option in element.get("options", [])]
            labels += [element["text"]["text"]] if "text" in element else []
            for label in labels:
                assert f"*{label}*" in DOCS["using.md"], label


def test_every_sub_command_of_the_command_line_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = re.search(r"\{([a-z,]+)\}", capsys.readouterr().out)
    assert listed
    for name in listed[1].split(","):
        assert f"python -m bot {name}" in "".join(DOCS.values()) + README, name


def test_every_target_of_the_makefile_that_is_documented_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README + "".join(DOCS.values()), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for name, text in {"README.md": README, **{f"docs/{k}": v for k, v in DOCS.items()}}.items():
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name} links to {target}"


def test_the_lock_files_pin_by_hash_and_name_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(pinned)


def test_the_table_of_freescouts_api_is_what_the_code_makes_of_itself() -> None:
    assert DOCS["freescout-api.md"] == apitable.table(), "run `make docs`"


def test_the_table_of_errors_is_what_the_code_makes_of_itself() -> None:
    assert DOCS["errors.md"] == errortable.table(), "run `make docs`"


def test_every_method_of_the_client_is_in_the_table_once() -> None:
    listed = [method for endpoint in ENDPOINTS for method in endpoint.methods]
    public = [name for name in vars(FreeScout) if not name.startswith("_") and name != "close"]
    assert sorted(listed) == sorted(public)
