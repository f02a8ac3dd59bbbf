"""The clip with everything drawn over it: skeleton, phase, events, the height over time, and the figures."""

from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from kinemotion.jumps import Phase
from kinemotion.video import ink, skeleton, words
from kinemotion.video.ink import Area
from kinemotion.video.panel import FigurePanel
from kinemotion.video.placing import body_boxes, clearest
from kinemotion.video.reader import Image
from kinemotion.video.result import VideoAnalysis
from kinemotion.video.strip import Strip
from kinemotion.video.timeline import Timeline, start_s

_FLASH_S: Final = 0.45  # of playing time
_LONGEST_REPEAT_S: Final = 5.0
_PHASE_COLOURS: Final = {
    Phase.NO_POSE: (120, 120, 120),
    Phase.STANDING: (190, 180, 170),
    Phase.COUNTERMOVEMENT: (84, 180, 255),
    Phase.SQUAT: (84, 180, 255),
    Phase.DROP: (84, 180, 255),
    Phase.CONTACT: (120, 120, 255),
    Phase.PROPULSION: (110, 215, 130),
    Phase.FLIGHT: (240, 201, 76),
    Phase.LANDING: (200, 150, 240),
}


class Overlay:
    """Draws over the frames of one clip.

    Args:
        analysis: the clip and what was found in it.
    """

    def __init__(self, analysis: VideoAnalysis) -> None:
        self._analysis = analysis
        self._timeline = Timeline(analysis.jumps)
        self._width, self._height = analysis.video.width, analysis.video.height
        unit = min(self._width, self._height) / 100
        self._size = max(round(3.6 * unit), 12)
        self._gap = round(2.2 * unit)
        self._border = max(round(0.9 * unit), 2)
        self._times = np.array(analysis.track.times_s)
        self._boxes = body_boxes(analysis.track, self._width, self._height)
        self._pill = round(2.7 * self._size)
        self._strip = self._placed_strip(round(max(13 * unit, 4 * self._size)))
        self._panels = {jump.index: self._placed_panel(number) for number, jump in enumerate(analysis.jumps)}

    def draw(self, image: Image, row: int) -> None:
        """Draws what is known of one frame onto it; `row` is its place in the track."""
        track = self._analysis.track
        time_s, landmarks = track.times_s[row], track.landmarks(row)
        if landmarks is not None:
            skeleton.draw(image, landmarks)
        self._strip.draw(image, row)
        self._draw_phase(image, self._timeline.phase(time_s, track.phases[row]))
        self._draw_clock(image, time_s)
        told = self._timeline.told(time_s)
        if told is not None:
            self._panels[told.index].draw(image)
        self._flash(image, time_s)

    def _top(self) -> int:
        """Where there is room below the strip, or below the upper edge."""
        return self._gap + (self._strip.area.height if self._strip.area.y == 0 else 0)

    def _bottom(self) -> int:
        return self._height - self._gap - (self._strip.area.height if self._strip.area.y > 0 else 0)

    def _placed_strip(self, tall: int) -> Strip:
        low, high = Area(0, self._height - tall, self._width, tall), Area(0, 0, self._width, tall)
        return Strip(self._analysis, clearest([low, high], self._boxes), self._size)

    def _placed_panel(self, number: int) -> FigurePanel:
        """The figures of a jump, clear of the body for as long as they show."""
        jumps = self._analysis.jumps
        until = start_s(jumps[number + 1]) if number + 1 < len(jumps) else np.inf
        shown = (self._times >= jumps[number].events_s["landing"]) & (self._times < until)
        panel = FigurePanel(jumps[number], self._size)
        panel.area = self._clear(panel.area.width, panel.area.height, shown)
        return panel

    def _clear(self, wide: int, tall: int, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Area:
        """A place for something below the phase or above the strip, at the left, right or in the middle."""
        left, right = self._gap, self._width - self._gap - wide
        heights = (self._bottom() - tall, self._top() + self._pill + self._gap)
        places = [Area(x, y, wide, tall) for y in heights for x in (left, right, (self._width - wide) // 2)]
        return clearest(places, self._boxes[rows])

    def _draw_phase(self, image: Image, phase: Phase) -> None:
        size, top = round(1.35 * self._size), self._top()
        text = words.PHASES[phase]
        ink.panel(image, Area(self._gap, top, ink.text_width(text, size, 600) + 3 * size, self._pill), radius=size)
        ink.dot(image, self._gap + size, top + self._pill / 2, 0.38 * size, _PHASE_COLOURS[phase])
        ink.write(image, text, self._gap + round(1.8 * size), top + round(1.36 * size), size, ink.WHITE, 600)

    def _draw_clock(self, image: Image, time_s: float) -> None:
        size, top = round(1.35 * self._size), self._top()
        text = f"{time_s:.2f} s"
        room = ink.text_width("00.00 s", size) + size
        left = self._width - self._gap - room
        ink.panel(image, Area(left, top, room, self._pill), radius=size)
        base = top + round(1.36 * size)
        ink.write(image, text, left + (room - ink.text_width(text, size)) // 2, base, size, ink.WHITE)

    def _flash(self, image: Image, time_s: float) -> None:
        """An event in large letters, and a frame around the picture, both soon gone."""
        speed = self._analysis.video.speed
        found = self._timeline.event(time_s, _FLASH_S / speed)
        if found is None:
            return
        name, jump, age_s = found
        fresh = 1 - age_s * speed / _FLASH_S
        self._frame(image, fresh)
        text, size = words.EVENTS[name].upper(), self._flash_size
        if name == "apex":
            text += f"  {words.measure(words.HEADLINE, jump.metrics[words.HEADLINE])}"
        room, wide = self._flash_area, ink.text_width(text, size, 800)
        middle = room.x + room.width // 2
        at_left, at_right = room.x == self._gap, room.x + room.width == self._width - self._gap
        left = room.x if at_left else room.x + room.width - wide - size if at_right else middle - wide // 2 - size // 2
        ink.panel(image, Area(left, room.y, wide + size, room.height), 0.35 + 0.4 * fresh, radius=size // 2)
        ink.write(image, text, left + size // 2, room.y + round(1.2 * size), size, ink.ACCENT, 800)

    @property
    def _flash_size(self) -> int:
        return round(1.9 * self._size)

    @cached_property
    def _flash_area(self) -> Area:
        """One place for the events of all jumps, clear of the body when they happen."""
        size = self._flash_size
        wide = max(ink.text_width(text, size, 800) for text in ("APEX  00.0 cm", "LOWEST POINT")) + size
        near = np.zeros(len(self._times), np.bool_)
        for jump in self._analysis.jumps:
            for at in jump.events_s.values():
                near |= (self._times >= at) & (self._times <= at + _FLASH_S / self._analysis.video.speed)
        return self._clear(wide, round(1.7 * size), near)

    def _frame(self, image: Image, fresh: float) -> None:
        height, width, border = self._height, self._width, self._border
        for side in (
            Area(0, 0, width, border),
            Area(0, height - border, width, border),
            Area(0, 0, border, height),
            Area(width - border, 0, border, height),
        ):
            ink.panel(image, side, 0.9 * fresh, ink.ACCENT)


class Cadence:
    """How often each frame is shown, so that a constant rate keeps the times of uneven frames.

    Args:
        analysis: the clip.

    Attributes:
        fps: pictures a second of playing time.
        repeats: pictures to be written for each frame of the track; 0 leaves one out.
    """

    def __init__(self, analysis: VideoAnalysis) -> None:
        speed = analysis.video.speed
        times = np.array(analysis.track.times_s) * speed
        rate = analysis.video.measured_fps / speed
        nominal = analysis.video.nominal_fps or rate
        self.fps = nominal if abs(nominal - rate) < 0.01 * rate else round(rate, 3)
        ticks = np.round((times - times[0]) * self.fps).astype(int)
        most = max(round(_LONGEST_REPEAT_S * self.fps), 1)
        self.repeats = [min(int(after - before), most) for before, after in pairwise(ticks)] + [1]
