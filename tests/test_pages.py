"""The pages of the sandbox in a real browser, with the real bridge behind their buttons."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.conftest import House

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=20_000)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium: install the package chromium")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=QUIET)
        one = await browser.new_page(viewport={"width": 1280, "height": 800})
        broken: list[str] = []
        one.on("pageerror", lambda error: broken.append(str(error)))
        yield one
        await browser.close()
    assert broken == []


async def test_a_customer_writes_on_one_page_and_is_answered_on_the_other(house: House, page: Page) -> None:
    helpdesk, slack = house.settings.freescout_url, house.slack.url
    await page.goto(helpdesk)
    await page.get_by_label("Name").first.fill("Nora Quist")
    await page.get_by_label("E-mail").first.fill("nora@example.org")
    await page.get_by_label("Subject").first.fill("Where is my <b>parcel</b>?")
    await page.get_by_label("Message").first.fill("Hello, it is late.")
    await page.get_by_role("button", name="Send").first.click()
    card = await house.until(lambda: house.cards() and house.cards()[0])
    await house.until(lambda: house.thread(card))

    await page.goto(slack)
    await page.get_by_role("link", name="support").first.click()
    await expect(page.get_by_text("#412 Where is my <b>parcel</b>?").first).to_be_visible()
    await page.get_by_role("button", name="Reply", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("To Nora Quist")).to_be_visible()
    await dialog.get_by_role("textbox", name="Reply").fill("It comes <tomorrow>.")
    await dialog.get_by_role("button", name="Send Reply").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_text("Your reply on #412 went to nora@example.org.")).to_be_visible()
    assert [mail.text for mail in house.freescout.outbox] == ["It comes <tomorrow>."]

    await page.get_by_text("2 replies").click()
    await expect(page.get_by_text("It comes <tomorrow>.").first).to_be_visible()
    await page.goto(helpdesk)
    await expect(page.get_by_text("It comes <tomorrow>.").first).to_be_visible()


async def test_the_slack_page_takes_slash_commands_and_shows_what_came_of_them(
    house: House, page: Page
) -> None:
    card = await house.writes()
    await page.goto(house.slack.url)
    await page.get_by_role("link", name="support").first.click()
    await expect(page.get_by_text("#412 Printer on fire").first).to_be_visible()
    box = page.get_by_placeholder("Message #support")
    await box.fill("/freescout close 412")
    await box.press("Enter")
    await expect(page.get_by_text("#412 is closed now.")).to_be_visible()
    await expect(page.get_by_text("Closed").first).to_be_visible()
    await house.until(lambda: "Closed" in card.all_text)
