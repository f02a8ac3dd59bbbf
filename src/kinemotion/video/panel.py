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
    "rsi_modified_m_s": "RSI mod.",
    "concentric_duration_ms": "Push-off",
    "peak_power_w": "Power",
    "ground_contact_time_ms": "Contact",
    "reactive_strength_index_m_s": "RSI",
}


class FigurePanel:
    """A jump's height in large letters, and the most telling other figures.

    Args:
        jump: the jump.
        size: of its letters, in pixels.
        flat: whether the other figures stand beside the height, in two columns, and not below it.

    Attributes:
        area: where it goes; its width and height are what it needs.
    """

    def __init__(self, jump: Jump, size: int, *, flat: bool = False) -> None:
        self._size = size
        self._pitch = round(1.5 * size)
        self._title = f"Jump {jump.index}"
        self._height = words.measure(words.HEADLINE, jump.metrics[words.HEADLINE])
        deviation = jump.uncertainty.get(words.HEADLINE)
        self._spread = "" if deviation is None else f"± {words.number(words.HEADLINE, deviation)}"
        lines = _lines(jump)
        half = (len(lines) + 1) // 2
        self._columns = [lines[:half], lines[half:]] if flat else [lines]
        self._wide = [self._width(column) for column in self._columns]
        headline, head = self._headline(), round(4.1 * size)
        rows = self._pitch * len(self._columns[0])
        if flat:
            self._starts = [headline + 2 * size, headline + self._wide[0] + round(3.5 * size)]
            self.area = Area(0, 0, self._starts[1] + self._wide[1] + size, max(head, rows) + size // 2)
        else:
            self._starts = [size]
            self._wide[0] = max(self._wide[0], headline)
            self.area = Area(0, 0, self._wide[0] + 2 * size, head + rows + size // 2)
        self._first = self.area.height - size // 2 - rows

    def draw(self, image: Image) -> None:
        """Draws it at its place."""
        size, area = self._size, self.area
        ink.panel(image, area, radius=size)
        left, base = area.x + size, area.y + round(1.5 * size)
        ink.write(image, self._title, left, base, size, ink.SOFT)
        base += round(2.1 * size)
        ink.write(image, self._height, left, base, 2 * size, ink.WHITE, 700)
        after = left + ink.text_width(self._height, 2 * size, 700) + size // 2
        ink.write(image, self._spread, after, base, size, ink.SOFT)
        for column, start, wide in zip(self._columns, self._starts, self._wide, strict=True):
            base = area.y + self._first
            for name, value in column:
                base += self._pitch
                low, right = base - size // 3, area.x + start + wide
                ink.write(image, name, area.x + start, low, size, ink.SOFT)
                ink.write(image, value, right - ink.text_width(value, size, 600), low, size, ink.WHITE, 600)

    def _headline(self) -> int:
        size = self._size
        return ink.text_width(self._height, 2 * size, 700) + size // 2 + ink.text_width(self._spread, size)

    def _width(self, lines: list[tuple[str, str]]) -> int:
        size = self._size
        rows = (ink.text_width(name, size) + ink.text_width(value, size, 600) + size for name, value in lines)
        return max(rows, default=0)


def _lines(jump: Jump) -> list[tuple[str, str]]:
    wanted = _FIGURES.get(jump.movement, ())
    lines = [(_SHORT[name], words.measure(name, jump.metrics[name])) for name in wanted if name in jump.metrics]
    return [*lines, ("Grade", jump.quality.grade)]
