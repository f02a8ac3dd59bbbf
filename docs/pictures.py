"""Takes the pictures that the README shows, of the drawn athlete: the live page and the top of a report."""

import contextlib
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser, expect, sync_playwright
from rich.console import Console

from kinemotion import analyze_video
from kinemotion.demo import save
from kinemotion.jumps import Movement
from kinemotion.quiet import native_remarks_hidden
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

_HERE: Final = Path(__file__).resolve().parent
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars")
_PATIENCE_MS: Final = 60_000
_QUALITY: Final = 85


def take_page(browser: Browser, target: Path) -> None:
    """The live page, when the first jump is final and the athlete is about to jump again."""
    with (
        background(Settings(port=0, final_s=30.0)) as address,
        browser.new_page(viewport={"width": 1180, "height": 760}) as page,
    ):
        page.goto(address)
        page.get_by_role("button", name="No camera? Watch the drawn athlete").click()
        cards = page.locator("#cards article")
        expect(cards).to_have_count(1, timeout=_PATIENCE_MS)
        expect(cards.get_by_text("First estimate")).to_have_count(0, timeout=_PATIENCE_MS)
        page.screenshot(path=target, quality=_QUALITY)


def take_report(browser: Browser, target: Path) -> None:
    """The first screen of a report."""
    with (
        TemporaryDirectory() as folder,
        contextlib.chdir(folder),  # a report names its clip by the path that was given
        browser.new_page(viewport={"width": 1000, "height": 1130}) as page,
    ):
        clip, report = Path("athlete.mp4"), Path("report.html")
        save(Console(quiet=True), clip, Movement.CMJ, 1, 60)
        analyze_video(clip, movement="cmj", height_m=1.75, mass_kg=74).write_report(report)
        page.goto(report.absolute().as_uri())
        page.screenshot(path=target, quality=_QUALITY)


def main() -> None:
    """Takes them all."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed: run `make system` as root")
    with (
        native_remarks_hidden(),
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=_FLAGS) as browser,
    ):
        take_page(browser, _HERE / "page.jpg")
        take_report(browser, _HERE / "report.jpg")


if __name__ == "__main__":
    main()
