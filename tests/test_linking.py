"""Linking: a code that one Slack person was given comes back in a note, and FreeScout says whose note it is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.linking import digest, new_code
from bot.store import Store
from bot.veil import MASK
from sandbox.freescout.records import Actor
from sandbox.slack import Message, Person
from tests.conftest import House

CODE = re.compile(r"link-[2-9A-Z]{4}-[2-9A-Z]{4}")


class Uma:
    """Somebody whom FreeScout knows under another address than Slack."""

    def __init__(self, house: House, name: str = "Uma Unger") -> None:
        first, last = name.split()
        self.person: Person = house.slack.add_person(name, f"{first.lower()}@example.org")
        self.user = house.freescout.add_user(
            first, last, f"{first.lower()}@elsewhere.org", mailboxes=[house.support]
        )


@pytest.fixture
def uma(house: House) -> Uma:
    return Uma(house)


async def hears(house: House, person: Person, words: str) -> Message:
    """Wait until this person alone is told something, and return the message."""
    await house.until(lambda: words in house.told(person))
    return house.slack.ephemerals(person)[-1]


async def code_for(house: House, person: Person, refused: Message | None = None) -> str:
    """Get a code by the button under a refusal, or by the command."""
    before = len(house.slack.ephemerals(person))
    if refused:
        await person.presses("Link My Account", on=refused)
    else:
        await person.types("/freescout link")
    await house.until(lambda: len(house.slack.ephemerals(person)) > before)
    found = CODE.search(house.told(person))
    assert found, house.told(person)
    return found[0]


async def checks(house: House, person: Person, words: str = "") -> str:
    """Ask for the code to be looked for; return the answer."""
    before = len(house.slack.ephemerals(person))
    await person.types(f"/freescout link {words}")
    await house.until(lambda: len(house.slack.ephemerals(person)) > before)
    return house.told(person)


async def presses_check(house: House, person: Person) -> str:
    before = house.slack.ephemerals(person)
    await person.presses("Check", on=[one for one in before if "Check" in str(one.blocks)][-1])
    await house.until(lambda: len(house.slack.ephemerals(person)) > len(before))
    return house.told(person)


def acts_by(house: House) -> list[int]:
    """The users in whose names something was changed."""
    return [one.body["byUser"] for one in house.freescout.requests if one.method == "PUT"]


# The way through


async def test_who_presses_close_links_and_goes_on_with_close(house: House, uma: Uma) -> None:
    card = await house.writes()
    await uma.person.presses("Close", on=card)
    refused = await hears(house, uma.person, "no user with your Slack address uma@example.org")
    code = await code_for(house, uma.person, refused)
    house.freescout.agent_notes(1, uma.user, f"<div>{code}</div>")
    welcome = await hears(house, uma.person, "You act as Uma Unger in FreeScout now.")
    assert acts_by(house) == []
    await uma.person.presses("Close", on=welcome)
    await house.until(lambda: "Closed" in card.all_text)
    assert acts_by(house) == [uma.user]


async def test_who_presses_reply_links_and_gets_the_dialog_as_themselves(house: House, uma: Uma) -> None:
    card = await house.writes()
    await uma.person.presses("Reply", on=card)
    code = await code_for(house, uma.person, await hears(house, uma.person, "so nothing was done"))
    house.freescout.agent_notes(1, uma.user, code.lower())
    shown = await house.opens(uma.person, "Reply", await hears(house, uma.person, "You act as Uma Unger"))
    assert "Uma Unger" in shown.all_text


async def test_an_option_of_the_menu_is_gone_on_with_too(house: House, uma: Uma) -> None:
    card = await house.writes()
    await uma.person.presses("Pending", on=card)
    code = await code_for(house, uma.person, await hears(house, uma.person, "so nothing was done"))
    house.freescout.agent_notes(1, uma.user, code)
    await uma.person.presses("Pending", on=await hears(house, uma.person, "You act as Uma Unger"))
    await house.until(lambda: "Pending" in card.all_text)
    assert acts_by(house) == [uma.user]


async def test_the_words_of_a_command_are_gone_on_with_as_they_were_typed(house: House, uma: Uma) -> None:
    card = await house.writes()
    await uma.person.types("/freescout assign 412 me")
    code = await code_for(house, uma.person, await hears(house, uma.person, "so nothing was done"))
    house.freescout.agent_notes(1, uma.user, code)
    welcome = await hears(house, uma.person, "You act as Uma Unger")
    await uma.person.presses("/freescout assign 412 me", on=welcome)
    await house.until(lambda: "Uma Unger" in card.all_text)


async def test_a_button_that_carries_a_mistyped_word_does_nothing(house: House) -> None:
    card = await house.writes()
    button = next(block for block in card.blocks if block["type"] == "actions")["elements"][0]
    button["action_id"], button["value"] = "link.go_on", "clsoe 412"
    await house.ana.presses("link.go_on", on=card)
    await hears(house, house.ana, "Did you mean /freescout close")
    assert acts_by(house) == []


async def test_a_dialog_that_was_loading_says_no_and_the_button_comes_beside_it(
    house: House, uma: Uma
) -> None:
    card = await house.writes()
    await house.quiet()
    house.freescout.faults.api("GET /api/users*", hang=2.5, after=True)
    await uma.person.presses("Reply", on=card)
    refused = await hears(house, uma.person, "so nothing was done")
    assert uma.person.modal
    assert "no user with your Slack address" in uma.person.modal.all_text
    assert CODE.fullmatch(await code_for(house, uma.person, refused))


async def test_words_too_long_for_a_button_are_refused_all_the_same(house: House, uma: Uma) -> None:
    await house.writes()
    await uma.person.types("/freescout note 412 " + "word " * 500)
    code = await code_for(house, uma.person, await hears(house, uma.person, "so nothing was done"))
    house.freescout.agent_notes(1, uma.user, code)
    await hears(house, uma.person, "You act as Uma Unger")


async def test_what_one_was_told_says_as_whom_one_acts_why_and_where(house: House, uma: Uma) -> None:
    await house.writes()
    await house.ana.types("/freescout whoami")
    said = await hears(house, house.ana, "You act as Ana Alves (ana@example.org)")
    assert "because that user has your Slack address" in said.all_text
    assert "in Sales, Support." in said.all_text
    await uma.person.types("/freescout whoami")
    code = await code_for(house, uma.person, await hears(house, uma.person, "so nothing was done"))
    house.freescout.agent_notes(1, uma.user, code)
    welcome = await hears(house, uma.person, "You act as Uma Unger in FreeScout now")
    await uma.person.presses("/freescout whoami", on=welcome)
    said = await hears(house, uma.person, "because you linked your account on")
    assert "You act as Uma Unger (uma@elsewhere.org)" in said.all_text
    assert "in Support." in said.all_text


async def test_unlinking_ends_it_at_once_and_is_on_record(house: House, uma: Uma) -> None:
    card = await house.writes()
    await house.ana.types("/freescout unlink")
    await hears(house, house.ana, "You have no link")
    house.freescout.agent_notes(1, uma.user, await code_for(house, uma.person))
    await hears(house, uma.person, "You act as Uma Unger")
    await uma.person.types("/freescout unlink")
    await hears(house, uma.person, "You act as nobody in FreeScout now")
    await uma.person.presses("Close", on=card)
    await hears(house, uma.person, "no user with your Slack address")
    assert acts_by(house) == []
    store = Store(house.settings.database_path, house.clock, visiting=True)
    rows = await store.audited(1) + await store.audited(0)
    await store.close()
    mine = [row for row in rows if "link" in row["action"]]
    assert [(row["slack_user"], row["user"], row["action"], row["outcome"]) for row in mine] == [
        (uma.person.id, uma.user, "link", "done"),
        (uma.person.id, uma.user, "unlink", "done"),
    ]


# What survives


async def test_a_code_survives_a_restart_and_a_note_written_meanwhile_counts(house: House, uma: Uma) -> None:
    card = await house.writes()
    await uma.person.presses("Close", on=card)
    code = await code_for(house, uma.person, await hears(house, uma.person, "so nothing was done"))
    await house.stop()
    house.freescout.agent_notes(1, uma.user, code)
    house.clock.skip(timedelta(minutes=40))
    await house.start()
    welcome = await hears(house, uma.person, "You act as Uma Unger")
    await house.stop()
    await house.start()
    await uma.person.presses("Close", on=welcome)
    await house.until(lambda: "Closed" in card.all_text)


async def test_who_was_linked_just_before_a_crash_is_told_after_it(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    await house.stop()
    store = Store(house.settings.database_path, house.clock)
    assert await store.prove(digest(code), uma.user, "a note")
    await store.close()
    house.freescout.agent_notes(1, uma.user, code)
    await house.start()
    await hears(house, uma.person, "You act as Uma Unger")


async def test_where_the_webhook_was_lost_check_finds_the_note(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    assert "holds your code yet" in await presses_check(house, uma.person)
    house.freescout.faults.webhooks(drop=50)
    house.freescout.agent_notes(1, uma.user, code)
    assert "You act as Uma Unger" in await presses_check(house, uma.person)
    assert "You have no code that waits" in await presses_check(house, uma.person)


async def test_a_note_in_a_mailbox_that_no_channel_shows_is_found_by_its_number(
    house: House, uma: Uma
) -> None:
    press = house.freescout.add_mailbox("Press", "press@example.org")
    shy = house.freescout.customer_writes("p@example.org", "Interview", "when?", mailbox=press)
    await house.quiet()
    code = await code_for(house, uma.person)
    assert "No note in that conversation" in await checks(house, uma.person, "412")
    assert "no conversation #999" in await checks(house, uma.person, "999")
    house.freescout.faults.webhooks(drop=50)
    house.freescout.agent_notes(shy, uma.user, code)
    assert "You act as Uma Unger" in await checks(house, uma.person, "412")


async def test_a_webhook_from_a_mailbox_that_no_channel_shows_is_enough(house: House, uma: Uma) -> None:
    press = house.freescout.add_mailbox("Press", "press@example.org")
    shy = house.freescout.customer_writes("p@example.org", "Interview", "when?", mailbox=press)
    house.freescout.agent_notes(shy, uma.user, await code_for(house, uma.person))
    await hears(house, uma.person, "You act as Uma Unger")


# What does not count


async def refused_with(house: House, uma: Uma, why: str) -> None:
    """The code in conversation 412 is not good enough, for this reason, and nobody is linked."""
    await house.quiet()
    assert why in await checks(house, uma.person, "412")
    await uma.person.types("/freescout whoami")
    await hears(house, uma.person, "no user with your Slack address")


async def test_a_code_in_a_customers_mail_proves_nothing(house: House, uma: Uma) -> None:
    await house.writes()
    house.freescout.customer_replies(1, await code_for(house, uma.person))
    await refused_with(house, uma, "not in an internal note")


async def test_a_code_in_a_reply_proves_nothing(house: House, uma: Uma) -> None:
    await house.writes()
    house.freescout.agent_replies(1, uma.user, await code_for(house, uma.person))
    await refused_with(house, uma, "not in an internal note")


async def test_a_code_among_other_words_as_in_a_forwarded_mail_proves_nothing(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    house.freescout.agent_notes(1, uma.user, f"FYI<br>&gt; please forward this: {code}")
    await refused_with(house, uma, "with other words around it")


async def test_a_note_that_the_bridge_wrote_proves_nothing(house: House, uma: Uma) -> None:
    """Else whoever acts as somebody by an address could make that last for ever."""
    card = await house.writes()
    code = await code_for(house, uma.person)
    await house.ana.types(f"/freescout note 412 {code}")
    await house.until(lambda: MASK in house.said(card))
    await refused_with(house, uma, "not written in FreeScout's own pages")


async def test_a_note_that_came_by_mail_proves_nothing(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    one = house.freescout.world.conversations[1]
    house.freescout.desk.write(one, "note", Actor("user", uma.user), code, source="email")
    await refused_with(house, uma, "not written in FreeScout's own pages")


async def test_a_note_that_was_edited_to_hold_a_code_proves_nothing(house: House, uma: Uma) -> None:
    card = await house.writes()
    code = await code_for(house, uma.person)
    victim = house.freescout.add_user("Vic", "Vance", "vic@elsewhere.org", mailboxes=[house.support])
    note = house.freescout.agent_notes(1, victim, "I called them")
    await house.until(lambda: "I called them" in house.said(card))
    one = house.freescout.world.conversations[1]
    next(thread for thread in one.threads if thread.id == note).body = code
    await refused_with(house, uma, "was edited")


async def test_a_note_after_the_code_ran_out_proves_nothing(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    house.clock.skip(timedelta(minutes=21))
    house.freescout.agent_notes(1, uma.user, code)
    await refused_with(house, uma, "not written while the code was good")


async def test_a_code_that_ran_out_unused_is_said_to_have(house: House, uma: Uma) -> None:
    await house.writes()
    await code_for(house, uma.person)
    house.clock.skip(timedelta(minutes=21))
    assert "Your code has run out" in await presses_check(house, uma.person)


async def test_the_note_of_somebody_with_their_own_place_in_slack_links_nobody_else(
    house: House, uma: Uma
) -> None:
    """Whoever is talked into writing somebody's code loses nothing if Slack knows their address."""
    await house.writes()
    house.freescout.agent_notes(1, house.ben_id, await code_for(house, uma.person))
    await refused_with(house, uma, "is another person's in Slack")


