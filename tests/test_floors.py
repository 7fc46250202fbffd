"""The plan of the house in docs/architecture.md is the one that the code is built to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLAN = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def floors() -> dict[str, int]:
    """Each room's floor, read from the table of the plan: a file, or a folder that is one room."""
    found: dict[str, int] = {}
    for number, rooms in re.findall(r"^\| (\d+) \| (.+?) \|", PLAN, re.MULTILINE):
        for room in re.findall(r"`([^`]+)`", rooms):
            assert room not in found, f"{room} is in the plan twice"
            found[room] = int(number)
    return found


def room(path: str, known: dict[str, int]) -> str | None:
    """The room of a module's file: itself, or the folder that is planned as one."""
    folder = str(Path(path).parent) + "/"
    if path in known:
        return path
    if folder == "commands/" and not path.endswith("__init__.py"):
        return "commands/*.py"
    return folder if folder in known else None


def imported(path: Path) -> Iterator[str]:
    """The files of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports by dots"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.split(".")[0] in ("bot", "commands", "sandbox"):
                yield from _files(name)


def _files(name: str) -> Iterator[str]:
    path = name.replace(".", "/")
    if (ROOT / f"{path}.py").exists():
        yield f"{path}.py"
    elif (ROOT / path / "__init__.py").exists() and name != "bot":
        yield f"{path}/__init__.py"


def sources(*folders: str) -> list[str]:
    return sorted(str(p.relative_to(ROOT)) for folder in folders for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", sources("bot", "commands"))
def test_a_file_has_a_room_and_imports_only_from_lower_floors(path: str) -> None:
    known = floors()
    mine = room(path, known)
    assert mine is not None or path == "bot/__init__.py", f"{path} has no room in docs/architecture.md"
    for other in imported(ROOT / path):
        theirs = room(other, known)
        if other.startswith("sandbox/"):
            assert path == "bot/demo.py", f"{path} imports the sandbox"
        elif theirs != mine or mine == "commands/*.py":
            assert theirs is not None, f"{path} imports {other}, which has no room"
            assert known[theirs] < known[str(mine)], f"{path} imports {other}, which is not below it"


def test_the_plan_names_no_room_that_is_not_there() -> None:
    for planned in floors():
        assert list(ROOT.glob(planned)), f"{planned} is in the plan alone"


@pytest.mark.parametrize("path", sources("bot"))
def test_within_the_bridge_only_the_app_imports_the_actions(path: str) -> None:
    if path != "bot/app.py":
        assert not [other for other in imported(ROOT / path) if other.startswith("commands/")]


@pytest.mark.parametrize("path", sources("sandbox"))
def test_the_sandbox_imports_nothing_of_the_bridge_but_the_model(path: str) -> None:
    allowed = {"bot/model.py"}
    assert {p for p in imported(ROOT / path) if not p.startswith("sandbox/")} <= allowed


@pytest.mark.parametrize("path", sources("bot", "commands", "sandbox"))
def test_a_file_stays_below_300_lines(path: str) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", sources("bot", "commands"))
def test_importing_a_file_reads_no_environment(path: str) -> None:
    """Only the command line does: everything else gets its settings handed in."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path != "bot/__main__.py":
        assert not re.search(r"\bos\.(environ|getenv)\b|getenv\(", text)


RAW = {
    "bot/desk.py": "the path itself",
    "bot/forgetting.py": "it finds out what is to be forgotten",
    "bot/linking.py": "it looks for a code, and shows nothing",
    "bot/meant.py": "it asks only whether there is such a one",
    "bot/outbox.py": "it looks for what was sent, and who is assigned",
    "bot/reconcile.py": "codes are noticed before they are masked",
    "bot/takers.py": "it takes the custom fields alone",
    "bot/waiters.py": "it passes the whole list through the veil",
}
"""Who fetches a conversation with what may not be shown of it, and why that may be."""


def test_whoever_shows_a_conversation_fetches_it_on_the_one_path() -> None:
    """`Desk.truth` leaves out what was forgotten, and masks codes."""
    found = {
        path
        for path in sources("bot", "commands")
        if "freescout.conversation(" in (ROOT / path).read_text(encoding="utf-8")
    }
    assert found == set(RAW)
