"""The stage of the torture: on whose port the bridge lives, and what is told where it does not."""

from pathlib import Path

import pytest

from sandbox.clock import Clock
from sandbox.freescout import FreeScout
from sandbox.serving import free_port, serving
from tests.torture.stage import Broken, staged


def test_no_port_is_given_twice_and_none_that_the_system_gives_to_others() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == 200
    assert max(ports) < 32_768  # Linux gives those from there; macOS and Windows from 49152


@pytest.mark.timeout(60)
async def test_an_answer_of_another_server_is_not_taken_for_the_bridge(tmp_path: Path) -> None:
    other = FreeScout(now=Clock())
    async with staged(tmp_path) as stage, serving(other.app, int(stage.environment["PORT"])):
        with pytest.raises(Broken, match=r"another server is at http|ended by itself with status 1"):
            await stage.start()


@pytest.mark.timeout(60)
async def test_a_test_that_fails_shows_what_the_bridge_said_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TimeoutError):
        async with staged(tmp_path) as stage:
            await stage.start()
            raise TimeoutError
    assert "--- life 1, to end at no point" in capsys.readouterr().out