async def test_a_replaced_code_links_nobody(house: House, uma: Uma) -> None:
    await house.writes()
    old = await code_for(house, uma.person)
    new = await code_for(house, uma.person)
    house.freescout.agent_notes(1, uma.user, old)
    await refused_with(house, uma, "holds your code yet")
    house.freescout.agent_notes(1, uma.user, new)
    await hears(house, uma.person, "You act as Uma Unger")


async def test_a_code_that_was_used_links_nobody_again(house: House, uma: Uma) -> None:
    card = await house.writes()
    code = await code_for(house, uma.person)
    house.freescout.agent_notes(1, uma.user, code)
    await hears(house, uma.person, "You act as Uma Unger")
    await uma.person.types("/freescout unlink")
    await hears(house, uma.person, "as nobody")
    other = house.freescout.add_user("Vic", "Vance", "vic@elsewhere.org", mailboxes=[house.support])
    house.freescout.agent_notes(1, other, code)
    await house.until(lambda: house.said(card).count(MASK) == 2)
    await uma.person.types("/freescout whoami")
    await hears(house, uma.person, "no user with your Slack address")


async def test_a_code_serves_only_the_person_who_was_given_it(house: House, uma: Uma) -> None:
    await house.writes()
    wes = Uma(house, "Wes Wood")
    code = await code_for(house, uma.person)
    await code_for(house, wes.person)
    house.freescout.faults.webhooks(drop=50)
    house.freescout.agent_notes(1, uma.user, code)
    assert "holds your code yet" in await checks(house, wes.person, "412")
    await wes.person.types("/freescout whoami")
    await hears(house, wes.person, "no user with your Slack address")


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"guest": True}, "Guests"),
        ({"team": "T0OTHER"}, "other workspaces"),
        ({"is_bot": True}, "Bots"),
        ({"deleted": True}, "deactivated"),
    ],
    ids=str,
)
async def test_who_may_not_act_is_given_no_code(house: House, who: dict, why: str) -> None:
    outsider = house.slack.add_person("Gus Guest", "gus@example.org", **who)
    house.slack.workspace.channel("support").members.append(outsider.id)
    house.may_complain = "others_read_along"  # nothing goes to a channel that they read, which is said aloud
    await outsider.types("/freescout link")
    said = await hears(house, outsider, why)
    assert "Link My Account" not in str(said.blocks)
    assert not CODE.search(said.all_text)


