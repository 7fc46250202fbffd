"""The simulated month: no ping is missing, none early, none late, none twice, none to somebody else.

Every other seed plays claims as well, which are asked about and lapse; the others a budget of one ping a day for
each person. At the end each list is held to the truth.

`MONTH_SEEDS=20 MONTH_CONVERSATIONS=400` plays longer; `make month` does.
"""

import os
from pathlib import Path

import pytest

from tests.month.play import play
from tests.month.scenario import Month, month

SEEDS = int(os.environ.get("MONTH_SEEDS", "2"))
CONVERSATIONS = int(os.environ.get("MONTH_CONVERSATIONS", "20"))


def made_up(seed: int) -> Month:
    if seed % 2:
        return month(seed, CONVERSATIONS, claims=True)
    return month(seed, CONVERSATIONS, paused=(), budget=1)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_every_ping_of_a_month_is_said_when_it_is_due(tmp_path: Path, seed: int) -> None:
    played = await play(made_up(seed), tmp_path)
    assert len(played.wanted) > CONVERSATIONS
    assert played.differences() == []
    assert played.enough == []
    assert played.unended == []
    assert played.lists == []
