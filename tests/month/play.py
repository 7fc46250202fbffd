"""The month, played, and held to what the oracle says of it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from tests.month.oracle import Ping, told
from tests.month.scenario import DAYS, HALF, START, Month
from tests.month.stage import staged


@dataclass
class Played:
    """What came of it. Pings that are of one moment and one step of one conversation are one."""

    wanted: list[Ping]
    said: list[Ping] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    """Where a channel's list does not speak of just those who wait too long at the end."""
    enough: list[str] = field(default_factory=list)
    """Where somebody was not told as they should how many more wait, beyond their budget of a day."""
    unended: list[str] = field(default_factory=list)
    """Pings that still call for somebody, though the wait is over."""

    def differences(self) -> list[str]:
        """Every difference in words; empty where all is right."""
        wanted, said = set(self.wanted), set(self.said)
        found = [f"missing: {_words(one)}" for one in sorted(wanted - said)]
        found += [f"not wanted: {_words(one)}" for one in sorted(said - wanted)]
        twice = [one for one in said if self.said.count(one) > 1]
        return sorted(
            [*found, *(f"twice: {_words(one)}" for one in twice)], key=lambda one: one.split(": ", 1)[1]
        )


def _words(one: Ping) -> str:
    return f"{one.at:%a %m-%d %H:%M:%S} conversation {one.conversation} step {one.step} {', '.join(one.told)}"


async def play(month: Month, folder: Path) -> Played:
    """Play a month."""
    expected = told(month)
    played = Played(expected.pings)
    async with staged(folder, month.budget) as stage:
        await stage.start()
        await stage.at(START - timedelta(minutes=1))
        due = {moment for one in played.wanted for moment in (one.at - HALF, one.at)}
        due |= {
            one.at + timedelta(seconds=5) for one in played.wanted if one.at.second
        }  # a snooze's fraction
        pauses = list(month.pauses)
        moments = sorted(
            due
            | {begin for _, begin, _ in pauses}
            | {one.at for one in month.events}
            | {end for _, end in month.sleeps}
            | {look + timedelta(seconds=after) for look in expected.looks for after in (5, 15)}
            | set(month.restarts)
            | expected.anew
        )
        events = list(month.events)
        for moment in moments:
            if any(begin <= moment < end for begin, end in month.sleeps):
                continue
            while pauses and pauses[0][1] <= moment:
                who, begin, end = pauses.pop(0)
                stage.slack.pauses(stage.people[who], begin, end)
            await stage.at(moment)
            if moment in month.restarts:
                await stage.stop()
                await stage.start()
                await stage.settle()
            while events and events[0].at <= moment:
                event = events.pop(0)
                if event.what == "writes":
                    event = replace(event, to=month.boxes[event.conversation])
                if event.what == "writes" or event.conversation in stage.known:
                    await stage.happens(event)
        played.said = stage.said()
        if month.budget < len(played.said):
            expected = told(month, played.said)  # of several at one moment, any may be beyond it
            played.wanted = expected.pings
        played.enough = stage.enough(expected.beyond)
        played.unended = stage.unended(expected.waiting)
        await stage.at(START + timedelta(days=DAYS, seconds=45))
        played.lists = await stage.lists(expected.late, expected.listed)
    return played