async def test_who_was_deactivated_or_made_a_guest_meanwhile_is_not_linked(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    uma.person.profile.guest = True
    house.freescout.agent_notes(1, uma.user, code)
    await house.quiet()
    uma.person.profile.guest = False
    await uma.person.types("/freescout whoami")
    await hears(house, uma.person, "no user with your Slack address")


async def test_a_note_of_a_user_whom_freescout_deleted_links_nobody(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    house.freescout.faults.webhooks(drop=50)
    house.freescout.agent_notes(1, uma.user, code)
    house.freescout.delete_user(uma.user)
    await refused_with(house, uma, "has deleted the user")


async def test_five_codes_an_hour_are_enough(house: House, uma: Uma) -> None:
    for _ in range(5):
        house.clock.skip(timedelta(minutes=1))
        await code_for(house, uma.person)
    assert "five codes within the hour" in await checks(house, uma.person)
    assert re.search("come again in 5[67] min", house.told(uma.person))
    house.clock.skip(timedelta(minutes=57))
    await code_for(house, uma.person)


# What ends a link


async def test_a_link_to_a_user_who_was_deleted_is_dropped_and_that_is_said(house: House, uma: Uma) -> None:
    card = await house.writes()
    house.freescout.agent_notes(1, uma.user, await code_for(house, uma.person))
    await hears(house, uma.person, "You act as Uma Unger")
    house.freescout.delete_user(uma.user)
    house.clock.skip(timedelta(seconds=61))
    await uma.person.presses("Close", on=card)
    said = await hears(house, uma.person, "was deleted there, so the link is gone")
    assert "Link My Account" in str(said.blocks)
    await uma.person.presses("Close", on=card)
    await hears(house, uma.person, "no user with your Slack address")
    assert acts_by(house) == []


async def test_a_user_has_one_person_and_who_was_it_before_is_told(house: House, uma: Uma) -> None:
    await house.writes()
    wes = Uma(house, "Wes Wood")
    house.freescout.agent_notes(1, uma.user, await code_for(house, uma.person))
    await hears(house, uma.person, "You act as Uma Unger")
    house.freescout.agent_notes(1, uma.user, await code_for(house, wes.person))
    await hears(house, wes.person, "You act as Uma Unger")
    await house.until(lambda: uma.person.sees("Another person in Slack proved to be Uma Unger"))
    await uma.person.types("/freescout whoami")
    await hears(house, uma.person, "no user with your Slack address")


async def test_a_link_comes_before_a_matching_address(house: House, uma: Uma) -> None:
    card = await house.writes()
    house.freescout.agent_notes(1, uma.user, await code_for(house, house.ben))
    await hears(house, house.ben, "You act as Uma Unger")
    await house.ben.presses("Close", on=card)
    await house.until(lambda: acts_by(house) == [uma.user])
    await house.ben.types("/freescout unlink")
    await hears(house, house.ben, "You act as Ben Brandt now")


# Rights that end


@pytest.mark.parametrize("status", [403, 404])
async def test_what_freescout_refuses_once_it_is_asked_about_anew_at_once(house: House, status: int) -> None:
    first = await house.writes()
    second = await house.writes("Lamps")
    await house.ben.types("/freescout whoami")
    await hears(house, house.ben, "in Support.")
    house.freescout.world.users[house.ben_id].mailboxes.clear()
    house.freescout.faults.webhooks(drop=50)
    if status == 404:
        house.freescout.agent_deletes_forever(1)
    else:
        house.freescout.faults.api("PUT /api/conversations/*", status=status)
    await house.ben.presses("Close", on=first)
    await house.until(lambda: "in Support." not in house.told(house.ben))
    await house.ben.presses("Close", on=second)
    await hears(house, house.ben, "does not let you see this conversation's mailbox")
    assert "Ask an admin" in house.told(house.ben)


async def test_a_right_that_was_just_given_counts_with_the_next_try(house: House) -> None:
    house.freescout.customer_writes("z@example.org", "Lamps", "twelve", mailbox=house.sales)
    card = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    await house.ben.presses("Close", on=card)
    await hears(house, house.ben, "does not let you see")
    house.freescout.world.users[house.ben_id].mailboxes.add(house.sales)
    await house.ben.presses("Close", on=card)
    await house.until(lambda: "Closed" in card.all_text)


# What must not get out


async def test_a_code_stands_nowhere_but_before_the_eyes_of_one_person(
    house: House, uma: Uma, caplog: pytest.LogCaptureFixture
) -> None:
    card = await house.writes()
    code = await code_for(house, uma.person)
    assert not house.ana.sees(code)
    house.freescout.agent_notes(1, house.ana_id, f"is {code.lower()} of <b>use</b>?")
    house.freescout.agent_notes(1, uma.user, code)
    await hears(house, uma.person, "You act as Uma Unger")
    await house.until(lambda: house.said(card).count(MASK) == 2)
    assert "of use?" in house.said(card)
    assert not house.ana.sees(code)
    assert code.lower() not in str([one.args for one in house.slack.called("chat.postMessage")]).lower()
    await house.stop()
    kept = b"".join(
        path.read_bytes() for path in Path(house.settings.database_path).parent.glob("bridge.db*")
    )
    assert code.encode() not in kept
    assert code not in caplog.text


def test_codes_are_readable_and_all_different() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(CODE.fullmatch(code) for code in codes)
    assert not any(sign in code[4:] for code in codes for sign in "01OIL")


async def test_a_slack_that_fails_puts_the_link_off_and_not_away(house: House, uma: Uma) -> None:
    await house.writes()
    code = await code_for(house, uma.person)
    house.slack.faults.api("users.lookupByEmail", error="internal_error", times=2)
    house.freescout.agent_notes(1, uma.user, code)
    await hears(house, uma.person, "You act as Uma Unger")
