"""*Show Full Mail*, driven as a person would."""

import pytest

from tests.conftest import House

QUOTED = """<div>It burns again.</div><div class="gmail_quote"><div class="gmail_attr">On 2 Mar 2026 at 10:12, Support
wrote:</div><blockquote class="gmail_quote">Is the fire <b>out</b>?</blockquote></div>"""


async def test_what_is_folded_is_shown_to_the_one_who_asks(house: House) -> None:
    card = await house.writes(body=QUOTED)
    reply = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    assert "It burns again." in reply.all_text
    assert "Earlier mails are folded" in reply.all_text
    assert "Is the fire" not in reply.all_text
    modal = await house.opens(house.ben, "Show Full Mail", reply)
    assert modal.title == "Full Mail"
    assert "It burns again." in modal.all_text
    assert "Is the fire" in modal.all_text
    assert "out" in modal.all_text
    assert "Part" not in modal.all_text
    assert house.ana.modal is None


async def test_a_long_mail_is_shown_in_parts_that_one_turns(house: House) -> None:
    body = "".join(f"<p>This is paragraph {number} of a long complaint.</p>" for number in range(1, 1501))
    card = await house.writes(body=body)
    reply = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    assert "This is the beginning" in reply.all_text
    modal = await house.opens(house.ana, "Show Full Mail", reply)
    read = []
    while True:
        read.append(modal.all_text)
        if "Next Part" not in modal.all_text:
            break
        await house.ana.presses("Next Part")
        await house.until(lambda: f"Part {len(read) + 1} of" in modal.all_text)
    assert len(read) > 2
    assert "Previous Part" not in read[0]
    every = "\n".join(read)
    assert all(f"paragraph {number} of" in every for number in range(1, 1501))
    await house.ana.presses("Previous Part")
    await house.until(lambda: modal.all_text == read[-2])


async def test_what_is_no_letter_any_more_ends_in_a_link(house: House) -> None:
    card = await house.writes(body="word " * 100_000)
    reply = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    modal = await house.opens(house.ana, "Show Full Mail", reply)
    pages = 1
    while "Next Part" in modal.all_text:
        pages += 1
        await house.ana.presses("Next Part")
        await house.until(lambda: f"Part {pages} of" in modal.all_text)
    assert "Read the rest in FreeScout" in modal.all_text
    assert f"{house.settings.freescout_url}/conversation/1" in str(modal.blocks)


async def test_nobody_sees_the_mails_of_a_mailbox_that_freescout_hides(house: House) -> None:
    house.freescout.customer_writes("mark@example.org", "Offer", QUOTED, mailbox=house.sales, name="Mark")
    card = await house.until(lambda: house.cards("sales") and house.cards("sales")[0])
    reply = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    await house.ben.presses("Show Full Mail", on=reply)
    told = await house.until(lambda: house.told(house.ben))
    assert "does not let you see" in told
    assert house.ben.modal is None


@pytest.mark.parametrize("value", ["x", "1", "1:2:3:4", "1:99999999999999999999", "1:-2"])
async def test_a_broken_button_says_so(house: House, value: str) -> None:
    card = await house.writes(body=QUOTED)
    reply = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    reply.blocks[-1]["elements"][0]["value"] = value
    await house.ana.presses("Show Full Mail", on=reply)
    assert "broken" in await house.until(lambda: house.told(house.ana))


async def test_a_mail_that_is_gone_is_not_shown(house: House) -> None:
    card = await house.writes(body=QUOTED)
    reply = await house.until(lambda: house.thread(card) and house.thread(card)[0])
    reply.blocks[-1]["elements"][0]["value"] = "1:4711"
    await house.ana.presses("Show Full Mail", on=reply)
    assert "does not have this message any more" in await house.until(lambda: house.told(house.ana))
