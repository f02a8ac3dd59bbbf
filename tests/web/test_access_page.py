"""The page of a server that wants a token, in a real browser."""

import secrets
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.async_api import BrowserContext, Page, Request, WebSocket, expect

from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

TOKEN = secrets.token_hex(24)
DEMO = "No camera? Watch the drawn athlete"


class NewPage(Protocol):
    async def __call__(self, address: str, **options: Any) -> Page: ...


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A server that wants a token, and has places for one session with it."""
    with background(Settings(port=0, max_sessions=8, tokens=(TOKEN,), sessions_per_token=1)) as address:
        yield address


async def enter(page: Page, token: str) -> None:
    await page.get_by_label("Access token").fill(token)
    await page.get_by_role("button", name="Use token").click()


async def everything_kept(page: Page) -> dict[str, str]:
    """What the browser keeps for the page, by where it keeps it."""
    kept: dict[str, str] = await page.evaluate(
        "() => ({ local: JSON.stringify(localStorage), tab: JSON.stringify(sessionStorage), cookie: document.cookie })"
    )
    return kept


async def test_a_page_asks_for_the_token_once_in_each_tab(guarded: str, new_page: NewPage) -> None:
    page = await new_page(guarded)
    addresses: list[str] = []

    def note(connection: Request | WebSocket) -> None:
        addresses.append(connection.url)

    page.on("request", note)
    page.on("websocket", note)
    field = page.get_by_label("Access token")
    await expect(field).to_be_focused()
    await expect(page.get_by_role("alert")).to_be_hidden()
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#connection")).to_contain_text("Stopped")
    await expect(page.get_by_role("alert")).to_contain_text("The server wants an access token")

    wrong = secrets.token_hex(24)
    await enter(page, wrong)
    await expect(page.get_by_role("alert")).to_contain_text("This access token is not valid")
    await expect(field).to_have_value(wrong)
    await expect(field).to_be_focused()
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#connection")).to_contain_text("Stopped")
    await expect(page.get_by_role("alert")).to_contain_text("This access token is not valid")

    await enter(page, TOKEN)
    await expect(field).to_be_hidden()
    await expect(field).to_have_value("")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await expect(page.locator("#quality option:disabled")).not_to_have_count(0)
    kept = await everything_kept(page)
    assert TOKEN in kept["tab"]
    assert TOKEN not in kept["local"] + kept["cookie"]

    await page.reload()
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#connection")).to_contain_text("Connected")
    await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")
    await expect(field).to_be_hidden()
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#connection")).to_contain_text("Stopped")
    assert any(address.startswith("ws:") for address in addresses)
    assert not any(TOKEN in address for address in addresses)

    context: BrowserContext = page.context
    another = await context.new_page()
    await another.goto(guarded)
    await expect(another.get_by_label("Access token")).to_be_focused()


async def test_the_drawn_athlete_comes_with_a_token_only(guarded: str, new_page: NewPage) -> None:
    page = await new_page(guarded)
    await expect(page.get_by_label("Access token")).to_be_focused()
    await page.get_by_role("button", name=DEMO).click()
    await expect(page.get_by_role("alert")).to_contain_text("The server wants an access token")
    await enter(page, TOKEN)
    await expect(page.get_by_role("alert")).to_be_hidden()
    await page.get_by_role("button", name=DEMO).click()
    await expect(page.locator("#source")).to_have_text("Drawn athlete")
    await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")

    second = await new_page(guarded)
    await enter(second, TOKEN)
    await second.get_by_role("button", name="Start camera").click()
    await expect(second.get_by_role("alert")).to_contain_text("too many sessions")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#connection")).to_contain_text("Stopped")
    await second.get_by_role("button", name="Try now").click()
    await expect(second.locator("#connection")).to_contain_text("Connected")


async def test_a_server_that_asks_nobody_shows_no_field(server: str, new_page: NewPage) -> None:
    page = await new_page(server)
    await expect(page.locator("#quality option:disabled")).not_to_have_count(0)
    await expect(page.get_by_label("Access token")).to_be_hidden()
    await expect(page.get_by_role("alert")).to_be_hidden()
