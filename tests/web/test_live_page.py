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
  window.lastInFlight = new Set();
  const part = (id) => document.getElementById(id);
  new MutationObserver(() => {
    const { phase } = part('phase').dataset;
    window.phases.add(phase);
    if (phase === 'flight') window.lastInFlight.add(getComputedStyle(part('last')).visibility);
  }).observe(part('phase'), { attributes: true });
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
    await page.get_by_label("Athlete").fill("Ada")
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#connection")).to_contain_text("Connected")
    await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")
    await expect(page.locator("#view")).to_have_class(re.compile("mirrored"))
    height_cm = await jump_height_cm(page)
    drawn_cm = [100 * jump.metrics["jump_height_m"] for jump in drawn_clip.truth]
    assert min(abs(height_cm - truth) for truth in drawn_cm) < TOLERANCE_CM
    assert {"standing", "flight", "landing"} <= set(await page.evaluate("[...window.phases]"))
    await expect(page.locator("#last")).to_have_text(re.compile(r"^Last jump [\d.]+\scm$"))
    assert await page.evaluate("[...window.lastInFlight]") == ["hidden"]
    await expect(page.locator("#angles td").first).to_have_text(re.compile("^≈ "))
    await expect(page.locator("#announcer")).to_have_text(re.compile(r"Jump \d+"))
    await expect(page.locator("#median")).to_have_text(NUMBER)

    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("#summary")).to_contain_text("pictures arrived")
    exported = json.loads(await saved(page, "JSON", tmp_path))["jumps"][0]
    row = next(csv.DictReader((await saved(page, "CSV", tmp_path)).splitlines()))
    assert exported["jump"]["final"]
    assert row["name"] == "Ada"
    assert float(row["jump_height_m"]) == pytest.approx(exported["jump"]["metrics"]["jump_height_m"], abs=1e-4)
    assert float(row["jump_height_m_sd"]) == pytest.approx(exported["jump"]["uncertainty"]["jump_height_m"], abs=1e-4)

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
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator("#summary")).to_be_hidden()
    await expect(page.locator("#welcome")).to_be_visible()
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


async def test_a_value_out_of_range_starts_the_drawn_athlete_alone(server: str, new_page: NewPage) -> None:
    page = await new_page(server)
    start, stop = (page.get_by_role("button", name=name) for name in ("Start camera", "Stop"))
    for label, value, limits in (("Body height", "1.8", "100 to 250 cm"), ("Body mass", "7", "20 to 250 kg")):
        field = page.get_by_label(label)
        await field.fill(value)
        await start.click()
        await expect(field).to_be_focused()
        assert limits in await field.evaluate("(input) => input.validationMessage")
        await expect(stop).to_be_hidden()
        if label == "Body height":
            await field.fill("")
    await page.get_by_role("button", name="No camera? Watch the drawn athlete").click()
    await expect(stop).to_be_visible()


async def test_the_box_belongs_to_drop_jumps(server: str, new_page: NewPage) -> None:
    page = await new_page(server)
    drop = page.get_by_label("Height of the box")
    await drop.fill("999")
    for movement, shown in (("cmj", False), ("dj", True), ("sj", False), ("auto", True)):
        await page.get_by_label("Movement").select_option(movement)
        await expect(drop).to_be_visible(visible=shown)
        assert await page.locator("#form").evaluate("(form) => form.checkValidity()") is not shown
    await drop.fill("30")
    await page.locator("#setup summary").click()
    await expect(page.locator("#setup-summary")).to_have_text("Automatic, box 30 cm")


async def test_a_notice_covers_neither_the_picture_nor_the_figures(server: str, new_page: NewPage) -> None:
    page = await new_page(server)
    await page.evaluate("async () => (await import('/static/notice.js')).showTrouble('slow_consumer')")
    for width, height in ((1280, 800), (390, 844), (844, 390)):
        await page.set_viewport_size({"width": width, "height": height})
        overlap: bool = await page.evaluate(
            """() => {
              const box = (name) => document.querySelector(name).getBoundingClientRect();
              return box('#notice').bottom > box('.stage').top || box('#notice').top < box('.top').bottom;
            }"""
        )
        assert not overlap


async def test_what_belongs_together_stands_together(server: str, new_page: NewPage) -> None:
    page = await new_page(server, viewport={"width": 1280, "height": 850})
    await page.get_by_label("Athlete").fill("Anna Katharina Musterfrau-Schmidt")
    await page.get_by_role("button", name="No camera? Watch the drawn athlete").click()
    await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")
    assert await page.locator("#setup h2").evaluate("(title) => title.clientHeight") < 30  # one line
    assert await page.evaluate("document.querySelector('#numbers').getBoundingClientRect().bottom") <= 850
    for height in (850, 620):
        await page.set_viewport_size({"width": 1280, "height": height})
        edges: dict[str, float] = await page.evaluate(
            """() => {
              const box = (id) => document.getElementById(id).getBoundingClientRect();
              const [tag, view, { width, height }] = [box('source'), box('view'), document.getElementById('picture')];
              return { inside: tag.left - view.left, bar: view.width - view.height * width / height };
            }"""
        )
        assert edges["inside"] > 0
        assert edges["bar"] == pytest.approx(0, abs=1)


async def test_no_ground_shows_for_a_line_that_is_not_there(page: Page) -> None:
    script = """async () => {
      const { Trace } = await import('/static/trace.js');
      const trace = new Trace(document.body.appendChild(document.createElement('canvas')));
      const hidden = [0, 1, 2].map((t) => { trace.add(t, t === 0 ? undefined : 0.1); return trace.canvas.hidden; });
      trace.clear();
      return [...hidden, trace.canvas.hidden];
    }"""
    assert await page.evaluate(script) == [True, True, False, True]


async def test_a_quality_that_is_not_installed_is_marked_or_else_named_once_a_run(
    new_page: NewPage, tmp_path: Path
) -> None:
    with background(Settings(port=0, model_dir=tmp_path, spare_graphs=0, session_s=2.0)) as address:
        page = await new_page(address)
        missing = ["Balanced (not installed)", "Accurate (not installed)"]
        await expect(page.locator("#quality option:disabled")).to_have_text(missing)
        await page.route("**/health/detailed", lambda route: route.abort())
        await page.reload()
        await page.get_by_label("Quality").select_option("accurate")
        await page.get_by_role("button", name="Start camera").click()
        await expect(page.get_by_role("alert")).to_contain_text("Accurate is not installed")
        await expect(page.get_by_role("alert")).to_contain_text("A new session began by itself")
        await expect(page.locator("#notice")).to_have_attribute("data-kind", "calm")
        await expect(page.locator("#connection")).to_contain_text("Connected")
        await expect(page.locator("#overlay")).to_have_attribute("data-pose", "true")
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("alert")).to_be_hidden()
