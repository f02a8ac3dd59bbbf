"""The pictures that tell a jump: onset, lowest point, take-off, apex, landing, each with the skeleton."""

import base64
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from kinemotion.video import skeleton
from kinemotion.video.ink import Area
from kinemotion.video.placing import body_boxes
from kinemotion.video.reader import Image
from kinemotion.video.result import VideoAnalysis
from kinemotion.video.timeline import start_s, told_events

_HEIGHT_PX: Final = 400
_MARGIN: Final = 0.06  # of the larger side of what the body takes
_SLIMMEST: Final = 0.5  # width over height
_QUALITY: Final = 82


@dataclass(frozen=True, slots=True)
class Picture:
    """One key frame.

    Attributes:
        event: whose it is.
        time_s: when the frame was taken, seconds; the event itself may lie between two frames.
        width: in pixels.
        height: in pixels.
        uri: the JPEG as a data address.
    """

    event: str
    time_s: float
    width: int
    height: int
    uri: str


class KeyFrames:
    """Collects the key frames of all jumps of a clip.

    Args:
        analysis: the clip and what was found in it.

    Attributes:
        wanted: by their place in the file, the frames that are to be taken.
        pictures: what was taken, by jump, in the order of the events.
    """

    def __init__(self, analysis: VideoAnalysis) -> None:
        self._analysis = analysis
        self._times = np.array(analysis.track.times_s)
        self._boxes = body_boxes(analysis.track, analysis.video.width, analysis.video.height)
        self._events: dict[int, list[tuple[int, str]]] = {}
        for jump in analysis.jumps:
            for name, at in told_events(jump).items():
                row = int(np.abs(self._times - at).argmin())
                self._events.setdefault(row, []).append((jump.index, name))
        self._areas = {jump.index: self._area(start_s(jump), jump.events_s["landing"]) for jump in analysis.jumps}
        self.wanted = frozenset(analysis.track.numbers[row] for row in self._events)
        self.pictures: dict[int, list[Picture]] = {jump.index: [] for jump in analysis.jumps}

    def take(self, image: Image, row: int) -> None:
        """Keeps a frame for the events that it shows; the picture itself stays as it is."""
        for number, event in self._events.get(row, ()):
            self.pictures[number].append(self._picture(image, row, number, event))

    def _picture(self, image: Image, row: int, number: int, event: str) -> Picture:
        area = self._areas[number]
        landmarks = self._analysis.track.landmarks(row)
        drawn = image.copy()
        if landmarks is not None:
            skeleton.draw(drawn, landmarks, unit=area.height / 320)
        part = drawn[area.y : area.y + area.height, area.x : area.x + area.width]
        scale = min(_HEIGHT_PX / area.height, 1.0)
        size = (max(round(area.width * scale), 1), max(round(area.height * scale), 1))
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
        uri = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
        return Picture(event, float(self._times[row]), *size, uri)

    def _area(self, start: float, end: float) -> Area:
        """What the body took during a jump, the same for all its pictures, so that they can be compared."""
        width, height = self._analysis.video.width, self._analysis.video.height
        boxes = self._boxes[(self._times >= start) & (self._times <= end)]
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        if not len(boxes):
            return Area(0, 0, width, height)
        left, top = boxes[:, :2].min(axis=0)
        right, bottom = boxes[:, 2:].max(axis=0)
        margin = _MARGIN * max(right - left, bottom - top)
        tall = bottom - top + 2 * margin
        wide = max(right - left + 2 * margin, _SLIMMEST * tall)
        centre = (left + right) / 2
        x0, x1 = np.clip([centre - wide / 2, centre + wide / 2], 0, width)
        y0, y1 = np.clip([top - margin, bottom + margin], 0, height)
        return Area(int(x0), int(y0), max(int(x1) - int(x0), 1), max(int(y1) - int(y0), 1))
