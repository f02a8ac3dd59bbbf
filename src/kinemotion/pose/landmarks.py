"""The 33 body points, and the layout of the arrays that carry them.

A *landmarks* array has shape (33, 4): one row for each `Landmark`, and the columns `X`, `Y`, `Z`, `VISIBILITY`.
Normalised landmarks have x in picture widths and y in picture heights, from the picture's top left corner, y down;
z is depth relative to the hips in the scale of x, negative towards the camera. World landmarks are metres from the
middle of the hips, with the same directions. Visibility is a probability, 0 to 1.
"""

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Landmarks = NDArray[np.float64]

X: Final = 0
Y: Final = 1
Z: Final = 2
VISIBILITY: Final = 3

POINTS: Final = 33
COLUMNS: Final = 4


class Landmark(IntEnum):
    """The points of MediaPipe's pose model, by row; left and right are the athlete's own."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32
