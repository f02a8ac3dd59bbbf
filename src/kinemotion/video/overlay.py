"""The clip with everything drawn over it: skeleton, phase, events, the height over time, and the figures."""

from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from kinemotion.jumps import Phase
from kinemotion.video import ink, skeleton, words
from kinemotion.video.ink import Area
from kinemotion.video.panel import FigurePanel
from kinemotion.video.placing import body_boxes, clearest, covered
from kinemotion.video.reader import Image
from kinemotion.video.result import VideoAnalysis
from kinemotion.video.strip import Strip
from kinemotion.video.timeline import Timeline, start_s

_FLASH_S: Final = 0.15  # of playing time
_SMALLER: Final = (1.0, 0.92, 0.85, 0.78, 0.7)  # letters of a sheet that finds no place clear of the body
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
        self._label = round(1.15 * self._size)
        self._pill = round(2 * self._label)
        self._strip = self._placed_strip(round(2.6 * self._size))
        self._panels = {jump.index: self._placed_panel(number) for number, jump in enumerate(analysis.jumps)}

    def draw(self, image: Image, row: int) -> None:
        """Draws what is known of one frame onto it; `row` is its place in the track."""
        track = self._analysis.track
        time_s, landmarks = track.times_s[row], track.landmarks(row)
        if landmarks is not None:
            skeleton.draw(image, landmarks)
        self._strip.draw(image, row)
        right = self._draw_phase(image, self._timeline.phase(time_s, track.phases[row]))
        self._draw_clock(image, time_s)
        told = self._timeline.told(time_s)
        if told is not None:
            self._panels[told.index].draw(image)
        self._flash(image, time_s, right + self._gap)

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
        best, least = FigurePanel(jumps[number], self._size), np.inf
        for share in _SMALLER:
            for flat in (False, True):
                panel = FigurePanel(jumps[number], max(round(share * self._size), 11), flat=flat)
                if panel.area.width > self._width - 2 * self._gap:
                    continue
                panel.area = self._clear(panel.area.width, panel.area.height, shown)
                hidden = covered(panel.area, self._boxes[shown])
                if hidden < least:
                    best, least = panel, hidden
        return best

    def _clear(self, wide: int, tall: int, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Area:
        """A place for something below the phase or above the strip, at the left, right or in the middle."""
        left, right = self._gap, self._width - self._gap - wide
        heights = (self._bottom() - tall, self._top() + self._pill + self._gap)
        places = [Area(x, y, wide, tall) for y in heights for x in (left, right, (self._width - wide) // 2)]
        return clearest(places, self._boxes[rows])

    def _draw_phase(self, image: Image, phase: Phase) -> int:
        """Writes the phase; answers with where it ends."""
        size, top = self._label, self._top()
        text = words.PHASES[phase]
        sheet = Area(self._gap, top, ink.text_width(text, size, 600) + 3 * size, self._pill)
        ink.panel(image, sheet, radius=size)
        ink.dot(image, self._gap + size, top + self._pill / 2, 0.38 * size, _PHASE_COLOURS[phase])
        ink.write(image, text, self._gap + round(1.8 * size), top + round(1.38 * size), size, ink.WHITE, 600)
        return sheet.x + sheet.width

    def _draw_clock(self, image: Image, time_s: float) -> None:
        size, sheet = self._label, self._clock
        text = f"{time_s:.2f} s"
        ink.panel(image, sheet, radius=size)
        left, base = sheet.x + (sheet.width - ink.text_width(text, size)) // 2, sheet.y + round(1.38 * size)
        ink.write(image, text, left, base, size, ink.WHITE)

    @cached_property
    def _clock(self) -> Area:
        wide = ink.text_width("00.00 s", self._label) + self._label
        return Area(self._width - self._gap - wide, self._top(), wide, self._pill)

    def _flash(self, image: Image, time_s: float, left: int) -> None:
        """An event beside the phase, below it where there is no room, and a frame around the picture: soon gone."""
        speed = self._analysis.video.speed
        found = self._timeline.event(time_s, _FLASH_S / speed)
        if found is None:
            return
        name, jump, age_s = found
        fresh = 1 - age_s * speed / _FLASH_S
        self._frame(image, fresh)
        text, size = words.EVENTS[name].upper(), self._label
        if name == "apex":
            text += f"  {words.measure(words.HEADLINE, jump.metrics[words.HEADLINE])}"
        wide, top = ink.text_width(text, size, 800) + 2 * size, self._top()
        if left + wide > self._clock.x - self._gap:
            left, top = self._gap, top + self._pill + self._gap
        ink.panel(image, Area(left, top, wide, self._pill), radius=size)
        ink.write(image, text, left + size, top + round(1.38 * size), size, ink.ACCENT, 800)

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
