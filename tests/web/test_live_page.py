"""The live page in a real browser, against a real server."""

import csv
import json
import re
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Download, Page, Route, expect

from kinemotion.realtime.serving import background
from kinemotion.settings import Settings
from kinemotion.synthetic import Clip

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
NUMBER = re.compile(r"[\d.]+")
TOLERANCE_CM = 5.0

SEEN_PHASES = """() => {
  window.phases = new Set();
  new MutationObserver(() => window.phases.add(document.getElementById('phase').dataset.phase))
    .observe(document.getElementById('phase'), { attributes: true });
}"""


class Network(Protocol):
    address: str

    def cut(self) -> None: ...


class NewPage(Protocol):
    async def __call__(self, address: str, *, policy: str = "", **options: Any) -> Page: ...


async def jump_height_cm(page: Page) -> float:
    """The height on the newest final card."""
    card = page.locator(".card[data-final=true]").first
    await expect(card).to_be_visible()
    return float(await card.locator(".height-number").inner_text())


async def saved(page: Page, button: str, folder: Path) -> str:
    """What a button lets the browser save."""
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=button).click()
    download: Download = await coming.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path.read_text()


async def sideways_overflow(page: Page) -> int:
    overflow: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return overflow


async def test_a_jump_before_the_camera_becomes_a_final_card_that_can_be_saved(
    server: str, new_page: NewPage, drawn_clip: Clip, tmp_path: Path
) -> None:
    page = await new_page(server, viewport={"width": 1280, "height": 800})
    await page.evaluate(SEEN_PHASES)
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#connection")).to_contain_text("Connected")
    await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")
    await expect(page.locator("#view")).to_have_class(re.compile("mirrored"))
    height_cm = await jump_height_cm(page)
    drawn_cm = [100 * jump.metrics["jump_height_m"] for jump in drawn_clip.truth]
    assert min(abs(height_cm - truth) for truth in drawn_cm) < TOLERANCE_CM
    assert {"standing", "flight", "landing"} <= set(await page.evaluate("[...window.phases]"))
    await expect(page.locator("#announcer")).to_contain_text("Jump 1")
    await expect(page.locator("#median")).to_have_text(NUMBER)

    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#summary")).to_contain_text("pictures arrived")
    exported = json.loads(await saved(page, "JSON", tmp_path))["jumps"][0]
    row = next(csv.DictReader((await saved(page, "CSV", tmp_path)).splitlines()))
    assert exported["jump"]["final"]
    assert float(row["jump_height_m"]) == exported["jump"]["metrics"]["jump_height_m"]
    assert float(row["jump_height_m_sd"]) == exported["jump"]["uncertainty"]["jump_height_m"]

    await page.reload()
    await expect(page.locator(".card")).not_to_have_count(0)


async def test_the_drawn_athlete_is_measured_beside_the_truth_on_a_phone(server: str, new_page: NewPage) -> None:
    page = await new_page(server, **PHONE)
    problems: list[str] = []
    hosts: set[str | None] = set()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    await page.reload()
    assert await sideways_overflow(page) == 0
    await page.locator("#setup summary").click()
    await page.get_by_label("Movement").select_option("dj")
    assert await sideways_overflow(page) == 0
    await page.get_by_role("button", name="No camera? Watch the drawn athlete").click()
    await expect(page.locator("#source")).to_have_text("Drawn athlete")
    await expect(page.locator("#view")).not_to_have_class(re.compile("mirrored"))
    height_cm = await jump_height_cm(page)
    truth_cm = float((await page.locator(".truth-height").first.inner_text()).removesuffix("cm").strip())
    assert abs(height_cm - truth_cm) < TOLERANCE_CM
    await expect(page.locator("#summary")).to_contain_text("One jump")
    assert await sideways_overflow(page) == 0
    assert problems == []
    assert hosts == {urlsplit(server).netloc}


async def test_a_broken_connection_comes_back_by_itself(relay: Network, new_page: NewPage) -> None:
    page = await new_page(relay.address)
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#answered")).to_have_text(NUMBER)
    relay.cut()
    await expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    await expect(page.locator("#connection")).to_contain_text("Connected")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")


async def test_a_full_server_is_named_and_joined_once_there_is_room(new_page: NewPage) -> None:
    with background(Settings(port=0, max_sessions=1, spare_graphs=0)) as address:
        first = await new_page(address)
        await first.get_by_role("button", name="Start camera").click()
        await expect(first.locator("#connection")).to_contain_text("Connected")
        second = await new_page(address)
        await second.get_by_role("button", name="Start camera").click()
        await expect(second.get_by_role("alert")).to_contain_text("The server is full")
        await first.get_by_role("button", name="Stop").click()
        await expect(first.locator("#connection")).to_contain_text("Stopped")
        await second.get_by_role("button", name="Try now").click()
        await expect(second.locator("#connection")).to_contain_text("Connected")
        await second.get_by_role("button", name="Stop").click()
        await expect(second.locator("#connection")).to_contain_text("Stopped")


async def test_a_denied_camera_is_explained(server: str, new_page: NewPage) -> None:
    page = await new_page(server, policy="camera=()")
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.get_by_role("alert")).to_contain_text("The browser may not use the camera")
    await expect(page.get_by_role("alert")).to_contain_text("Allow the camera")
    await expect(page.get_by_role("button", name="Start camera")).to_be_focused()


async def test_a_page_without_https_says_that_phones_need_it(server: str, new_page: NewPage) -> None:
    page = await new_page(server)
    insecure = "http://gym.test"

    async def fetch_from_server(route: Route) -> None:
        await route.fulfill(response=await route.fetch(url=route.request.url.replace(insecure, server)))

    await page.route(f"{insecure}/**", fetch_from_server)
    await page.goto(f"{insecure}/")
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.get_by_role("alert")).to_contain_text("Phones need https")


@pytest.mark.parametrize(("field", "value"), [("Body height", "1.8"), ("Body mass", "7")])
async def test_a_value_out_of_range_starts_nothing(server: str, new_page: NewPage, field: str, value: str) -> None:
    page = await new_page(server)
    await page.get_by_label(field).fill(value)
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.get_by_label(field)).to_be_focused()
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
