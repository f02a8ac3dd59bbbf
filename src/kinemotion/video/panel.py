"""The sheet with a jump's figures."""

from typing import Final

from kinemotion.jumps import Jump, Movement
from kinemotion.video import ink, words
from kinemotion.video.ink import Area
from kinemotion.video.reader import Image

_FIGURES: Final = {
    Movement.CMJ: ("flight_time_ms", "takeoff_velocity_m_s", "countermovement_depth_m", "rsi_modified_m_s"),
    Movement.SJ: ("flight_time_ms", "takeoff_velocity_m_s", "concentric_duration_ms", "peak_power_w"),
    Movement.DJ: ("flight_time_ms", "ground_contact_time_ms", "reactive_strength_index_m_s"),
}
_SHORT: Final = {
    "flight_time_ms": "Flight",
    "takeoff_velocity_m_s": "Take-off",
    "countermovement_depth_m": "Depth",
    "rsi_modified_m_s": "RSI modified",
    "concentric_duration_ms": "Push-off",
    "peak_power_w": "Peak power",
    "ground_contact_time_ms": "Contact",
    "reactive_strength_index_m_s": "RSI",
}


class FigurePanel:
    """A jump's height in large letters, and the most telling other figures.

    Args:
        jump: the jump.
        size: of its letters, in pixels.

    Attributes:
        area: where it goes; its width and height are what it needs.
    """

    def __init__(self, jump: Jump, size: int) -> None:
        self._size = size
        self._title = f"Jump {jump.index}, {words.MOVEMENTS[jump.movement].lower()}"
        self._height = words.measure(words.HEADLINE, jump.metrics[words.HEADLINE])
        deviation = jump.uncertainty.get(words.HEADLINE)
        self._spread = "" if deviation is None else f"± {words.number(words.HEADLINE, deviation)}"
        self._lines = _lines(jump)
        self._pitch = round(1.5 * size)
        self.area = Area(0, 0, self._wide() + 2 * size, round(4.6 * size) + self._pitch * len(self._lines))

    def draw(self, image: Image) -> None:
        """Draws it at its place."""
        size, area = self._size, self.area
        ink.panel(image, area, radius=size)
        left, right, base = area.x + size, area.x + area.width - size, area.y + round(1.6 * size)
        ink.write(image, self._title, left, base, size, ink.SOFT)
        base += round(2.2 * size)
        ink.write(image, self._height, left, base, 2 * size, ink.WHITE, 700)
        after = left + ink.text_width(self._height, 2 * size, 700) + size // 2
        ink.write(image, self._spread, after, base, size, ink.SOFT)
        for name, value in self._lines:
            base += self._pitch
            ink.write(image, name, left, base, size, ink.SOFT)
            ink.write(image, value, right - ink.text_width(value, size, 600), base, size, ink.WHITE, 600)

    def _wide(self) -> int:
        size = self._size
        headline = ink.text_width(self._height, 2 * size, 700) + size + ink.text_width(self._spread, size)
        rows = (ink.text_width(name, size) + ink.text_width(value, size, 600) + 2 * size for name, value in self._lines)
        return max(ink.text_width(self._title, size), headline, *rows)


def _lines(jump: Jump) -> list[tuple[str, str]]:
    wanted = _FIGURES.get(jump.movement, ())
    lines = [(_SHORT[name], words.measure(name, jump.metrics[name])) for name in wanted if name in jump.metrics]
    grade = jump.quality.grade
    return [*lines, ("Grade", f"{grade}, {words.verdict(jump)[0]}")]
